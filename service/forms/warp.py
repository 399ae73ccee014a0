"""From a page's canvas to its picture: a homography, and how the paper bends beyond it."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from service.forms.patches import Offsets
from service.recognition.image import GrayImage

MAP_STEP_PX = 16  # the way into the picture is computed at every 16th pixel; between them it is straight
STIFFNESS = 0.0002  # against bending, relative to the pieces' pull: paper bends smoothly
ROUNDS = 5  # of fitting again with outliers weighing less
OUTLIER_PX = 3.0  # at the level of the pieces: from here on a measurement loses its weight


@dataclass(frozen=True)
class Warp:
    """Where each point of a page's canvas lies in the picture.

    Attributes:
        size: (width, height) of the canvas.
        to_picture: float64 (3, 3), homography from the canvas to the picture.
        bend: float64 (rows, columns, 2), added to a point of the canvas before the homography; a grid from corner to
            corner.
    """

    size: tuple[int, int]
    to_picture: NDArray[np.float64]
    bend: NDArray[np.float64]

    def picture_points(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points of the canvas, float64 (n, 2), in pixels of the picture."""
        weights = _weights(points, self.size, self.bend.shape[:2])
        bent = points + weights @ self.bend.reshape(-1, 2)
        projected = np.column_stack([bent, np.ones(len(bent))]) @ self.to_picture.T
        found: NDArray[np.float64] = projected[:, :2] / projected[:, 2:]
        return found

    def scaled(self, factor: float) -> "Warp":
        """The same, into a picture `factor` times as large."""
        centers = np.array([[factor, 0.0, (factor - 1) / 2], [0.0, factor, (factor - 1) / 2], [0.0, 0.0, 1.0]])
        return replace(self, to_picture=centers @ self.to_picture)

    def lift(
        self, ink: GrayImage, size: tuple[int, int], *, rect: tuple[float, float, float, float] | None = None
    ) -> GrayImage:
        """Bring a part of the page from the picture to a flat canvas.

        Args:
            ink: uint8 (height, width), of the picture; paper 0.
            size: (width, height) of the result.
            rect: left, top, right and bottom on the page's canvas; None for the whole page.

        Returns:
            uint8 (height, width). 0 where the page reaches beyond the picture.
        """
        left, top, right, bottom = rect or (0.0, 0.0, float(self.size[0]), float(self.size[1]))
        columns = max(2, size[0] // MAP_STEP_PX + 2)
        rows = max(2, size[1] // MAP_STEP_PX + 2)
        # Pixel i of the result covers i to i + 1; its middle is where the picture is asked.
        x = np.linspace(0.0, size[0] - 1.0, columns)
        y = np.linspace(0.0, size[1] - 1.0, rows)
        canvas_x = left + (x + 0.5) * (right - left) / size[0] - 0.5
        canvas_y = top + (y + 0.5) * (bottom - top) / size[1] - 0.5
        grid = np.stack(np.meshgrid(canvas_x, canvas_y), axis=-1).reshape(-1, 2)
        coarse = self.picture_points(grid).reshape(rows, columns, 2).astype(np.float32)
        return _remap(ink, coarse, size)


def _remap(picture: GrayImage, coarse: NDArray[np.float32], size: tuple[int, int]) -> GrayImage:
    """Sample a picture at a grid of points from corner pixel to corner pixel, linear between them."""
    rows, columns = coarse.shape[:2]
    to_grid = np.array(
        [[(columns - 1) / max(1, size[0] - 1), 0.0, 0.0], [0.0, (rows - 1) / max(1, size[1] - 1), 0.0]], np.float64
    )
    full = cv2.warpAffine(
        coarse, to_grid, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    sampled: GrayImage = cv2.remap(picture, full, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return sampled


def refine(
    warp: Warp,
    *,
    centers: NDArray[np.float64],
    firmness: NDArray[np.float64],
    offsets: Offsets,
    weight: NDArray[np.float64],
    grid: tuple[int, int],
    tolerance_px: float,
) -> tuple[Warp, NDArray[np.float64]]:
    """Bend a page so that its pieces come to lie where they were found.

    Least squares over a grid of bends, with a price on the bends' second differences: what a homography left is free
    of charge where it is a slant or a stretch, and smooth where it is a curl. Outliers (ink taken for print) lose their
    weight round by round (Geman-McClure).

    Args:
        warp: the best so far, with which the offsets were measured.
        centers: float64 (n, 2) of the pieces, on the canvas.
        firmness: float64 (n, 2, 2), how well each piece fixes each direction.
        offsets: where the pieces were found.
        weight: float64 (n,), how much each piece matters.
        grid: (rows, columns) of the bends.
        tolerance_px: offset from the fit, in pixels of the canvas, at which a piece loses its weight.

    Returns:
        The bent page, and float64 (n, 2): by how much each piece is off now; what the print cannot tell counts as
        nothing.
    """
    bend = _regrid(warp, grid)
    is_found = offsets.likeness > 0
    if np.count_nonzero(is_found) < 6:
        return replace(warp, bend=bend), np.zeros_like(offsets.shifts)
    weights = _weights(centers, warp.size, grid)[is_found]
    pull, shifts = firmness[is_found], offsets.shifts[is_found]
    base = weight[is_found] * offsets.likeness[is_found] ** 2
    num_nodes = grid[0] * grid[1]
    # The present bend is part of what is smooth, so its own differences are priced too.
    smooth = _second_differences(grid)
    price = STIFFNESS * base.sum() * (smooth.T @ smooth) + 1e-6 * np.eye(num_nodes)
    present = bend.reshape(-1, 2)
    change = np.zeros((num_nodes, 2))
    trust = base
    for _ in range(ROUNDS):
        left = np.zeros((2 * num_nodes, 2 * num_nodes))
        right = np.zeros(2 * num_nodes)
        for a in range(2):
            rows = slice(a * num_nodes, (a + 1) * num_nodes)
            left[rows, rows] += price
            right[rows] -= STIFFNESS * base.sum() * (smooth.T @ (smooth @ present[:, a]))
            for b in range(2):
                columns = slice(b * num_nodes, (b + 1) * num_nodes)
                weighted = weights.T * (trust * pull[:, a, b])
                left[rows, columns] += weighted @ weights
                right[rows] += weighted @ shifts[:, b]
        change = np.asarray(np.linalg.solve(left, right), np.float64).reshape(2, num_nodes).T
        off = shifts - weights @ change
        error = np.einsum("ni,nij,nj->n", off, pull, off)
        trust = base / (1.0 + error / tolerance_px**2) ** 2
    left_over = np.zeros_like(offsets.shifts)
    left_over[is_found] = np.einsum("nij,nj->ni", pull, off)
    return replace(warp, bend=(present + change).reshape(*grid, 2)), left_over


def _regrid(warp: Warp, grid: tuple[int, int]) -> NDArray[np.float64]:
    """The bends of a page on another grid."""
    if warp.bend.shape[:2] == grid:
        return warp.bend
    x = np.linspace(0.0, warp.size[0], grid[1])
    y = np.linspace(0.0, warp.size[1], grid[0])
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    bends: NDArray[np.float64] = _weights(points, warp.size, warp.bend.shape[:2]) @ warp.bend.reshape(-1, 2)
    return bends.reshape(*grid, 2)


def _weights(points: NDArray[np.float64], size: tuple[int, int], grid: tuple[int, ...]) -> NDArray[np.float64]:
    """Bilinear weights of a grid's nodes at points; float64 (n, rows * columns)."""
    along_x = _hats(points[:, 0] / size[0], grid[1])
    along_y = _hats(points[:, 1] / size[1], grid[0])
    weights: NDArray[np.float64] = (along_y[:, :, None] * along_x[:, None, :]).reshape(len(points), -1)
    return weights


def _hats(share: NDArray[np.float64], num_nodes: int) -> NDArray[np.float64]:
    place = np.clip(share, 0.0, 1.0) * (num_nodes - 1)
    hats: NDArray[np.float64] = np.maximum(0.0, 1.0 - np.abs(place[:, None] - np.arange(num_nodes)))
    return hats


def _second_differences(grid: tuple[int, int]) -> NDArray[np.float64]:
    """Matrix that takes the bends of a grid to how they change along rows, columns and diagonals."""
    rows, columns = grid
    index = np.arange(rows * columns).reshape(grid)
    triples = [
        (index[:, :-2], index[:, 1:-1], index[:, 2:]),
        (index[:-2], index[1:-1], index[2:]),
    ]
    found = []
    for before, at, after in triples:
        block = np.zeros((before.size, rows * columns))
        line = np.arange(before.size)
        block[line, before.ravel()] += 1.0
        block[line, at.ravel()] -= 2.0
        block[line, after.ravel()] += 1.0
        found.append(block)
    cross = np.zeros(((rows - 1) * (columns - 1), rows * columns))
    line = np.arange(len(cross))
    for corner, sign in (
        (index[:-1, :-1], 1.0),
        (index[:-1, 1:], -1.0),
        (index[1:, :-1], -1.0),
        (index[1:, 1:], 1.0),
    ):
        cross[line, corner.ravel()] += sign
    return np.concatenate([*found, cross])
