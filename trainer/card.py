"""`card.md`: what a person wants to know before using a model."""

from collections.abc import Sequence

from service.recognition.alphabet import DIGITS
from service.recognition.canvas import PREPROCESSING_ID
from service.recognition.policy import CalibrationTable
from service.runtime.graph_session import SIGNATURE
from trainer.calibrate_digits import CalibratedDigits
from trainer.evaluate import Score

_REJECTS = (
    "the answer is twelve logits: ten digits, ink that is no digit, several digits. Letters and marks of other kinds "
    "than it has learned from may still pass for digits."
)
_REJECTS_NOT = (
    "the answer is ten logits. It was trained on digits alone and gives letters and scribbles a digit too, often with "
    "confidence."
)


def digit_card(
    title: str,
    learned_from: str,
    scores: Sequence[Score],
    calibrated: CalibratedDigits,
    *,
    rejects: bool,
    alphabet: str = DIGITS,
) -> str:
    """The card of a digit classifier.

    Args:
        title: name and version.
        learned_from: what it was trained on, in a sentence.
        scores: what it reads right.
        calibrated: how sure it may be.
        rejects: whether it has outputs for what is no digit and for several.
        alphabet: what it reads, in the order of its classes.
    """
    reads, answers = "one digit, 0 to 9,", _REJECTS if rejects else _REJECTS_NOT
    if alphabet != DIGITS:
        reads = f"one character of `{alphabet}`"
        answers = f"the answer is {len(alphabet)} logits. The service answers with digits and does not load this model."
    lines = [
        f"# {title}",
        "",
        f"Reads {reads} from a canvas: uint8 (28, 28, 1), paper 0 and ink 255, placed by "
        f"`{PREPROCESSING_ID}`. Signature `{SIGNATURE}`; {answers}",
        "",
        learned_from,
        "",
        *score_table(scores),
        "",
        f"Confidence: softmax, calibrated on {calibrated.num_readings:,} pictures that no weight was fitted on; error "
        "bounds are one-sided, 95 %.",
        "",
        "Clean pictures, which reach the network pixel by pixel, as MNIST's own; temperature "
        f"{calibrated.clean_temperature:.3f}:",
        "",
        *threshold_table(calibrated.clean_table),
        "",
        "All others: photographs, scans of another resolution, printed paper; temperature "
        f"{calibrated.temperature:.3f}:",
        "",
        *threshold_table(calibrated.table),
    ]
    return "\n".join(lines) + "\n"


def score_table(scores: Sequence[Score]) -> list[str]:
    """What was read right, as lines of Markdown."""
    return [
        "| data, none of it fitted on | right | accuracy | 95 % interval |",
        "|---|---|---|---|",
        *(
            f"| {item.dataset} | {item.num_right} of {item.num_samples} | {100 * item.accuracy:.2f} % "
            f"| {100 * item.interval[0]:.2f} to {100 * item.interval[1]:.2f} |"
            for item in scores
        ),
    ]


def threshold_table(table: CalibrationTable) -> list[str]:
    """What is accepted from which confidence on, as lines of Markdown."""
    return [
        "| accepted from | coverage | wrong | error at most |",
        "|---|---|---|---|",
        *(
            f"| {row.threshold} | {100 * row.coverage:.1f} % | {row.num_wrong} of {row.num_accepted} "
            f"| {100 * row.error_upper_bound:.3f} % |"
            for row in table.rows
        ),
    ]
