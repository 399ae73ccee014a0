"""Light and paper in a picture of a digit: how bright the paper would be without ink, and how strong the ink is.

Two kinds of picture come here. In a drawing or a cleaned scan the paper is one level; nothing is estimated
then, and the ink keeps its values. On a photograph the light is uneven, and ink is what stands out from the
paper around it.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.faint import brought_out, is_written
from service.recognition.image import GrayImage
from service.recognition.levels import Levels, even_levels, levels_of, stretch, with_full_peak, without_edges
from service.recognition.paper import (
    DARK_INK_BIAS,
    Polarity,
    darkness_of,
    is_flat,
    polarity_of,
    polarity_on_flat,
    shrink,
    skewness,
    subtract_flat_paper,
    subtract_uneven_paper,
)
from service.recognition.picture_frame import without_frame
from service.recognition.shadow import window_share

PAPER_PX = 128  # longer side at which light and shadow are measured; they have no finer detail
POLARITY_PX = 64  # longer side at which ink and paper are told apart
PAPER_WINDOW = 0.4  # share of the longer side; wider than a stroke, narrower than a shadow
MAX_INK_SHARE = 0.75  # of a photograph; what covers more of it is its paper
MIN_CONTRAST = 28.0  # of 255; what is paler may be fibers, or what is left of the light


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
    polarity = polarity_on_flat(np.bincount(picture.ravel(), minlength=256), lambda: _dark_ink_evidence(picture))
    ink, is_clean = subtract_flat_paper(picture, polarity)
    levels = even_levels(ink)
    if is_clean:
        return _lifted(with_full_peak(ink), polarity, levels, is_clean=True, is_flat=True)
    is_blank = levels.contrast < MIN_CONTRAST  # pale ink could not be told from the grain
    return LiftedInk(stretch(ink, levels), polarity, levels.contrast, is_blank, is_clean=False, is_flat=True)


def _lift_from_flat(picture: GrayImage, small: GrayImage, counts: NDArray[np.int64]) -> LiftedInk:
    polarity = polarity_on_flat(counts, lambda: _dark_ink_evidence(without_frame(shrink(small, POLARITY_PX))))
    ink, is_clean = subtract_flat_paper(picture, polarity)
    if not is_clean:
        levels = levels_of(ink, paper=0.0)
        return _lifted(stretch(ink, levels), polarity, levels, is_clean=False, is_flat=True)
    return _lifted(with_full_peak(ink), polarity, even_levels(ink), is_clean=True, is_flat=True)


def _lifted(image: GrayImage, polarity: Polarity, levels: Levels, *, is_clean: bool, is_flat: bool) -> LiftedInk:
    is_faint = levels.contrast < MIN_CONTRAST
    is_blank = is_faint and not is_written(image, contrast=levels.contrast, noise=levels.noise)
    return LiftedInk(image, polarity, levels.contrast, is_blank, is_clean, is_flat)


def _lift_from_uneven(picture: GrayImage, small: GrayImage) -> LiftedInk:
    seen = without_frame(shrink(small, POLARITY_PX))
    # The edges of a photograph often hold something else than the digit.
    evidence = _dark_ink_evidence(seen) - 0.5 * skewness(without_edges(seen), window=0.5) + DARK_INK_BIAS
    is_dark_ink = evidence >= 0
    lifted = _lift(picture, polarity_of(is_dark_ink))
    covers_picture = np.count_nonzero(lifted.image) > MAX_INK_SHARE * lifted.image.size
    if covers_picture:
        lifted = _lift(picture, polarity_of(not is_dark_ink))
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


def _flatten(picture: GrayImage, polarity: Polarity, share: float) -> GrayImage:
    """Take uneven paper away; uint8 (height, width), paper near 0 and ink bright.

    The opening keeps what is wider than a stroke, so it follows the light and even the hard edge of a
    shadow, and passes under the strokes.

    Args:
        picture: uint8 (height, width).
        polarity: of the picture.
        share: of the usual window.
    """
    darkness = darkness_of(picture, polarity)
    small = shrink(darkness, PAPER_PX)
    side = round(share * PAPER_WINDOW * max(small.shape)) | 1
    window = cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
    paper = cv2.morphologyEx(cv2.medianBlur(small, 3), cv2.MORPH_OPEN, window)
    # A little wider, so that no seam is left along the edge of a shadow.
    paper = cv2.blur(cv2.dilate(paper, np.ones((5, 5), np.uint8)), (3, 3))
    return subtract_uneven_paper(darkness, paper, polarity)
