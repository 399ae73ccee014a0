"""From a drawing to a figure of the page: once for light pages, once for dark ones."""

from dataclasses import dataclass

from trainer.report.page import Figure
from trainer.report.pictures import Tiles
from trainer.report.theme import THEMES, Draw, render


@dataclass(frozen=True, slots=True)
class Size:
    """Of a chart, in inches."""

    width: float
    height: float


def chart_figure(name: str, draw: Draw, size: Size, *, alt: str, caption: str) -> Figure:
    """A figure of a chart."""
    png = {theme.name: render(draw, theme, width_in=size.width, height_in=size.height) for theme in THEMES}
    return Figure(name, alt, caption, png)


def picture_figure(name: str, tiles: Tiles, *, alt: str, caption: str) -> Figure:
    """A figure of pictures of digits."""
    return chart_figure(name, tiles.draw(), Size(*tiles.size_in), alt=alt, caption=caption)
