"""Who may ask: an API key, where the operator has set one."""

import hmac
from collections.abc import Iterable
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import APIKeyHeader

from service.api.dependencies import Container, Parts
from service.recognition.errors import RequestError

API_KEY_HEADER = "X-API-Key"
_KEY_HEADER = API_KEY_HEADER.lower().encode()

_key_header = APIKeyHeader(
    name=API_KEY_HEADER,
    scheme_name="api_key",
    auto_error=False,
    description="Needed only where the operator has set `DIGITS_API_KEY`.",
)


class WrongKey(RequestError):
    """The service asks for an API key, and the request carries none or another."""


async def require_key(request: Request, parts: Parts, _: Annotated[str | None, Security(_key_header)]) -> None:
    """`check_key` as a dependency, which the interface's description shows."""
    check_key(parts, request.scope["headers"])


def check_key(container: Container, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Let a request pass that carries the key, or any request where no key is set.

    Raises:
        WrongKey: it does not.
    """
    expected = container.settings.api_key
    if expected is None:
        return
    given = next((value for name, value in headers if name == _KEY_HEADER), b"")
    # In constant time, so that the time of an answer tells nothing about the key.
    if not hmac.compare_digest(given, expected.get_secret_value().encode()):
        problem = "wrong" if given else "missing"
        raise WrongKey(f"The header {API_KEY_HEADER} is {problem}. Ask the operator of this service for the key.")
