"""The second look on frames and lines made up: what is cut out, and what the answers do to the frames."""

import numpy as np
import pytest

from service.recognition.alphabet import text_of
from service.recognition.canvas import digit_canvas
from service.recognition.ctc import Span, greedy_label
from service.recognition.line_canvas import FRAME_PX, LINE_HEIGHT_PX, PlacedLine, line_canvas
from service.recognition.probability import softmax
from service.recognition.second_look import PARTED_TRUST, FirstLook, first_look, second_look
from tests.recognition.lattices import logits_of


def answer(digit: int, *, sure: float = 12.0, num_classes: int = 12, refused: float = 0.0) -> np.ndarray:
    """A classifier's logits for one digit; of its last two classes, the first at `refused`."""
    logits = np.zeros(num_classes, np.float32)
    logits[digit] = sure
    if num_classes > 10:
        logits[10:] = -sure
        logits[10] = refused if refused else -sure
    return logits


def at(*spans: Span, trust: float = 1.0) -> FirstLook:
    """Digits that were seen in frames; their canvases do not matter any more."""
    return FirstLook(spans, (), (trust,) * len(spans))


def label_after(logits: np.ndarray, spans: list[Span], answers: list[np.ndarray], *, weight: float = 1.0) -> str:
    return greedy_label(softmax(second_look(logits, at(*spans), answers, weight=weight, temperature=1.0)))


def doubtful(path: str, frame: int, rival: str, *, behind: float = 2.0) -> np.ndarray:
    """Frames that show a path, and at one of them a rival that is a little less likely."""
    logits = logits_of(path, sure=10.0)
    logits[frame, "_0123456789?".index(rival)] = 10.0 - behind
    return logits


def test_classifier_that_is_sure_of_the_rival_turns_a_doubtful_digit():
    frames, spans = doubtful("_1_7_", 3, "9"), [Span(0, 1), Span(2, 4)]

    assert label_after(frames, spans, [answer(1), answer(9)]) == "19"
    assert label_after(frames, spans, [answer(1), answer(7)]) == "17"


def test_digit_of_which_the_reader_is_sure_is_not_turned():
    # A crop may be a bad one: what speaks against a digit is bounded.
    assert label_after(logits_of("_1_7_", sure=20.0), [Span(0, 1), Span(2, 4)], [answer(1), answer(9)]) == "17"


@pytest.mark.parametrize("num_classes", [10, 12])
def test_classifier_with_and_without_a_gate_may_answer(num_classes):
    answers = [answer(1, num_classes=num_classes), answer(9, num_classes=num_classes)]

    assert label_after(doubtful("_1_7_", 3, "9"), [Span(0, 1), Span(2, 4)], answers) == "19"


def test_crop_that_is_no_digit_says_nothing():
    frames = doubtful("_1_7_", 3, "9")

    assert label_after(frames, [Span(0, 1), Span(2, 4)], [answer(1), answer(9, sure=4.0, refused=16.0)]) == "17"


def test_classifier_at_a_loss_changes_no_frame():
    frames = doubtful("_1_7_", 3, "9")
    after = second_look(frames, at(Span(2, 4)), [np.zeros(12, np.float32)], weight=2.0, temperature=1.0)

    assert np.array_equal(after, frames)


def test_heavier_weight_and_lower_temperature_turn_more():
    frames, spans, answers = doubtful("_7_", 1, "9", behind=4.0), [Span(0, 2)], [answer(9, sure=6.0)]

    assert label_after(frames, spans, answers, weight=0.3) == "7"
    assert label_after(frames, spans, answers, weight=1.0) == "9"
    warm = second_look(frames, at(*spans), answers, weight=1.0, temperature=4.0)
    assert greedy_label(softmax(warm)) == "7"


def test_blank_other_and_frames_elsewhere_stay_as_they_were():
    frames = doubtful("_1_7_?_", 3, "9")
    after = second_look(frames, at(Span(2, 4)), [answer(9)], weight=1.0, temperature=1.0)

    assert np.array_equal(after[:, [0, 11]], frames[:, [0, 11]])
    assert np.array_equal(after[[0, 1, 5, 6]], frames[[0, 1, 5, 6]])
    assert after.dtype == np.float32


def test_classifier_is_never_asked_whether_there_is_a_digit():
    # The reader thinks the digit a 7, or else a blank, and hardly ever a 9.
    frames = doubtful("_7_", 1, "_", behind=3.0)
    frames[1, "_0123456789?".index("9")] = 4.0
    after = second_look(frames, at(Span(0, 2)), [answer(9)], weight=1.0, temperature=1.0)

    assert greedy_label(softmax(after)) == "9"
    digits = slice(1, 11)
    assert softmax(after)[:, digits].sum(axis=1) == pytest.approx(softmax(frames)[:, digits].sum(axis=1), rel=1e-5)


def test_no_weight_and_no_digits_leave_the_frames():
    frames = logits_of("_1_")

    assert second_look(frames, at(Span(0, 2)), [answer(3)], weight=0.0, temperature=1.0) is frames
    assert second_look(frames, at(), [], weight=1.0, temperature=1.0) is frames


def line_with(*bars: tuple[int, int]) -> tuple[np.ndarray, PlacedLine]:
    """A line 26 px high with a bar of ink from each first column up to the second, and its canvas."""
    line = np.zeros((26, max(end for _, end in bars)), np.uint8)
    for start, end in bars:
        line[:, start:end] = 255
    return line, line_canvas(line)


def frames_on(placed: PlacedLine, symbols: dict[int, str]) -> np.ndarray:
    """Frames of blanks, but for the symbols over columns of the line."""
    path = ["_"] * (placed.canvas.shape[1] // FRAME_PX)
    for column, symbol in symbols.items():
        path[int((placed.left + placed.scale_x * column) // FRAME_PX)] = symbol
    return logits_of("".join(path))


def test_digits_are_shown_as_they_would_be_alone():
    line, placed = line_with((0, 12), (20, 26), (36, 50))
    look = first_look(frames_on(placed, {5: "4", 22: "1", 43: "8"}), line, placed)

    assert placed.canvas.shape[0] == LINE_HEIGHT_PX
    expected = [digit_canvas(line[:, start:end]) for start, end in ((0, 12), (20, 26), (36, 50))]
    assert all(np.array_equal(found, alone) for found, alone in zip(look.canvases, expected, strict=True))


def test_marks_are_not_shown_and_keep_their_frames():
    line, placed = line_with((0, 12), (20, 26), (36, 50))
    frames = frames_on(placed, {5: "4", 22: "?", 43: "8"})
    look = first_look(frames, line, placed)

    assert len(look.canvases) == len(look.spans) == 2
    after = second_look(frames, look, [answer(9), answer(9)], weight=1.0, temperature=1.0)
    mark = int((placed.left + placed.scale_x * 22) // FRAME_PX)
    assert np.array_equal(after[mark], frames[mark])
    assert text_of(greedy_label(softmax(after))) == "48"


def test_spans_reach_to_the_middle_between_symbols_and_cover_every_frame():
    line, placed = line_with((0, 12), (20, 26), (36, 50))
    look = first_look(frames_on(placed, {5: "4", 22: "1", 43: "8"}), line, placed)

    covered = [frame for span in look.spans for frame in range(span.first_frame, span.last_frame + 1)]
    assert covered == list(range(placed.canvas.shape[1] // FRAME_PX))


def test_line_in_which_nothing_was_read_has_no_digits():
    line, placed = line_with((0, 12))
    look = first_look(frames_on(placed, {}), line, placed)

    assert look == FirstLook((), (), ())


def test_answer_about_a_digit_that_was_parted_from_another_counts_less():
    line, placed = line_with((0, 12), (20, 32), (40, 52))
    line[12:14, 12:20] = 255
    look = first_look(frames_on(placed, {5: "4", 26: "1", 46: "8"}), line, placed)
    assert look.trust == (PARTED_TRUST, PARTED_TRUST, 1.0)

    frames = doubtful("_7_", 1, "9", behind=4.0)
    labels = [
        greedy_label(
            softmax(second_look(frames, at(Span(0, 2), trust=trust), [answer(9)], weight=1.0, temperature=1.0))
        )
        for trust in (0.25, 1.0)
    ]
    assert labels == ["7", "9"]
