"""The parameters of a stack: those of a reading, for all of its files."""

import math
from typing import Annotated

from fastapi import Depends, Query
from pydantic.json_schema import SkipJsonSchema

from service.api.parameters import MaxError, TimeoutMs, TopK, shown
from service.api.sequence_parameters import NumberConstraint
from service.recognition.constraint import Constraint
from service.recognition.errors import InvalidParameter
from service.stacks.parameters import BatchKind, BatchParameters

KINDS = ", ".join(BatchKind)
CONSTRAINTS = ("length", "min_length", "max_length", "pattern", "check", "allowed")  # as `Constraint` calls them

Kind = Annotated[
    BatchKind | SkipJsonSchema[None],
    Query(
        description="What the files show; may be sent as a part instead. `digit` where neither says.",
        examples=["digit"],
    ),
]
BatchModel = Annotated[
    Annotated[str, Query(max_length=64)] | SkipJsonSchema[None],
    Query(
        description="Name of a model from `GET /models` that reads what `kind` says; by default `auto` for digits and "
        "`crnn` for numbers. Of forms, who reads single digits.",
        examples=["auto"],
    ),
]


async def _batch_parameters(
    constraint: NumberConstraint,
    kind: Kind = None,
    model: BatchModel = None,
    top_k: TopK = 3,
    max_error: MaxError = None,
    timeout_ms: TimeoutMs = None,
) -> BatchParameters:
    if kind is not None:  # else it may be a part: told before the body is sent where it can be
        refuse_unused(constraint, kind)
    timeout_s = math.inf if timeout_ms is None else timeout_ms / 1e3
    return BatchParameters(kind, model, top_k, max_error, timeout_s, constraint)


BatchReading = Annotated[BatchParameters, Depends(_batch_parameters)]


def kind_of(parameter: BatchKind | None, parts: list[bytes], *, constraint: Constraint | None) -> BatchKind:
    """The kind that a request names, in its query or in a part.

    Args:
        parameter: from the query.
        parts: contents of the parts `kind`, of which there is at most one.
        constraint: from the query.

    Raises:
        InvalidParameter: the part is none, or another than the query's; or there is a constraint that would go unread.
    """
    kind = _named_kind(parameter, parts)
    refuse_unused(constraint, kind)
    return kind


def refuse_unused(constraint: Constraint | None, kind: BatchKind) -> None:
    """Let pass what is asked of numbers, where there are any; raises `InvalidParameter`."""
    if constraint is None or kind is BatchKind.SEQUENCE:
        return
    asked = " and ".join(f"`{name}`" for name in CONSTRAINTS if getattr(constraint, name) is not None)
    instead = "; the template says what its fields satisfy" if kind is BatchKind.FORM else ", or say kind=sequence"
    raise InvalidParameter(f"Only of numbers can {asked} be asked; `kind` is {kind.value!r}. Leave that out{instead}.")


def _named_kind(parameter: BatchKind | None, parts: list[bytes]) -> BatchKind:
    if not parts:
        return parameter or BatchKind.DIGIT
    named = parts[0].decode("utf-8", errors="replace").strip()
    if named not in set(BatchKind):
        raise InvalidParameter(f"`kind` is {shown(named)}; it must be one of {KINDS}.")
    if parameter not in (None, named):
        raise InvalidParameter(f"`kind` is {parameter.value!r} in the query and {named!r} in the body.")
    return BatchKind(named)
