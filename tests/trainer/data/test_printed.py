import numpy as np

from trainer.data.printed import load_printed


def test_every_digit_is_printed_equally_often_in_many_ways():
    digits = load_printed()
    counts = np.bincount(digits.labels)
    assert counts.tolist() == [len(digits) // 10] * 10
    assert counts[0] >= 400
    assert len(np.unique(digits.canvases[digits.labels == 3], axis=0)) > 300
    assert (digits.canvases.max(axis=(1, 2, 3)) > 100).all()
