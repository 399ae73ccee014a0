import asyncio
import time

import pytest

from service.api.refusals import NUM_AT_ONCE, REFUSAL_S, Refusals

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def seconds_of(refusals: Refusals) -> float:
    began_s = time.monotonic()
    await refusals.wait()
    return time.monotonic() - began_s


async def test_few_are_told_at_once_and_the_rest_of_a_flood_later():
    refusals = Refusals()
    waits_s = await asyncio.gather(*(seconds_of(refusals) for _ in range(NUM_AT_ONCE + 30)))

    assert max(waits_s[:NUM_AT_ONCE]) < REFUSAL_S / 2
    assert min(waits_s[NUM_AT_ONCE:]) >= REFUSAL_S * 0.99


async def test_after_a_flood_few_are_told_at_once_again():
    refusals = Refusals()
    await asyncio.gather(*(refusals.wait() for _ in range(NUM_AT_ONCE + 1)))
    await asyncio.sleep(REFUSAL_S)

    assert await seconds_of(refusals) < REFUSAL_S / 2
