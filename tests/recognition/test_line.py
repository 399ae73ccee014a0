"""Finding a line of digits: whatever the picture, the digits come out and nothing else does."""

import time

import cv2
import numpy as np
import pytest

from service.recognition.line import LONGEST_PX, Line, find_line, reduced
from service.recognition.line_canvas import line_canvas
from service.recognition.paper import Polarity
from tests.recognition.drawing import in_shadow, with_grain
from tests.recognition.writing import PAPER, ink_in_picture, number, on_paper, shares, turned

TEXT = "4052718"


def found_and_written(picture: np.ndarray, written: np.ndarray) -> tuple[float, float]:
    """Shares of what was written that was found, and of what was found that was written."""
    line = find_line(picture)
    assert line.box is not None
    return shares(ink_in_picture(line.image, line.to_picture, picture.shape), written)


def clean(*, height: int = 40, margin: int | tuple[int, int, int, int] = 20) -> tuple[np.ndarray, np.ndarray]:
    """A number on plain paper, and where its ink is."""
    picture = on_paper(number(TEXT, height=height), margin=margin)
    return picture, picture < 140


def test_plain_paper_is_told_from_a_photograph() -> None:
    picture, _ = clean()
    assert find_line(picture).is_clean
    assert not find_line(with_grain(picture)).is_clean
    assert not find_line(in_shadow(picture)).is_clean
    assert not find_line(np.full((40, 90), 200, np.uint8)).is_clean


@pytest.mark.parametrize("height", [12, 20, 40, 100, 400, 1500])
def test_all_of_a_number_is_found_at_any_size(height: int) -> None:
    found, written = found_and_written(*clean(height=height, margin=height // 2))
    assert found >= 0.95
    assert written >= 0.95


@pytest.mark.parametrize("margin", [0, 1])
@pytest.mark.parametrize("height", [10, 12, 16, 20])
@pytest.mark.parametrize("spoil", [np.copy, lambda picture: with_grain(picture, deviation=8)])
def test_all_of_a_number_of_a_few_rows_is_found_that_was_cut_out_along_its_ink(spoil, height: int, margin: int) -> None:
    picture, written = clean(height=height, margin=margin)
    for seen in (spoil(picture), spoil(255 - picture)):
        found, right = found_and_written(seen, written)
        assert found >= 0.95
        assert right >= 0.9


def test_a_faint_trace_beside_a_dark_ruling_is_no_line() -> None:
    picture = np.full((20, 100), 235, np.uint8)
    picture[6:14, 4:96] = 220
    picture[17] = 20
    assert find_line(picture).box is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda picture: 255 - picture,
        in_shadow,
        lambda picture: with_grain(picture, deviation=8),
        lambda picture: with_grain(in_shadow(picture)),
        lambda picture: cv2.GaussianBlur(picture, (0, 0), 1.5),
        lambda picture: np.rint(0.25 * picture + 150).astype(np.uint8),
        lambda picture: with_grain(np.rint(0.3 * picture + 120).astype(np.uint8), deviation=5),
    ],
    ids=["negative", "shadow", "grain", "shadow and grain", "blur", "pale", "pale and grain"],
)
def test_light_and_paper_do_not_matter(spoil) -> None:
    picture, written = clean()
    found, was_written = found_and_written(spoil(picture), written)
    assert found >= 0.9
    assert was_written >= 0.9


@pytest.mark.parametrize("thickness", [3, 6, 9])
@pytest.mark.parametrize("margin", [0, 1, 3, 12])
@pytest.mark.parametrize("text", ["766", "10", "888888"])
def test_polarity_of_bold_and_tightly_cut_digits_is_told(text: str, margin: int, thickness: int) -> None:
    ink = number(text, height=28, thickness=thickness, gap=0.1)
    light = np.pad(ink, margin)
    for picture, polarity in ((light, Polarity.LIGHT_ON_DARK), (255 - light, Polarity.DARK_ON_LIGHT)):
        line = find_line(picture)
        assert line.polarity is polarity
        assert (line.image.shape[0], line.image.shape[1]) == ink.shape


def test_digits_of_half_the_contrast_belong_to_the_number() -> None:
    ink = number(TEXT)
    ink[:, : ink.shape[1] // 2] //= 2
    picture = with_grain(on_paper(ink, pen=130), deviation=3)
    found, _ = found_and_written(picture, np.pad(ink, 20) > 64)
    assert found >= 0.9


@pytest.mark.parametrize("degrees", [-18, -10, -4, 0, 4, 10, 18])
def test_a_tilted_number_comes_out_level_and_points_lead_back(degrees: float) -> None:
    ink = number("40527183")
    picture, matrix = turned(on_paper(ink, margin=30), degrees)
    line = find_line(picture)
    assert line.box is not None
    assert line.image.shape[0] == pytest.approx(ink.shape[0], abs=4)
    for x, y in ((0, 0), (ink.shape[1], 0), (0, ink.shape[0]), (ink.shape[1], ink.shape[0])):
        expected = matrix @ [30 + x, 30 + y, 1]
        got = line.to_picture @ [x * line.image.shape[1] / ink.shape[1], y * line.image.shape[0] / ink.shape[0], 1]
        assert got == pytest.approx(expected, abs=5)


@pytest.mark.parametrize(
    ("height", "page"),
    [(30, (200, 900)), (60, (1200, 1700)), (24, (900, 700)), (90, (4000, 2800)), (700, (1600, 6000))],
)
def test_points_of_the_line_lead_to_the_same_ink_in_the_picture(height: int, page: tuple[int, int]) -> None:
    ink = number("1720", height=height)
    top, left = page[0] // 3, page[1] // 4
    picture = on_paper(ink, margin=(top, page[0] - top - height, left, page[1] - left - ink.shape[1]))
    line = find_line(picture)
    assert line.box is not None
    slack = max(2.0, 0.04 * height)
    assert (line.box.x, line.box.y) == pytest.approx((left, top), abs=slack)
    assert (line.box.width, line.box.height) == pytest.approx(ink.shape[::-1], abs=2 * slack)
    ends = line.to_picture @ np.array([[0, line.image.shape[1]], [0, line.image.shape[0]], [1, 1]])
    assert ends[0] == pytest.approx([left, left + ink.shape[1]], abs=slack)
    assert ends[1] == pytest.approx([top, top + height], abs=slack)


def test_a_small_number_on_a_large_page_keeps_its_detail() -> None:
    ink = number(TEXT, height=40)
    picture = with_grain(on_paper(ink, margin=(1800, 2160, 900, 1500)), deviation=3)
    cv2.circle(picture, (300, 400), 4, 40, cv2.FILLED)  # specks
    cv2.circle(picture, (1900, 3300), 5, 40, cv2.FILLED)
    picture[:, :60] = 70  # and the edge of the table
    line = find_line(picture)
    assert line.box is not None
    assert (line.box.x, line.box.y) == pytest.approx((900, 1800), abs=3)
    assert line.image.shape == pytest.approx(ink.shape, abs=4)


def test_lines_above_and_below_are_left_out() -> None:
    ink = number(TEXT, height=40)
    other = number("93625", height=40)
    picture = on_paper(ink, margin=(45, 45, 20, 20))
    picture[:25, 30 : 30 + other.shape[1]][other[-25:] > 128] = 40  # the lower part of the line above
    picture[-20:, 50 : 50 + other.shape[1]][other[:20] > 128] = 40
    line = find_line(picture)
    assert line.box is not None
    assert line.box.y == pytest.approx(45, abs=2)
    assert line.box.height == pytest.approx(40, abs=3)


def test_digits_cut_by_the_edges_are_kept() -> None:
    ink = number("40527", height=40)
    picture = with_grain(on_paper(ink, margin=6)[:, 14:-12], deviation=3)
    line = find_line(picture)
    assert line.box is not None
    assert line.box.x <= 1
    assert line.box.x + line.box.width >= picture.shape[1] - 1


def test_marks_between_the_digits_are_kept_and_specks_are_not() -> None:
    ink = number("21.740-", height=40)
    picture = on_paper(ink)
    found, _ = found_and_written(picture, picture < 140)
    assert found >= 0.95
    speckled = picture.copy()
    speckled[8, 30] = speckled[50, 12] = 40
    assert find_line(speckled).box == find_line(picture).box


def test_a_clean_number_of_canvas_size_is_not_touched() -> None:
    ink = number("08", height=20)
    for picture in (np.pad(ink, 4), 255 - np.pad(ink, 4)):
        line = find_line(picture)
        assert np.array_equal(line.image, ink)
        assert np.array_equal(line.to_picture, [[1, 0, 4], [0, 1, 4]])


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((40, 200), np.uint8),
        np.full((40, 200), 255, np.uint8),
        np.full((1, 1), 130, np.uint8),
        with_grain(np.full((60, 240), 180, np.uint8)),
        in_shadow(np.full((60, 240), 200, np.uint8)),
        with_grain(in_shadow(np.full((60, 240), 200, np.uint8), depth=0.3)),
    ],
    ids=["black", "white", "one pixel", "grain", "shadow", "shadow and grain"],
)
def test_paper_without_writing_is_blank(picture: np.ndarray) -> None:
    line = find_line(picture)
    assert line.box is None
    assert line.image.size == 0


def assert_is_sound(line: Line, shape: tuple[int, ...]) -> None:
    if line.box is None:
        assert line.image.shape == (0, 0)
        return
    assert line.image.dtype == np.uint8
    assert line.image.any()
    assert min(line.box.x, line.box.y) >= 0
    assert min(line.box.width, line.box.height) >= 1
    assert line.box.x + line.box.width <= shape[1]
    assert line.box.y + line.box.height <= shape[0]
    assert np.isfinite(line.to_picture).all()
    line_canvas(line.image)


SHAPES = [
    (1, 1),
    (4, 1),
    (1, 4),
    (1, 500),
    (500, 1),
    (2, 3),
    (3, 4000),
    (4000, 3),
    (5, 5),
    (7, 300),
    (41, 41),
    (900, 20),
]


# OpenCV takes four rows of one pixel for a scalar.
@pytest.mark.parametrize("shape", SHAPES)
def test_odd_shapes_do_no_harm(shape: tuple[int, int]) -> None:
    for picture in (
        np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8),
        np.where(np.indices(shape).sum(axis=0) % 2, 255, 0).astype(np.uint8),
        np.linspace(0, 255, shape[0] * shape[1]).reshape(shape).astype(np.uint8),
        np.where(np.arange(shape[1]) % 3, 255, 0).astype(np.uint8) * np.ones(shape, np.uint8),
        np.where(np.arange(shape[0]) % 3, 255, 0).astype(np.uint8)[:, np.newaxis] * np.ones(shape, np.uint8),
    ):
        before = picture.copy()
        assert_is_sound(find_line(picture), shape)
        assert np.array_equal(picture, before)


def test_a_very_wide_picture_is_read_in_good_time() -> None:
    picture = with_grain(on_paper(number("1234567890" * 15, height=80, gap=0.4), margin=60), deviation=3)
    picture = np.pad(picture, ((0, 0), (0, 20_000 - picture.shape[1])), constant_values=PAPER)
    started = time.process_time()
    line = find_line(picture)
    assert time.process_time() - started < 2.0
    assert line.box is not None
    assert_is_sound(line, picture.shape)


def test_strip_longer_than_any_number_is_reduced():
    assert max(reduced(np.zeros((64, 390_000), np.uint8)).shape) == LONGEST_PX
    assert reduced(np.zeros((80, 9_000), np.uint8)).shape == (64, 7_200)
