"""Who may ask: an API key, where the operator has set one."""

import hmac
from typing import Annotated

from fastapi import Security
from fastapi.security import APIKeyHeader

from service.api.dependencies import Parts
from service.recognition.errors import RequestError

API_KEY_HEADER = "X-API-Key"

_key_header = APIKeyHeader(
    name=API_KEY_HEADER,
    scheme_name="api_key",
    auto_error=False,
    description="Needed only where the operator has set `DIGITS_API_KEY`.",
)


class WrongKey(RequestError):
    """The service asks for an API key, and the request carries none or another."""


async def require_key(parts: Parts, given: Annotated[str | None, Security(_key_header)]) -> None:
    """Let a request pass that carries the key, or any request where no key is set.

    Raises:
        WrongKey: it does not.
    """
    expected = parts.settings.api_key
    if expected is None:
        return
    # In constant time, so that the time of an answer tells nothing about the key.
    if not hmac.compare_digest((given or "").encode(), expected.get_secret_value().encode()):
        problem = "wrong" if given else "missing"
        raise WrongKey(f"The header {API_KEY_HEADER} is {problem}. Ask the operator of this service for the key.")
