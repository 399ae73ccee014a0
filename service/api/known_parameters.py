"""Query parameters that a route does not know, or that are there twice: refused, for all routes in one place.

Left unread, a slip of the pen would go unseen: `max_lenght=3` would be answered as if nothing had been asked, with a
number of any length that looks as checked as any other. Templates refuse keys that they do not know for the same
reason.
"""

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant

from service.api.access import require_key
from service.api.parameters import shown
from service.recognition.errors import InvalidParameter


async def refuse_unknown_parameters(request: Request, _: Annotated[None, Depends(require_key)]) -> None:
    """Pass where the query names parameters of the route alone, each once: none of them is a list.

    Asks for the key first, so that who may not ask learns nothing else.

    Raises:
        InvalidParameter: the query does not; says what the route knows.
    """
    if not request.scope["query_string"]:
        return
    known = sorted(_names(request.scope["route"].dependant))
    for name, count in Counter(name for name, _ in request.query_params.multi_items()).items():
        if name not in known:
            raise InvalidParameter(_unknown(name, known))
        if count > 1:
            raise InvalidParameter(f"`{name}` is there {count} times in the query. Send it once.")


def _names(dependant: Dependant) -> set[str]:
    """The query parameters of a route, and of all that it depends on."""
    own = {parameter.alias for parameter in dependant.query_params}
    return own.union(*(_names(child) for child in dependant.dependencies))


def _unknown(name: str, known: Sequence[str]) -> str:
    if not known:
        return f"There is no query parameter {shown(name)} here, nor any other."
    nearest = get_close_matches(name[:64], known, n=1)
    guess = f" Is `{nearest[0]}` meant?" if nearest else ""
    return f"There is no query parameter {shown(name)} here.{guess} Known are: {', '.join(known)}."
