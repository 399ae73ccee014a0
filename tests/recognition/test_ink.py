"""Finding ink: what a camera adds to a digit is taken away, and nothing else."""

import cv2
import numpy as np
import pytest

from service.recognition.canvas import digit_canvas
from service.recognition.ink import find_ink
from service.recognition.paper import Polarity
from service.recognition.prediction import Box
from tests.recognition.drawing import in_cell, in_shadow, seven, stroke_overlap, with_grain

CLEAN = digit_canvas(find_ink(seven()).image)


@pytest.mark.parametrize(
    ("picture", "least_overlap"),
    [
        (seven(), 1.0),
        (255 - seven(), 1.0),  # light on dark
        (seven(size=140, thickness=9), 0.8),  # another resolution
        (seven(size=2000, thickness=121), 0.75),
        (in_shadow(seven()), 0.8),
        (in_shadow(255 - seven(), depth=0.4), 0.7),
        (with_grain(seven(), deviation=8), 0.85),
        (in_cell(seven()), 0.85),
        (with_grain(in_cell(in_shadow(seven()))), 0.75),  # all at once
        (cv2.GaussianBlur(seven(), (0, 0), 4), 0.7),
        (seven(paper=120, pen=70), 0.9),  # pale pencil on gray paper
    ],
    ids=["clean", "negative", "small", "large", "shadow", "dark shadow", "grain", "cell", "photo", "blur", "pale"],
)
def test_the_same_digit_comes_out(picture: np.ndarray, least_overlap: float) -> None:
    ink = find_ink(picture)
    assert ink.box is not None
    assert stroke_overlap(digit_canvas(ink.image), CLEAN) >= least_overlap


@pytest.mark.parametrize("size", [28, 60, 280, 1200])
def test_polarity_is_told_and_does_not_matter(size: int) -> None:
    dark, light = find_ink(seven(size)), find_ink(255 - seven(size))
    assert (dark.polarity, light.polarity) == (Polarity.DARK_ON_LIGHT, Polarity.LIGHT_ON_DARK)
    assert dark.box == light.box
    assert np.array_equal(dark.image, light.image)


def test_box_is_in_pixels_of_the_picture() -> None:
    picture = np.full((900, 1600), 240, np.uint8)
    cv2.rectangle(picture, (1000, 200), (1040, 500), 20, cv2.FILLED)
    box = find_ink(picture).box
    assert box is not None
    assert box.x == pytest.approx(1000, abs=8)
    assert box.y == pytest.approx(200, abs=8)
    assert box.width == pytest.approx(41, abs=12)
    assert box.height == pytest.approx(301, abs=12)


def test_a_small_digit_on_a_large_page_is_found_with_its_detail() -> None:
    page = np.full((3000, 2200), 230, np.uint8)
    page[2000:2060, 300:360] = seven(60, paper=230, thickness=5)
    ink = find_ink(with_grain(page, deviation=3))
    assert ink.box is not None
    assert 300 <= ink.box.x <= 360
    assert 2000 <= ink.box.y <= 2060
    expected = digit_canvas(find_ink(seven(60, paper=230, thickness=5)).image)
    assert stroke_overlap(digit_canvas(ink.image), expected) >= 0.6


def test_a_canvas_sized_picture_is_not_touched() -> None:
    canvas = CLEAN[:, :, 0]
    for picture in (canvas, 255 - canvas):
        assert np.array_equal(digit_canvas(find_ink(picture).image)[:, :, 0], canvas)


def test_faint_edges_of_a_clean_picture_are_kept() -> None:
    picture = np.zeros((28, 28), np.uint8)
    picture[6:22, 12:15] = 254
    picture[6:22, 15] = 3  # an antialiased edge as faint as MNIST's faintest
    box = find_ink(picture).box
    assert box is not None
    assert box.width == 4


def _bar_of_five_detached() -> np.ndarray:
    picture = np.full((200, 200), 240, np.uint8)
    cv2.ellipse(picture, (95, 125), (35, 35), 0, -110, 150, 30, 8)
    cv2.line(picture, (80, 50), (130, 48), 30, 8)
    return picture


def test_a_detached_stroke_near_the_digit_belongs_to_it() -> None:
    box = find_ink(_bar_of_five_detached()).box
    assert box is not None
    assert box.y <= 48
    assert box.y + box.height >= 150


def cut_along_the_digit(picture: np.ndarray) -> np.ndarray:
    x, y, width, height = cv2.boundingRect((picture < 128).astype(np.uint8))
    return picture[y : y + height, x : x + width]


def cut_and_shrunk(strokes: np.ndarray, height_px: int) -> np.ndarray:
    """Bright strokes cut out along their edges, so many pixels high."""
    x, y, width, height = cv2.boundingRect(strokes)
    size = (round(height_px * width / height), height_px)
    return cv2.resize(strokes[y : y + height, x : x + width], size, interpolation=cv2.INTER_AREA)


FULL_TURN, RIGHT_OF_IT = (0, 360), (-120, 100)
BOWS = {  # of a digit in 200 x 200 pixels: (center, radius across, radius down, angles)
    "0": [((100, 100), 50, 75, FULL_TURN)],
    "3": [((95, 62), 45, 38, RIGHT_OF_IT), ((95, 138), 50, 38, RIGHT_OF_IT)],
    "8": [((100, 65), 38, 35, FULL_TURN), ((100, 138), 45, 38, FULL_TURN)],
}


@pytest.mark.parametrize("digit", BOWS)
@pytest.mark.parametrize("height_px", [9, 12, 16, 20])
@pytest.mark.parametrize("is_negative", [False, True])
def test_a_picture_of_a_few_pixels_cut_along_the_digit_keeps_all_strokes(
    digit: str, height_px: int, is_negative: bool
) -> None:
    large = np.zeros((200, 200), np.uint8)
    for center, across, down, angles in BOWS[digit]:
        cv2.ellipse(large, center, (across, down), 0, *angles, 255, 15)
    strokes = cut_and_shrunk(large, height_px)
    ink = find_ink(strokes if is_negative else 255 - strokes)

    assert ink.polarity == (Polarity.LIGHT_ON_DARK if is_negative else Polarity.DARK_ON_LIGHT)
    assert ink.box == Box(0, 0, *strokes.shape[::-1])
    assert stroke_overlap(digit_canvas(ink.image), digit_canvas(strokes)) >= 0.8


def test_a_bold_1_that_fills_a_picture_of_a_few_pixels_is_no_line() -> None:
    picture = np.full((16, 14), 250, np.uint8)
    picture[:, 4:10] = 30
    picture[2:5, 2:4] = 90

    assert find_ink(picture).box == Box(2, 0, 8, 16)


@pytest.mark.parametrize("side", [4, 8, 16, 20])
def test_grain_of_a_few_pixels_is_blank(side: int) -> None:
    assert find_ink(with_grain(np.full((side, side), 200, np.uint8), deviation=4)).box is None


@pytest.mark.parametrize("thickness", [10, 17, 30])
@pytest.mark.parametrize("is_negative", [False, True])
def test_a_picture_cut_along_the_digit_keeps_its_bar(thickness: int, is_negative: bool) -> None:
    page = seven(thickness=thickness)
    cut = cut_along_the_digit(page)
    found = find_ink(255 - cut if is_negative else cut)
    assert stroke_overlap(digit_canvas(found.image), digit_canvas(find_ink(page).image)) >= 0.8


LINES = {  # of a digit in 200 x 200 pixels, corner by corner
    "steep 7": [[(60, 30), (135, 30), (120, 170)]],
    "crossed 7": [[(50, 30), (145, 30), (105, 170)], [(75, 100), (140, 95)]],
    "open 4": [[(80, 30), (60, 120), (150, 112)], [(130, 60), (120, 170)]],
    "2": [[(60, 55), (100, 30), (135, 60), (60, 165), (145, 168)]],
}


@pytest.mark.parametrize("digit", LINES)
@pytest.mark.parametrize("longer_px", [22, 26, 50, 80])
@pytest.mark.parametrize("is_negative", [False, True])
def test_a_coarse_picture_cut_along_the_digit_and_enlarged_keeps_its_bars(
    digit: str, longer_px: int, is_negative: bool
) -> None:
    large = np.zeros((200, 200), np.uint8)
    for corners in LINES[digit]:
        cv2.polylines(large, [np.array(corners)], isClosed=False, color=255, thickness=16)
    coarse = cut_and_shrunk(large, 20)
    size = (round(longer_px * coarse.shape[1] / 20), longer_px)
    strokes = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
    ink = find_ink(strokes if is_negative else 255 - strokes)

    assert stroke_overlap(digit_canvas(ink.image), digit_canvas(strokes)) >= 0.9


def test_a_digit_on_a_ruling_that_leaves_a_drawn_picture_is_cut_from_it() -> None:
    picture = seven()
    cv2.line(picture, (0, 245), (279, 245), 60, 5)
    ink = find_ink(picture)

    assert ink.box is not None
    assert ink.box.width < 140
    assert stroke_overlap(digit_canvas(ink.image), CLEAN) >= 0.8


def test_a_bold_digit_may_cover_most_of_its_picture() -> None:
    cut = cut_along_the_digit(seven(thickness=60))
    assert np.mean(cut < 128) > 0.5
    assert find_ink(cut).polarity is Polarity.DARK_ON_LIGHT


@pytest.mark.parametrize("is_negative", [False, True])
def test_a_bold_digit_that_covers_most_of_a_noisy_crop_is_no_blank(is_negative: bool) -> None:
    eight = np.zeros((62, 45), np.uint8)
    cv2.ellipse(eight, (22, 18), (12, 9), 0, 0, 360, 255, 12)
    cv2.ellipse(eight, (22, 43), (13, 10), 0, 0, 360, 255, 12)
    crop = with_grain(230 - 0.75 * eight, deviation=4)
    ink = find_ink(255 - crop if is_negative else crop)
    assert ink.box is not None
    assert ink.box.height >= 54
    assert 0.4 < np.mean(ink.image >= 128) < 0.9  # the loops are open


def test_a_digit_that_runs_into_the_line_of_its_cell_is_cut_from_it() -> None:
    picture = with_grain(in_shadow(seven(), depth=0.2))
    cv2.line(picture, (0, 240), (279, 240), 30, 5)  # the foot of the 7 stands on it
    cv2.line(picture, (0, 36), (279, 36), 30, 5)
    assert stroke_overlap(digit_canvas(find_ink(picture).image), CLEAN) >= 0.7


def test_a_far_speck_does_not() -> None:
    picture = seven()
    cv2.circle(picture, (12, 262), 3, 30, cv2.FILLED)
    box = find_ink(picture).box
    assert box is not None
    assert box.x > 60


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((28, 28), np.uint8),
        np.full((28, 28), 255, np.uint8),
        np.full((1, 1), 130, np.uint8),
        np.full((300, 200), 128, np.uint8),
        with_grain(np.full((128, 128), 180, np.uint8)),
        in_shadow(np.full((128, 128), 200, np.uint8)),
        with_grain(in_cell(np.full((128, 128), 200, np.uint8))),
    ],
    ids=["black", "white", "one pixel", "gray", "grain", "shadow", "empty cell"],
)
def test_paper_without_writing_is_blank(picture: np.ndarray) -> None:
    ink = find_ink(picture)
    assert ink.box is None
    assert ink.image.size == 0


# OpenCV takes four rows of one pixel for a scalar.
@pytest.mark.parametrize("shape", [(1, 1), (4, 1), (1, 4), (1, 500), (500, 1), (2, 3), (3, 4000), (4000, 3), (5, 5)])
def test_odd_shapes_do_no_harm(shape: tuple[int, int]) -> None:
    for picture in (
        np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8),
        np.where(np.indices(shape).sum(axis=0) % 2, 255, 0).astype(np.uint8),
        np.linspace(0, 255, shape[0] * shape[1]).reshape(shape).astype(np.uint8),
    ):
        ink = find_ink(picture)
        if ink.box is not None:
            assert ink.image.any()
            assert ink.box.x >= 0
            assert ink.box.x + ink.box.width <= shape[1]
            assert ink.box.y + ink.box.height <= shape[0]


def _two_sevens(gap_px: int) -> np.ndarray:
    """Two digits side by side on a page, drawn with one pen."""
    page = np.full((280, 560 + gap_px), 235, np.uint8)
    page[:, :280] = seven()
    page[:, -280:] = np.minimum(page[:, -280:], seven())
    return page


@pytest.mark.parametrize("gap_px", [-140, 0, 300])
def test_a_second_digit_is_kept_however_far_away(gap_px: int) -> None:
    page = _two_sevens(gap_px)
    box = find_ink(page).box
    _, _, width, _ = cv2.boundingRect((page < 128).astype(np.uint8))
    assert box is not None
    assert box.width >= 0.95 * width


def test_what_is_smaller_than_a_second_digit_is_still_cleared_away() -> None:
    picture = seven()
    cv2.line(picture, (20, 230), (20, 262), 30, 5)  # a fifth of the digit's height
    box = find_ink(picture).box
    assert box is not None
    assert box.x > 60


@pytest.mark.parametrize(
    ("picture", "is_clean"),
    [
        (CLEAN[:, :, 0], True),
        (255 - CLEAN[:, :, 0], True),
        (seven(), False),  # has to be made smaller
        (cv2.resize(CLEAN[:, :, 0], (16, 16)), False),  # has to be made larger
        (with_grain(CLEAN[:, :, 0]), False),
        (with_grain(seven()), False),
    ],
    ids=["canvas", "negative canvas", "drawing", "coarse", "grain", "photo"],
)
def test_only_pictures_that_reach_the_canvas_as_they_are_count_as_clean(picture: np.ndarray, is_clean: bool) -> None:
    assert find_ink(picture).is_clean is is_clean


def test_blurred_digit_on_a_small_picture_keeps_its_level_strokes() -> None:
    two = np.zeros((28, 28), np.uint8)
    strokes = np.array([(8, 9), (11, 6), (15, 6), (18, 9), (17, 13), (8, 21), (20, 21)], np.int32)
    cv2.polylines(two, [strokes], False, 255, 3)
    found = find_ink(cv2.GaussianBlur(two, (0, 0), 1.0))
    assert stroke_overlap(digit_canvas(found.image), digit_canvas(two)) >= 0.7
