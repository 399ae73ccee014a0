"""Which numbers are composed."""

import numpy as np


def draw_text(rng: np.random.Generator, *, max_length: int, repeat_chance: float, round_chance: float = 0.0) -> str:
    """A number of 1 to `max_length` digits: mostly up to ten, some longer; doubles and round ones as often as asked."""
    length = int(rng.integers(1, 8)) if rng.random() < 0.65 else int(rng.integers(1, 1 + max_length))
    digits = rng.integers(0, 10, min(length, max_length))
    if rng.random() < repeat_chance:
        # Dropped doubles are what CTC gets wrong first.
        repeats = rng.random(len(digits)) < 0.5
        for index in range(1, len(digits)):
            if repeats[index]:
                digits[index] = digits[index - 1]
    if round_chance and len(digits) > 2 and rng.random() < round_chance:
        digits[-int(rng.integers(2, min(len(digits), 5))) :] = 0
    return "".join(map(str, digits))
