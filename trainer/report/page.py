"""A report as one HTML file that needs nothing beside it: figures are inlined, for light and dark pages."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

_STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #22262b; --faint: #c9ced6; --quiet: #59616b; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15181c; --ink: #e4e7eb; --faint: #464d57; --quiet: #a3abb5; }
}
body { margin: 2rem auto; max-width: 64rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
       font: 1rem/1.5 system-ui, sans-serif; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 3rem; border-top: 1px solid var(--faint); padding-top: 1rem; }
p { max-width: 45rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0 1.2rem; padding: 0; list-style: none; }
a { color: inherit; }
figure { margin: 1.2rem 0; }
figure img { max-width: 100%; height: auto; }
figcaption { color: var(--quiet); font-size: 0.9rem; max-width: 45rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.92rem; }
caption { text-align: left; color: var(--quiet); padding-bottom: 0.3rem; }
th, td { padding: 0.2rem 0.7rem 0.2rem 0; text-align: right; white-space: nowrap;
         border-bottom: 1px solid var(--faint); }
th:first-child, td:first-child { text-align: left; }
""".strip()


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture of a report.

    Attributes:
        name: of its file, without suffix.
        alt: what it shows, for those who do not see it.
        caption: how to read it, below.
        png: the file, by the name of the theme.
    """

    name: str
    alt: str
    caption: str
    png: Mapping[str, bytes]

    def to_html(self) -> str:
        """The figure with its files in it."""
        light, dark = (base64.b64encode(self.png[name]).decode() for name in ("light", "dark"))
        return (
            "<figure><picture>"
            f'<source media="(prefers-color-scheme: dark)" srcset="data:image/png;base64,{dark}">'
            f'<img src="data:image/png;base64,{light}" alt="{escape(self.alt)}">'
            f"</picture><figcaption>{escape(self.caption)}</figcaption></figure>"
        )


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text; the first cell of each names it."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def to_html(self) -> str:
        """The table, in a frame that scrolls where it is too wide."""
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.head)
        rows = ""
        for first, *others in self.rows:
            cells = "".join(f"<td>{escape(cell)}</td>" for cell in others)
            rows += f'<tr><th scope="row">{escape(first)}</th>{cells}</tr>'
        return (
            f'<div class="table"><table><caption>{escape(self.caption)}</caption><thead><tr>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with what stands below it: text, figures, tables."""

    title: str
    parts: Sequence[str | Figure | Table]

    @property
    def anchor(self) -> str:
        """By which links find it."""
        return self.title.lower().replace(" ", "-")

    def to_html(self) -> str:
        """The section."""
        parts = [f"<p>{escape(part)}</p>" if isinstance(part, str) else part.to_html() for part in self.parts]
        return "\n".join([f'<section id="{escape(self.anchor)}"><h2>{escape(self.title)}</h2>', *parts, "</section>"])


def page_html(title: str, introduction: Sequence[str | Table], sections: Sequence[Section]) -> str:
    """The whole page."""
    intro = "\n".join(f"<p>{escape(part)}</p>" if isinstance(part, str) else part.to_html() for part in introduction)
    links = "".join(f'<li><a href="#{escape(one.anchor)}">{escape(one.title)}</a></li>' for one in sections)
    body = "\n".join(section.to_html() for section in sections)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{_STYLE}
</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
{intro}
<nav aria-label="Sections"><ul>{links}</ul></nav>
{body}
</main>
</body>
</html>
"""
