"""Digits traced over the guides of a form."""

import cv2
import numpy as np
import pytest

from trainer.data.marks import INK_PX
from trainer.data.segments import draw_segment_digit

# Where ink must be, and must not be, on the seven segments: top, upper left and right, middle, lower left and right,
# bottom. A space stands for either: a 7 may have a hook, a 6 its bar, a 9 its foot.
SEGMENTS = (
    "1110111",
    "  1  1 ",
    "1011101",
    "1011011",
    "0111010",
    "1101011",
    " 1 1111",
    "1 10010",
    "1111111",
    "1111 1 ",
)


@pytest.mark.parametrize("digit", range(10))
def test_digits_run_along_their_segments(digit):
    found = []
    for seed in range(40):
        ink = draw_segment_digit(digit, np.random.default_rng(seed))
        assert ink.shape == (INK_PX, INK_PX)
        found.append(_segments(ink))
    # Of most, not of all: a slanted digit leans into the next segment.
    for share, wanted in zip(np.mean(found, axis=0), SEGMENTS[digit], strict=True):
        assert wanted == " " or (share > 0.8 if wanted == "1" else share < 0.2)


def test_corners_may_stay_open():
    num_papers = []
    for seed in range(60):
        ink = draw_segment_digit(0, np.random.default_rng(seed))
        num_papers.append(cv2.connectedComponents((ink < 64).astype(np.uint8), connectivity=4)[0] - 1)
    assert min(num_papers) == 1  # the paper inside it runs out at a corner
    assert max(num_papers) > 1
    assert 0.03 < num_papers.count(1) / len(num_papers) < 0.5


def _segments(ink: np.ndarray) -> list[bool]:
    """Whether there is ink across the middle of each segment of the box."""
    x, y, width, height = cv2.boundingRect(ink)
    crop = ink[y : y + height, x : x + width] >= 128
    column = crop[:, round(width * 0.4) : round(width * 0.6)].any(axis=1)
    upper, lower = (crop[round(height * at) : round(height * (at + 0.1))].any(axis=0) for at in (0.22, 0.7))
    third, half = height // 3, width // 2
    return [
        bool(part.any())
        for part in (
            column[: height // 5],
            upper[:half],
            upper[half:],
            column[third : 2 * third],
            lower[:half],
            lower[half:],
            column[-(height // 5) :],
        )
    ]
