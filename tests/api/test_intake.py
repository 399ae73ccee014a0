import asyncio

import pytest

from service.api.intake import BodyMemory, BodyMemoryFull
from service.settings import Settings
from tests.api.serving import FakeModels, check_problem, serving
from tests.pictures import draw_seven, png

pytestmark = pytest.mark.anyio


async def halted(first: bytes, go_on: asyncio.Event, rest: bytes):
    """A body that comes in two parts, the second when it may."""
    yield first
    await go_on.wait()
    yield rest


async def test_body_that_does_not_come_in_time_is_answered_with_408():
    async with serving(FakeModels(), Settings(body_timeout_ms=30)) as client:
        body = halted(png(draw_seven())[:100], asyncio.Event(), b"")
        response = await client.post("/predict", content=body)

    assert "30 ms" in check_problem(response, 408, "body_timeout")["detail"]
    assert response.headers["connection"] == "close"


async def test_body_in_parts_is_read_if_it_comes_in_time(client):
    picture, go_on = png(draw_seven()), asyncio.Event()
    sending = asyncio.create_task(client.post("/predict", content=halted(picture[:100], go_on, picture[100:])))
    await asyncio.sleep(0)
    go_on.set()

    assert (await sending).status_code == 200


async def test_uploads_that_hold_too_much_together_are_refused_and_others_are_not():
    settings = Settings(max_body_memory_mb=1)
    picture, go_on = png(draw_seven()), asyncio.Event()
    async with serving(FakeModels(), settings) as client:
        large = asyncio.create_task(client.post("/predict", content=halted(bytes(900_000), go_on, b"")))
        while "digits_body_bytes 900000.0" not in (await client.get("/metrics")).text:
            await asyncio.sleep(0)
        refused = await client.post("/predict", content=picture + bytes(200_000))
        small = await client.post("/predict", content=picture)
        go_on.set()
        assert (await large).status_code == 415  # that were zeros, and no picture
        after = await client.post("/predict", content=picture + bytes(200_000))

    check_problem(refused, 429, "body_memory_full")
    assert int(refused.headers["retry-after"]) >= 1
    assert small.status_code == 200
    assert after.status_code == 200


async def test_upload_that_is_alone_is_not_refused_however_small_the_limit():
    async with serving(FakeModels(), Settings(max_body_memory_mb=1)) as client:
        response = await client.post("/predict", content=png(draw_seven()) + bytes(3_000_000))

    assert response.status_code == 200


def test_memory_is_given_back():
    memory = BodyMemory(100)
    memory.take(60, held=0)
    with pytest.raises(BodyMemoryFull, match="60 bytes of memory, and 100 is the limit"):
        memory.take(60, held=0)
    memory.take(60, held=60)  # the same body going on: nobody else would be helped by its end
    memory.give_back(120)
    assert memory.num_bytes == 0
