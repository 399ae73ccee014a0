"""Calibration of digits, clean and other, with a network of plain numpy."""

import numpy as np
import pytest

from service.recognition.policy import Decision, Reason
from service.recognition.probability import softmax
from tests.runtime.fakes import manifest_of
from trainer.calibrate_digits import CalibrationCanvases, calibrate_digits, fit_pool, judge
from trainer.data.exposure import NOT_A_DIGIT
from trainer.readings import Scored, Seen, read_scored, score_seen, see

BLANK = np.zeros((40, 40), np.uint8)


class Rows:
    """A network that answers the n-th canvas that it is asked about with the n-th row of logits."""

    def __init__(self, rows: np.ndarray) -> None:
        self._rows = rows.astype(np.float32)
        self._next = 0

    def logits(self, canvases: np.ndarray) -> np.ndarray:
        rows = self._rows[self._next : self._next + len(canvases)]
        self._next += len(canvases)
        return rows


def seen(num_canvases: int, *, num_clean: int) -> Seen:
    """Canvases with some ink, the first of them from clean pictures."""
    canvases = np.zeros((num_canvases, 28, 28, 1), np.uint8)
    canvases[:, 10:18, 14] = 255
    return Seen(canvases, np.arange(num_canvases) < num_clean)


def test_clean_and_other_pictures_have_tables_of_their_own():
    logits = np.zeros((1000, 12))
    logits[:, 3] = 9.0
    labels = np.full(1000, 3)
    labels[:50] = 5  # among the clean ones, one in ten is misread
    calibrated = calibrate_digits(Rows(logits), CalibrationCanvases(seen(1000, num_clean=500), labels))
    assert calibrated.num_readings == 1000
    assert {row.num_wrong for row in calibrated.table.rows} == {0}
    assert calibrated.clean_table.rows[0].num_wrong == 50
    assert calibrated.clean_table.rows[0].num_accepted == 500


def test_rejected_readings_are_neither_accepted_nor_right():
    logits = np.zeros((3, 12), np.float32)
    logits[0, 3] = logits[1, NOT_A_DIGIT] = logits[2, 3] = 9.0
    scored = Scored(logits, np.array([False, False, True]), np.ones(3, bool))
    confidences, is_right = judge(scored, np.array([3, NOT_A_DIGIT, 3]), 1.0)
    assert confidences[0] > 0.99
    assert confidences[1:].tolist() == [0.0, 0.0]
    assert is_right.tolist() == [True, False, False]


def test_pool_learns_how_rare_other_things_are_and_whom_to_trust():
    rng = np.random.default_rng(0)
    labels = np.where(rng.random(20_000) < 0.05, NOT_A_DIGIT, rng.integers(0, 10, 20_000))
    # A gate that has seen as many marks as digits, and of the digit itself knows nothing; and a network that knows.
    is_mark = labels == NOT_A_DIGIT
    evidence = rng.normal(np.where(is_mark, 1.0, -1.0), 1.0)
    gate = np.zeros((20_000, 12))
    gate[:, 10] = 2 * evidence + np.log(10)
    gate[:, 11] = -20
    body = np.zeros((20_000, 10))
    is_misread = rng.random(20_000) < 0.1
    body[np.arange(20_000), np.where(is_misread, labels + 1, labels) % 10] = np.log(0.9 * 9 / 0.1)
    pool = fit_pool(Rows(np.hstack([gate, body])), CalibrationCanvases(seen(20_000, num_clean=0), labels))
    assert pool.trust == pytest.approx(1.0, abs=0.35)
    assert pool.rejection_shift < -1.5
    probs = softmax(np.hstack([gate[:, :10] + pool.trust * np.log(softmax(body)), gate[:, 10:] + pool.rejection_shift]))
    assert probs[:, 10].mean() == pytest.approx(0.05, abs=0.02)


def test_readings_are_those_of_the_service():
    picture = BLANK.copy()
    picture[10:30, 18:22] = 255
    found = see([picture, BLANK])
    assert found.is_blank.tolist() == [False, True]
    assert found.is_clean.tolist() == [True, False]
    logits = np.zeros((2, 12), np.float32)
    logits[:, 1] = 12.0
    readings = read_scored(score_seen(Rows(logits), found), manifest_of("cnn"), max_error=0.01)
    assert readings.digits.tolist() == [1, -1]
    assert readings.decisions == [Decision.ACCEPTED, Decision.REJECTED]
    assert readings.reasons == [None, Reason.BLANK]
    assert readings.confidences[1] == 0.0
    assert readings.share_of(Reason.BLANK) == 0.5
