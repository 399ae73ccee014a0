"""The parameters of requests: type, range, and the words for a value out of range."""

import math
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from service.recognition.pattern import quoted

TIMEOUT_HEADER = "X-Timeout-Ms"

SHOWN_CHARACTERS = 60  # of a wrong value

Model = Annotated[
    str,
    Query(
        max_length=64,
        description="Name of a digit classifier or cascade from `GET /models`; `auto` reads where none is named.",
        examples=["auto"],
    ),
]
ModelName = Annotated[str, Path(max_length=64, description="Name of a model, as `GET /models` lists it.")]
TopK = Annotated[
    int, Query(ge=1, le=10, description="Number of alternatives wanted, the reading itself included.", examples=[3])
]
MaxError = Annotated[
    # The limits stand on the number: on the union they would get lost in the description, which says no `null` either,
    # since none can be sent.
    Annotated[float, Field(gt=0, lt=1)] | SkipJsonSchema[None],
    Query(
        description="Error rate that you bear among accepted readings; by default the server's `DIGITS_MAX_ERROR`.",
        examples=[0.01],
    ),
]

TimeoutMs = Annotated[
    Annotated[int, Field(ge=1, le=600_000)] | SkipJsonSchema[None],
    Header(
        alias=TIMEOUT_HEADER,
        description="Milliseconds that you will wait for a reading, where that is less than the server's "
        "`DIGITS_TIMEOUT_MS`; what takes longer is answered with 504, and its work is not done.",
        examples=[2000],
    ),
]


@dataclass(frozen=True, slots=True)
class ReadingParameters:
    """How a picture is to be read.

    Attributes:
        model: a name, or `auto`.
        top_k: number of alternatives, 1 to 10.
        max_error: above 0 and below 1; None where the request leaves it to the server.
        timeout_s: how long the client will wait.
    """

    model: str
    top_k: int
    max_error: float | None
    timeout_s: float


async def _reading_parameters(
    request: Request, model: Model = "auto", top_k: TopK = 3, max_error: MaxError = None, timeout_ms: TimeoutMs = None
) -> ReadingParameters:
    timeout_s = math.inf if timeout_ms is None else timeout_ms / 1e3
    parameters = ReadingParameters(model, top_k, max_error, timeout_s)
    request.state.parameters = parameters  # for `ReadingRoute`, which remembers them
    return parameters


Reading = Annotated[ReadingParameters, Depends(_reading_parameters)]

ACCEPTED = {
    "model": "the name of a model, at most 64 characters",
    "name": "a name of at most 64 characters",  # of a model or a template
    "kind": "digit, sequence or form",
    "top_k": "a whole number from 1 to 10",
    "max_error": "a number above 0 and below 1",
    "length": "a whole number from 0 to 32",
    "min_length": "a whole number from 0 to 32",
    "max_length": "a whole number from 0 to 32",
    "pattern": "a regular expression over digits, 1 to 200 characters",
    "check": "luhn, mod97, ean13, isbn10, isbn13 or verhoeff",
    "allowed": "the name of a list on the server, at most 64 characters",
    "page": "a whole number from 1 to 50",
    TIMEOUT_HEADER: "a whole number of milliseconds from 1 to 600000",
}


def complaint(error: dict[str, Any]) -> str:
    """One sentence about one value that FastAPI refused: the parameter, the value, the range."""
    name = str(error["loc"][1])  # after where it stands: query, path or header
    value = shown(str(error.get("input")))
    accepted = ACCEPTED.get(name)
    return f"`{name}` is {value}; it must be {accepted}." if accepted else f"`{name}` is {value}: {error['msg']}."


def shown(value: str) -> str:
    """A wrong value in quotes, as a message may show it: as it was sent, and not much of it."""
    return quoted(value) if len(value) <= SHOWN_CHARACTERS else f"{quoted(value[:SHOWN_CHARACTERS])}..."
