import asyncio

import pytest

from tests.api.serving import FakeCrew, FakeModels, check_problem, serving
from tests.pictures import draw_seven, png

pytestmark = pytest.mark.anyio


async def test_ready_says_where_and_with_what(client):
    assert (await client.get("/health/live")).json() == {"status": "live"}
    response = await client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "device": "cpu",
        "models": [
            {"name": "cnn", "version": 1, "device": "cpu"},
            {"name": "crnn", "version": 1, "device": "cpu"},
            {"name": "dnn", "version": 2, "device": "cpu"},
        ],
    }


async def test_monitors_may_ask_for_the_head_alone():
    may_load = asyncio.Event()
    async with serving(FakeModels(may_load=may_load), wait=False) as client:
        assert (await client.head("/health/live")).status_code == 200
        loading = await client.head("/health/ready")
        assert loading.status_code == 503
        assert loading.headers["retry-after"] == "2"
        may_load.set()
        while (await client.head("/health/ready")).status_code != 200:
            await asyncio.sleep(0)


async def test_health_is_asked_and_not_told(client):
    response = await client.post("/health/live")
    check_problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "GET, HEAD"


async def test_while_models_load_it_is_live_but_not_ready():
    may_load = asyncio.Event()
    async with serving(FakeModels(may_load=may_load), wait=False) as client:
        assert (await client.get("/health/live")).status_code == 200
        for response in (
            await client.get("/health/ready"),
            await client.get("/models"),
            await client.get("/models/cnn"),
            await client.post("/predict", content=png(draw_seven())),
        ):
            check_problem(response, 503, "not_ready")
            assert response.headers["retry-after"] == "2"

        may_load.set()
        while (await client.get("/health/ready")).status_code != 200:
            await asyncio.sleep(0)
        assert (await client.post("/predict", content=png(draw_seven()))).status_code == 200


async def test_fault_of_a_model_makes_it_not_ready_but_live_until_it_is_gone(client):
    models = FakeModels()
    async with serving(models) as client:
        models.fault = "cnn has not answered within 5 s."
        check_problem(await client.get("/health/ready"), 503, "not_ready")
        assert (await client.get("/health/live")).status_code == 200
        models.fault = None
        assert (await client.get("/health/ready")).status_code == 200


async def test_worker_is_not_ready_before_the_others_are_and_reads_meanwhile():
    crew = FakeCrew()
    async with serving(FakeModels(), crew=crew) as client:
        crew.is_ready = False
        check_problem(await client.get("/health/ready"), 503, "not_ready")
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.post("/predict", content=png(draw_seven()))).status_code == 200
        crew.is_ready = True
        assert (await client.get("/health/ready")).status_code == 200


async def test_service_can_be_stopped_while_models_load():
    async with serving(FakeModels(may_load=asyncio.Event()), wait=False) as client:
        assert (await client.get("/health/live")).status_code == 200
