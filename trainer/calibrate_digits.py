"""Calibration of a digit classifier: how its opinions are pooled, its temperature, its two tables."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from service.recognition.policy import CalibrationTable
from service.recognition.prediction import NUM_DIGITS, refuse
from service.recognition.probability import Logits, softmax
from trainer.architectures.gate import LEAST_LEAD, GateNetworks, Pool
from trainer.calibrate import calibration_table, fit_temperature
from trainer.data.calibration import CalibrationPictures
from trainer.readings import Network, Scored, Seen, score_seen, see

_LEAST_PROB = 1e-12


@dataclass(frozen=True, slots=True)
class CalibrationCanvases:
    """Calibration pictures as the service sees them.

    Attributes:
        seen: canvases, and which of them come from clean pictures.
        labels: int64 (n,), 0 to 9, or 10 and 11 for what is no digit and what is several.
    """

    seen: Seen
    labels: NDArray[np.int64]

    def of_digits(self) -> "CalibrationCanvases":
        """Those that show one digit."""
        rows = self.labels < NUM_DIGITS
        return CalibrationCanvases(Seen(self.seen.canvases[rows], self.seen.is_clean[rows]), self.labels[rows])


@dataclass(frozen=True, slots=True)
class CalibratedDigits:
    """What calibration found.

    Attributes:
        temperature: divisor of the logits, for what had to be estimated from.
        table: error bound and coverage per threshold, on the same.
        clean_temperature, clean_table: on clean pictures.
        num_readings: behind both tables.
    """

    temperature: float
    table: CalibrationTable
    clean_temperature: float
    clean_table: CalibrationTable
    num_readings: int


class Opinions:
    """The scores of a gate and of the digit network under it, side by side: float32 (n, 22)."""

    def __init__(self, networks: GateNetworks) -> None:
        self._networks = networks

    def logits(self, canvases: NDArray[np.uint8]) -> Logits:
        """Twelve scores of the gate, then ten of the digit network."""
        early, late, digit_logits = self._networks.taps(canvases, training=False)
        scores = self._networks.trunk([early, late], training=False)
        return np.concatenate([np.asarray(scores), np.asarray(digit_logits)], axis=1)


def see_calibration(pictures: CalibrationPictures) -> CalibrationCanvases:
    """Find the ink in all of them."""
    seen = see([*pictures.clean.pictures, *pictures.other.pictures])
    return CalibrationCanvases(seen, np.concatenate([pictures.clean.labels, pictures.other.labels]))


def fit_pool(opinions: Network, calibration: CalibrationCanvases) -> Pool:
    """The pool under which the labels are most likely, together with a temperature that is fitted again afterwards.

    Args:
        opinions: from a gate and its digit network.
        calibration: with pictures that show no one digit.
    """
    scored = score_seen(opinions, calibration.seen)
    rows = ~scored.is_blank
    gate = scored.logits[rows, : NUM_DIGITS + 2].astype(np.float64)
    log_probs = np.log(np.maximum(softmax(scored.logits[rows, NUM_DIGITS + 2 :]), _LEAST_PROB))
    labels = calibration.labels[rows]
    best = log_probs.argmax(axis=1)

    def negative_log_likelihood(values: NDArray[np.float64]) -> float:
        trust, shift, log_temperature = values
        pooled = pool_scores(gate, log_probs, best, Pool(trust, shift))
        probs = softmax(pooled.astype(np.float32), temperature=float(np.exp(log_temperature)))
        return float(-np.log(np.maximum(probs[np.arange(len(labels)), labels], _LEAST_PROB)).mean())

    found = minimize(negative_log_likelihood, [0.5, -2.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-3})
    trust, shift, _ = found.x
    return Pool(max(0.0, float(trust)), float(shift))


def pool_scores(
    gate: NDArray[np.float64], log_probs: NDArray[np.float64], best: NDArray[np.int64], pool: Pool
) -> NDArray[np.float64]:
    """What `trainer.architectures.gate.build_gated` computes, in numpy.

    Args:
        gate: float64 (n, 12), scores.
        log_probs: float64 (n, 10), of the digit network.
        best: int64 (n,), its digit.
        pool: how the two are put together.

    Returns:
        float64 (n, 12).
    """
    rows = np.arange(len(gate))
    digits = gate[:, :NUM_DIGITS] + pool.trust * log_probs
    of_best = digits[rows, best]
    digits = np.minimum(digits, of_best[:, np.newaxis] - LEAST_LEAD)
    digits[rows, best] = of_best
    return np.concatenate([digits, gate[:, NUM_DIGITS:] + pool.rejection_shift], axis=1)


def calibrate_digits(
    network: Network, calibration: CalibrationCanvases, *, num_symbols: int = NUM_DIGITS
) -> CalibratedDigits:
    """Fit the temperature, and measure both tables with it.

    Args:
        network: as it will be served.
        calibration: labels above 9 only if the network has outputs for them.
        num_symbols: classes that are read, ten digits or more characters; those after them reject.
    """
    scored = score_seen(network, calibration.seen)

    def fit(rows: NDArray[np.bool_]) -> tuple[float, CalibrationTable]:
        part, labels = scored.take(rows), calibration.labels[rows]
        temperature = fit_temperature(part.logits[~part.is_blank], labels[~part.is_blank])
        return temperature, calibration_table(*judge(part, labels, temperature, num_symbols=num_symbols))

    return CalibratedDigits(*fit(~scored.is_clean), *fit(scored.is_clean), len(scored.logits))


def judge(
    scored: Scored, labels: NDArray[np.int64], temperature: float, *, num_symbols: int = NUM_DIGITS
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Confidence of each reading, 0 where it is rejected, and whether it is right: float64 (n,) and bool (n,).

    Args:
        scored: pictures.
        labels: int64 (n,); what is no one digit has no right reading.
        temperature: the model's.
        num_symbols: see `calibrate_digits`.
    """
    probs = softmax(scored.logits, temperature=temperature)
    is_rejected = scored.is_blank | np.array([refuse(row) is not None for row in probs[:, num_symbols:]])
    confidences = np.where(is_rejected, 0.0, probs[:, :num_symbols].max(axis=1))
    return confidences, (probs[:, :num_symbols].argmax(axis=1) == labels) & ~is_rejected
