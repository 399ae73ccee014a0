"""Light and paper in a picture of a number, and the printed lines on it.

A line of digits is wide and low, and its ink is everywhere: what tells ink from paper in a picture of a single digit,
and how fine a shadow may be, is measured here by the height of the picture and not by its longer side. Printed lines
go before the level of ink is measured; they are often much darker than what is written on them.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.faint import brought_out, is_written
from service.recognition.image import GrayImage
from service.recognition.levels import Levels, even_levels, levels_of, stretch, with_full_peak, without_edges
from service.recognition.lines import Mask, touching_edges, without_stripes
from service.recognition.loops import loops_around_ink
from service.recognition.paper import (
    DARK_INK_BIAS,
    FLAT_TOLERANCE,
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
from service.recognition.pieces import CLEAN_LINE_SHARE, LINE_LEVEL, PHOTO_LINE_SHARE
from service.recognition.rulings import Ruled, may_hold_one_digit, ruled_lines
from service.recognition.shadow import window_share
from service.recognition.wipe import Surroundings

PAPER_HEIGHT_PX = 64  # height at which light and shadow are measured; they have no finer detail
POLARITY_HEIGHT_PX = 48  # height at which ink and paper are told apart
PAPER_WINDOW = 0.45  # of the height; wider than the boldest stroke, narrower than a shadow
WIDEST_STROKE = 0.5  # of the height, in a drawing
SMALL_PICTURE_PX = 40  # a clean picture this small was cut by a program, and nothing is printed on it
LOW_PICTURE_PX = 24  # high; a picture of a line this low was cut out along it, with hardly any paper around
LOW_FLAT_SHARE = 0.15  # of its pixels on the commonest level, from which its paper counts as flat
FINE_STROKES_PX = 28  # high; in a line this low strokes are a pixel or two wide
MIN_CONTRAST = 24.0  # of 255; what is paler may be fibers, or what is left of the light
PALER = 0.7  # writing this much paler than the lines that were removed may stand on others, as pale as itself
GRAINY = 0.12  # of the contrast; more noise than this is smoothed away, at the price of sharpness
SMOOTHING_PX = 0.8  # standard deviation of a Gaussian; takes away two thirds of independent noise


@dataclass(frozen=True, slots=True)
class LiftedLine:
    """Everything written on the paper, as if on a black page; what was printed in long straight lines is gone.

    Attributes:
        image: uint8 (height, width), paper 0 and ink up to 255.
        rulings: uint8 (height, width), 1 where a printed line was.
        polarity: of the picture.
        contrast: how far typical ink stood above its paper, in 255ths of the light.
        is_blank: whether that is so little that nothing was written.
        is_cut: whether a program cut the picture out along its ink, so that all of the ink is the number.
        is_clean: whether the paper was one level without noise, and the ink kept its values.
        around: what stands around other ink, and may still be in `image`: loops, or the other cells of a table.
        is_divided: see `Ruled`.
    """

    image: GrayImage
    rulings: Mask
    polarity: Polarity
    contrast: float
    is_blank: bool
    is_cut: bool
    is_clean: bool = False
    around: Surroundings | None = None
    is_divided: bool = False


def lift_line(picture: GrayImage) -> LiftedLine:
    """Separate the ink of a number from paper and printed lines, whatever the light.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
    """
    small = _reduced(picture, PAPER_HEIGHT_PX)
    counts = np.bincount(small.ravel(), minlength=256)
    if picture.shape[0] <= LOW_PICTURE_PX and _share_of_commonest(counts) >= LOW_FLAT_SHARE:
        return _lift_low_line(picture, counts)
    if not is_flat(small, counts, widest_px=WIDEST_STROKE * small.shape[0]):
        polarity = polarity_of(dark_ink_evidence(small) + DARK_INK_BIAS >= 0)
        share = window_share(lambda finer: _flatten(small, polarity, finer), usual_px=PAPER_WINDOW * min(small.shape))
        lifted = _lift_from_uneven(picture, polarity, share)
        return _lift_faint(picture, polarity, share) if lifted.contrast < MIN_CONTRAST else lifted
    polarity = polarity_on_flat(counts, lambda: dark_ink_evidence(small))
    ink, is_clean = subtract_flat_paper(picture, polarity)
    if not is_clean:
        return _without_rulings(ink, _levels_of(ink, paper=0.0), polarity)
    levels = even_levels(ink)
    ink = with_full_peak(ink)
    if max(picture.shape) <= SMALL_PICTURE_PX:
        return _lifted(ink, np.zeros_like(ink), polarity, levels, is_cut=True, is_clean=True)
    ruled = _ruled(ink, CLEAN_LINE_SHARE)
    rulings = ruled.lines
    if may_hold_one_digit(picture.shape):
        # Drawn close to its edges, a digit has strokes of half the picture; only what leaves the picture is a line.
        rulings = touching_edges(rulings)
    around = ruled.table or loops_around_ink(_strokes(ink))
    lifted = _lifted(_cleared(ink, rulings), rulings, polarity, levels, is_cut=False, is_clean=True, around=around)
    return replace(lifted, is_divided=ruled.is_divided)


def _lifted(
    image: GrayImage,
    rulings: Mask,
    polarity: Polarity,
    levels: Levels,
    *,
    is_cut: bool,
    is_clean: bool = False,
    around: Surroundings | None = None,
) -> LiftedLine:
    is_faint = levels.contrast < MIN_CONTRAST
    is_blank = is_faint and not is_written(image, contrast=levels.contrast, noise=levels.noise)
    return LiftedLine(image, rulings, polarity, levels.contrast, is_blank, is_cut, is_clean, around)


def _lift_from_uneven(picture: GrayImage, polarity: Polarity, share: float) -> LiftedLine:
    ink = _flatten(picture, polarity, share)
    return _without_rulings(ink, _levels_of(without_edges(ink)), polarity)


def _lift_faint(picture: GrayImage, polarity: Polarity, share: float) -> LiftedLine:
    """Ink that is hardly darker than its paper, where all else that is darker can be told from it."""
    brought, noise = brought_out(picture)
    lifted = _lift_from_uneven(brought, polarity, share)
    return replace(lifted, is_blank=not is_written(lifted.image, contrast=lifted.contrast, noise=noise))


def _lift_low_line(picture: GrayImage, counts: NDArray[np.int64]) -> LiftedLine:
    """The same in a picture of a few rows, whose paper is one level.

    Strokes are as fine as noise would be, and their soft edges as common as the paper: so neither is looked for, and
    what is clearly off the level is ink. Printed on it are at most rulings from edge to edge.

    Args:
        picture: uint8 (height, width).
        counts: int64 (256,), how many of its pixels are on each level.
    """
    polarity = polarity_on_flat(counts, lambda: dark_ink_evidence(picture))
    ink, is_clean = subtract_flat_paper(picture, polarity)
    levels = even_levels(ink)
    if not is_clean:
        ink = stretch(ink, levels)
    ink = without_stripes(with_full_peak(ink))
    is_blank = levels.contrast < MIN_CONTRAST  # pale ink could not be told from the grain
    return LiftedLine(ink, np.zeros_like(ink), polarity, levels.contrast, is_blank, is_cut=True, is_clean=is_clean)


def _share_of_commonest(counts: NDArray[np.int64]) -> float:
    """Share of a picture's pixels that are on its commonest level, or next to it; `counts` are those on each level."""
    level = int(counts.argmax())
    return float(counts[max(0, level - FLAT_TOLERANCE) : level + FLAT_TOLERANCE + 1].sum() / counts.sum())


def _levels_of(ink: GrayImage, *, paper: float | None = None) -> Levels:
    return levels_of(ink, paper=paper, has_fine_strokes=ink.shape[0] <= FINE_STROKES_PX)


def _reduced(picture: GrayImage, height_px: int) -> GrayImage:
    """The picture at most `height_px` high, or as it is where it is lower; never a side of no pixels."""
    height = picture.shape[0]
    if height <= height_px:
        return picture
    return shrink(picture, max(1, round(max(picture.shape) * height_px / height)))


def dark_ink_evidence(picture: GrayImage) -> float:
    """Above 0 where the ink of a line of digits is dark.

    Three things tell: ink stands out from what is around it further than paper does; there is more paper than ink along
    the edges; and there is a wider place without ink somewhere than any place without paper. The
    first alone fails on bold digits cut out tightly, which cover half of their picture.

    Args:
        picture: uint8 (height, width).

    Returns:
        About -4 to 4; the negative of a picture has the negative evidence, but for rounding.
    """
    small = without_frame(_reduced(picture, POLARITY_HEIGHT_PX))
    side = 2 * small.shape[0] | 1
    deviation = cv2.subtract(small, cv2.blur(small, (side, side)), dtype=cv2.CV_32F)
    low, high = np.percentile(deviation, [5, 95])
    rim = np.concatenate([deviation[0], deviation[-1], deviation[:, 0], deviation[:, -1]])
    rim_is_light = float(np.mean(rim) - (low + high) / 2) / max(1.0, float(high - low))
    levels = cv2.normalize(deviation, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)
    _, light = cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    light_is_wider = math.log(_half_width(light) / _half_width(1 - light))
    return -skewness(small, window=0.9) + 0.75 * (rim_is_light + light_is_wider)


def _half_width(mask: Mask) -> float:
    """Of the widest place in a mask; what goes on beyond the edge is taken to go on for a pixel."""
    framed = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return float(np.max(cv2.distanceTransform(framed, cv2.DIST_L2, 3))) + 0.1


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
    small = cv2.medianBlur(_reduced(darkness, PAPER_HEIGHT_PX), 3)
    side = max(3, round(share * PAPER_WINDOW * min(small.shape))) | 1
    # A shadow goes on beyond the edge of the picture, and so must the paper in it for the window to fit.
    framed = cv2.copyMakeBorder(small, side, side, side, side, cv2.BORDER_REPLICATE)
    paper = cv2.morphologyEx(framed, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    # A little wider, so that no seam is left along the edge of a shadow.
    paper = cv2.blur(cv2.dilate(paper, np.ones((3, 3), np.uint8)), (3, 3))[side:-side, side:-side]
    return subtract_uneven_paper(darkness, paper, polarity)


def _without_rulings(ink: GrayImage, levels: Levels, polarity: Polarity) -> LiftedLine:
    """Find printed lines and bring what is left to 255.

    Args:
        ink: uint8 (height, width), paper near 0 and ink bright, not yet stretched.
        levels: of all of it, printed lines included.
        polarity: of the picture.
    """
    with_rulings = stretch(ink, levels)
    ruled = _ruled(with_rulings, PHOTO_LINE_SHARE)
    around = ruled.table or loops_around_ink(_strokes(with_rulings))
    rulings = ruled.lines
    if rulings.any():
        before = levels.contrast
        blotted = _blotted(ink, rulings, levels)
        levels = _levels_of(blotted, paper=levels.paper)
        if levels.contrast < PALER * before:
            rulings |= _ruled(stretch(blotted, levels), PHOTO_LINE_SHARE).lines
            blotted = _blotted(ink, rulings, levels)
            levels = _levels_of(blotted, paper=levels.paper)
    seen = levels
    if levels.noise > GRAINY * levels.contrast:
        ink = cv2.GaussianBlur(ink, (0, 0), SMOOTHING_PX)
        levels = _levels_of(_blotted(ink, rulings, levels), paper=levels.paper)
    cleared = _cleared(stretch(ink, levels), rulings)
    lifted = _lifted(cleared, rulings, polarity, seen, is_cut=False, around=around)
    return replace(lifted, is_divided=ruled.is_divided)


def _ruled(ink: GrayImage, least_share: float) -> Ruled:
    return ruled_lines(_strokes(ink), least_share=least_share)


def _strokes(ink: GrayImage) -> Mask:
    return (ink >= LINE_LEVEL).astype(np.uint8)


def _blotted(ink: GrayImage, rulings: Mask, levels: Levels) -> GrayImage:
    """Ink with bare paper where printed lines are."""
    return np.where(rulings > 0, round(levels.paper), ink).astype(np.uint8)


def _cleared(ink: GrayImage, rulings: Mask) -> GrayImage:
    return np.where(rulings > 0, 0, ink).astype(np.uint8) if rulings.any() else ink
