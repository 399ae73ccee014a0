"""Finding a template's page in a photograph or a scan of it.

First where the page lies as if it were flat, by its marks or by features; then, from coarse to fine, how it bends, by
holding pieces of the blank page against the picture; last every field by the print around it, which also says whether
this is the page at all.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from service.forms.features import Placement, find_features, place_by_features
from service.forms.light import darkness
from service.forms.marks import find_marks, place_by_marks
from service.forms.page import GRIDS, LEVELS, BlankPage, PageRect
from service.forms.patches import Offsets, at_level, find_offsets
from service.forms.places import FieldPlace, place_fields
from service.forms.warp import Warp, refine
from service.recognition.errors import RegistrationFailed
from service.recognition.image import GrayImage
from service.recognition.paper import shrink
from service.recognition.prediction import Box

WORK_SHARE = 1.25  # longer side of the picture that is worked on, in longer sides of the page's canvas
MIN_PAGE_SHARE = 0.03  # of the picture's area that the page covers at least; smaller ones could not be read
FAR_WEIGHT = 0.2  # of print far from every field: wording changes from edition to edition, fields do not
PAGE_LIKENESS = 0.46  # of the middle field; other forms stay below 0.39, blurred photographs above 0.5
SURE_MARKS = 3
SURE_LIKENESS = 0.5  # pieces from here on say how well the page fits
PAGE_SUPPORT = 0.6  # share of the fields whose print was found; the others may be covered or overwritten


@dataclass(frozen=True)
class Registration:
    """A page that was found in a picture.

    Attributes:
        method: what placed it: `marks` or `features`.
        num_inliers: marks or points that agreed with its place.
        residual_px: what print near fields is off after bending, the median, in pixels of the picture.
        support: share of the fields whose print was found, 0 to 1.
        likeness: correlation of the print around the middle field, -1 to 1; what tells the right template from others.
        warp: from the page's canvas to `ink`.
        ink: uint8 (height, width), darkness of the picture, reduced by `scale`.
        scale: pixels of the picture per pixel of `ink`.
        fields: where each of the page's fields was found, in the order of `BlankPage.boxes`.
        flat: uint8 (height, width), the whole page at half of the canvas' scale, no darker than print; what the last
            bends were found in, so that it lacks them: up to a millimeter.
    """

    method: str
    num_inliers: int
    residual_px: float
    support: float
    likeness: float
    warp: Warp
    ink: GrayImage
    scale: float
    fields: tuple[FieldPlace, ...]
    flat: GrayImage

    @property
    def is_certain(self) -> bool:
        """Whether the picture shows the page."""
        return self.support >= PAGE_SUPPORT and self.likeness >= PAGE_LIKENESS

    def lift(self, rect: PageRect, *, shift: tuple[float, float] = (0.0, 0.0)) -> GrayImage:
        """The ink of a part of the page, flat; uint8, of the size of `rect`, paper 0.

        Args:
            rect: on the page's canvas.
            shift: of the part, in pixels of the canvas.
        """
        moved = (rect.left + shift[0], rect.top + shift[1], rect.right + shift[0], rect.bottom + shift[1])
        return self.warp.lift(self.ink, (rect.right - rect.left, rect.bottom - rect.top), rect=moved)

    @property
    def rotation_deg(self) -> float:
        """By how much the page is turned clockwise in the picture, -180 to 180."""
        across = self._across()
        return math.degrees(math.atan2(across[1], across[0]))

    @property
    def picture_px_per_px(self) -> float:
        """Pixels of the picture per pixel of the page's canvas, in the middle of the page."""
        return float(np.hypot(*self._across())) * self.scale

    def picture_box(self, rect: PageRect) -> Box:
        """The upright box around a part of the page, in pixels of the picture."""
        corners = [(rect.left, rect.top), (rect.right, rect.top), (rect.right, rect.bottom), (rect.left, rect.bottom)]
        points = self.warp.picture_points(np.array(corners, np.float64)) * self.scale
        low, high = np.floor(points.min(axis=0)), np.ceil(points.max(axis=0))
        left, top, right, bottom = (int(value) for value in (*low, *high))
        return Box(left, top, right - left, bottom - top)

    def _across(self) -> NDArray[np.float64]:
        """One pixel of the canvas to the right, from its middle, as a step in `ink`."""
        middle = np.array(self.warp.size) / 2.0
        ends = self.warp.picture_points(np.array([middle, middle + np.array([10.0, 0.0])]))
        step: NDArray[np.float64] = (ends[1] - ends[0]) / 10.0
        return step


def register(picture: GrayImage, page: BlankPage) -> Registration:
    """Find a page in a picture.

    Args:
        picture: uint8 (height, width), luminance; any turn, perspective, resolution and surroundings.
        page: the blank page of the template.

    Raises:
        RegistrationFailed: the page is not in the picture, or too little of it.
    """
    work = shrink(picture, round(WORK_SHARE * max(page.width, page.height)))
    scale = max(picture.shape) / max(work.shape)
    ink = darkness(work)
    best: Registration | None = None
    for placement in _placements(work, ink, page):
        if not _is_plausible(placement, work.shape, page):
            continue
        found = _bend(placement, ink, page, scale=scale)
        if best is None or found.likeness > best.likeness:
            best = found
        if found.is_certain:
            break
    if best is None:
        raise RegistrationFailed(
            "Nothing in the picture looks like the template's page. "
            "Check that the right template was named and that the whole page is in the picture."
        )
    if not best.is_certain:
        raise RegistrationFailed(
            f"The print around {best.support:.0%} of the fields was found where the template has it, with a likeness "
            f"of {best.likeness:.2f}; {PAGE_SUPPORT:.0%} and {PAGE_LIKENESS} are the least. Check that the right "
            "template was named and that the page is sharp, in fair light and whole."
        )
    return best


def _placements(work: GrayImage, ink: GrayImage, page: BlankPage) -> Iterator[Placement]:
    """Places where the page may lie, the surest first; each is computed when it is asked for."""
    if page.marks:
        by_marks = place_by_marks(find_marks(work), page.marks)
        if by_marks is not None:
            yield by_marks
            if by_marks.num_inliers >= SURE_MARKS:
                return  # marks do not err: where the fields are not there, they are not on this page at all
    yield from place_by_features(find_features(ink), page.features)


def _is_plausible(placement: Placement, shape: Sequence[int], page: BlankPage) -> bool:
    """Whether a camera in front of a sheet of paper can see it like this: not mirrored, not folded over, not tiny."""
    try:
        to_picture = np.linalg.inv(placement.to_page)
    except np.linalg.LinAlgError:
        return False
    corners = np.array([[0, 0, 1], [page.width, 0, 1], [page.width, page.height, 1], [0, page.height, 1]], np.float64)
    projected = corners @ to_picture.T
    if not (np.all(projected[:, 2] > 0) or np.all(projected[:, 2] < 0)):
        return False
    quad = projected[:, :2] / projected[:, 2:]
    sides = np.roll(quad, -1, axis=0) - quad
    turns = sides[:, 0] * np.roll(sides, -1, axis=0)[:, 1] - sides[:, 1] * np.roll(sides, -1, axis=0)[:, 0]
    area = cv2.contourArea(quad.astype(np.float32))
    return bool(np.all(turns > 0)) and area >= MIN_PAGE_SHARE * shape[0] * shape[1]


def _bend(placement: Placement, ink: GrayImage, page: BlankPage, *, scale: float) -> Registration:
    """Bend a page onto its picture, and find its fields.

    Args:
        placement: where the page lies, as if it were flat, in pixels of `ink`.
        ink: uint8 (height, width), darkness of the picture.
        page: the blank page.
        scale: pixels of the picture per pixel of `ink`.
    """
    size = (page.width, page.height)
    warp = Warp(size, np.linalg.inv(placement.to_page).astype(np.float64), np.zeros((2, 2, 2)))
    reduced = {
        reduction: cv2.resize(ink, (ink.shape[1] // reduction, ink.shape[0] // reduction), interpolation=cv2.INTER_AREA)
        for reduction in {level.reduction for level in LEVELS}
    }
    residual_px = 0.0
    for patches, is_near, grid in zip(page.patches, page.is_near_field, GRIDS, strict=True):
        reduction = patches.level.reduction
        lifted = warp.scaled(1.0 / reduction).lift(reduced[reduction], patches.size)
        flat = at_level(lifted, patches.size)
        offsets = find_offsets(patches, flat)
        warp, left_over = refine(
            warp,
            centers=patches.centers,
            firmness=patches.firmness,
            offsets=offsets,
            weight=np.where(is_near, 1.0, FAR_WEIGHT),
            grid=grid,
            tolerance_px=1.5 * reduction,
        )
        residual_px = _residual(left_over, offsets, is_near)
    found = Registration(
        placement.method,
        placement.num_inliers,
        residual_px,
        support=0.0,
        likeness=0.0,
        warp=warp,
        ink=ink,
        scale=scale,
        fields=(),
        flat=flat,
    )
    fields = place_fields(warp, ink, page)
    likenesses = [place.likeness for place in fields if place.likeness is not None]
    return replace(
        found,
        residual_px=residual_px * found.picture_px_per_px,
        support=float(np.mean([place.is_found for place in fields])) if fields else 1.0,
        likeness=float(np.median(likenesses)) if likenesses else float(np.median(offsets.likeness)),
        fields=fields,
    )


def _residual(left_over: NDArray[np.float64], offsets: Offsets, is_near: NDArray[np.bool_]) -> float:
    """What the surely found pieces near fields are off, in pixels of the canvas; the reach where none was found."""
    is_sure = (offsets.likeness >= SURE_LIKENESS) & is_near
    if not is_sure.any():
        return float(LEVELS[-1].reach_px * LEVELS[-1].reduction)
    return float(np.sqrt(np.median(np.sum(left_over[is_sure] ** 2, axis=1))))
