"""Points of a page that can be found again in its picture, and the page's place that follows from them."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage
from service.recognition.paper import shrink

WORK_PX = 1_100  # longer side at which points are looked for: letters of a form are 10 px high then
MAX_POINTS = 2_000
MAX_DISTANCE_RATIO = 0.85  # Lowe 2004 takes 0.8; print repeats itself, and RANSAC sorts out more than he had to
TOLERANCE_PX = 6.0  # at `WORK_PX`: paper is not flat, so a homography fits it only so well
MAX_PLACEMENTS = 6
MIN_INLIERS = 12  # eight numbers are fitted; fewer agree by chance on pages full of lines


@dataclass(frozen=True, slots=True)
class Features:
    """Points and what their surroundings look like.

    Attributes:
        points: float32 (n, 2), x and y in pixels of the picture that they were found in.
        descriptors: float32 (n, 128), rows of length 1.
        px_per_step: pixels of that picture per pixel at which points were looked for.
    """

    points: NDArray[np.float32]
    descriptors: NDArray[np.float32]
    px_per_step: float


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a page lies in a picture, as if it were flat.

    Attributes:
        to_page: float64 (3, 3), homography from the picture's pixels to the canvas of the page.
        method: what found it: `features`, `marks` or `outline`.
        num_inliers: points that agree with it.
    """

    to_page: NDArray[np.float64]
    method: str
    num_inliers: int


def find_features(ink: GrayImage) -> Features:
    """Find up to 2,000 points.

    Args:
        ink: uint8 (height, width), paper 0 and print bright.

    Source: Lowe 2004, "Distinctive image features from scale-invariant keypoints"; the square root of
    descriptors after Arandjelovic and Zisserman 2012, "Three things everyone should know to improve object retrieval".
    """
    small = shrink(ink, WORK_PX)
    px_per_step = max(ink.shape) / max(small.shape)
    keypoints, found = cv2.SIFT.create(MAX_POINTS, contrastThreshold=0.04).detectAndCompute(small, None)
    if not keypoints:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32), px_per_step)
    points = (np.array([keypoint.pt for keypoint in keypoints], np.float32) + 0.5) * px_per_step - 0.5
    descriptors = np.sqrt(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-6))
    return Features(points.astype(np.float32), descriptors.astype(np.float32), px_per_step)


def place_by_features(picture: Features, page: Features) -> Iterator[Placement]:
    """Places of the page on which points agree, best first.

    More than one, because a form repeats itself: half of it may lie well on another half, with more points than
    the right place has where the print's wording was changed. Each place is computed when it is asked for, from the
    points that the places before it left.

    Args:
        picture: points of the picture.
        page: points of the page.
    """
    points, targets = _matched(picture, page)
    cv2.setRNGSeed(0)  # the same picture, the same answer
    for _ in range(MAX_PLACEMENTS):
        if len(points) < MIN_INLIERS:
            return
        to_page, inliers = cv2.findHomography(
            points, targets, cv2.USAC_MAGSAC, TOLERANCE_PX * page.px_per_step, confidence=0.999, maxIters=5_000
        )
        if to_page is None or inliers.sum() < MIN_INLIERS:
            return
        yield Placement(to_page, "features", int(inliers.sum()))
        is_left = inliers.ravel() == 0
        points, targets = points[is_left], targets[is_left]


def _matched(picture: Features, page: Features) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Points of the picture, and those of the page that alone look like them; float32 (n, 2) each."""
    if len(picture.points) == 0 or len(page.points) < 2:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    likeness = picture.descriptors @ page.descriptors.T  # cosine: descriptors have length 1
    rows = np.arange(len(likeness))
    best = likeness.argmax(axis=1)
    best_likeness = likeness[rows, best]
    likeness[rows, best] = -1.0
    distance = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * best_likeness))
    second = np.sqrt(np.maximum(0.0, 2.0 - 2.0 * likeness.max(axis=1)))
    is_distinct = distance < MAX_DISTANCE_RATIO * second
    return picture.points[is_distinct], page.points[best[is_distinct]]
