"""Pictures of digits in rows and columns, with a line of text under each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.data.digits import Digits
from trainer.evaluate import NUM_CLASSES
from trainer.report.measured import Measured
from trainer.report.theme import DPI, Draw, Theme

_TILE_PX = 56  # a canvas at twice its size
_GAP_PX = 8
_CAPTIONED_COLUMN_PX = 106  # captions are wider than their pictures
_CAPTION_PX = 18
_TITLE_PX = 30


@dataclass(frozen=True, slots=True)
class Tiles:
    """A figure of pictures.

    Attributes:
        canvases: uint8 (n, 28, 28, 1), paper 0 and ink 255, row by row.
        captions: one for each, or none at all.
        is_wrong: which captions are to be seen as wrong, bool (n,).
    """

    title: str
    canvases: NDArray[np.uint8]
    captions: Sequence[str]
    is_wrong: NDArray[np.bool_]
    num_columns: int

    @property
    def num_rows(self) -> int:
        """As many as are needed."""
        return -(-len(self.canvases) // self.num_columns)

    @property
    def size_in(self) -> tuple[float, float]:
        """Width and height of the figure in inches."""
        column, row = self._cell_px
        return self.num_columns * column / DPI, (self.num_rows * row + _TITLE_PX) / DPI

    def draw(self) -> Draw:
        """How to draw them."""

        def draw(figure: Any, theme: Theme) -> None:
            from matplotlib.colors import LinearSegmentedColormap

            figure.set_layout_engine("none")
            width, height = (DPI * side for side in self.size_in)
            # One unit is one pixel, downwards from the top left, so that every pixel of a canvas is four of the figure.
            axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
            axes.axis("off")
            axes.text(4, 6, self.title, fontsize=11, va="top")
            colors = LinearSegmentedColormap.from_list("digits", [theme.paper, theme.ink])
            column, row = self._cell_px
            for index, canvas in enumerate(self.canvases):
                left = index % self.num_columns * column + (column - _TILE_PX) / 2
                top = index // self.num_columns * row + _TITLE_PX
                axes.imshow(
                    canvas[..., 0],
                    cmap=colors,
                    vmin=0,
                    vmax=255,
                    interpolation="nearest",
                    extent=(left, left + _TILE_PX, top + _TILE_PX, top),
                    aspect="auto",
                )
                if self.captions:
                    color = theme.wrong if self.is_wrong[index] else theme.ink
                    middle, below = left + _TILE_PX / 2, top + _TILE_PX
                    axes.text(middle, below, self.captions[index], fontsize=7.5, color=color, ha="center", va="top")
            axes.set(xlim=(0, width), ylim=(height, 0))  # imshow has changed them

        return draw

    @property
    def _cell_px(self) -> tuple[int, int]:
        """Width and height of a picture with what belongs to it."""
        if self.captions:
            return _CAPTIONED_COLUMN_PX, _TILE_PX + _CAPTION_PX + _GAP_PX
        return _TILE_PX + _GAP_PX, _TILE_PX + _GAP_PX


def examples(digits: Digits, *, num_each: int, title: str) -> Tiles:
    """The first pictures of each digit, a row per digit; a single row where there is one of each."""
    rows = [np.flatnonzero(digits.labels == digit)[:num_each] for digit in range(NUM_CLASSES)]
    num_each = min(num_each, min(len(found) for found in rows))
    chosen = np.concatenate([found[:num_each] for found in rows])
    return _plain(digits, chosen, title, NUM_CLASSES if num_each == 1 else num_each)


def sample_readings(measured: Measured, *, num_samples: int, seed: int) -> Tiles:
    """Pictures drawn at random, with what was read and how surely."""
    rows = np.random.default_rng(seed).permutation(len(measured.digits))[:num_samples]
    captions = [f"{measured.readings[row]}  {_percent(measured.confidences[row], 2)}" for row in rows]
    return Tiles(
        "Readings, and their confidence", measured.digits.canvases[rows], captions, ~measured.is_right[rows], 6
    )


def wrong_readings(measured: Measured, *, at_most: int) -> Tiles:
    """What was read wrong, the surest first: label, reading, confidence."""
    rows = measured.wrong_rows()[:at_most]
    captions = [
        f"{measured.digits.labels[row]} as {measured.readings[row]}  {_percent(measured.confidences[row], 1)}"
        for row in rows
    ]
    is_wrong = np.zeros(len(rows), dtype=bool)  # all of them are, so color would say nothing
    return Tiles("Wrong readings, the surest first", measured.digits.canvases[rows], captions, is_wrong, 8)


def _plain(digits: Digits, rows: NDArray[np.int64], title: str, num_columns: int) -> Tiles:
    return Tiles(title, digits.canvases[rows], (), np.zeros(len(rows), dtype=bool), num_columns)


def _percent(confidence: float, num_decimals: int) -> str:
    """Rounded for people, but never up to 100 %."""
    most = 100 - 10**-num_decimals
    percent = 100 * confidence
    return f"> {most:.{num_decimals}f} %" if percent > most else f"{percent:.{num_decimals}f} %"
