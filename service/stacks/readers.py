"""Who reads what a stack shows."""

from typing import Protocol

from service.recognition.constraint import Constraint
from service.runtime.digit_recognizer import RecognizedDigit
from service.runtime.sequence_recognizer import RecognizedNumber
from service.stacks.forms import CellReader, LineReader


class DigitReader(CellReader, Protocol):
    """Reads the digit in a picture, and the cells of a page; `DigitRecognizer` is one."""

    async def read(self, data: bytes, *, max_error: float, top_k: int, timeout_s: float = ...) -> RecognizedDigit:
        """See `DigitRecognizer.read`."""


class NumberReader(LineReader, Protocol):
    """Reads the number in a picture, and the lines of a page; `SequenceRecognizer` is one."""

    async def read(
        self,
        data: bytes,
        *,
        max_error: float,
        top_k: int,
        constraint: Constraint | None = ...,
        timeout_s: float = ...,
    ) -> RecognizedNumber:
        """See `SequenceRecognizer.read`."""


class Readers(Protocol):
    """The recognizers by name; `Registry` is one."""

    def digit_recognizer(self, name: str) -> DigitReader:
        """See `Registry.digit_recognizer`."""

    def sequence_recognizer(self, name: str) -> NumberReader:
        """See `Registry.sequence_recognizer`."""
