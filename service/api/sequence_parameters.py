"""The parameters of `/sequence`: those of `/predict`, and what is known about the number beforehand."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Query, Request
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from service.api.dependencies import Parts
from service.api.parameters import MaxError, TimeoutMs, TopK, shown
from service.recognition.allowed import AllowedList
from service.recognition.constraint import Constraint
from service.recognition.errors import InvalidParameter
from service.runtime.registry import DEFAULT_SEQUENCE_MODEL

ReaderName = Annotated[
    str,
    Query(
        max_length=64,
        description="Name of a sequence reader from `GET /models`.",
        examples=[DEFAULT_SEQUENCE_MODEL],
    ),
]
# As with `max_error`, the limits stand on the number and not on the union.
_NumDigits = Annotated[int, Field(ge=0, le=32)] | SkipJsonSchema[None]
Length = Annotated[_NumDigits, Query(description="Number of digits.", examples=[5])]
MinLength = Annotated[_NumDigits, Query(description="Least number of digits.", examples=[1])]
MaxLength = Annotated[_NumDigits, Query(description="Largest number of digits.", examples=[10])]
Pattern = Annotated[
    Annotated[str, Field(min_length=1, max_length=200)] | SkipJsonSchema[None],
    Query(
        description="Regular expression that the whole number matches: digits, `.`, `\\d`, `[0-4]`, `[^05]`, groups, "
        "`|`, `*`, `+`, `?`, `{2,5}`.",
        examples=["[1-9][0-9]*"],
    ),
]
Check = Annotated[
    Literal["luhn", "mod97", "ean13", "isbn10", "isbn13", "verhoeff"] | SkipJsonSchema[None],
    Query(description="Check digit rule that the number satisfies.", examples=["luhn"]),
]
Allowed = Annotated[
    Annotated[str, Field(max_length=64)] | SkipJsonSchema[None],
    Query(description="Name of a list on the server; the number is one of it.", examples=["months"]),
]


@dataclass(frozen=True, slots=True)
class SequenceParameters:
    """How a picture of a number is to be read.

    Attributes:
        model: name of a sequence reader.
        top_k: number of alternatives, 1 to 10.
        max_error: above 0 and below 1; None where the request leaves it to the server.
        timeout_s: how long the client will wait.
        constraint: what the number has to satisfy; None where any will do.
    """

    model: str
    top_k: int
    max_error: float | None
    timeout_s: float
    constraint: Constraint | None


async def _constraint(
    parts: Parts,
    length: Length = None,
    min_length: MinLength = None,
    max_length: MaxLength = None,
    pattern: Pattern = None,
    check: Check = None,
    allowed: Allowed = None,
) -> Constraint | None:
    if (length, min_length, max_length, pattern, check, allowed) == (None,) * 6:
        return None
    return Constraint(
        length=length,
        min_length=min_length,
        max_length=max_length,
        pattern=pattern,
        check=check,
        allowed=None if allowed is None else allowed_list(parts.lists, allowed),
    )


NumberConstraint = Annotated[Constraint | None, Depends(_constraint)]


async def _sequence_parameters(
    request: Request,
    constraint: NumberConstraint,
    model: ReaderName = DEFAULT_SEQUENCE_MODEL,
    top_k: TopK = 3,
    max_error: MaxError = None,
    timeout_ms: TimeoutMs = None,
) -> SequenceParameters:
    timeout_s = math.inf if timeout_ms is None else timeout_ms / 1e3
    parameters = SequenceParameters(model, top_k, max_error, timeout_s, constraint)
    request.state.parameters = parameters  # for `ReadingRoute`, which remembers them
    return parameters


SequenceReading = Annotated[SequenceParameters, Depends(_sequence_parameters)]


def allowed_list(lists: Mapping[str, AllowedList], name: str) -> AllowedList:
    """The list of this name.

    Raises:
        InvalidParameter: there is none; says which there are.
    """
    found = lists.get(name)
    if found is None:
        there_are = f"the lists here are: {', '.join(sorted(lists))}" if lists else "there are no lists on this server"
        raise InvalidParameter(f"`allowed` is {shown(name)}; {there_are}.")
    return found
