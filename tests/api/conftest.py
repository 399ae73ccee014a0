from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.api.serving import FakeModels, serving


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    """A service that is ready, in this process; its network sees a 7 in everything that has ink."""
    async with serving(FakeModels()) as client:
        yield client
