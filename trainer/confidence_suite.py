"""How far an exported digit classifier can be believed: `python -m trainer evaluate cnn --suite confidence --data DIR`.

Every picture goes through the service's own code: ink, canvas, the exported graph, calibration table, decision.
Nothing is chosen here; what is measured on these sets is reported as it comes out.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.recognition.image import GrayImage
from service.recognition.manifest import Manifest
from service.recognition.policy import Decision, Reason
from service.runtime.loading import load_model
from trainer.confidence import (
    DEFAULT_MAX_ERROR,
    Confidences,
    Flags,
    area_under_risk_coverage,
    auroc,
    brier_score,
    expected_calibration_error,
    false_accepts_at_95,
    read_rate,
    reliability,
    risk_coverage,
)
from trainer.corruptions import CORRUPTIONS, corrupt
from trainer.data.collages import several
from trainer.data.exposure import redrawn
from trainer.data.judged import judged_digits, photo_cell_paths, read_pictures
from trainer.data.mnist import Mnist
from trainer.data.not_digits import judged_families
from trainer.intervals import error_upper_bound
from trainer.photograph import photograph_ink
from trainer.readings import Network, Readings, Scored, read_scored, score_seen, see

MAX_ERRORS = (0.01, 0.005, 0.001)
NUM_SEVERAL = 1000  # of each kind
_SEED = 17
_CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Judge:
    """An exported model with what decides about its readings."""

    network: Network
    manifest: Manifest

    @classmethod
    def load(cls, folder: Path) -> "Judge":
        """The model of a folder, after all the checks that the service makes."""
        model = load_model(folder)
        return cls(model.network, model.manifest)

    def score(self, pictures: Iterable[GrayImage]) -> Scored:
        """Look at pictures and run the network."""
        return score_seen(self.network, see(pictures))

    def read(self, scored: Scored, *, max_error: float = DEFAULT_MAX_ERROR) -> Readings:
        """Decide about them."""
        return read_scored(scored, self.manifest, max_error=max_error)


def run_confidence_suite(judge: Judge, mnist: Mnist, data_dir: Path) -> dict[str, Any]:
    """All measures, as JSON can hold them."""
    test = judge.score([*mnist.test.canvases[..., 0]])
    digit_confidences = judge.read(test).confidences
    digits = {}
    for name, labeled in judged_digits(mnist, data_dir).items():
        scored = test if name == "mnist_test" else judge.score(labeled.pictures)
        digits[name] = _measure_digits(judge, scored, labeled.labels)
        _say(name, digits[name])
    families = {}
    for family in judged_families(data_dir):
        readings = judge.read(judge.score(family.pictures))
        families[family.name] = {"role": family.role, **measure_family(readings, digit_confidences)}
        _say(family.name, families[family.name])
    return {
        "model": {"name": judge.manifest.name, "version": judge.manifest.version},
        "digits": digits,
        "families": families,
        "several": _measure_several(judge, mnist),
        "photo_cells": _measure_cells(judge, data_dir),
        "corruptions": _measure_corruptions(judge, mnist),
    }


def measure_confidence(confidences: Confidences, is_right: Flags) -> dict[str, Any]:
    """How well confidences fit what came true, of single digits or of whole strings.

    Args:
        confidences: float64 (n,), 0 to 1.
        is_right: bool (n,), whether the most likely reading is right.
    """
    coverage, risk = risk_coverage(confidences, is_right)
    rows = np.unique(np.linspace(0, len(coverage) - 1, _CURVE_POINTS).astype(np.int64))
    return {
        "num_readings": len(confidences),
        "num_right": int(is_right.sum()),
        "mean_confidence": float(confidences.mean()),
        "expected_calibration_error": expected_calibration_error(confidences, is_right),
        "brier_score": brier_score(confidences, is_right),
        "area_under_risk_coverage": area_under_risk_coverage(confidences, is_right),
        "read_rates": [asdict(read_rate(confidences, is_right, max_error=error)) for error in MAX_ERRORS],
        "reliability": [asdict(one) for one in reliability(confidences, is_right)],
        "risk_coverage": {"coverage": coverage[rows].tolist(), "risk": risk[rows].tolist()},
    }


def measure_promise(is_accepted: Flags, is_right: Flags, *, max_error: float) -> dict[str, Any]:
    """What became of a promised error rate.

    Args:
        is_accepted: bool (n,), what the service accepted for this rate.
        is_right: bool (n,).
        max_error: the rate.
    """
    num_accepted, num_wrong = int(is_accepted.sum()), int((is_accepted & ~is_right).sum())
    return {
        "max_error": max_error,
        "num_accepted": num_accepted,
        "coverage": num_accepted / len(is_right),
        "num_wrong": num_wrong,
        "error": num_wrong / max(1, num_accepted),
        "error_upper_bound": error_upper_bound(num_wrong, num_accepted),
    }


def measure_family(readings: Readings, digit_confidences: Confidences) -> dict[str, Any]:
    """How pictures that are no digits were kept apart from digits.

    Args:
        readings: of the pictures.
        digit_confidences: float64 (n,), of MNIST's test digits.
    """
    return {
        "num_pictures": len(readings.digits),
        "auroc": auroc(digit_confidences, readings.confidences),
        "false_accepts_at_95": false_accepts_at_95(digit_confidences, readings.confidences),
        "accepted": float(readings.is_accepted.mean()),
        **_verdicts(readings),
    }


def _measure_digits(judge: Judge, scored: Scored, labels: NDArray[np.int64]) -> dict[str, Any]:
    readings = judge.read(scored)
    # Of the most likely digit, also where there was no reading in the end: the ten-way accuracy.
    is_likeliest_right = scored.logits[:, :10].argmax(axis=1) == labels
    promises = []
    for max_error in MAX_ERRORS:
        answered = judge.read(scored, max_error=max_error)
        promises.append(measure_promise(answered.is_accepted, answered.digits == labels, max_error=max_error))
    return {
        **measure_confidence(readings.confidences, is_likeliest_right & ~scored.is_blank),
        **_verdicts(readings),
        "promises": promises,
    }


def _measure_several(judge: Judge, mnist: Mnist) -> dict[str, Any]:
    """Test digits side by side, two to four, as drawings and as hard photographs."""
    shows = {"several_drawn": redrawn, "several_photographed": photograph_ink}
    results = {}
    for name, show in shows.items():
        rng = np.random.default_rng(_SEED)
        readings = judge.read(judge.score([show(several(mnist.test, rng), rng) for _ in range(NUM_SEVERAL)]))
        accepted = float(readings.is_accepted.mean())
        results[name] = {"num_pictures": NUM_SEVERAL, "accepted": accepted, **_verdicts(readings)}
        _say(name, results[name])
    return results


def _measure_cells(judge: Judge, data_dir: Path) -> dict[str, Any]:
    """Cells from photographs of puzzles: nothing written, one digit, penciled candidates (one to three digits)."""
    results = {}
    for name, pattern in (("blank", "blank-*"), ("one_digit", "[0-9]-*"), ("pencil_candidates", "candidates-*")):
        paths = photo_cell_paths(data_dir, f"{pattern}.jpg")
        if paths:
            results[name] = {"num_pictures": len(paths), **_verdicts(judge.read(judge.score(read_pictures(paths))))}
            _say(name, results[name])
    return results


def _measure_corruptions(judge: Judge, mnist: Mnist) -> dict[str, Any]:
    """MNIST's test digits, each with one thing wrong."""
    results = {}
    for kind in CORRUPTIONS:
        scored = judge.score(corrupt(mnist.test.canvases[..., 0], kind, seed=_SEED))
        is_right = (scored.logits[:, :10].argmax(axis=1) == mnist.test.labels) & ~scored.is_blank
        readings = judge.read(scored)
        accepted = measure_promise(
            readings.is_accepted, readings.digits == mnist.test.labels, max_error=DEFAULT_MAX_ERROR
        )
        results[kind] = {
            "accuracy": float(is_right.mean()),
            "mean_confidence": float(readings.confidences.mean()),
            "coverage": accepted["coverage"],
            "error": accepted["error"],
        }
        _say(kind, results[kind])
    return results


def _verdicts(readings: Readings) -> dict[str, float]:
    """Shares of the pictures by what was said of them."""
    is_rejected = [decision is Decision.REJECTED for decision in readings.decisions]
    return {
        "rejected": float(np.mean(is_rejected)),
        "blank": readings.share_of(Reason.BLANK),
        "not_a_digit": readings.share_of(Reason.NOT_A_DIGIT),
        "several_digits": readings.share_of(Reason.SEVERAL_DIGITS),
    }


def _say(name: str, measures: dict[str, Any]) -> None:
    shown = {key: value for key, value in measures.items() if isinstance(value, int | float)}
    print(f"{name:<24}" + "  ".join(f"{key} {value:.4g}" for key, value in shown.items()))
