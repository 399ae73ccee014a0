"""`card.md` of a reader: what a person wants to know before using it."""

from collections.abc import Sequence

from service.recognition.line_canvas import LINE_PREPROCESSING_ID
from trainer.card import threshold_table
from trainer.reader.calibrate import CalibratedReader
from trainer.reader.evaluate import NumberScore
from trainer.reader.readings import SLANTS


def reader_card(
    title: str, learned_from: Sequence[str], scores: Sequence[NumberScore], calibrated: CalibratedReader
) -> str:
    """The card of a reader of numbers.

    Args:
        title: name and version.
        learned_from: names of what its numbers were composed from.
        scores: what it reads right.
        calibrated: how sure it may be, and whom it asks.
    """
    lines = [
        f"# {title}",
        "",
        "Reads a number of any length from a line canvas: uint8 (32, width, 1), paper 0 and ink 255, placed by "
        f"`{LINE_PREPROCESSING_ID}`; the answer is two frames of twelve logits for every four columns: CTC's "
        "blank, the ten digits, and a mark that stands where a digit might and is none. Dots, commas and dashes are "
        "not read.",
        "",
        f"Trained on composed numbers, none of which was ever a real one: {', '.join(learned_from)}.",
        "",
        *_score_table(scores),
        *_helpers(calibrated),
        "",
        f"A line that is not clean is seen in {len(SLANTS) + 1} views, as it stands and slanted by "
        f"{' and '.join(f'{slant:+g}' for slant in SLANTS)}; what they say about a number is averaged.",
        "",
        "Confidence: CTC's sum over all paths of the number, frame logits divided by "
        f"{calibrated.served.temperature:.3f}. The tables were measured on composed numbers of writers whom the "
        "weights never saw; error bounds are one-sided, 95 %. The first is of lines on paper, from tidy to hard, the "
        "second of clean lines.",
        "",
        *threshold_table(calibrated.served.table),
        "",
        *threshold_table(calibrated.clean_table),
    ]
    return "\n".join(lines) + "\n"


def _score_table(scores: Sequence[NumberScore]) -> list[str]:
    return [
        "| data, none of it fitted on | numbers right | accuracy | 95 % interval |",
        "|---|---|---|---|",
        *(
            f"| {item.dataset} | {item.num_right} of {item.num_samples} | {100 * item.accuracy:.2f} % "
            f"| {100 * item.interval[0]:.2f} to {100 * item.interval[1]:.2f} |"
            for item in scores
        ),
    ]


def _helpers(calibrated: CalibratedReader) -> list[str]:
    """Whom the reader asks, a paragraph for each."""
    lines = []
    second = calibrated.second
    if second is not None:
        lines += [
            "",
            f"Takes a second look: every digit is cut out and shown to `{second.member.name}`, version "
            f"{second.member.version}, whose answer counts {second.weight:g} times beside the reader's own. "
            "Temperature and table were measured so.",
        ]
    if calibrated.peer is not None:
        rule = calibrated.peer.rule
        slanted = " The slanted views of all other lines are read by that one." if rule.reads_slanted else ""
        lines += [
            "",
            f"Where its confidence in a clean line is below {rule.sure_from:g}, it asks `{rule.reader.name}`, version "
            f"{rule.reader.version}, and the probability of a number is the mean of what both say.{slanted}",
        ]
    return lines
