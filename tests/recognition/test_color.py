"""What is written is found where color tells it from the paper, or from print, and luminance does not."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from service.documents.document import open_document
from service.recognition.canvas import digit_canvas
from service.recognition.color import clearest_axis, is_colored, preview_of
from service.recognition.colored_print import axis_without_print
from service.recognition.image import decode_image, decode_page
from service.recognition.ink import find_ink
from service.recognition.line import find_line
from tests.recognition.drawing import PAPER, seven, stroke_overlap
from tests.recognition.writing import ink_in_picture, number, shares

WHITE = (240, 238, 232)
BLACK, NAVY, BLUE, RED = (35, 35, 38), (35, 40, 90), (40, 60, 170), (200, 45, 50)
LIGHTER_RED, ORANGE, GREEN, SKY = (225, 90, 80), (245, 160, 80), (90, 180, 110), (80, 120, 220)


def painted(page: np.ndarray, ink: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """A page, float (height, width, 3), with ink of a color on it, float (height, width), 0 to 1; ink only darkens."""
    covered = page * (1.0 - ink[..., None]) + np.array(color, np.float64) * ink[..., None]
    return np.minimum(page, covered)


def photographed(page: np.ndarray, image_format: str = "JPEG") -> bytes:
    """The file of a photograph: light that falls off, grain."""
    rng = np.random.default_rng(5)
    lit = page * np.linspace(1.0, 0.8, page.shape[1])[None, :, None] + rng.normal(0.0, 3.0, page.shape)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(lit, 0, 255).astype(np.uint8)).save(buffer, image_format, quality=85)
    return buffer.getvalue()


def sheet(shape: tuple[int, int], color: tuple[int, int, int] = WHITE) -> np.ndarray:
    return np.broadcast_to(np.array(color, np.float64), (*shape, 3)).copy()


def preview(file: bytes) -> np.ndarray:
    return preview_of(np.asarray(Image.open(io.BytesIO(file)).convert("RGB")))


def ink_of_seven(size: int = 200) -> np.ndarray:
    return (PAPER - seven(size).astype(np.float64)) / float(PAPER - seven(size).min())


@pytest.mark.parametrize(
    ("paper", "pen"),
    [
        ((120, 150, 210), (215, 122, 110)),
        ((110, 165, 110), (200, 115, 90)),
        ((190, 150, 110), (250, 130, 30)),
        ((150, 215, 120), (245, 185, 40)),
        ((130, 95, 70), (125, 70, 190)),
    ],
    ids=["red_on_blue", "red_on_green", "orange_on_kraft", "amber_on_green", "purple_on_brown"],
)
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_ink_as_bright_as_its_paper_is_found(paper, pen, image_format) -> None:
    ink = ink_of_seven()
    page = sheet(ink.shape, paper) * (1 - ink[..., None]) + np.array(pen) * ink[..., None]
    file = photographed(page, image_format)
    found = find_ink(decode_image(file))
    assert find_ink(decode_page(file)).box is None  # luminance alone does not show it
    assert found.box is not None
    # JPEG keeps color at half the size.
    assert stroke_overlap(digit_canvas(found.image), digit_canvas(find_ink(seven(200)).image)) >= 0.65


def test_a_transparent_picture_and_one_with_a_palette_are_seen_in_color_too() -> None:
    ink = ink_of_seven()
    page = sheet(ink.shape, (120, 150, 210)) * (1 - ink[..., None]) + np.array((205, 110, 110)) * ink[..., None]
    drawn = Image.fromarray(page.astype(np.uint8))
    veiled = drawn.convert("RGBA")
    veiled.putalpha(254)
    for image in (drawn.quantize(32), veiled):
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        assert find_ink(decode_image(buffer.getvalue())).box is not None


def cells(height: int, width: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """Ink of a row of cells that are too narrow for what stands in them."""
    x, y, ink_width, ink_height = box
    drawn = np.zeros((height, width), np.uint8)
    step = round(0.7 * ink_height)
    for left in range(x - 4, x + ink_width + step, step):
        cv2.rectangle(drawn, (left, y - 2), (left + step, y + ink_height + 1), 255, 3)
    return drawn / 255.0


def words(height: int, width: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """Ink of a printed form: words above, before and below a place with a frame around it."""
    x, y, ink_width, ink_height = box
    drawn = np.zeros((height, width), np.uint8)
    cv2.putText(drawn, "Date of birth", (8, y - 24), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2, cv2.LINE_AA)
    cv2.putText(drawn, "No.", (6, y + ink_height // 2), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2, cv2.LINE_AA)
    cv2.putText(drawn, "see reverse", (width - 160, height - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 255, 1, cv2.LINE_AA)
    cv2.rectangle(drawn, (x - 8, y - 8), (x + ink_width + 8, y + ink_height + 8), 255, 2)
    return drawn / 255.0


def squares(height: int, width: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """Ink of squared paper."""
    drawn = np.zeros((height, width))
    for at in (0, 1):
        drawn[at::24] = drawn[:, at::24] = 1.0
    return drawn


PRINTS = {"cells": cells, "words": words, "squares": squares}


def on_print(draw, print_color, pen_color, *, text: str = "4052718") -> tuple[np.ndarray, np.ndarray]:
    """A page with a number on something printed, float (height, width, 3); and where the number is, bool."""
    ink = np.pad(number(text, height=60), ((60, 50), (90, 60))) / 255.0
    printed = draw(*ink.shape, cv2.boundingRect((ink > 0.3).astype(np.uint8)))
    return painted(painted(sheet(ink.shape), printed, print_color), ink, pen_color), ink >= 0.5


@pytest.mark.parametrize(
    ("draw", "print_color", "pen_color"),
    [
        ("cells", LIGHTER_RED, NAVY),
        ("cells", ORANGE, BLACK),
        ("cells", GREEN, NAVY),
        ("cells", SKY, BLACK),
        ("cells", BLACK, BLUE),
        ("squares", LIGHTER_RED, NAVY),
        ("squares", GREEN, BLACK),
        ("squares", SKY, RED),
        ("words", BLACK, BLUE),
        ("words", BLACK, RED),
        ("words", SKY, BLACK),
    ],
)
def test_a_number_is_found_alone_on_print_of_another_color(draw, print_color, pen_color) -> None:
    page, written = on_print(PRINTS[draw], print_color, pen_color)
    picture = decode_image(photographed(page))
    line = find_line(picture)
    found, right = shares(ink_in_picture(line.image, line.to_picture, picture.shape), written)
    assert found >= 0.9  # a black line over a blue stroke leaves nothing of it
    assert right >= 0.95


def test_a_page_of_a_form_keeps_its_print() -> None:
    page, _ = on_print(words, BLACK, BLUE)
    file = photographed(page)
    luminance = np.asarray(Image.open(io.BytesIO(file)).convert("L"))
    page_of_document = open_document(file, max_pages=1, max_pixels=10**6).page(0)
    assert np.abs(page_of_document.astype(int) - luminance).max() <= 4  # rounding
    assert np.abs(decode_image(file).astype(int) - luminance).max() > 100


def struck_through(height: int, width: int, box: tuple[int, int, int, int]) -> np.ndarray:
    x, y, ink_width, ink_height = box
    drawn = np.zeros((height, width), np.uint8)
    cv2.line(drawn, (x - 20, y + ink_height // 2 + 8), (x + ink_width + 20, y + ink_height // 2 - 8), 255, 4)
    return drawn / 255.0


def left_of_it(height: int, width: int, box: tuple[int, int, int, int]) -> np.ndarray:
    drawn = np.zeros((height, width), np.uint8)
    cv2.putText(drawn, "8", (10, box[1] + box[3]), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 255, 5, cv2.LINE_AA)
    return drawn / 255.0


def on_both_sides(height: int, width: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """Digits a little larger than those between them."""
    drawn = np.zeros((height, width), np.uint8)
    for left in (10, width - 50):
        cv2.putText(drawn, "8", (left, box[1] + box[3] + 14), cv2.FONT_HERSHEY_SIMPLEX, 4.0, 255, 5, cv2.LINE_AA)
    return drawn / 255.0


@pytest.mark.parametrize(
    ("draw", "print_color", "pen_color"),
    [
        ("cells", NAVY, NAVY),
        ("squares", BLACK, BLACK),
        ("words", BLUE, BLUE),
        ("struck_through", RED, NAVY),  # who strikes a number out means it
        ("left_of_it", RED, BLUE),  # two inks side by side are both written
        ("on_both_sides", RED, BLUE),
    ],
)
def test_nothing_is_taken_away_where_one_ink_does_not_surround_another(draw, print_color, pen_color) -> None:
    draws = {**PRINTS, "struck_through": struck_through, "left_of_it": left_of_it, "on_both_sides": on_both_sides}
    page, _ = on_print(draws[draw], print_color, pen_color)
    file = photographed(page)
    assert axis_without_print(preview(file)) is None
    assert np.array_equal(decode_image(file), decode_page(file))


def test_white_cells_on_tinted_paper_are_no_print() -> None:
    ink = np.pad(number("4052", height=60), 60) / 255.0
    page = sheet(ink.shape, (250, 200, 160))
    page[50:-50, 50:-50] = (252, 250, 245)
    file = photographed(painted(page, ink, NAVY))
    assert axis_without_print(preview(file)) is None


@pytest.mark.parametrize("pen", [BLACK, BLUE, RED, (250, 230, 40)], ids=["black", "blue", "red", "yellow"])
def test_ink_of_one_color_on_white_paper_is_seen_as_it_stands_out(pen) -> None:
    ink = ink_of_seven()
    file = photographed(painted(sheet(ink.shape), ink, pen))
    assert axis_without_print(preview(file)) is None
    found = find_ink(decode_image(file))
    assert stroke_overlap(digit_canvas(found.image), digit_canvas(find_ink(seven(200)).image)) >= 0.75


def test_gray_pictures_have_no_color() -> None:
    gray = np.repeat(seven(120)[..., None], 3, axis=2).astype(np.float64)
    file = photographed(gray)
    assert not is_colored(preview(file))
    assert np.array_equal(decode_image(file), decode_page(file))


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (28, 28), (400, 2)])
@pytest.mark.parametrize("draw", ["flat", "noise"])
def test_pictures_without_ink_have_no_axis(shape, draw) -> None:
    rng = np.random.default_rng(1)
    picture = sheet(shape, (90, 130, 160)) if draw == "flat" else rng.integers(0, 256, (*shape, 3))
    seen = preview_of(picture.astype(np.uint8))
    assert clearest_axis(seen) is None
    assert axis_without_print(seen) is None
