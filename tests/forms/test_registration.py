from collections.abc import Callable

import cv2
import numpy as np
import pytest

from service.forms.page import BlankPage
from service.forms.registration import register
from service.forms.template import PageSize, Template, parse_template
from service.recognition.errors import RegistrationFailed
from tests.forms.composing import Camera, photograph

Take = Callable[[Camera], np.ndarray]
Table = tuple[Template, BlankPage]


@pytest.mark.parametrize(
    "camera",
    [
        Camera(),
        Camera(scale=0.5),
        Camera(scale=1.6),
        Camera(turn_deg=90.0, margin=0.05),
        Camera(turn_deg=180.0, margin=0.05),
        Camera(turn_deg=-97.0, margin=0.05),
        Camera(tilt=0.06, margin=0.1, shadow=0.5, noise=3.0),
        Camera(curl=0.006, margin=0.05, blur_px=1.0),
        Camera(turn_deg=12.0, tilt=0.05, curl=0.004, shadow=0.4, blur_px=1.0, noise=4.0, jpeg_quality=60, margin=0.1),
    ],
    ids=[
        "as it is",
        "half size",
        "larger",
        "sideways",
        "upside down",
        "turned",
        "tilted in shadow",
        "curled",
        "all of it",
    ],
)
def test_a_page_is_found_however_it_lies(camera: Camera, take: Take, table: Table) -> None:
    found = register(take(camera), table[1])
    assert found.method == "marks"
    assert found.support >= 0.9
    turned = (found.rotation_deg - camera.turn_deg + 180.0) % 360.0 - 180.0
    assert abs(turned) < 6.0
    assert 0.0 <= found.residual_px < 4.0


def test_fields_are_found_to_a_pixel_on_a_flat_scan(take: Take, table: Table) -> None:
    found = register(take(Camera()), table[1])
    corners = np.array([[100.0, 100.0], [1_500.0, 300.0], [800.0, 2_200.0]])
    seen = found.warp.picture_points(corners) * found.scale
    assert np.abs(seen - corners).max() < 1.5
    assert found.residual_px < 1.0


@pytest.mark.parametrize("num_waves", [1.0, 1.5])
def test_paper_that_bends_is_followed(num_waves: float, take: Take, table: Table) -> None:
    flat = take(Camera())
    height, width = flat.shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    bent_y = y + 14.0 * np.sin(2 * np.pi * num_waves * x / width).astype(np.float32)  # two millimeters up and down
    found = register(cv2.remap(flat, x, bent_y, cv2.INTER_LINEAR, borderValue=255), table[1])
    for box, place in zip(table[1].boxes, found.fields, strict=True):
        rect = table[1].rect(box)
        corners = np.array([(rect.left, rect.top), (rect.right, rect.top), (rect.right, rect.bottom)], np.float64)
        seen = found.warp.picture_points(corners + np.array([place.shift_x, place.shift_y])) * found.scale
        seen[:, 1] += 14.0 * np.sin(2 * np.pi * num_waves * seen[:, 0] / width)
        assert np.abs(seen - corners).max() < 3.5


def test_a_page_in_hardly_any_light_is_found(take: Take, table: Table) -> None:
    dim = (take(Camera(margin=0.03)) * 0.12).astype(np.uint8)
    found = register(dim, table[1])
    assert found.support == 1.0
    middle = found.lift(table[1].rect(table[1].boxes[0], margin=40))
    assert np.median(middle) < 10  # paper is paper


def without_marks(size: PageSize) -> np.ndarray:
    """A page of print with a table, but no marks in its corners."""
    rng = np.random.default_rng(3)
    page = np.full((2_376, 1_680), 255, np.uint8)
    for y in range(150, 2_200, 60):
        words = " ".join("".join(rng.choice(list("abcdefghijklmnopqrstuvw"), 6)) for _ in range(4))
        cv2.putText(page, words, (120, y), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 30, 2, cv2.LINE_AA)
    for y in range(300, 2_100, 180):
        cv2.rectangle(page, (1_200, y), (1_400, y + 80), 120, 3)
    return page


def test_a_page_without_marks_is_found_by_its_print() -> None:
    size = PageSize(210, 297)
    fields = [
        {
            "name": f"f{y}",
            "kind": "number",
            "box": {"x": 1_200 / 1_680, "y": y / 2_376, "width": 0.119, "height": 0.034},
        }
        for y in range(300, 2_100, 180)
    ]
    template = parse_template({"fields": fields})
    blank = BlankPage(size, without_marks(size), [field.box for field in template.fields])
    camera = Camera(turn_deg=184.0, tilt=0.04, shadow=0.3, blur_px=0.8, noise=2.0, margin=0.06)
    found = register(photograph(without_marks(size), camera, np.random.default_rng(1)), blank)
    assert found.method == "features"
    assert found.support == 1.0
    assert abs(abs(found.rotation_deg) - 180.0) < 10.0


def test_a_picture_of_another_form_is_refused(take: Take, other_table: Table) -> None:
    with pytest.raises(RegistrationFailed, match="named"):
        register(take(Camera(margin=0.05)), other_table[1])


@pytest.mark.parametrize(
    "picture",
    [
        np.full((1_200, 900), 255, np.uint8),
        np.full((3, 3), 90, np.uint8),
        np.random.default_rng(0).integers(0, 256, (900, 700), dtype=np.uint8),
    ],
    ids=["white", "tiny", "noise"],
)
def test_a_picture_without_a_form_is_refused(picture: np.ndarray, table: Table) -> None:
    with pytest.raises(RegistrationFailed):
        register(picture, table[1])
