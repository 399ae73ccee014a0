import numpy as np
import pytest

from service.recognition.alphabet import NUM_CLASSES
from service.recognition.line_canvas import FRAME_PX, LINE_HEIGHT_PX
from trainer.data.lines.golden import golden_lines
from trainer.reader.network import build_reader


@pytest.fixture(scope="module")
def reader():
    return build_reader(("recurrent", "convolutional"))


@pytest.mark.parametrize("width", [64, 192])
def test_there_is_a_row_of_classes_for_every_frame(reader, width):
    canvases = np.zeros((2, LINE_HEIGHT_PX, width, 1), np.uint8)
    answers = reader(canvases, training=False)
    assert set(answers) == {"recurrent", "convolutional"}
    for logits in answers.values():
        assert logits.shape == (2, width // FRAME_PX, NUM_CLASSES)
        assert logits.dtype == "float32"


def test_an_answer_does_not_depend_on_its_batch_mates(reader):
    canvases = golden_lines()["128"]
    together = reader(canvases, training=False)["recurrent"]
    alone = reader(canvases[:1], training=False)["recurrent"]
    assert np.allclose(together[:1], alone, atol=1e-5)


def test_the_recurrent_head_sees_the_whole_line(reader):
    canvas = golden_lines()["256"][:1]
    changed = canvas.copy()
    changed[:, :, -24:] = 0
    here = np.asarray(reader(canvas, training=False)["recurrent"])
    there = np.asarray(reader(changed, training=False)["recurrent"])
    assert not np.allclose(here[:, 0], there[:, 0], atol=0)


def test_a_second_head_does_not_change_the_first():
    one, both = build_reader(("convolutional",)), build_reader(("convolutional", "recurrent"))
    names = {variable.path for variable in one.variables}
    assert len(both.variables) > len(names)
    assert list(one.output) == ["convolutional"]
