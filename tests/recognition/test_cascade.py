"""How sure a verdict is, whatever it is."""

import numpy as np
import pytest

from service.recognition.cascade import sureness


@pytest.mark.parametrize(
    ("probs", "expected"),
    [
        ([0.9, 0.1, *[0.0] * 8], 0.9),  # a digit, of a network that knows nothing else
        ([0.6, 0.1, *[0.0] * 8, 0.2, 0.1], 0.9),  # this digit, if it is one at all
        ([0.1, 0.1, *[0.0] * 8, 0.4, 0.4], 0.9),  # hardly a digit, and then it is uncertain which
        ([0.4, 0.4, *[0.0] * 8, 0.1, 0.1], 0.6),  # a digit, but which?
    ],
)
def test_sureness_is_that_no_other_digit_is_right(probs, expected):
    assert sureness(np.array(probs)) == pytest.approx(expected)


def test_many_verdicts_are_judged_row_by_row():
    rows = np.random.default_rng(0).dirichlet(np.ones(12), size=(2, 3))
    np.testing.assert_allclose(sureness(rows), [[sureness(row) for row in block] for block in rows])
