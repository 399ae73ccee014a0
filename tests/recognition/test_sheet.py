"""A note on a desk, a card on a scanner, a slate on a wall: what is around the sheet is not taken for writing."""

import cv2
import numpy as np
import pytest

from service.recognition.canvas import digit_canvas
from service.recognition.ink import find_ink
from service.recognition.line import find_line
from service.recognition.sheet import beyond_sheet, sheet_alone
from tests.recognition.drawing import in_shadow, seven, stroke_overlap, with_grain
from tests.recognition.writing import ink_in_picture, number, on_paper, shares

DESK = 70


def on_desk(sheet: np.ndarray, *, degrees: float = 8.0, desk: int = DESK, cut: bool = False) -> tuple[np.ndarray, ...]:
    """The sheet, turned, on a desk with room around it, or cut by two edges of the picture; and what was written."""
    height, width = sheet.shape
    size = (int(1.7 * width), int(1.9 * height))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    matrix[:, 2] += (0.0, -0.05 * height) if cut else ((size[0] - width) / 2, (size[1] - height) / 2)
    paper = cv2.warpAffine(sheet, matrix, size, borderValue=0)
    is_paper = cv2.warpAffine(np.full_like(sheet, 255), matrix, size) > 127
    picture = np.where(is_paper, paper, desk).astype(np.uint8)
    is_ink = is_paper & (np.abs(paper.astype(int) - int(np.median(sheet))) > 90)
    is_ink &= cv2.erode(is_paper.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    return with_grain(picture, deviation=3), is_ink


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("degrees", [0.0, 8.0, -14.0])
def test_a_digit_on_a_note_is_found(degrees, cut) -> None:
    picture, is_ink = on_desk(seven(200), degrees=degrees, cut=cut)
    ink = find_ink(picture)
    x, y, width, height = cv2.boundingRect(is_ink.astype(np.uint8))
    assert (ink.box.x, ink.box.y) == pytest.approx((x, y), abs=5)
    assert (ink.box.width, ink.box.height) == pytest.approx((width, height), abs=8)
    if degrees == 0:
        assert stroke_overlap(digit_canvas(ink.image), digit_canvas(find_ink(seven(200)).image)) >= 0.75


@pytest.mark.parametrize("text_px", [9, 60])
def test_a_note_on_a_screen_full_of_text_is_found_and_one_among_other_writing_is_not(text_px) -> None:
    picture = np.full((500, 600), 60, np.uint8)
    rows = range(20, 480, 2 * text_px)
    for y in rows:
        cv2.putText(
            picture, "56 words 78 of small text 90 and more 12", (5, y), 0, text_px / 22, 190, max(1, text_px // 12)
        )
    picture[140:360, 190:410] = cv2.resize(seven(200), (220, 220))
    ink = find_ink(with_grain(picture))
    is_within = ink.box is not None and ink.box.x >= 190 and ink.box.x + ink.box.width <= 410
    assert is_within is (text_px == 9)


@pytest.mark.parametrize("share", [0.25, 0.45])
@pytest.mark.parametrize("wood", [65, 120])
def test_a_note_is_found_on_wood(share, wood) -> None:
    """The grain is as strong as pale ink, and there is more of it."""
    rng = np.random.default_rng(3)
    side = round(200 / share)
    fibers = cv2.GaussianBlur(rng.normal(0.0, 1.0, (side, side)), (0, 0), sigmaX=24, sigmaY=3)
    picture = np.clip(wood + 14 * fibers / fibers.std(), 0, 255).astype(np.uint8)
    corner = round(0.4 * (side - 200))
    picture[corner : corner + 200, corner : corner + 200] = seven(200)
    found, expected = (find_ink(with_grain(image)) for image in (picture, seven(200)))
    assert stroke_overlap(digit_canvas(found.image), digit_canvas(expected.image)) >= 0.75


@pytest.mark.parametrize(("tilt", "pen_px"), [(20, 34), (0, 42), (20, 42)])
def test_a_bold_one_is_no_sheet(tilt, pen_px) -> None:
    """Where the pen left it paler, it looks like a slip of dark paper with something written on it."""
    picture = np.full((280, 280), 255, np.uint8)
    cv2.line(picture, (140 + tilt, 80), (140 - tilt, 200), 0, pen_px)
    cv2.line(picture, (140, 125), (140, 155), 38, 8)
    picture = cv2.GaussianBlur(picture, (0, 0), 1.5)
    for seen in (picture, 255 - picture):
        assert sheet_alone(seen) is seen


def test_a_square_of_squared_paper_is_no_sheet() -> None:
    picture = np.tile(np.pad(np.full((86, 86), 235, np.uint8), 7, constant_values=60), (3, 3))
    picture[107:193, 107:193] = seven(86)
    assert beyond_sheet(with_grain(picture[40:-40, 40:-40])) is None


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("is_slate", [False, True])
def test_a_number_on_a_card_or_a_slate_is_found(is_slate, cut) -> None:
    card = on_paper(number("40527", height=60), margin=50)
    picture, is_ink = on_desk(255 - card if is_slate else card, degrees=4, desk=190 if is_slate else DESK, cut=cut)
    line = find_line(picture)
    found, right = shares(ink_in_picture(line.image, line.to_picture, picture.shape), is_ink)
    assert found >= 0.95
    assert right >= 0.9


def test_only_what_is_beyond_the_sheet_changes() -> None:
    picture, _ = on_desk(seven(200), degrees=0)
    alone = sheet_alone(picture)
    top, left = round(0.45 * 200), round(0.35 * 200)
    inside = (slice(top + 18, top + 200 - 18), slice(left + 18, left + 200 - 18))
    assert np.array_equal(alone[inside], picture[inside])
    beyond = alone.copy()
    beyond[inside] = 235
    assert beyond.min() > 200


def with_bright_half(picture: np.ndarray, *, at: float) -> np.ndarray:
    """The picture in the shadow of something straight, but for its left part."""
    light = np.where(np.arange(picture.shape[1]) < at * picture.shape[1], 1.0, 0.45)
    return np.rint(picture * light).astype(np.uint8)


@pytest.mark.parametrize("at", [0.3, 0.4, 0.5, 0.6, 0.7])
def test_the_edge_of_a_shadow_is_not_that_of_a_sheet(at) -> None:
    """Through a digit or between two, it takes nothing away."""
    picture = with_bright_half(on_paper(number("40527", height=60), margin=40), at=at)
    assert sheet_alone(picture) is picture


@pytest.mark.parametrize(
    "picture",
    [
        seven(200),
        255 - seven(200),
        in_shadow(seven(200)),
        seven(48),  # smaller than any photograph
        on_paper(number("1", height=150, thickness=60), margin=30),  # a bar with straight sides
        255 - on_paper(number("1", height=150, thickness=60), margin=30),
        255 - on_paper(number("0", height=150, thickness=45), margin=30),  # a disc with a hole
        on_desk(np.full((200, 200), 235, np.uint8))[0],  # nothing is written on it
        np.full((200, 200), 200, np.uint8),
        np.zeros((64, 64), np.uint8),
        np.repeat(np.uint8([[0, 255]]), 64, axis=0).repeat(32, axis=1),
    ],
    ids=["drawn", "negative", "shadow", "small", "one", "light one", "light zero", "empty", "gray", "black", "halves"],
)  # fmt: skip
def test_where_no_sheet_lies_nothing_changes(picture) -> None:
    assert sheet_alone(picture) is picture


def test_a_round_plate_is_no_sheet() -> None:
    picture = np.full((128, 128), 60, np.uint8)
    cv2.circle(picture, (64, 64), 50, 230, -1)
    cv2.line(picture, (64, 40), (64, 88), 40, 6)
    assert beyond_sheet(picture) is None
