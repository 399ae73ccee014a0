"""What is told about a reading, whichever recognizer made it."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from service.recognition.number import NumberReading
from service.recognition.prediction import DigitReading


class Recognized(Protocol):
    """A reading, and how it came about; `RecognizedDigit` and `RecognizedNumber` are two."""

    @property
    def reading(self) -> DigitReading | NumberReading:
        """The verdict."""

    @property
    def model(self) -> str:
        """Name of the model that answered."""

    @property
    def version(self) -> int:
        """Its version."""

    @property
    def max_error(self) -> float:
        """Error rate among accepted readings that was asked for."""

    @property
    def stages_ms(self) -> Mapping[str, float]:
        """Duration of each stage in milliseconds."""


OnRead: TypeAlias = Callable[[Recognized], None]
"""Is told of each reading that was asked for, on the event loop: it must not take long."""
