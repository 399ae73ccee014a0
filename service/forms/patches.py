"""Pieces of a page's print, and where they are found in a picture of it.

A piece with corners fixes both directions; one with only a line fixes the direction across it. How well each
direction is fixed goes with the measurement, so that nothing is believed that the print cannot tell.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage

BLACKEST = 80  # of 255; beyond this, ink and bold print must not weigh more than the pale lines of boxes
MIN_SPREAD = 6.0  # standard deviation of a piece's darkness; paper with less on it cannot be told from other paper
MIN_LIKENESS = 0.3  # correlation from which a piece counts as found at all


@dataclass(frozen=True, slots=True)
class Level:
    """How finely a page is held against its picture.

    Attributes:
        reduction: pixels of the canvas per pixel at this level.
        patch_px: side of the pieces, in pixels of the level.
        reach_px: how far from its place a piece is looked for.
        step_px: from one piece to the next.
    """

    reduction: int
    patch_px: int
    reach_px: int
    step_px: int


@dataclass(frozen=True, slots=True)
class PatchSet:
    """The pieces of one page at one level.

    Attributes:
        level: their size and reach.
        size: (width, height) of the page at this level.
        print: uint8, the page's print at this level, with `reach_px` of paper around it.
        corners: int64 (n, 2), x and y of each piece's top left at this level.
        centers: float64 (n, 2), their middles, in pixels of the canvas.
        firmness: float64 (n, 2, 2), how well each direction is fixed: the structure tensor, its larger eigenvalue 1.
    """

    level: Level
    size: tuple[int, int]
    print: GrayImage
    corners: NDArray[np.int64]
    centers: NDArray[np.float64]
    firmness: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Offsets:
    """Where the pieces of a page were found.

    Attributes:
        shifts: float64 (n, 2), from where each was expected to where it is, in pixels of the canvas.
        likeness: float64 (n,), correlation there, -1 to 1.
    """

    shifts: NDArray[np.float64]
    likeness: NDArray[np.float64]


def at_level(ink: GrayImage, size: tuple[int, int]) -> GrayImage:
    """Reduce a page's ink to (width, height), no darker than print."""
    reduced = ink if ink.shape == size[::-1] else cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    limited: GrayImage = np.minimum(reduced, BLACKEST)
    return limited


def choose_patches(page_print: GrayImage, level: Level) -> PatchSet:
    """Cut a page into overlapping pieces and keep those with print on them.

    Args:
        page_print: uint8 (height, width), paper 0 and print bright, on the canvas.
        level: at which.
    """
    height, width = page_print.shape
    size = (max(level.patch_px, width // level.reduction), max(level.patch_px, height // level.reduction))
    reduced = at_level(page_print, size)
    lefts = _places(size[0], level)
    tops = _places(size[1], level)
    corners = np.array([(left, top) for top in tops for left in lefts], np.int64)
    gradient_x, gradient_y = (
        cv2.Sobel(reduced, cv2.CV_32F, *order, ksize=3).astype(np.float64) for order in ((1, 0), (0, 1))
    )
    sums = [cv2.integral(product) for product in (gradient_x**2, gradient_x * gradient_y, gradient_y**2)]
    xx, xy, yy = (_box_sums(table, corners, level.patch_px) for table in sums)
    tensor = np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2)
    values = reduced.astype(np.float64)
    num_pixels = level.patch_px**2
    mean = _box_sums(cv2.integral(values), corners, level.patch_px) / num_pixels
    square = _box_sums(cv2.integral(values**2), corners, level.patch_px) / num_pixels
    is_printed = np.sqrt(np.maximum(0.0, square - mean**2)) >= MIN_SPREAD
    corners, tensor = corners[is_printed], tensor[is_printed]
    largest = np.linalg.eigvalsh(tensor)[:, -1] if len(tensor) else np.zeros(0)
    reach = level.reach_px
    return PatchSet(
        level,
        size,
        cv2.copyMakeBorder(reduced, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0),
        corners,
        (corners + level.patch_px / 2) * (width / size[0], height / size[1]) - 0.5,
        tensor / np.maximum(largest, 1e-9)[:, None, None],
    )


def find_offsets(patches: PatchSet, ink: GrayImage) -> Offsets:
    """Look for every piece of a page around its place in a picture that was brought to the page's canvas.

    Args:
        patches: of the page.
        ink: uint8 (height, width) at the level of the patches, from `at_level`.
    """
    level, num_patches = patches.level, len(patches.corners)
    side, reach = level.patch_px, level.reach_px
    framed = cv2.copyMakeBorder(ink, reach, reach, reach, reach, cv2.BORDER_CONSTANT, value=0)
    shifts, likeness = np.zeros((num_patches, 2)), np.full(num_patches, -1.0)
    for index, (left, top) in enumerate(patches.corners):
        piece = patches.print[top + reach : top + reach + side, left + reach : left + reach + side]
        around = framed[top : top + side + 2 * reach, left : left + side + 2 * reach]
        if around.max() == 0:
            continue
        x, y, best = find_patch(piece, around)
        if best >= MIN_LIKENESS:
            likeness[index] = best
            shifts[index] = x, y
    return Offsets(shifts * level.reduction, likeness)


def find_patch(piece: GrayImage, around: GrayImage) -> tuple[float, float, float]:
    """Look for a piece in a larger one.

    Args:
        piece: uint8 (height, width).
        around: uint8, larger by the same margin on all sides.

    Returns:
        By how much it is shifted from the middle, x and y in pixels, and the correlation there, -1 to 1.
    """
    likenesses = cv2.matchTemplate(around, piece, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(likenesses)
    if not np.isfinite(best):
        return 0.0, 0.0, -1.0
    rows, columns = likenesses.shape
    shift_x = x - (columns - 1) / 2 + _vertex(likenesses[y], x)
    shift_y = y - (rows - 1) / 2 + _vertex(likenesses[:, x], y)
    return shift_x, shift_y, float(best)


def _vertex(values: NDArray[np.float32], index: int) -> float:
    """Where between its neighbors the top of a parabola through three values lies, -0.5 to 0.5."""
    if not 0 < index < len(values) - 1:
        return 0.0
    before, at, after = (float(value) for value in values[index - 1 : index + 2])
    curvature = before - 2.0 * at + after
    return float(np.clip(0.5 * (before - after) / curvature, -0.5, 0.5)) if curvature < 0.0 else 0.0


def _places(length: int, level: Level) -> NDArray[np.int64]:
    """Where pieces begin along a side, evenly, the first and the last at its ends."""
    room = length - level.patch_px
    return np.unique(np.linspace(0, room, max(1, round(room / level.step_px)) + 1).astype(np.int64))


def _box_sums(table: NDArray[np.float64], corners: NDArray[np.int64], side: int) -> NDArray[np.float64]:
    left, top = corners.T
    sums: NDArray[np.float64] = (
        table[top + side, left + side] - table[top, left + side] - table[top + side, left] + table[top, left]
    )
    return sums
