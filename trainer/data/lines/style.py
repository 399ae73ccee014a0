"""How composed numbers look: from digits stacked side by side to what real pages show."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class LineStyle:
    """What may happen to a composed number. Chances are shares of the numbers, 0 to 1.

    Attributes:
        max_length: most digits of a number.
        is_boxed: every digit stands in a box of its own, all equal, with its center of mass in the middle, as MNIST's
            canvases do side by side; nothing is said then of gaps and baselines.
        one_writer_chance: digits all come from one writer, else from several.
        slant: largest slant of a whole number, as pixels sideways per pixel of height.
        digit_slant: how much single digits differ from it (standard deviation).
        size_jitter: how much the sizes of single digits differ (standard deviation, relative).
        baseline_jitter: how far single digits stand above or below the line (standard deviation, in heights).
        rise: largest slope of the whole line, as pixels up per pixel along.
        stretch: largest change of the width, relative, of a whole number.
        touching_chance: of two neighbors to touch or overlap.
        wide_chance: of two neighbors to stand far apart.
        ligature_chance: of two neighbors to be joined by a stroke.
        thickness_chance: another pen.
        bend_chance: of a digit to be bent elastically.
        repeat_chance: a number with repeated neighbors, such as 0077.
        round_chance: a number that ends in two zeros or more, such as 5000.
        joined_chance: its zeros are written smaller, in one go.
        low_chance: of a number that is not on a page to be a small picture, lower than the line canvas.
        mark_chance: dots, commas, dashes or signs that are not digits, and are not read.
        sign_chance: signs of currencies, dates, shares in hundred, which are not read either.
        other_chance: a letter, an X or a struck-out digit stands where a digit might, and is read as `other`.
        nothing_chance: there is no digit, only marks, or nothing at all.
        page_chance: written on a page and photographed, then found again as the service finds it.
        ruling_chance: on a page, a ruled line, a frame or a row of cells.
        print_chance: on a page, security print behind the number.
    """

    max_length: int = 20
    is_boxed: bool = False
    one_writer_chance: float = 1.0
    slant: float = 0.0
    digit_slant: float = 0.0
    size_jitter: float = 0.0
    baseline_jitter: float = 0.0
    rise: float = 0.0
    stretch: float = 0.0
    touching_chance: float = 0.0
    wide_chance: float = 0.0
    ligature_chance: float = 0.0
    thickness_chance: float = 0.0
    bend_chance: float = 0.0
    repeat_chance: float = 0.0
    round_chance: float = 0.0
    joined_chance: float = 0.0
    low_chance: float = 0.0
    mark_chance: float = 0.0
    sign_chance: float = 0.0
    other_chance: float = 0.0
    nothing_chance: float = 0.0
    page_chance: float = 0.0
    ruling_chance: float = 0.0
    print_chance: float = 0.0

    @property
    def is_stacked(self) -> bool:
        """Whether digits stand side by side column by column, rather than as near to each other as a hand sets them."""
        return not (self.touching_chance or self.wide_chance)


STACKED = LineStyle(is_boxed=True)
"""Digits side by side, as they are."""

CLEAN = LineStyle(
    slant=0.2,
    digit_slant=0.05,
    size_jitter=0.06,
    baseline_jitter=0.03,
    stretch=0.1,
    touching_chance=0.1,
    wide_chance=0.1,
)
"""A tidy hand on a clean scan."""

HARD = LineStyle(
    one_writer_chance=0.7,
    slant=0.5,
    digit_slant=0.1,
    size_jitter=0.12,
    baseline_jitter=0.08,
    rise=0.12,
    stretch=0.3,
    touching_chance=0.25,
    wide_chance=0.12,
    ligature_chance=0.05,
    thickness_chance=0.4,
    repeat_chance=0.3,
    mark_chance=0.45,
    other_chance=0.07,
    nothing_chance=0.04,
    page_chance=0.6,
    ruling_chance=0.45,
    print_chance=0.4,
)
"""What people send; the reader is trained on this."""

HARD_DIGITS_ONLY = replace(HARD, other_chance=0.0, nothing_chance=0.0, page_chance=1.0)
"""Hard pages that all hold a number: what accuracy is measured on."""
