"""One picture in, one reading out: what the routes that read a single picture have in common."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from fastapi import Request
from fastapi.responses import Response

from service.api.access import WrongKey
from service.api.dependencies import Container
from service.api.disconnect import unless_client_leaves
from service.api.documentation import Responses, problems
from service.api.intake import BodyMemoryFull, BodyTimeout
from service.api.schemas import Schema
from service.api.tracing import now_ns
from service.api.uploads import (
    EmptyBody,
    MissingFile,
    SeveralFiles,
    UnexpectedPart,
    UnsupportedMediaType,
    read_picture,
)
from service.recognition import errors

_ERRORS = (
    errors.MalformedBody,
    EmptyBody,
    MissingFile,
    UnexpectedPart,
    SeveralFiles,
    errors.UndecodableImage,
    WrongKey,
    errors.ModelNotFound,
    BodyTimeout,
    errors.TooLarge,
    errors.UnsupportedImageFormat,
    UnsupportedMediaType,
    errors.InvalidParameter,
    errors.QueueFull,
    BodyMemoryFull,
    errors.NotReady,
    errors.DeadlineExceeded,
)


class Timed(Protocol):
    """A reading that knows how long its stages took."""

    @property
    def stages_ms(self) -> Mapping[str, float]:
        """Milliseconds by the name of the stage."""


class Room(Protocol):
    """What can be too full for one reading more."""

    def refuse_if_full(self) -> None:
        """See `DigitRecognizer.refuse_if_full`."""


Recognized = TypeVar("Recognized", bound=Timed)


async def answer(
    request: Request,
    parts: Container,
    room: Room,
    *,
    read: Callable[[bytes], Coroutine[Any, Any, Recognized]],
    to_json: Callable[[Recognized, str], bytes],
) -> Response:
    """Receive the picture, have it read unless the client leaves, and answer.

    Args:
        request: its body has not been read.
        parts: of the app.
        room: asked before the body is read: whom nobody can answer should not have to send it.
        read: given the bytes of the picture.
        to_json: given the reading and the request id.
    """
    room.refuse_if_full()
    data = await read_picture(request, max_image_bytes=parts.settings.max_image_bytes)
    state = request.scope["state"]
    state["reading_began_ns"] = now_ns()
    recognized = await unless_client_leaves(request, read(data), patience=parts.patience)
    state["stages_ms"] = recognized.stages_ms
    timing = ", ".join([f"{stage};dur={duration:.2f}" for stage, duration in recognized.stages_ms.items()])
    # A ready-made response: FastAPI would validate and convert the answer a second time.
    return Response(
        to_json(recognized, state["request_id"]), media_type="application/json", headers={"Server-Timing": timing}
    )


def reading_responses(schema: type[Schema]) -> Responses:
    """All answers of such a route, for the OpenAPI document."""
    return {
        200: {
            "model": schema,
            "description": "A reading; `decision` says whether it is sure enough.",
            "headers": {
                "X-Request-ID": {"description": "As sent, or made here.", "schema": {"type": "string"}},
                "Server-Timing": {
                    "description": "Milliseconds spent in the stages decode, canvas, queue, model and read.",
                    "schema": {"type": "string"},
                },
            },
        },
        **problems(*_ERRORS),
    }
