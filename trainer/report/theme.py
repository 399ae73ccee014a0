"""How figures look, on a light page and on a dark one, and how they become small PNG files."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image

DPI = 110
_NUM_COLORS = 128  # of a figure: enough for smooth letters and gray digits, at a third of the bytes


@dataclass(frozen=True, slots=True)
class Theme:
    """Colors of a figure, as matplotlib and CSS write them.

    Attributes:
        paper: behind everything.
        ink: text and axes.
        faint: grid lines, and what should be.
        accent: what was measured.
        second: a second series beside it.
        wrong: what is wrong.
        heat: name of matplotlib's color map for counts.
    """

    name: str
    paper: str
    ink: str
    faint: str
    accent: str
    second: str
    wrong: str
    heat: str


LIGHT = Theme("light", "#ffffff", "#22262b", "#c9ced6", "#1f5fa8", "#b3590a", "#b3261e", "Oranges")
DARK = Theme("dark", "#15181c", "#e4e7eb", "#464d57", "#7ab8ff", "#f2a65a", "#ff8a80", "inferno")
THEMES = (LIGHT, DARK)

Draw = Callable[[Any, Theme], None]
"""Draws into an empty matplotlib figure, in the colors of the theme."""


def render(draw: Draw, theme: Theme, *, width_in: float, height_in: float) -> bytes:
    """A figure as a PNG file with a palette.

    Args:
        draw: what is to be seen.
        theme: in which colors.
        width_in: in inches, of 110 pixels each.
        height_in: likewise.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # A figure of its own, without pyplot: nothing is left behind, and no window system is looked for.
    with mpl.rc_context(_settings(theme)):
        figure = Figure(figsize=(width_in, height_in), dpi=DPI, layout="constrained")
        draw(figure, theme)
        drawn = io.BytesIO()
        figure.savefig(drawn, format="png")
    small = io.BytesIO()
    with Image.open(drawn) as image:
        flat = image.convert("RGB").quantize(_NUM_COLORS, dither=Image.Dither.NONE)
        flat.save(small, format="png", optimize=True)
    return small.getvalue()


def _settings(theme: Theme) -> Any:  # a dictionary, typed by matplotlib with every name that there is
    return {
        "figure.facecolor": theme.paper,
        "axes.facecolor": theme.paper,
        "axes.edgecolor": theme.faint,
        "axes.labelcolor": theme.ink,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "axes.labelsize": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": theme.faint,
        "grid.linewidth": 0.5,
        "text.color": theme.ink,
        "xtick.color": theme.ink,
        "ytick.color": theme.ink,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "legend.fontsize": 8,
        "legend.frameon": False,
        "lines.linewidth": 1.4,
        "font.size": 9,
        "font.family": "DejaVu Sans",  # comes with matplotlib, so a page looks the same wherever it is made
    }
