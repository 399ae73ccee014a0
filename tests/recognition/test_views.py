"""Views of a line: which there are, what they show, and that nothing of the picture is lost in them."""

import cv2
import numpy as np
import pytest

from service.recognition import views
from service.recognition.line import Line, find_on_paper
from service.recognition.views import see_ink, see_picture, slanted
from tests.pictures import draw_strokes

SLANTS = (-0.15, 0.15)
GRAIN = np.random.default_rng(3).integers(0, 12, (400, 400)).astype(np.uint8)


def grainy(picture: np.ndarray) -> np.ndarray:
    """The picture on paper that is not clean."""
    height, width = picture.shape
    return picture - GRAIN[:height, :width]


def lean(image: np.ndarray) -> float:
    """How far the ink of an image leans, as pixels to the right per pixel downwards."""
    moments = cv2.moments(image)
    return moments["mu11"] / moments["mu02"]


def test_clean_line_is_seen_once():
    seen = see_picture(draw_strokes(1), SLANTS)

    assert seen.line.is_clean
    assert len(seen.views) == 1
    assert seen.views[0].line is seen.line


def test_other_lines_are_seen_as_they_stand_first_and_then_slanted():
    seen = see_picture(grainy(draw_strokes(1)), SLANTS)

    assert not seen.line.is_clean
    assert len(seen.views) == 3
    assert seen.views[0].line is seen.line
    straight, left, right = (lean(view.line.image) for view in seen.views)
    assert left - straight == pytest.approx(-0.15, abs=0.04)
    assert right - straight == pytest.approx(0.15, abs=0.04)


def test_small_number_in_a_large_picture_is_slanted_from_near(monkeypatch):
    looked_at = []

    def watched(paper: np.ndarray) -> tuple[Line, np.ndarray]:
        looked_at.append(paper.shape)
        return find_on_paper(paper)

    monkeypatch.setattr(views, "find_on_paper", watched)
    page = np.full((1200, 1600), 255, np.uint8)
    page[500:620, 700:880] = draw_strokes(3)
    page -= np.tile(GRAIN, (3, 4))
    see_picture(page, SLANTS)

    assert looked_at[0] == page.shape
    assert len(looked_at) == 3
    assert max(max(shape) for shape in looked_at[1:]) < 300


@pytest.mark.parametrize("shape", [(3_000, 400), (900, 4_000), (2_500, 2_500)])
def test_views_of_a_large_picture_are_no_larger_than_a_line_is_looked_for_in(monkeypatch, shape):
    slanted_shapes = []

    def watched(picture: np.ndarray, slant: float) -> np.ndarray:
        moved = slanted(picture, slant)
        slanted_shapes.append(moved.shape)
        return moved

    monkeypatch.setattr(views, "slanted", watched)
    grain = np.random.default_rng(1).integers(0, 12, shape).astype(np.uint8)
    height, width = shape
    page = 245 - grain
    page[height // 4 : -height // 4, width // 4 : -width // 4] -= 200  # from a quarter to three quarters
    page[height // 4 : height // 2, width // 4 : width // 2] += 200  # but no blot
    see_picture(page, SLANTS)

    assert len(slanted_shapes) == 2
    assert max(height * width for height, width in slanted_shapes) < 1_700 * 400


def test_blank_has_no_views():
    assert see_picture(np.full((50, 60), 200, np.uint8), SLANTS).views == ()
    assert see_ink(np.zeros((50, 60), np.uint8), SLANTS).views == ()
    assert see_ink(np.zeros((0, 0), np.uint8), SLANTS).views == ()


def test_ink_that_was_found_is_seen_in_all_views_and_stays_whole_at_the_edges():
    ink = np.full((40, 30), 255, np.uint8)
    ink[5:-5, 5:-5] = 0
    seen = see_ink(ink, SLANTS)

    assert len(seen.views) == 3
    assert seen.views[0].line.image is ink
    for view in seen.views[1:]:
        assert view.line.image.astype(int).sum() == pytest.approx(int(ink.astype(int).sum()), rel=0.02)


@pytest.mark.parametrize("slant", [-0.4, -0.15, 0.0, 0.15, 0.4])
def test_nothing_leaves_a_slanted_picture(slant):
    picture = np.zeros((21, 30), np.uint8)
    picture[0, 0] = picture[0, -1] = picture[-1, 0] = picture[-1, -1] = 200
    picture = np.pad(picture, 1)
    moved = slanted(picture, slant)

    assert moved.shape[0] == picture.shape[0]
    assert moved.astype(int).sum() == pytest.approx(800, abs=8)
    columns = [np.flatnonzero(moved[row])[[0, -1]].mean() for row in (1, -2)]
    assert columns[1] - columns[0] == pytest.approx(slant * 20, abs=0.6)


def test_what_comes_in_at_the_sides_is_as_the_edge_was():
    paper = np.tile(np.linspace(90, 210, 50, dtype=np.uint8)[:, np.newaxis], (1, 80))

    assert np.array_equal(slanted(paper, 0.3)[:, 0], paper[:, 0])
    assert np.array_equal(slanted(paper, 0.3)[:, -1], paper[:, -1])
