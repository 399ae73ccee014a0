"""Printed lines go from a picture of a number, and the digits that stand on them stay whole."""

import cv2
import numpy as np
import pytest

from service.recognition.line import find_line
from service.recognition.rulings import ruled_lines
from tests.recognition.drawing import with_grain
from tests.recognition.writing import PEN, ink_in_picture, number, on_paper, shares, turned

INK = number("4052718", height=60)
TOP, LEFT = 30, 40
HEIGHT, WIDTH = INK.shape[0] + 2 * TOP, INK.shape[1] + 2 * LEFT
WRITTEN = np.pad(INK, ((TOP, TOP), (LEFT, LEFT))) >= 128

Segment = tuple[tuple[int, int], tuple[int, int]]
BASE, ROOF = TOP + 60 + 8, TOP - 8


def rule(y: int, *, rise: int = 0) -> Segment:
    return (0, y + rise // 2), (WIDTH - 1, y - rise // 2)


def wall(x: int, *, lean: int = 0, beyond: int = 0) -> Segment:
    return (x + lean, ROOF - beyond), (x, BASE + beyond)


def drawn(segments: list[Segment], *, thickness: int = 2, dot: int = 0) -> np.ndarray:
    """Lines as a mask, bool (height, width); made of dots and gaps of `dot` pixels where that is given."""
    lines = np.zeros((HEIGHT, WIDTH), np.uint8)
    for start, end in segments:
        cv2.line(lines, start, end, 1, thickness)
    if dot:
        lines[:, np.arange(WIDTH) // dot % 2 == 1] = 0
    return lines > 0


BETWEEN = [next(x for x in range(at, WIDTH) if not WRITTEN[:, x - 3 : x + 4].any()) for at in (90, 140, 190, 250)]
CASES = {
    "rule below": drawn([rule(BASE)]),
    "rule through the feet": drawn([rule(TOP + 60 - 1)]),
    "rule across the digits": drawn([rule(TOP + 30)]),
    "rules above and below": drawn([rule(BASE), rule(ROOF)]),
    "double rule": drawn([rule(BASE), rule(BASE + 8)]),
    "tilted rule": drawn([rule(BASE, rise=8)]),
    "dotted rule": drawn([rule(BASE)], thickness=3, dot=5),
    "thick rule": drawn([rule(BASE + 6)], thickness=7),
    "frame": drawn([rule(BASE), rule(ROOF), wall(12), wall(WIDTH - 12)]),
    "frame cut by the edge": drawn([rule(BASE), ((14, 0), (14, BASE))]),
    "cells": drawn([rule(BASE), rule(ROOF), wall(12), *(wall(x) for x in BETWEEN), wall(WIDTH - 12)]),
    "leaning cells": drawn([rule(BASE), rule(ROOF), wall(12, lean=3), wall(WIDTH - 12, lean=3)]),
}


@pytest.mark.parametrize("is_dark", [True, False], ids=["dark print", "pale print"])
@pytest.mark.parametrize("name", CASES)
def test_printed_lines_go_and_digits_stay(name: str, is_dark: bool) -> None:
    picture = on_paper(INK, margin=(TOP, TOP, LEFT, LEFT), pen=110 if is_dark else PEN)
    picture[CASES[name]] = np.minimum(picture[CASES[name]], 20 if is_dark else 150)
    picture = with_grain(picture, deviation=2)
    line = find_line(picture)
    assert line.box is not None
    found = ink_in_picture(line.image, line.to_picture, picture.shape)
    share_found, share_written = shares(found, WRITTEN)
    assert share_found >= 0.9
    assert share_written >= 0.88


@pytest.mark.parametrize("degrees", [-9, -5, 5, 9])
def test_rules_of_a_tilted_picture_go_too(degrees: float) -> None:
    picture = on_paper(INK, margin=(TOP, TOP, LEFT, LEFT))
    picture[drawn([rule(BASE), rule(ROOF)])] = 30
    whole, matrix = turned(picture, degrees)
    written = cv2.warpAffine(WRITTEN.astype(np.uint8), matrix, whole.shape[::-1]) > 0
    line = find_line(whole)
    share_found, share_written = shares(ink_in_picture(line.image, line.to_picture, whole.shape), written)
    assert share_found >= 0.9
    assert share_written >= 0.88


def waves(text: str, *, height: int = 40) -> np.ndarray:
    return np.pad((number(text, height=height) >= 128).astype(np.uint8), 12)


def chained_zeros() -> np.ndarray:
    strokes = np.zeros((80, 330), np.uint8)
    for x in range(40, 300, 36):
        cv2.ellipse(strokes, (x, 40), (19, 14), 0, 0, 360, 1, 4)
    return strokes


def stems_between_rules() -> np.ndarray:
    return np.pad((number("411714", height=60, thickness=5) >= 128).astype(np.uint8), 10)


@pytest.mark.parametrize(
    "strokes",
    [
        waves("7777777777"),  # bars at one height
        waves("2222222222"),  # feet at one height
        waves("5555555555"),
        waves("8888888888", height=14),  # as regular as dots
        waves("1111111111"),
        waves("174----"),
        chained_zeros(),
        stems_between_rules(),
        np.zeros((40, 200), np.uint8),
        np.ones((40, 200), np.uint8),
    ],
    ids=["bars", "feet", "fives", "small eights", "ones", "dashes", "zeros in a chain", "stems", "nothing", "all ink"],
)
def test_strokes_of_digits_are_no_printed_lines(strokes: np.ndarray) -> None:
    assert ruled_lines(strokes, least_share=0.4).lines.sum() == 0


def test_the_stem_of_a_digit_between_rules_is_no_wall() -> None:
    strokes = (number("4117", height=60, thickness=6) >= 128).astype(np.uint8)
    strokes = np.pad(strokes, ((4, 4), (10, 10)))
    ruled = strokes.copy()
    ruled[2:4] = ruled[-4:-2] = 1
    left = np.where(ruled_lines(ruled, least_share=0.4).lines > 0, 0, ruled)
    assert left[strokes > 0].mean() >= 0.93


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 40), (3, 4000), (40, 61), (60, 40)])
def test_odd_shapes_do_no_harm(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 2, shape, dtype=np.uint8)
    for strokes in (noise, np.ones(shape, np.uint8), np.zeros(shape, np.uint8), np.eye(*shape, dtype=np.uint8)):
        lines = ruled_lines(strokes, least_share=0.4).lines
        assert lines.shape == shape
        assert lines.dtype == np.uint8
        assert set(np.unique(lines)) <= {0, 1}
