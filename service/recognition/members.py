"""What a model asks of other models: a cascade of its members, a sequence reader of a classifier and of a peer."""

from dataclasses import dataclass
from typing import Any

from service.recognition.policy import CalibrationTable


@dataclass(frozen=True, slots=True)
class Member:
    """A model that another one was measured with.

    Attributes:
        manifest_sha256: of its `manifest.json`, which holds the SHA-256 of all its other files: what was measured with
            it was measured with these bytes and no others.
    """

    name: str
    version: int
    manifest_sha256: str


@dataclass(frozen=True, slots=True)
class CascadeRule:
    """Which of two digit classifiers answers.

    Attributes:
        small: scores every canvas.
        large: scores those of which `small` is not sure, and answers them.
        sure_from: `service.recognition.cascade.sureness` from which on the verdict of `small` stands.
        clean_sure_from: the same for pictures that `Ink.is_clean`.
    """

    small: Member
    large: Member
    sure_from: float
    clean_sure_from: float

    def sure_from_of(self, *, is_clean: bool) -> float:
        """Where the verdict of `small` begins to stand, by the kind of picture."""
        return self.clean_sure_from if is_clean else self.sure_from

    @staticmethod
    def parse(record: Any) -> "CascadeRule":
        """From JSON.

        Raises:
            ValueError: a threshold is no probability.
        """
        rule = CascadeRule(
            small=Member(**record["small"]),
            large=Member(**record["large"]),
            sure_from=float(record["sure_from"]),
            clean_sure_from=float(record["clean_sure_from"]),
        )
        for threshold in (rule.sure_from, rule.clean_sure_from):
            _check_probability(threshold, "a threshold of `cascade`")
        return rule


@dataclass(frozen=True, slots=True)
class SecondLookRule:
    """Which digit classifier a sequence reader asks about the digits that it has seen, and how much that counts.

    Attributes:
        classifier: the reader's temperature and table were measured with its answers.
        weight: of its evidence beside the reader's own, 0 or more; see `service.recognition.second_look`.
        classifier_temperature: divisor of its logits.
        plain_temperature: divisor of the frame logits where the reader is on its own: the classifier, or a peer that
            its manifest names as well, is not loaded, nobody is asked, and the frames stay as read.
        plain_calibration: likewise the table.
    """

    classifier: Member
    weight: float
    classifier_temperature: float
    plain_temperature: float
    plain_calibration: CalibrationTable

    @staticmethod
    def parse(record: Any) -> "SecondLookRule":
        """From JSON.

        Raises:
            ValueError: a weight is negative, or a temperature is not positive.
        """
        rule = SecondLookRule(
            classifier=Member(**record["classifier"]),
            weight=float(record["weight"]),
            classifier_temperature=float(record["classifier_temperature"]),
            plain_temperature=float(record["plain_temperature"]),
            plain_calibration=CalibrationTable.parse(record["plain_calibration"]),
        )
        if not (rule.weight >= 0 and rule.classifier_temperature > 0 and rule.plain_temperature > 0):
            raise ValueError("`second_look` has a negative weight, or a temperature that is not positive")
        return rule


@dataclass(frozen=True, slots=True)
class PeerRule:
    """Which other sequence reader is asked about a line, and when; what the two say is averaged.

    Attributes:
        reader: of clean lines it sees what the first reader has seen.
        sure_from: confidence from which on the first reader's reading of a clean line stands.
        reads_slanted: whether the slanted views of all other lines are read by it in place of the first reader.
    """

    reader: Member
    sure_from: float
    reads_slanted: bool = False

    @staticmethod
    def parse(record: Any) -> "PeerRule":
        """From JSON.

        Raises:
            ValueError: the threshold is no probability, or `reads_slanted` neither true nor false.
        """
        # Readers that were exported before peers read views say nothing of them.
        rule = PeerRule(Member(**record["reader"]), float(record["sure_from"]), record.get("reads_slanted", False))
        if not isinstance(rule.reads_slanted, bool):
            raise ValueError(f"`reads_slanted` of `peer` is {rule.reads_slanted!r}, it must be true or false")
        _check_probability(rule.sure_from, "`sure_from` of `peer`")
        return rule


def _check_probability(value: float, what: str) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{what} is {value}, it must be from 0 to 1")
