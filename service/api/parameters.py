"""The parameters of requests: type, range, and the words for a value out of range."""

from typing import Annotated, Any

from fastapi import Path, Query

SHOWN_CHARACTERS = 60  # of a wrong value

Model = Annotated[
    str,
    Query(
        max_length=64,
        description="Name of a digit classifier from `GET /models`, or `auto` for the default one.",
        examples=["auto"],
    ),
]
ModelName = Annotated[str, Path(max_length=64, description="Name of a model, as `GET /models` lists it.")]
TopK = Annotated[
    int, Query(ge=1, le=10, description="Number of alternatives wanted, the reading itself included.", examples=[3])
]
MaxError = Annotated[
    float | None,
    Query(
        gt=0,
        lt=1,
        description="Error rate that you bear among accepted readings; by default the server's `DIGITS_MAX_ERROR`.",
        examples=[0.01],
    ),
]

ACCEPTED = {
    "model": "the name of a model, at most 64 characters",
    "name": "the name of a model, at most 64 characters",
    "top_k": "a whole number from 1 to 10",
    "max_error": "a number above 0 and below 1",
}


def complaint(error: dict[str, Any]) -> str:
    """One sentence about one value that FastAPI refused: the parameter, the value, the range."""
    name = str(error["loc"][-1])
    shown = repr(str(error.get("input"))[:SHOWN_CHARACTERS])
    accepted = ACCEPTED.get(name)
    return f"`{name}` is {shown}; it must be {accepted}." if accepted else f"`{name}` is {shown}: {error['msg']}."
