"""Where the fields of a bent page are in its picture, and whether they are there at all.

Each field is looked for by the print in it and around it. That print also answers whether this is the page: where it is
not found around most fields, the picture shows something else, however well some of it fitted.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.forms.page import BlankPage
from service.forms.patches import MIN_SPREAD, at_level, find_patch
from service.forms.template import PageBox
from service.forms.warp import Warp
from service.recognition.image import GrayImage

MARGIN_MM = 3.0  # around a field, whose print tells where the field is
REACH_MM = 2.5  # how far off a field may still be
STRONG_SHARE = 0.5  # of a field's darkest print; what is as dark tells how dark print comes out
NEAR_PRINT_PX = 9  # at half the canvas' scale: four pixels, half a millimeter, beside a line
FIELD_LIKENESS = 0.36  # correlation from which print was found; 99 in 100 have 0.42, 9 in 10 wrong ones below 0.39


@dataclass(frozen=True, slots=True)
class FieldPlace:
    """Where a field was found.

    Attributes:
        shift_x, shift_y: from where the page's warp has it, in pixels of the canvas.
        likeness: correlation of the print around it, -1 to 1; None where nothing is printed around it.
    """

    shift_x: float
    shift_y: float
    likeness: float | None

    @property
    def is_found(self) -> bool:
        """Whether the field is where it was looked for, as far as print can tell."""
        return self.likeness is None or self.likeness >= FIELD_LIKENESS


def place_fields(warp: Warp, ink: GrayImage, page: BlankPage) -> tuple[FieldPlace, ...]:
    """Look for the fields of a page, in the order of its boxes.

    Nothing in the picture counts as darker than print is there: a pen is darker than pale lines, and would be taken for
    them. How dark print comes out is the median over the fields, so it is known too where one of them is full of ink or
    in glare; and where the picture shows another page, little print is where it should be, and nothing counts.

    Args:
        warp: from the page's canvas to `ink`.
        ink: uint8 (height, width), darkness of the picture.
        page: the blank page.
    """
    views = [_View.of(warp, ink, page, box) for box in page.boxes]
    gains = [view.gain for view in views if view is not None]
    gain = float(np.median(gains)) if gains else 1.0
    return tuple(FieldPlace(0.0, 0.0, None) if view is None else view.find(gain) for view in views)


@dataclass(frozen=True, slots=True)
class _View:
    """A field's print, and what the picture shows where it should be; both at half the canvas' scale.

    Thin print survives blur and small offsets better there.

    Attributes:
        print: uint8 (height, width), of the blank page.
        seen: uint8, the picture, with `reach` more on every side.
        reach: in pixels.
    """

    print: GrayImage
    seen: GrayImage
    reach: int

    @classmethod
    def of(cls, warp: Warp, ink: GrayImage, page: BlankPage, box: PageBox) -> "_View | None":
        """None where nothing is printed in the field and around it."""
        rect = page.rect(box, margin=MARGIN_MM * page.px_per_mm)
        page_print = _halved(page.print[rect.top : rect.bottom, rect.left : rect.right])
        if float(page_print.std()) < MIN_SPREAD:
            return None
        reach = round(REACH_MM * page.px_per_mm / 2)
        around = rect.widened(2 * reach)
        size = (around.right - around.left, around.bottom - around.top)
        lifted = warp.lift(ink, size, rect=(around.left, around.top, around.right, around.bottom))
        return cls(page_print, _halved(lifted), reach)

    @property
    def gain(self) -> float:
        """How much darker the field's print is in the picture than on the blank page; of the middle of its pixels."""
        return float(np.median(self._at(0, 0)[self._is_strong])) / self._strength

    def find(self, gain: float) -> FieldPlace:
        """Where the print is, if print comes out darker by `gain`."""
        darkest = np.uint8(np.clip(round(gain * self._strength), 1, 255))
        limited = _View(self.print, np.minimum(self.seen, darkest), self.reach)
        x, y, _ = find_patch(limited.print, limited.seen)
        return FieldPlace(2.0 * x, 2.0 * y, _likeness(limited.print, limited._at(round(x), round(y))))

    @property
    def _is_strong(self) -> NDArray[np.bool_]:
        is_strong: NDArray[np.bool_] = self.print >= STRONG_SHARE * int(self.print.max())
        return is_strong

    @property
    def _strength(self) -> float:
        return float(np.median(self.print[self._is_strong]))

    def _at(self, x: int, y: int) -> GrayImage:
        """What is seen where the print would be if it were shifted by so many pixels."""
        rows, columns = self.print.shape
        return self.seen[self.reach + y : self.reach + y + rows, self.reach + x : self.reach + x + columns]


def _likeness(expected: GrayImage, seen: GrayImage) -> float:
    """Correlation of print with what is seen, on and next to the print alone: writing inside a box does not count."""
    near = cv2.dilate(expected, np.ones((NEAR_PRINT_PX, NEAR_PRINT_PX), np.uint8)) >= MIN_SPREAD
    wanted, there = expected[near].astype(np.float64), seen[near].astype(np.float64)
    wanted -= wanted.mean()
    there -= there.mean()
    norm = float(np.sqrt((wanted @ wanted) * (there @ there)))
    return float(wanted @ there) / norm if norm else 0.0


def _halved(ink: GrayImage) -> GrayImage:
    return at_level(ink, (ink.shape[1] // 2, ink.shape[0] // 2))
