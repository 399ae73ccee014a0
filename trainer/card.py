"""`card.md`: what a person wants to know before using a model."""

from collections.abc import Sequence

from service.recognition.canvas import PREPROCESSING_ID
from service.recognition.policy import CalibrationTable
from service.runtime.saved_model import SIGNATURE
from trainer.calibrate_digits import CalibratedDigits
from trainer.config import Config
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
    config: Config, version: int, scores: Sequence[Score], calibrated: CalibratedDigits, *, rejects: bool
) -> str:
    """The card of a digit classifier."""
    lines = [
        f"# {config.name}, version {version}",
        "",
        "Reads one digit, 0 to 9, from a canvas: uint8 (28, 28, 1), paper 0 and ink 255, placed by "
        f"`{PREPROCESSING_ID}`. Signature `{SIGNATURE}`; {_REJECTS if rejects else _REJECTS_NOT}",
        "",
        f"Trained on {', '.join(config.data)}; MNIST's splits for the fit: {', '.join(config.fit_on)}.",
        "",
        "| data, none of it fitted on | right | accuracy | 95 % interval |",
        "|---|---|---|---|",
    ]
    for item in scores:
        low, high = item.interval
        lines.append(
            f"| {item.dataset} | {item.num_right} of {item.num_samples} | {100 * item.accuracy:.2f} % "
            f"| {100 * low:.2f} to {100 * high:.2f} |"
        )
    lines += [
        "",
        f"Confidence: softmax, calibrated on {calibrated.num_readings:,} pictures that no weight was fitted on; error "
        "bounds are one-sided, 95 %.",
        "",
        "Clean pictures, which reach the network pixel by pixel, as MNIST's own; temperature "
        f"{calibrated.clean_temperature:.3f}:",
        "",
        *_table(calibrated.clean_table),
        "",
        "All others: photographs, scans of another resolution, printed paper; temperature "
        f"{calibrated.temperature:.3f}:",
        "",
        *_table(calibrated.table),
    ]
    return "\n".join(lines) + "\n"


def _table(table: CalibrationTable) -> list[str]:
    return [
        "| accepted from | coverage | wrong | error at most |",
        "|---|---|---|---|",
        *(
            f"| {row.threshold} | {100 * row.coverage:.1f} % | {row.num_wrong} of {row.num_accepted} "
            f"| {100 * row.error_upper_bound:.3f} % |"
            for row in table.rows
        ),
    ]
