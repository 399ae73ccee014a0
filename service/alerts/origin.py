"""Where a reading comes from: which request, and which part of the request's stack.

It goes along in a context variable, which every task inherits from the one that starts it. So what reads need not know
for whom, and a reading on its way can still be told from its neighbours in the log.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import NamedTuple


class Origin(NamedTuple):
    """Where the readings of this task come from.

    Attributes:
        request_id: None where there is no request, as on the command line.
        route: says, once it is known, the path of the request as the interface writes it.
        file: of a stack, from 0; None where there is a single picture.
        page: of that file, from 1; None where files are pictures and have no pages.
    """

    request_id: str | None = None
    route: Callable[[], str] | None = None
    file: int | None = None
    page: int | None = None


NOWHERE = Origin()

_current: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def current_origin() -> Origin:
    """Where the readings of this task come from."""
    return _current.get()


def begin_request(request_id: str, route: Callable[[], str]) -> None:
    """From here on, what this task and those that it starts read is for this request."""
    _current.set(Origin(request_id, route))


def begin_file(file: int, page: int | None = None) -> None:
    """From here on, what this task and those that it starts read is from this file of the request's stack."""
    _current.set(_current.get()._replace(file=file, page=page))
