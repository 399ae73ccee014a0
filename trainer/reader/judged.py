"""What is known of readings when it is known what was written: all that tables and thresholds are measured on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from service.recognition.number import NumberReading
from service.recognition.policy import CalibrationTable
from trainer.calibrate import calibration_table
from trainer.reader.evaluate import Seen, read_all

Flags: TypeAlias = NDArray[np.bool_]
ALWAYS = 2.0  # no reading is as sure


@dataclass(frozen=True, slots=True)
class Judged:
    """Readings of a set of numbers.

    Attributes:
        confidences: float64 (n,), 0 to 1.
        is_marked: bool (n,), of those with a mark among their digits, which are reviewed whatever their confidence.
        is_right: bool (n,).
    """

    confidences: NDArray[np.float64]
    is_marked: Flags
    is_right: Flags

    @staticmethod
    def of(readings: Sequence[NumberReading], texts: Sequence[str]) -> "Judged":
        """Compare readings with what is written."""
        return Judged(
            np.array([reading.confidence for reading in readings]),
            np.array([bool(reading.others) for reading in readings], dtype=bool),
            np.array([reading.text == text for reading, text in zip(readings, texts, strict=True)], dtype=bool),
        )

    def take(self, rows: Flags) -> "Judged":
        """Those that are marked in bool (n,)."""
        return Judged(self.confidences[rows], self.is_marked[rows], self.is_right[rows])

    def table(self) -> CalibrationTable:
        """Which confidence stands for which error rate."""
        return calibration_table(np.where(self.is_marked, 0.0, self.confidences), self.is_right)


@dataclass(frozen=True, slots=True)
class JudgedTwice:
    """The same numbers read by a reader, and with its peer asked about every clean line.

    Attributes:
        own: before it is asked; slanted views are read by the peer here too, where it reads these.
        asked: after; the same where there is none, and of lines that are not clean.
        is_clean: bool (n,), of the lines.
    """

    own: Judged
    asked: Judged
    is_clean: Flags

    @staticmethod
    def of(parts: Sequence[Seen], *, weight: float, temperature: float) -> "JudgedTwice":
        """Read sets of numbers in both ways.

        Args:
            parts: the sets.
            weight: of the second look.
            temperature: of the frames.
        """
        texts = [text for part in parts for text in part.numbers.texts]
        own = [
            reading
            for part in parts
            for reading in read_all(part.before_doubt(), weight=weight, temperature=temperature)
        ]
        asked = own
        if any(views for part in parts for views in part.peer_frames):
            asked = [
                reading
                for part in parts
                for reading in read_all(part, weight=weight, temperature=temperature, sure_from=ALWAYS)
            ]
        is_clean = np.array([is_clean for part in parts for is_clean in part.is_clean], dtype=bool)
        return JudgedTwice(Judged.of(own, texts), Judged.of(asked, texts), is_clean)

    def settled(self, sure_from: float) -> Judged:
        """The readings of a reader that asks its peer below a confidence."""
        is_sure = self.own.confidences >= sure_from
        return Judged(
            np.where(is_sure, self.own.confidences, self.asked.confidences),
            np.where(is_sure, self.own.is_marked, self.asked.is_marked),
            np.where(is_sure, self.own.is_right, self.asked.is_right),
        )
