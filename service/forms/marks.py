"""The marks in the corners of the forms that this project draws.

They are ArUco markers, which say themselves which corner they are, so four of them place a page that carries
nothing else.

Source: Garrido-Jurado et al. 2014, "Automatic generation and detection of highly reliable fiducial markers
under occlusion".
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from service.forms.features import Placement
from service.recognition.image import GrayImage
from service.recognition.paper import shrink

MARKS_PER_PAGE = 4
MAX_MARKED_PAGES = 50
WORK_PX = 1_600  # longer side at which marks are looked for; one of 10 mm is 50 px wide then
MIN_MARKS = 2  # eight corners; one mark alone would place the far side of the page badly


@cache
def _dictionary() -> "cv2.aruco.Dictionary":
    # 4 x 4 modules, the largest ones for their size; 250 of them: four for each of 50 pages, and room for more.
    return cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_250)


def mark_image(number: int, side_px: int) -> GrayImage:
    """Draw mark `number`; uint8 (side_px, side_px), black on white."""
    image: GrayImage = cv2.aruco.generateImageMarker(_dictionary(), number, side_px)
    return image


def find_marks(picture: GrayImage) -> dict[int, NDArray[np.float32]]:
    """Find marks in a picture, whichever way round it lies.

    Args:
        picture: uint8 (height, width), luminance.

    Returns:
        Corners by the mark's number, float32 (4, 2): x and y in pixels of the picture, clockwise from the mark's
        top left.
        A number that is seen twice is left out: one of the two is something else.
    """
    small = shrink(picture, WORK_PX)
    step = max(picture.shape) / max(small.shape)
    parameters = cv2.aruco.DetectorParameters()
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    corners, numbers, _ = cv2.aruco.ArucoDetector(_dictionary(), parameters).detectMarkers(small)
    found = [] if numbers is None else [int(number) for number in np.ravel(numbers)]
    return {
        number: ((quad[0] + 0.5) * step - 0.5).astype(np.float32)
        for number, quad in zip(found, corners, strict=True)
        if found.count(number) == 1
    }


def place_by_marks(picture: dict[int, NDArray[np.float32]], page: dict[int, NDArray[np.float32]]) -> Placement | None:
    """Find the page by its marks; None where fewer than two are seen in both.

    Args:
        picture: marks in the picture, from `find_marks`.
        page: marks on the page, likewise.
    """
    shared = sorted(set(picture) & set(page))
    if len(shared) < MIN_MARKS:
        return None
    points = np.concatenate([picture[number] for number in shared])
    targets = np.concatenate([page[number] for number in shared])
    to_page, _ = cv2.findHomography(points, targets, 0)
    return None if to_page is None else Placement(to_page, "marks", len(shared))
