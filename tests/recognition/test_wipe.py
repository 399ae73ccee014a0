"""What is painted over looks like the paper around it."""

import numpy as np

from service.recognition.wipe import wiped


def test_what_is_wiped_is_as_the_nearest_paper_and_the_rest_is_untouched() -> None:
    picture = np.full((60, 90), 100, np.uint8)
    picture[:, 45:] = 200
    picture[20:40, 10:20] = 7
    picture[20:40, 70:80] = 7
    mask = (picture == 7).astype(np.uint8)
    clean = wiped(picture, mask)
    assert set(np.unique(clean[:, :30])) == {100}
    assert set(np.unique(clean[:, 60:])) == {200}
    assert np.array_equal(clean[:15], picture[:15])


def test_ink_beside_what_is_wiped_stays_and_does_not_run_into_it() -> None:
    picture = np.full((60, 90), 220, np.uint8)
    picture[:, 30:34] = 40  # a line
    picture[20:40, 35:60] = 20  # a stroke that all but touches it
    picture[10:14, 10:28] = 20  # another, which ends close to it
    line, strokes = (picture == 40).astype(np.uint8), (picture == 20).astype(np.uint8)
    clean = wiped(picture, line, strokes)
    assert (clean[strokes > 0] == 20).all()
    assert (clean[strokes == 0] == 220).all()


def test_a_mask_of_a_reduced_picture_is_enlarged() -> None:
    picture = np.full((400, 600), 210, np.uint8)
    picture[100:160, 300:420] = 30
    mask = np.zeros((40, 60), np.uint8)
    mask[10:16, 30:42] = 1
    assert wiped(picture, mask).min() >= 200


def test_a_picture_of_nothing_else_is_left() -> None:
    picture = np.arange(100, dtype=np.uint8).reshape(10, 10)
    assert np.array_equal(wiped(picture, np.ones((10, 10), np.uint8)), picture)
