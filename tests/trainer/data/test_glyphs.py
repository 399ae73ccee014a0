"""Signs of many scripts, and which of them are learned from."""

# ruff: noqa: RUF001  # signs that resemble Latin letters are what this is about
import unicodedata

import numpy as np
import pytest

from trainer.data.glyphs import GLYPHS, draw_glyph
from trainer.data.marks import INK_PX
from trainer.data.not_digits import UNSEEN_LETTERS

# Of the shape of F, K, R, x, y or a dot.
UNSEEN_SHAPES = "FKRXYfkrxyΚΥΧκυχγКУХкухЎўᎩ×✗✕.·•∙●"


@pytest.mark.parametrize("part", ["fit", "held_back"])
def test_glyphs_are_ink_on_paper_and_repeat_with_their_generator(part):
    for seed in range(25):
        ink = draw_glyph(part, np.random.default_rng(seed))
        assert ink.shape == (INK_PX, INK_PX)
        assert ink.dtype == np.uint8
        assert np.count_nonzero(ink >= 128) >= 20
        assert np.mean(ink >= 128) < 0.6
        np.testing.assert_array_equal(ink, draw_glyph(part, np.random.default_rng(seed)))


def test_one_sign_is_never_drawn_twice_alike():
    rng = np.random.default_rng(0)
    assert len({draw_glyph("fit", rng).tobytes() for _ in range(60)}) == 60


def test_what_is_kept_unseen_is_learned_in_no_script():
    assert not set(GLYPHS["fit"]) & set(UNSEEN_SHAPES)
    assert not set(GLYPHS["fit"].upper()) & set(UNSEEN_LETTERS)


def test_digits_of_no_script_are_among_them():
    assert not [glyph for glyph in "".join(GLYPHS.values()) if unicodedata.category(glyph) == "Nd"]


def test_scripts_that_are_held_back_are_not_learned_from():
    scripts = {
        part: {unicodedata.name(glyph).split()[0] for glyph in glyphs if unicodedata.category(glyph)[0] == "L"}
        for part, glyphs in GLYPHS.items()
    }
    assert scripts["held_back"] == {"HEBREW", "GEORGIAN"}
    assert not scripts["fit"] & scripts["held_back"]
