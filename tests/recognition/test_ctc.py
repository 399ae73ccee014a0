"""Sums over paths, against all paths written down one by one."""

import numpy as np
import pytest

from service.recognition.alphabet import SYMBOLS
from service.recognition.ctc import align, greedy_label, label_log_probs, symbol_shares
from service.recognition.probability import softmax
from tests.recognition.lattices import every_label, logits_of, random_logits


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("33_3", "33"),  # a blank separates a repeated digit
        ("333", "3"),  # without one, repeats collapse
        ("___", ""),  # blanks only
        ("_0_0_0_7", "0007"),
        ("1?2", "1?2"),
        ("9", "9"),
    ],
)
def test_greedy_decoding(path, label):
    assert greedy_label(softmax(logits_of(path))) == label


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("num_frames", "symbols"), [(1, "_12?"), (2, "_12?"), (5, "_07?"), (6, "_17")])
def test_forward_sum_is_the_sum_over_all_paths(seed, num_frames, symbols):
    logits = random_logits(seed, num_frames=num_frames, symbols=symbols)
    masses = every_label(logits, symbols=symbols)

    log_probs = label_log_probs(softmax(logits), list(masses))

    assert np.exp(log_probs) == pytest.approx(list(masses.values()), abs=1e-12)
    assert np.exp(log_probs).sum() == pytest.approx(1.0)


def test_forward_sums_of_labels_do_not_depend_on_each_other():
    probs = softmax(random_logits(5, num_frames=9, symbols="_0123456789?"))
    labels = ["", "7", "77", "1234", "12?41"]

    together = label_log_probs(probs, labels)

    assert together == pytest.approx([label_log_probs(probs, [label])[0] for label in labels], rel=1e-12)
    assert label_log_probs(probs, []).shape == (0,)


def test_a_label_that_does_not_fit_into_the_frames_is_impossible():
    probs = softmax(random_logits(0, num_frames=4, symbols="_0123456789?"))

    # "333" needs two blanks between, so five frames; "123" needs none.
    log_probs = label_log_probs(probs, ["333", "12345", "123"])

    assert np.isneginf(log_probs).tolist() == [True, True, False]


def test_forward_sum_of_a_long_line_neither_overflows_nor_vanishes():
    flat = softmax(np.zeros((256, 12), np.float32))

    # Of all paths over twelve classes, those in blanks throughout are one in 12 ** 256.
    assert label_log_probs(flat, [""])[0] == pytest.approx(-256 * np.log(12))
    assert np.isfinite(label_log_probs(flat, ["0123456789" * 6])[0])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("label", ["3", "33", "12?2", "7171", "000", "?"])
def test_shares_compare_a_label_with_every_other_in_one_place(seed, label):
    probs = softmax(random_logits(seed, num_frames=11, symbols=SYMBOLS))

    shares = symbol_shares(probs, label)

    for place in range(len(label)):
        before, after = label[:place], label[place + 1 :]
        rivals = [before + after] + [before + symbol + after for symbol in SYMBOLS[1:]]
        masses = np.exp(label_log_probs(probs, rivals))
        assert shares[place] == pytest.approx(masses / masses.sum(), abs=1e-12)


def test_an_empty_label_has_no_shares_and_no_spans():
    probs = softmax(logits_of("___"))

    assert symbol_shares(probs, "").shape == (0, 12)
    assert align(probs, "") == ()


@pytest.mark.parametrize(
    ("path", "label", "spans"),
    [
        ("_11_2_", "12", [(1, 2), (4, 4)]),
        ("33_3", "33", [(0, 1), (3, 3)]),
        ("12", "12", [(0, 0), (1, 1)]),
        ("5555", "5", [(0, 3)]),
        ("_?__8", "?8", [(1, 1), (4, 4)]),
        ("7", "7", [(0, 0)]),
    ],
)
def test_symbols_are_aligned_with_the_frames_that_show_them(path, label, spans):
    found = align(softmax(logits_of(path)), label)

    assert [(span.first_frame, span.last_frame) for span in found] == spans


@pytest.mark.parametrize("label", ["333", "12345", "80?08"])
def test_a_label_that_the_frames_do_not_show_is_aligned_all_the_same(label):
    spans = align(softmax(logits_of("_" * 12, sure=200.0)), label)

    ends = [frame for span in spans for frame in (span.first_frame, span.last_frame)]
    assert len(spans) == len(label)
    assert ends == sorted(ends)
    starts = [span.first_frame for span in spans]
    assert len(set(starts)) == len(starts)
