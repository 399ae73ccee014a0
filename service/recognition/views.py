"""A line of digits in one view, or in several: as it stands, and slanted to the left and to the right.

A person who is not sure of a number tilts the page. Here that is done before the line is looked for, so that light,
rulings and noise are judged anew as well: most of what another view puts right was lost there, not in the network. A
clean line has nothing of the kind, and is seen once.

Source: test-time augmentation, as Krizhevsky, Sutskever and Hinton 2012 average over crops, "ImageNet Classification
with Deep Convolutional Neural Networks", section 4.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from service.recognition.errors import BlankImage
from service.recognition.image import GrayImage
from service.recognition.line import Line, closeup, find_on_paper, reduced
from service.recognition.line_canvas import PlacedLine, line_canvas
from service.recognition.paper import Polarity
from service.recognition.prediction import Box
from service.recognition.sheet import paper_alone


@dataclass(frozen=True, slots=True)
class View:
    """A line as it was found in one view of its picture, and the canvas that the reader gets."""

    line: Line
    placed: PlacedLine


@dataclass(frozen=True, slots=True)
class SeenLine:
    """What was seen in a picture.

    Attributes:
        line: in the picture as it stands.
        views: that line first, then the others; none where there is no ink.
    """

    line: Line
    views: tuple[View, ...]


def see_picture(picture: GrayImage, slants: Sequence[float]) -> SeenLine:
    """Find the line of a picture, and where it is not clean also in slanted views of it.

    Args:
        picture: uint8 (height, width), luminance of either polarity.
        slants: of the other views; see `slanted`.
    """
    line, paper = find_on_paper(paper_alone(picture))
    if line.box is None or line.is_clean:
        return _seen([line])
    # Slanted at its full size, a tall strip of a picture would become a hundred times as large.
    near = reduced(closeup(paper, line.box).picture)
    return _seen([line, *(find_on_paper(slanted(near, slant))[0] for slant in slants)])


def see_ink(ink: GrayImage, slants: Sequence[float]) -> SeenLine:
    """The same for a line whose ink has been found already, in a picture that was not clean.

    Args:
        ink: uint8 (height, width), paper 0 and ink up to 255; without ink, or empty, it is a blank.
        slants: of the other views; see `slanted`.
    """
    padded = np.pad(ink, 1)  # with paper, which is what comes in at the sides
    return _seen([_line_of(ink), *(_line_of(slanted(padded, slant)) for slant in slants)])


def slanted(picture: GrayImage, slant: float) -> GrayImage:
    """The picture, as high and so much wider that nothing leaves it; what comes in at the sides is as at the edge.

    Args:
        picture: uint8 (height, width).
        slant: pixels to the right per pixel downwards; those to the left are negative.
    """
    height, width = picture.shape
    wider_px = int(np.ceil(abs(slant) * height))
    first_px = wider_px / 2 - slant * (height - 1) / 2
    matrix = np.array([[1.0, slant, first_px], [0.0, 1.0, 0.0]])
    moved = cv2.warpAffine(
        picture, matrix, (width + wider_px, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.uint8)


def _line_of(ink: GrayImage) -> Line:
    height, width = ink.shape
    box = Box(0, 0, width, height) if ink.any() else None
    return Line(ink, Polarity.LIGHT_ON_DARK, box, np.eye(2, 3))


def _seen(lines: Sequence[Line]) -> SeenLine:
    first, *others = map(_view_of, lines)
    return SeenLine(lines[0], () if first is None else (first, *(view for view in others if view is not None)))


def _view_of(line: Line) -> View | None:
    if line.box is None:
        return None
    try:
        return View(line, line_canvas(line.image, is_clean=line.is_clean))
    except BlankImage:
        return None
