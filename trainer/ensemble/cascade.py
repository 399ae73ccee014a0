"""From two exported classifiers to a cascade's folder: `python -m trainer export auto --data DIR`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.recognition.canvas import PREPROCESSING_ID
from service.recognition.errors import InvalidModel
from service.recognition.manifest import DIGIT_CASCADE, MANIFEST_FILE, Manifest, Metric, hash_files
from service.recognition.prediction import GATED_DIGITS, NUM_DIGITS, refuse
from service.recognition.probability import softmax
from service.runtime.loading import load_cascade, newest_versions
from trainer.architectures.registry import CANVAS_SHAPE
from trainer.calibrate import calibration_table
from trainer.calibrate_digits import CalibratedDigits, judge, see_calibration
from trainer.card import score_table, threshold_table
from trainer.data.calibration import load_calibration
from trainer.data.digits import Digits
from trainer.data.mnist import Mnist
from trainer.digit_model import describe_calibration
from trainer.ensemble.config import CascadeConfig
from trainer.ensemble.pair import Pair, ScoredPair, Thresholds, choose_thresholds
from trainer.errors import TrainerError
from trainer.evaluate import Score, score
from trainer.intervals import wilson_interval
from trainer.model_folder import CARD_FILE, refuse_existing, unfinished_folder
from trainer.provenance import describe_splits, git_commit, library_versions
from trainer.readings import see


@dataclass(frozen=True, slots=True)
class Measured:
    """A cascade on one set of digits.

    Attributes:
        score: of its answers.
        num_passed_on: pictures that the large classifier answered.
    """

    score: Score
    num_passed_on: int

    @property
    def share_passed_on(self) -> float:
        """Of all pictures, 0 to 1."""
        return self.num_passed_on / self.score.num_samples

    def to_metrics(self) -> list[Metric]:
        """The accuracy, and the share that was passed on, as a manifest holds them."""
        num_samples = self.score.num_samples
        interval = wilson_interval(self.num_passed_on, num_samples)
        passed_on = Metric("passed_on", self.score.dataset, self.share_passed_on, num_samples, interval)
        return [self.score.to_metric(), passed_on]


def export_cascade(
    config: CascadeConfig,
    mnist: Mnist,
    data_dir: Path | None,
    sets: Mapping[str, Digits],
    *,
    models_dir: Path,
    version: int,
) -> Path:
    """Choose the thresholds, calibrate, measure and write `models_dir/<name>/<version>/`, whole or not at all.

    Args:
        config: names the two models; the newest version of each is taken.
        mnist: its calibration writers are chosen and calibrated on.
        data_dir: holds what else there is to calibrate on.
        sets: digits to measure on, by name; neither model was fitted on any of them.
        models_dir: folder of the models.
        version: of the cascade.

    Raises:
        TrainerError: the folder exists, or `Pair.load` refuses.
    """
    refuse_existing(models_dir, config.name, version)
    pair = Pair.load(config, models_dir)
    rejects = pair.small.manifest.alphabet == GATED_DIGITS
    calibration = see_calibration(load_calibration(mnist, data_dir))
    if not rejects:
        calibration = calibration.of_digits()
    scored = pair.score(calibration.seen)
    thresholds = choose_thresholds(scored, share=(config.work_budget - 1) / pair.large_work)
    calibrated = _calibrate(scored, thresholds, calibration.labels)
    measured = [measure_cascade(pair, thresholds, name, digits) for name, digits in sets.items()]
    with unfinished_folder(models_dir, config.name, version) as folder:
        card = _card(config, version, pair, thresholds, measured, calibrated)
        (folder / CARD_FILE).write_text(card, encoding="utf-8")
        manifest = Manifest(
            name=config.name,
            version=version,
            kind=DIGIT_CASCADE,
            input_shape=CANVAS_SHAPE,
            preprocessing_id=PREPROCESSING_ID,
            alphabet=pair.small.manifest.alphabet,
            num_parameters=pair.small.manifest.num_parameters + pair.large.manifest.num_parameters,
            temperature=1.0,
            calibration=calibrated.table,
            clean_temperature=1.0,
            clean_calibration=calibrated.clean_table,
            metrics=tuple(metric for one in measured for metric in one.to_metrics()),
            provenance={
                "config": config.to_dict(),
                "commit": git_commit(),
                "versions": library_versions(),
                "splits": describe_splits(mnist, ()),
                "calibration": describe_calibration(mnist.name, calibrated.num_readings, rejects=rejects),
                "work": _describe_work(pair, scored, thresholds, measured),
            },
            files=hash_files(folder),
            cascade=pair.rule(thresholds),
        )
        (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    return models_dir / config.name / str(version)


def load_cascade_pair(config: CascadeConfig, models_dir: Path) -> tuple[Pair, Thresholds]:
    """The newest version of an exported cascade.

    Raises:
        TrainerError: it is missing or damaged, or its members are not those that it was exported with.
    """
    pair = Pair.load(config, models_dir)
    folder = {one.parent.name: one for one in newest_versions(models_dir)}.get(config.name)
    if folder is None:
        raise TrainerError(
            f"{models_dir} holds no model {config.name!r}. Export it first: python -m trainer export {config.name}"
        )
    try:
        cascade = load_cascade(folder, [pair.small, pair.large])
    except InvalidModel as error:
        raise TrainerError(str(error)) from error
    if cascade is None:
        raise TrainerError(
            f"{folder} was measured with other versions of {config.small!r} and {config.large!r} than the newest. "
            f"Export it again: python -m trainer export {config.name} --version {int(folder.name) + 1}"
        )
    return pair, Thresholds(clean=cascade.rule.clean_sure_from, other=cascade.rule.sure_from)


def measure_cascade(pair: Pair, thresholds: Thresholds, name: str, digits: Digits) -> Measured:
    """Show digits to a cascade as pictures of the size of a canvas, as the service would see them.

    A digit that is taken for none was not read right.

    Args:
        pair: of the cascade.
        thresholds: of the cascade.
        name: of the set.
        digits: neither model was fitted on them.
    """
    scored = pair.score(see([*digits.canvases[..., 0]]))
    answered = scored.answered(thresholds)
    probs = softmax(answered.logits)
    is_refused = answered.is_blank | np.array([refuse(row) is not None for row in probs[:, NUM_DIGITS:]], dtype=bool)
    found = score(name, answered.logits[:, :NUM_DIGITS], digits.labels, is_refused=is_refused)
    return Measured(found, int(scored.is_passed_on(thresholds).sum()))


def _calibrate(scored: ScoredPair, thresholds: Thresholds, labels: Any) -> CalibratedDigits:
    """Both tables of the cascade as a whole; each answer has its member's temperature already."""
    answered = scored.answered(thresholds)
    table, clean_table = (
        calibration_table(*judge(answered.take(rows), labels[rows], 1.0))
        for rows in (~answered.is_clean, answered.is_clean)
    )
    return CalibratedDigits(1.0, table, 1.0, clean_table, num_readings=len(labels))


def _describe_work(pair: Pair, scored: ScoredPair, thresholds: Thresholds, measured: list[Measured]) -> dict[str, Any]:
    """For the manifest: what is passed on, and what that costs, in operations of the small model for one picture."""
    is_passed_on, is_clean = scored.is_passed_on(thresholds), scored.small.is_clean
    shares = {
        "calibration_clean": float(is_passed_on[is_clean].mean()),
        "calibration_other": float(is_passed_on[~is_clean].mean()),
        **{one.score.dataset: one.share_passed_on for one in measured},
    }
    return {
        "unit": f"float operations of {pair.small.manifest.name} for a picture",
        "large": pair.large_work,
        "per_picture": {name: {"passed_on": share, "work": pair.work_of(share)} for name, share in shares.items()},
    }


def _card(
    config: CascadeConfig,
    version: int,
    pair: Pair,
    thresholds: Thresholds,
    measured: list[Measured],
    calibrated: CalibratedDigits,
) -> str:
    """`card.md`: what a person wants to know before using the cascade."""
    small, large = (f"{one.manifest.name} {one.manifest.version}" for one in (pair.small, pair.large))
    lines = [
        f"# {config.name}, version {version}",
        "",
        f"Reads one digit, 0 to 9, with two models. {small} looks at every picture; where the probability that no "
        f"other digit than its likeliest is right is below {thresholds.clean:.6f} (clean pictures) or "
        f"{thresholds.other:.6f} (all others), {large} answers, at {pair.large_work:.2f} times the operations.",
        "",
        *score_table([one.score for one in measured]),
        "",
        "| data | passed on | work per picture, in that of the small model |",
        "|---|---|---|",
        *(
            f"| {one.score.dataset} | {one.num_passed_on} of {one.score.num_samples} "
            f"| {pair.work_of(one.share_passed_on):.2f} |"
            for one in measured
        ),
        "",
        f"Confidence: that of the model that answers. Thresholds and tables are from {calibrated.num_readings:,} "
        "pictures that no weight was fitted on; error bounds are one-sided, 95 %.",
        "",
        "Clean pictures, which reach the networks pixel by pixel, as MNIST's own:",
        "",
        *threshold_table(calibrated.clean_table),
        "",
        "All others: photographs, scans of another resolution, printed paper:",
        "",
        *threshold_table(calibrated.table),
    ]
    return "\n".join(lines) + "\n"
