"""Light and paper: which of the two is ink, how bright the paper would be without it, how strong the ink is.

Two kinds of picture come here. In a drawing or a cleaned scan the paper is one level; nothing is estimated
then, and the ink keeps its values. On a photograph the light is uneven, and ink is what stands out from the
paper around it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.faint import brought_out, is_written
from service.recognition.image import GrayImage
from service.recognition.levels import Levels, even_levels, levels_of, stretch, without_edges
from service.recognition.quantile import quantile
from service.recognition.shadow import window_share

FLAT_SHARE = 0.3  # share of the pixels on the commonest level, from which paper counts as flat
FLAT_TOLERANCE = 2  # levels to either side that still count as the same
PAPER_SHARE = 0.6  # a single level that covers more of a picture than this is paper, not ink
MAX_CLEAN_NOISE = 0.1  # a JPEG's flat paper has more pixels than this a few levels off
PAPER_PX = 128  # longer side at which light and shadow are measured; they have no finer detail
POLARITY_PX = 64  # longer side at which ink and paper are told apart
FRAME_THICKNESS = 0.12  # of the shorter side, that the lines along a picture's edges have at most
MAX_FRAME_EDGES = 2  # from the paper beyond a frame to the frame, and from there to the paper inside
FRAME_GAPS = 0.1  # share of the pixels along the edges that a frame may leave out
FRAME_SHARE = 0.8  # of those pixels, by which a frame is lighter or darker than what is just inside
FRAME_CORNERS = 3  # of four, in which that can be seen too; light may spoil one
DARK_INK_BIAS = 0.2  # against evidence of 2.5 at the most
PAPER_WINDOW = 0.4  # share of the longer side; wider than a stroke, narrower than a shadow
DARKEST_PAPER = 48  # below this a shadow holds more noise than writing
MAX_INK_SHARE = 0.75  # of a photograph; what covers more of it is its paper
MIN_CONTRAST = 28.0  # of 255; what is paler may be fibers, or what is left of the light
FULL_INK = 230  # a peak from here on is left as it is; MNIST's is 254 or 255


class Polarity(StrEnum):
    """Which of ink and paper is dark."""

    DARK_ON_LIGHT = "dark_on_light"
    LIGHT_ON_DARK = "light_on_dark"


@dataclass(frozen=True, slots=True)
class LiftedInk:
    """Everything darker (or lighter) than the paper around it, as if on a black page.

    Attributes:
        image: uint8 (height, width), paper 0 and ink up to 255.
        polarity: of the picture.
        contrast: how far typical ink stood above its paper, in 255ths of the light.
        is_blank: whether that is so little that nothing was written.
        is_clean: whether the paper was one level without noise, and the ink kept its values.
        is_flat: whether the paper was one level, with noise or without, as in a drawing or a cleaned scan.
    """

    image: GrayImage
    polarity: Polarity
    contrast: float
    is_blank: bool
    is_clean: bool
    is_flat: bool


def lift_ink(picture: GrayImage) -> LiftedInk:
    """Separate ink from paper, whatever the light.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
    """
    small = shrink(picture, PAPER_PX)
    counts = np.bincount(small.ravel(), minlength=256)
    if is_flat(small, counts, widest_px=0.5 * max(small.shape)):
        return _lift_from_flat(picture, small, counts)
    return _lift_from_uneven(picture, small)


def lift_tiny_ink(picture: GrayImage) -> LiftedInk:
    """The same in a picture of a few pixels, whose strokes are a pixel or two wide.

    There is no room in it for a shadow, and its strokes would be taken for noise: so its paper is one level, and what
    is clearly off that level is ink.

    Args:
        picture: uint8 (height, width).
    """
    polarity = _polarity_on_flat(picture, np.bincount(picture.ravel(), minlength=256), may_be_framed=False)
    ink, is_clean = subtract_flat_paper(picture, polarity)
    levels = even_levels(ink)
    if is_clean:
        return _lifted(with_full_peak(ink), polarity, levels, is_clean=True, is_flat=True)
    is_blank = levels.contrast < MIN_CONTRAST  # pale ink could not be told from the grain
    return LiftedInk(stretch(ink, levels), polarity, levels.contrast, is_blank, is_clean=False, is_flat=True)


def is_flat(picture: GrayImage, counts: NDArray[np.int64], *, widest_px: float) -> bool:
    """Whether the paper is one level, as in a drawing or a cleaned scan; light is never so even.

    Args:
        picture: uint8 (height, width).
        counts: int64 (256,), how many of its pixels are on each level.
        widest_px: of a stroke; what is wider and off the level is a shadow, or another paper.
    """
    level = int(counts.argmax())
    # Black and white are where levels end; what a filter made to swing around them is cut off there, on one side.
    tolerance = FLAT_TOLERANCE if level in (0, 255) else 0
    if counts[max(0, level - tolerance) : level + tolerance + 1].sum() < FLAT_SHARE * picture.size:
        return False
    # An array and not a number: beside a number, OpenCV takes a picture of four rows of one pixel for another number.
    off_level = (cv2.absdiff(picture, np.full_like(picture, level)) > FLAT_TOLERANCE).astype(np.uint8)
    # Beyond the edge nothing is known, so a stroke cut by the edge is not taken for something wider.
    framed = cv2.copyMakeBorder(off_level, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    half_width = float(np.max(cv2.distanceTransform(framed, cv2.DIST_C, 3)))
    return bool(half_width <= 0.5 * widest_px)


def _lift_from_flat(picture: GrayImage, small: GrayImage, counts: NDArray[np.int64]) -> LiftedInk:
    polarity = _polarity_on_flat(shrink(small, POLARITY_PX), counts, may_be_framed=True)
    ink, is_clean = subtract_flat_paper(picture, polarity)
    if not is_clean:
        levels = levels_of(ink, paper=0.0)
        return _lifted(stretch(ink, levels), polarity, levels, is_clean=False, is_flat=True)
    return _lifted(with_full_peak(ink), polarity, even_levels(ink), is_clean=True, is_flat=True)


def _lifted(image: GrayImage, polarity: Polarity, levels: Levels, *, is_clean: bool, is_flat: bool) -> LiftedInk:
    is_faint = levels.contrast < MIN_CONTRAST
    is_blank = is_faint and not is_written(image, contrast=levels.contrast, noise=levels.noise)
    return LiftedInk(image, polarity, levels.contrast, is_blank, is_clean, is_flat)


def _polarity_on_flat(picture: GrayImage, counts: NDArray[np.int64], *, may_be_framed: bool) -> Polarity:
    is_dark_ink = rest_is_darker(counts)
    if is_dark_ink is None:
        is_dark_ink = _dark_ink_evidence(without_frame(picture) if may_be_framed else picture) >= 0
    return Polarity.DARK_ON_LIGHT if is_dark_ink else Polarity.LIGHT_ON_DARK


def rest_is_darker(counts: NDArray[np.int64]) -> bool | None:
    """Whether ink is dark, where one level is so common that it must be the paper; None where none is.

    Args:
        counts: int64 (256,), how many pixels of a picture with flat paper are on each level.
    """
    level = int(counts.argmax())
    if counts[level] <= PAPER_SHARE * counts.sum():
        return None
    return float(counts @ (np.arange(256) - level)) <= 0  # where most of the rest is, seen from the paper


def without_frame(picture: GrayImage) -> GrayImage:
    """What is inside a frame that is drawn along the picture's edges; all of it where none is.

    Left there, a frame would make the paper inside it stand out, and be taken for ink.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
    """
    height, width = picture.shape
    inset = frame_inset(picture)
    return picture[inset : height - inset, inset : width - inset]


def frame_inset(picture: GrayImage) -> int:
    """How far inside its edges, in pixels, the frame of a picture ends; 0 where none is drawn there.

    A frame is where ink and paper change places a little further in, nearly all the way round.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
    """
    height, width = picture.shape
    low, high = quantile(picture, 0.05), quantile(picture, 0.95)
    is_light = picture > (low + high) / 2
    for blended_px in (0, 1):  # the outermost pixels may be half frame and half what is beyond it
        inset = blended_px
        for _ in range(MAX_FRAME_EDGES):
            change = _first_change(is_light[inset : height - inset, inset : width - inset])
            if change == 0:
                break
            inset += change
        if inset > blended_px:
            return inset
    return 0


def _first_change(is_light: NDArray[np.bool_]) -> int:
    """How many pixels inside the edges ink and paper change places; 0 where they do not do so all the way round.

    They nearly do so too where a bold digit has hardly any paper around it. But no digit has ink in so many corners,
    unless it is a bar and nothing else.
    """
    if min(is_light.shape) < 3:
        return 0
    at_edges = float(np.mean(_ring(is_light, 0)))
    if min(at_edges, 1.0 - at_edges) > FRAME_GAPS:
        return 0
    thickest_px = max(1, round(FRAME_THICKNESS * min(is_light.shape)))
    for inset in range(1, min(thickest_px, (min(is_light.shape) - 1) // 2) + 1):
        if abs(float(np.mean(_ring(is_light, inset))) - at_edges) <= FRAME_SHARE:
            continue
        has_changed = is_light[inset : is_light.shape[0] - inset, inset : is_light.shape[1] - inset] != (at_edges > 0.5)
        num_corners = np.count_nonzero(has_changed[[0, 0, -1, -1], [0, -1, 0, -1]])
        if num_corners >= FRAME_CORNERS and not has_changed.all():
            return inset
    return 0


def _ring(mask: NDArray[np.bool_], inset: int) -> NDArray[np.bool_]:
    """The pixels along the edges of a picture without its outermost `inset` rows and columns."""
    height, width = mask.shape
    within = mask[inset : height - inset, inset : width - inset]
    return np.concatenate([within[0], within[-1], within[:, 0], within[:, -1]])


def subtract_flat_paper(picture: GrayImage, polarity: Polarity) -> tuple[GrayImage, bool]:
    """What stands out from paper of one level: uint8 (height, width), paper 0; and whether the paper had no noise."""
    darkness = cv2.bitwise_not(picture) if polarity is Polarity.DARK_ON_LIGHT else picture
    # Bold ink may be commoner than the paper, so paper is the commonest of the less dark levels.
    threshold, _ = cv2.threshold(darkness, 0, 255, cv2.THRESH_OTSU)
    counts = np.bincount(darkness.ravel(), minlength=256)
    paper = int(counts[: max(int(threshold), int(darkness.min())) + 1].argmax())
    ink: GrayImage = cv2.subtract(darkness, np.full_like(darkness, paper))
    num_near = int(counts[paper + 1 : paper + 9].sum())
    return ink, num_near < MAX_CLEAN_NOISE * int(counts[: paper + 1].sum())


def with_full_peak(ink: GrayImage) -> GrayImage:
    """Ink of a pale drawing brought up to 255."""
    peak = int(ink.max())
    return cv2.convertScaleAbs(ink, alpha=255.0 / peak) if 0 < peak < FULL_INK else ink


def _lift_from_uneven(picture: GrayImage, small: GrayImage) -> LiftedInk:
    seen = without_frame(shrink(small, POLARITY_PX))
    # The edges of a photograph often hold something else than the digit, and most ink that cameras see is dark.
    evidence = _dark_ink_evidence(seen) - 0.5 * skewness(without_edges(seen), window=0.5) + DARK_INK_BIAS
    likelier, other = Polarity.DARK_ON_LIGHT, Polarity.LIGHT_ON_DARK
    if evidence < 0:
        likelier, other = other, likelier
    lifted = _lift(picture, likelier)
    covers_picture = np.count_nonzero(lifted.image) > MAX_INK_SHARE * lifted.image.size
    if covers_picture:
        lifted = _lift(picture, other)
    return _lift_faint(picture, lifted.polarity) if lifted.contrast < MIN_CONTRAST else lifted


def _lift_faint(picture: GrayImage, polarity: Polarity) -> LiftedInk:
    """Ink that is hardly darker than its paper, where all else that is darker can be told from it."""
    brought, noise = brought_out(picture)
    lifted = _lift(brought, polarity)
    return replace(lifted, is_blank=not is_written(lifted.image, contrast=lifted.contrast, noise=noise))


def _lift(picture: GrayImage, polarity: Polarity) -> LiftedInk:
    small = shrink(picture, PAPER_PX)
    share = window_share(lambda finer: _flatten(small, polarity, finer), usual_px=PAPER_WINDOW * max(small.shape))
    ink = _flatten(picture, polarity, share)
    levels = levels_of(without_edges(ink))
    return _lifted(stretch(ink, levels), polarity, levels, is_clean=False, is_flat=False)


def _dark_ink_evidence(picture: GrayImage) -> float:
    """Above 0 where ink is dark: it is what stands out from the middle of its neighborhood.

    Two neighborhoods are asked: half a picture, in which a shadow does no harm, and nearly a whole one, in
    which there is paper even around the boldest stroke.

    Args:
        picture: uint8 (height, width).

    Returns:
        -2 to 2.
    """
    return -skewness(picture, window=0.5) - skewness(picture, window=0.9)


def skewness(picture: GrayImage, *, window: float) -> float:
    """To which side pixels stand out from the median around them: -1 (all darker) to 1 (all lighter).

    Args:
        picture: uint8 (height, width).
        window: side of the neighborhood, as a share of the picture's shorter side.
    """
    side = round(window * min(picture.shape)) | 1
    deviation = cv2.subtract(picture, cv2.medianBlur(picture, side), dtype=cv2.CV_32F)
    cubes = deviation * deviation * deviation
    total = float(np.abs(cubes).sum())
    return float(cubes.sum()) / total if total else 0.0


def _flatten(picture: GrayImage, polarity: Polarity, share: float) -> GrayImage:
    """Take uneven paper away; uint8 (height, width), paper near 0 and ink bright.

    The opening keeps what is wider than a stroke, so it follows the light and even the hard edge of a
    shadow, and passes under the strokes.

    Args:
        picture: uint8 (height, width).
        polarity: of the picture.
        share: of the usual window.
    """
    darkness = cv2.bitwise_not(picture) if polarity is Polarity.DARK_ON_LIGHT else picture
    small = shrink(darkness, PAPER_PX)
    side = round(share * PAPER_WINDOW * max(small.shape)) | 1
    window = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    paper = cv2.morphologyEx(cv2.medianBlur(small, 3), cv2.MORPH_OPEN, window)
    # A little wider, so that no seam is left along the edge of a shadow.
    paper = cv2.blur(cv2.dilate(paper, np.ones((5, 5), np.uint8)), (3, 3))
    height, width = darkness.shape
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    ink: GrayImage = cv2.subtract(darkness, paper)
    if polarity is Polarity.DARK_ON_LIGHT:
        # Ink takes a share of the light that falls on it, so in shadow it must be held against darker paper.
        ink = cv2.divide(ink, np.maximum(cv2.bitwise_not(paper), DARKEST_PAPER), scale=255.0)
    return ink


def shrink(picture: GrayImage, longer_side_px: int) -> GrayImage:
    """The picture with its longer side at most `longer_side_px`; as it is where it is no larger."""
    height, width = picture.shape
    factor = longer_side_px / max(height, width)
    if factor >= 1.0:
        return picture
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
