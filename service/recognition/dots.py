"""Pictures in dots: gray paper that a fax or a scanner in black and white has made into black dots on white."""

import cv2
import numpy as np

from service.recognition.image import GrayImage

LEAST_PICTURE_PX = 64  # of the shorter side; in less there is no room for dots
SAMPLE_PX = 256  # rows and columns that are asked first; nearly all pictures have more than two levels
TOLERANCE = 24  # levels from the darkest, or the lightest, that count as that
TWO_LEVELS = 0.97  # of the pixels that are on one of the two
CHANGES = 0.1  # of the pixels, after which the other one follows; strokes and print have a third of that
SMOOTHING_PX = 1.6  # standard deviation of a Gaussian


def without_dots(picture: GrayImage) -> GrayImage:
    """The grays that the dots stand for; the same array where a picture is not in dots.

    Args:
        picture: uint8 (height, width).
    """
    if min(picture.shape) < LEAST_PICTURE_PX:
        return picture
    sample = picture[:: -(-picture.shape[0] // SAMPLE_PX), :: -(-picture.shape[1] // SAMPLE_PX)]
    low, high = int(sample.min()), int(sample.max())
    is_dark, is_light = sample < low + TOLERANCE, sample > high - TOLERANCE
    if np.mean(is_dark | is_light) < TWO_LEVELS:
        return picture
    is_light = picture > (low + high) // 2
    changes = [np.mean(is_light[1:] != is_light[:-1]), np.mean(is_light[:, 1:] != is_light[:, :-1])]
    if min(changes) < CHANGES:
        return picture
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), SMOOTHING_PX), np.uint8)
