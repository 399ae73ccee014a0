"""Readings of many pictures by an exported digit classifier, made by the service's own code without its HTTP."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.recognition.canvas import digit_canvas
from service.recognition.errors import BlankImage
from service.recognition.image import GrayImage
from service.recognition.ink import find_ink
from service.recognition.manifest import Manifest
from service.recognition.policy import Decision, Reason
from service.recognition.prediction import NUM_DIGITS, DigitReading, blank_reading, read_digit
from service.recognition.probability import Logits, softmax

_BATCH_SIZE = 500


class Network(Protocol):
    """What scores canvases."""

    def logits(self, canvases: NDArray[np.uint8]) -> Logits:
        """uint8 (n, 28, 28, 1) to float32 (n, num_classes)."""
        ...


@dataclass(frozen=True, slots=True)
class Seen:
    """Pictures as the service puts them before a network.

    Attributes:
        canvases: uint8 (n, 28, 28, 1), paper 0 and ink 255; empty where no ink was found.
        is_clean: bool (n,), see `service.recognition.ink.Ink`.
    """

    canvases: NDArray[np.uint8]
    is_clean: NDArray[np.bool_]

    @property
    def is_blank(self) -> NDArray[np.bool_]:
        """Where no ink was found, bool (n,)."""
        return ~np.any(self.canvases, axis=(1, 2, 3))


@dataclass(frozen=True, slots=True)
class Scored:
    """What a network says about pictures, before any decision.

    Attributes:
        logits: float32 (n, num_classes); of no meaning for blanks.
        is_blank: bool (n,), no ink was found.
        is_clean: bool (n,), see `service.recognition.ink.Ink`.
    """

    logits: Logits
    is_blank: NDArray[np.bool_]
    is_clean: NDArray[np.bool_]

    def take(self, rows: NDArray[np.bool_]) -> "Scored":
        """The pictures of these rows."""
        return Scored(self.logits[rows], self.is_blank[rows], self.is_clean[rows])


@dataclass(frozen=True, slots=True)
class Readings:
    """The service's answers.

    Attributes:
        digits: int64 (n,), -1 where none was read.
        confidences: float64 (n,), of the most likely digit, whether or not it was read: 0 to 1, and 0 for a blank.
        decisions: one each.
        reasons: one each.
    """

    digits: NDArray[np.int64]
    confidences: NDArray[np.float64]
    decisions: Sequence[Decision]
    reasons: Sequence[Reason | None]

    @property
    def is_accepted(self) -> NDArray[np.bool_]:
        """Which readings are accepted, bool (n,)."""
        return np.array([decision is Decision.ACCEPTED for decision in self.decisions], dtype=bool)

    def share_of(self, reason: Reason) -> float:
        """Share of the readings with this reason, 0 to 1."""
        return sum(one is reason for one in self.reasons) / len(self.reasons)


def see(pictures: Iterable[GrayImage]) -> Seen:
    """Find the ink in pictures, uint8 (height, width) each, and place it."""
    canvases, is_clean = [], []
    for picture in pictures:
        ink = find_ink(picture)
        try:
            canvases.append(digit_canvas(ink.image))
        except BlankImage:
            canvases.append(np.zeros((28, 28, 1), np.uint8))
        is_clean.append(ink.is_clean)
    return Seen(np.stack(canvases), np.array(is_clean, dtype=bool))


def score_seen(network: Network, seen: Seen) -> Scored:
    """Run a network, in batches."""
    batches = range(0, len(seen.canvases), _BATCH_SIZE)
    logits = [network.logits(seen.canvases[start : start + _BATCH_SIZE]) for start in batches]
    return Scored(np.concatenate(logits), seen.is_blank, seen.is_clean)


def read_scored(scored: Scored, manifest: Manifest, *, max_error: float) -> Readings:
    """What the service answers where it bears this error rate."""
    rows = zip(scored.logits, scored.is_blank, scored.is_clean, strict=True)
    readings = [_read(row, manifest, max_error) for row in rows]
    return Readings(
        np.array([-1 if reading.digit is None else reading.digit for reading in readings], dtype=np.int64),
        best_confidences(scored, manifest),
        [reading.decision for reading in readings],
        [reading.reason for reading in readings],
    )


def best_confidences(scored: Scored, manifest: Manifest) -> NDArray[np.float64]:
    """Confidence of the most likely digit of each picture, float64 (n,); 0 for a blank."""
    clean, other = (
        softmax(scored.logits, temperature=manifest.temperature_of(is_clean=is_clean))[:, :NUM_DIGITS].max(axis=1)
        for is_clean in (True, False)
    )
    return np.where(scored.is_blank, 0.0, np.where(scored.is_clean, clean, other))


def _read(row: tuple[Logits, bool, bool], manifest: Manifest, max_error: float) -> DigitReading:
    logits, is_blank, is_clean = row
    temperature, calibration = manifest.temperature_of(is_clean=is_clean), manifest.calibration_of(is_clean=is_clean)
    if is_blank:
        return blank_reading(calibration=calibration, max_error=max_error)
    return read_digit(logits, temperature=temperature, calibration=calibration, max_error=max_error, top_k=1)
