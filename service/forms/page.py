"""The blank page of a template, and what is computed from it once: its features, its marks, its patches."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from service.forms.features import Features, find_features
from service.forms.labels import Label, find_labels
from service.forms.light import darkness
from service.forms.marks import find_marks
from service.forms.patches import Level, PatchSet, choose_patches
from service.forms.template import PageBox, PageSize
from service.recognition.image import GrayImage

PX_PER_MM = 8.0  # 203 dpi: a digit of 5 mm gets 40 px, twice what a canvas holds
MAX_PAGE_PX = 3_000  # longer side; larger sheets are held at a coarser scale
MIN_PAGE_PX = 600  # and very small ones at a finer one, so that there is something to compare

NEAR_MM = 4.0  # print this near to a field says where the field is

LEVELS = (
    Level(reduction=4, patch_px=40, reach_px=14, step_px=28),  # pieces of 20 mm, looked for 7 mm around
    Level(reduction=4, patch_px=32, reach_px=5, step_px=24),
    Level(reduction=2, patch_px=40, reach_px=5, step_px=36),  # pieces of 10 mm, 1.2 mm around
)
GRIDS = ((5, 5), (7, 7), (11, 9))  # rows and columns of the bends that each level can tell apart


@dataclass(frozen=True, slots=True)
class PageRect:
    """A rectangle in pixels of the page's canvas, ends excluded; it may reach beyond the page."""

    left: int
    top: int
    right: int
    bottom: int

    def widened(self, margin: int) -> "PageRect":
        """The rectangle with `margin` pixels more on every side."""
        return PageRect(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)


class BlankPage:
    """A template's page without writing, at the scale at which pages are compared.

    Args:
        size: of the page.
        picture: uint8 (height, width), the whole page, upright; any resolution.
        boxes: of the fields on the page. Around them the page must fit best, and there it is checked.

    Attributes:
        boxes: of the fields.
        width, height: of the canvas, in pixels.
        px_per_mm: its scale.
        image: uint8 (height, width), the page on its canvas.
        print: uint8 (height, width), how dark it is printed: 0 paper, 255 black.
    """

    def __init__(self, size: PageSize, picture: GrayImage, boxes: Sequence[PageBox] = ()) -> None:
        longer_mm = max(size.width_mm, size.height_mm)
        self.px_per_mm = float(np.clip(PX_PER_MM, MIN_PAGE_PX / longer_mm, MAX_PAGE_PX / longer_mm))
        self.width, self.height = round(size.width_mm * self.px_per_mm), round(size.height_mm * self.px_per_mm)
        is_smaller = picture.shape[1] > self.width
        self.image: GrayImage = cv2.resize(
            picture, (self.width, self.height), interpolation=cv2.INTER_AREA if is_smaller else cv2.INTER_CUBIC
        )
        self.print: GrayImage = darkness(self.image)
        self.boxes = tuple(boxes)

    @cached_property
    def features(self) -> Features:
        """Points that can be found again in a picture of the page; positions in pixels of the canvas."""
        return find_features(self.print)

    @cached_property
    def marks(self) -> dict[int, NDArray[np.float32]]:
        """Corners of the page's registration marks by their number, float32 (4, 2), in pixels of the canvas."""
        return find_marks(self.image)

    @cached_property
    def patches(self) -> tuple[PatchSet, ...]:
        """Pieces of print at which the page is held against its picture, from coarse to fine."""
        return tuple(choose_patches(self.print, level) for level in LEVELS)

    @cached_property
    def is_near_field(self) -> tuple[NDArray[np.bool_], ...]:
        """Of each level, bool (n,): which patches have a field in them, or not far from them."""
        return tuple(self._near(patches) for patches in self.patches)

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """The words beside the fields."""
        rects = [self.rect(box) for box in self.boxes]
        fields = [(rect.left, rect.top, rect.right, rect.bottom) for rect in rects]
        return find_labels(self.print, fields, px_per_mm=self.px_per_mm)

    def _near(self, patches: PatchSet) -> NDArray[np.bool_]:
        is_near = np.zeros(len(patches.centers), bool)
        reach = NEAR_MM * self.px_per_mm + patches.level.patch_px * patches.level.reduction / 2
        x, y = patches.centers.T
        for box in self.boxes:
            rect = self.rect(box, margin=reach)
            is_near |= (x >= rect.left) & (x < rect.right) & (y >= rect.top) & (y < rect.bottom)
        return is_near if is_near.any() else ~is_near

    def rect(self, box: PageBox, *, margin: float = 0.0) -> PageRect:
        """A box of the template in pixels of the canvas, widened by `margin` pixels and cut at the page's edges."""
        return PageRect(
            max(0, round(box.x * self.width - margin)),
            max(0, round(box.y * self.height - margin)),
            min(self.width, round((box.x + box.width) * self.width + margin)),
            min(self.height, round((box.y + box.height) * self.height + margin)),
        )
