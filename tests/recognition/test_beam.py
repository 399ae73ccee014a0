"""The search, against all labels that the frames can show."""

import numpy as np
import pytest

from service.recognition.beam import search, without_long_blanks
from service.recognition.ctc import greedy_label, label_log_probs
from service.recognition.probability import softmax
from tests.recognition.lattices import every_label, logits_of, random_logits

WIDE = 10_000


class TwoDigits:
    """Texts of two digits of which the second is larger."""

    start = ()

    def step(self, state, digit):
        return (*state, digit) if len(state) == 0 or (len(state) == 1 and digit > state[0]) else None

    def accepts(self, state):
        return len(state) == 2


class Nothing:
    """No text at all."""

    start = 0

    def step(self, state, digit):
        return None

    def accepts(self, state):
        return False


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("num_frames", "symbols"), [(1, "_12?"), (5, "_07?"), (7, "_5")])
def test_a_wide_search_finds_every_label_with_its_mass(seed, num_frames, symbols):
    logits = random_logits(seed, num_frames=num_frames, symbols=symbols)
    masses = every_label(logits, symbols=symbols)

    beam = search(softmax(logits), width=WIDE)

    assert beam.masses == pytest.approx({label: masses[label] for label in beam.masses}, abs=1e-4)
    assert sum(beam.masses.values()) + beam.lost == pytest.approx(1.0)
    assert beam.lost < 1e-3
    assert list(beam.masses.values()) == sorted(beam.masses.values(), reverse=True)


@pytest.mark.parametrize("width", [1, 2, 8, 32])
@pytest.mark.parametrize("seed", range(4))
def test_what_a_narrow_search_misses_is_no_heavier_than_what_it_lost(seed, width):
    logits = random_logits(seed, num_frames=6, symbols="_178")
    masses = every_label(logits, symbols="_178")

    beam = search(softmax(logits), width=width)

    assert len(beam.masses) <= width
    assert sum(beam.masses.values()) + beam.lost == pytest.approx(1.0)
    for label, mass in masses.items():
        assert mass - beam.masses.get(label, 0.0) <= beam.lost + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_under_a_rule_only_what_it_accepts_is_found(seed):
    logits = random_logits(seed, num_frames=6, symbols="_178")
    masses = every_label(logits, symbols="_178")
    allowed = {label: mass for label, mass in masses.items() if label in ("17", "18", "78")}

    beam = search(softmax(logits), width=WIDE, rule=TwoDigits())

    assert beam.masses == pytest.approx(allowed, abs=1e-4)
    assert beam.lost < 1e-3  # what the rule forbids is not lost


def test_under_a_rule_no_mark_is_found():
    logits = random_logits(1, num_frames=5, symbols="_17?")

    assert set(search(softmax(logits), width=WIDE, rule=TwoDigits()).masses) == {"17"}


@pytest.mark.parametrize("path", ["12", "_12_", "____"])
def test_a_rule_that_forbids_everything_leaves_nothing(path):
    assert search(softmax(logits_of(path)), width=8, rule=Nothing()).masses == {}


@pytest.mark.parametrize(("path", "label"), [("33_3", "33"), ("333", "3"), ("_5_5_5_5_5_", "55555"), ("____", "")])
def test_repeated_digit_needs_a_blank_between(path, label):
    assert next(iter(search(softmax(logits_of(path)), width=4).masses)) == label


def test_a_label_that_many_paths_write_beats_the_likeliest_path():
    # The likeliest path is all blank, at 0.36; "1" has the other three.
    logits = np.full((2, 12), -60.0, np.float32)
    logits[:, 0], logits[:, 2] = np.log(0.6), np.log(0.4)

    beam = search(softmax(logits), width=4)

    assert beam.masses["1"] == pytest.approx(0.64)
    assert next(iter(beam.masses)) == "1"


def test_masses_of_heavy_labels_are_their_forward_sums():
    logits = logits_of("__44__77__44_0_0__", sure=9.0)
    probs = softmax(logits)

    beam = search(probs, width=16)

    best = next(iter(beam.masses))
    assert best == "47400"
    assert beam.masses[best] == pytest.approx(np.exp(label_log_probs(probs, [best])[0]), rel=1e-3)


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_the_longest_line_of_noise_is_searched_to_its_end(spread):
    noise = np.random.default_rng(0).normal(0.0, spread, (1024, 12)).astype(np.float32)

    beam = search(softmax(noise), width=16)

    assert len(beam.masses) == 16
    assert beam.lost == pytest.approx(1.0)


def test_runs_of_blank_paper_become_one_frame():
    probs = softmax(logits_of("___1__2_3__", sure=25.0))

    kept, firsts = without_long_blanks(probs)

    assert firsts.tolist() == [0, 3, 4, 6, 7, 8, 9]
    assert greedy_label(kept) == "123"
    labels = ["123", "13", "1"]
    assert label_log_probs(kept, labels) == pytest.approx(label_log_probs(probs, labels), abs=1e-4)


def test_paper_that_may_carry_something_stays():
    probs = softmax(random_logits(0, num_frames=20, symbols="_0123456789?"))

    kept, firsts = without_long_blanks(probs)

    assert np.array_equal(kept, probs)
    assert firsts.tolist() == list(range(20))
