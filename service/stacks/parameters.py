"""What the files of a stack show, and how they are to be read."""

import math
from dataclasses import dataclass
from enum import StrEnum

from service.recognition.constraint import Constraint


class BatchKind(StrEnum):
    """What the files of a stack show."""

    DIGIT = "digit"
    SEQUENCE = "sequence"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class BatchParameters:
    """How the files of a stack are to be read.

    Attributes:
        kind: None where the query leaves it to the part `kind`.
        model: None for the default of the kind.
        top_k: number of alternatives, 1 to 10.
        max_error: above 0 and below 1; None where the request leaves it to the server.
        timeout_s: how long the client will wait for the whole stack.
        constraint: what every number of a stack of numbers has to satisfy; None where any will do.
    """

    kind: BatchKind | None
    model: str | None
    top_k: int
    max_error: float | None
    timeout_s: float = math.inf
    constraint: Constraint | None = None
