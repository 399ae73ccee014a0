"""On MNIST's own pictures, finding the ink and placing it changes nothing, whichever way round they are."""

from pathlib import Path

import numpy as np
import pytest

from service.recognition.canvas import digit_canvas
from service.recognition.ink import find_ink
from trainer.data.mnist import load_mnist

pytestmark = pytest.mark.accuracy


@pytest.mark.parametrize("is_negative", [False, True])
def test_every_test_digit_of_mnist_is_left_as_it_is(is_negative: bool, real_data_dir: Path) -> None:
    canvases = load_mnist(real_data_dir).test.canvases
    changed = [
        row
        for row, canvas in enumerate(canvases)
        if not np.array_equal(digit_canvas(find_ink((255 - canvas if is_negative else canvas)[:, :, 0]).image), canvas)
    ]
    assert len(canvases) == 10_000
    assert changed == []
