"""The sum over all texts that satisfy, against the texts one by one."""

import pytest

from service.recognition.allowed import AllowedList
from service.recognition.constraint import Constraint
from service.recognition.probability import softmax
from service.recognition.satisfying_mass import MAX_STATES, satisfying_mass
from tests.recognition.lattices import every_label, random_logits


@pytest.mark.parametrize(
    "asked",
    [
        {"length": 3},
        {"min_length": 2},
        {"max_length": 2},
        {"max_length": 0},
        {"pattern": "1[78]*"},
        {"pattern": "(1|7)*8?"},  # also matches a text without a digit, which does not count
        {"check": "luhn"},
        {"check": "luhn", "length": 4},
        {"check": "mod97"},
        {"check": "verhoeff", "length": 3},
        {"check": "luhn", "pattern": "1.*", "max_length": 4},
        {"allowed": AllowedList("codes", ["178", "18", "871", "8", "88"])},
        {"allowed": AllowedList("codes", ["555"])},
    ],
    ids=lambda asked: "+".join(asked),
)
@pytest.mark.parametrize("seed", range(3))
def test_the_mass_is_that_of_all_satisfying_texts(seed, asked):
    logits = random_logits(seed, num_frames=6, symbols="_178?")
    constraint = Constraint(**asked)
    masses = every_label(logits, symbols="_178?")
    satisfying = [mass for text, mass in masses.items() if "?" not in text and constraint.is_satisfied_by(text)]

    assert satisfying_mass(softmax(logits), constraint.rule) == pytest.approx(sum(satisfying), abs=1e-9)


def test_all_that_is_possible_satisfies_a_rule_that_asks_next_to_nothing():
    probs = softmax(random_logits(1, num_frames=200, symbols="_0123456789", spread=1.0))

    assert satisfying_mass(probs, Constraint(min_length=1).rule) == pytest.approx(1.0)


def test_a_rule_of_too_many_states_has_no_exact_mass():
    probs = softmax(random_logits(1, num_frames=6, symbols="_178"))
    codes = AllowedList("codes", [f"{number:04d}" for number in range(MAX_STATES + 1)])

    assert satisfying_mass(probs, Constraint(allowed=codes).rule) is None
    assert satisfying_mass(probs, Constraint(check="verhoeff").rule) is None
    assert satisfying_mass(probs, Constraint(check="mod97").rule) is not None


def test_a_share_of_noise_satisfies_a_check_by_chance():
    noise = softmax(random_logits(0, num_frames=120, symbols="_0123456789", spread=0.3))

    # Ten digits, equally likely, so one text in ten has the right check digit.
    assert satisfying_mass(noise, Constraint(check="luhn").rule) == pytest.approx(0.1, abs=0.001)
