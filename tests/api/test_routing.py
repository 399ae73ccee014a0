"""Parameters are remembered by how they are written: nothing else may come out than what FastAPI makes of them."""

import pytest

from service.api import routing
from service.settings import Settings
from tests.api.serving import FakeModels, check_problem, serving
from tests.api.test_errors import Reader
from tests.pictures import draw_seven, png

pytestmark = pytest.mark.anyio

PICTURE = png(draw_seven(28))


@pytest.mark.parametrize("query", ["", "top_k=2", "top_k=10&max_error=0.2", "model=cnn", "%74op_k=4"])
async def test_second_request_is_answered_as_the_first(client, query):
    answers = [(await client.post(f"/predict?{query}", content=PICTURE)).json() for _ in range(3)]
    for answer in answers:
        answer.pop("request_id")

    assert answers[0] == answers[1] == answers[2]


async def test_queries_are_told_apart(client):
    for _ in range(2):
        for top_k in (1, 4, 2):
            response = await client.post(f"/predict?top_k={top_k}", content=PICTURE)
            assert len(response.json()["alternatives"]) == top_k


async def test_what_is_refused_is_refused_again(client):
    for _ in range(3):
        check_problem(await client.post("/predict?top_k=0", content=PICTURE), 422, "invalid_parameter")
        check_problem(await client.post("/predict?model=vgg", content=PICTURE), 404, "model_not_found")


async def test_key_is_asked_for_however_often_the_query_was_seen():
    async with serving(FakeModels(), Settings(api_key="correct horse")) as client:
        for _ in range(2):
            response = await client.post("/predict", content=PICTURE, headers={"X-API-Key": "correct horse"})
            assert response.status_code == 200
            for headers in ({}, {"X-API-Key": "wrong horse"}):
                check_problem(await client.post("/predict", content=PICTURE, headers=headers), 401, "wrong_api_key")


async def test_errors_of_known_requests_are_answered_as_those_of_others():
    async with serving(FakeModels()) as client:
        assert (await client.post("/predict", content=PICTURE)).status_code == 200
        check_problem(await client.post("/predict", content=b""), 400, "empty_body")
        check_problem(await client.post("/predict", content=b"no picture"), 415, "unsupported_image_format")
        # Only what was posted is known: the same path asked for otherwise goes through the framework.
        check_problem(await client.get("/predict"), 405, "method_not_allowed")


async def test_known_requests_are_counted_under_their_route(client):
    for _ in range(3):
        await client.post("/predict?top_k=2", content=PICTURE)

    assert (
        'digits_requests_total{method="POST",route="/predict",status="200"} 3.0' in (await client.get("/metrics")).text
    )


async def test_fault_of_ours_in_a_known_request_is_a_500():
    models = FakeModels()
    async with serving(models) as client:
        assert (await client.post("/predict", content=PICTURE)).status_code == 200
        models._reader = Reader(ZeroDivisionError("nobody expected this"))
        check_problem(await client.post("/predict", content=PICTURE), 500, "internal_error")


async def test_memory_of_queries_is_bounded(client, monkeypatch):
    monkeypatch.setattr(routing, "MAX_REMEMBERED", 2)
    for number in (1, 2, 3, 1):
        assert (await client.post(f"/predict?top_k={number}", content=PICTURE)).status_code == 200
    long = "0" * routing.MAX_QUERY_BYTES
    for _ in range(2):
        assert (await client.post(f"/predict?top_k={long}1", content=PICTURE)).status_code == 200


async def test_time_out_of_a_request_is_obeyed_each_time():
    async with serving(FakeModels()) as client:
        for _ in range(2):
            response = await client.post("/predict", content=PICTURE, headers={"X-Timeout-Ms": "5000"})
            assert response.status_code == 200
            assert (await client.post("/predict", content=PICTURE)).status_code == 200


@pytest.mark.parametrize("given", ["0", "-1", "abc", "1.5", "", "600001", "1e3"])
async def test_time_out_that_is_none_is_refused(client, given):
    for _ in range(2):
        response = await client.post("/predict", content=PICTURE, headers={"X-Timeout-Ms": given})
        detail = check_problem(response, 422, "invalid_parameter")["detail"]
        assert detail == f"`X-Timeout-Ms` is '{given}'; it must be a whole number of milliseconds from 1 to 600000."
