"""The words on a blank page that stand beside its fields, and say what is to be written in them."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from service.forms.patches import MIN_SPREAD, at_level
from service.recognition.image import GrayImage

PRINT_LEVEL = 60  # of 255, from which a word is printed; paler ones are lost in copies
NEAR_MM = 4.0  # from a field: whose words these are
FRAME_MM = 0.8  # around a field, what is printed is its frame
WORD_GAP_MM = 2.5  # between the words of one label at most
LOWEST_MM, HIGHEST_MM = 1.2, 8.0  # of a label; lower are lines, higher are tables and pictures
NARROWEST_MM, WIDEST_MM = 3.0, 60.0  # of a label; one letter alone is too much like others
LEAST_PIXELS = 20  # of a label's print that are near to a field
BESIDE_PX = 4  # of the canvas, of paper around a label that are compared too


@dataclass(frozen=True, slots=True)
class Label:
    """Words beside fields.

    Attributes:
        left, top, right, bottom: in pixels of the page's canvas, ends excluded.
        print: uint8 (height, width), how dark it is printed, at half the canvas' scale, at which print survives blur.
        fields: numbers of the fields that are near, from 0.
    """

    left: int
    top: int
    right: int
    bottom: int
    print: GrayImage
    fields: tuple[int, ...]


def find_labels(
    page_print: GrayImage, fields: Sequence[tuple[int, int, int, int]], *, px_per_mm: float
) -> tuple[Label, ...]:
    """Find the words beside fields.

    Args:
        page_print: uint8 (height, width), how dark the page is printed, on its canvas.
        fields: left, top, right and bottom of each, in pixels of the canvas, ends excluded.
        px_per_mm: scale of the canvas.
    """
    text = (page_print >= PRINT_LEVEL).astype(np.uint8)
    for field in fields:
        text[_around(field, FRAME_MM * px_per_mm)] = 0
    words = cv2.morphologyEx(text, cv2.MORPH_CLOSE, np.ones((3, round(WORD_GAP_MM * px_per_mm)), np.uint8))
    num, pieces, stats, _ = cv2.connectedComponentsWithStats(words, connectivity=8)
    pieces[text == 0] = 0
    near: dict[int, list[int]] = {}
    for number, field in enumerate(fields):
        counts = np.bincount(pieces[_around(field, NEAR_MM * px_per_mm)].ravel(), minlength=num)
        counts[0] = 0
        for piece in np.flatnonzero(counts >= LEAST_PIXELS).tolist():
            near.setdefault(piece, []).append(number)
    height, width = page_print.shape
    labels = []
    for piece, numbers in near.items():
        x, y, across, down, _ = (int(value) for value in stats[piece])
        is_high = LOWEST_MM * px_per_mm <= down <= HIGHEST_MM * px_per_mm
        if not is_high or not NARROWEST_MM * px_per_mm <= across <= WIDEST_MM * px_per_mm:
            continue
        left, top = max(0, x - BESIDE_PX), max(0, y - BESIDE_PX)
        right, bottom = min(width, x + across + BESIDE_PX), min(height, y + down + BESIDE_PX)
        part = page_print[top:bottom, left:right]
        halved = at_level(part, (part.shape[1] // 2, part.shape[0] // 2))
        if float(halved.std()) >= MIN_SPREAD:
            labels.append(Label(left, top, right, bottom, halved, tuple(numbers)))
    return tuple(labels)


def _around(field: tuple[int, int, int, int], margin: float) -> tuple[slice, slice]:
    left, top, right, bottom = field
    reach = round(margin)
    return slice(max(0, top - reach), bottom + reach), slice(max(0, left - reach), right + reach)
