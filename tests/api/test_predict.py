"""What a good request is answered with."""

import asyncio
import threading
import time

import numpy as np
import pytest

from service.api.refusals import NUM_AT_ONCE, REFUSAL_S
from service.api.schemas import DigitOut
from service.settings import Settings
from tests.api.serving import FakeModels, check_problem, serving
from tests.pictures import draw_seven, encode, png
from tests.runtime.fakes import sure_of

pytestmark = pytest.mark.anyio


async def test_answer_has_the_fields_of_the_interface(client):
    response = await client.post("/predict", files={"file": ("a.png", png(draw_seven(280)))})

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    box = answer["image"].pop("box")
    confidence = answer["confidence"]
    assert answer == {
        "digit": 7,
        "confidence": pytest.approx(0.99994, abs=1e-5),
        "low_confidence": False,
        "decision": "accepted",
        "reason": None,
        "alternatives": [{"digit": 7, "confidence": confidence}, *answer["alternatives"][1:]],
        "model": {"name": "cnn", "version": 1},
        "calibration": {"max_error": 0.01, "threshold": 0.8},
        "image": {"width": 280, "height": 280, "polarity": "dark_on_light"},
        "request_id": response.headers["x-request-id"],
    }
    assert len(answer["alternatives"]) == 3
    assert 0 <= box["x"] < box["x"] + box["width"] <= 280
    assert 0 <= box["y"] < box["y"] + box["height"] <= 280
    assert DigitOut.model_validate(response.json()).model_dump(mode="json") == response.json()


@pytest.mark.parametrize("content_type", ["image/png", "image/jpeg", "image/*", "application/octet-stream", None])
@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
async def test_bare_body_is_read_by_its_bytes_and_not_by_its_declared_type(client, image_format, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    response = await client.post("/predict", content=encode(draw_seven(), image_format), headers=headers)

    assert response.status_code == 200, response.text
    assert response.json()["digit"] == 7


@pytest.mark.parametrize(
    "disposition",
    [
        'form-data; name="file"; filename="a.png"',
        'form-data; name="file"',  # without a filename it is the same part
        "form-data; name=file; filename=a.png",
        'form-data; filename="a.png"; name="file"',
    ],
)
async def test_part_is_found_however_its_header_is_written(client, disposition):
    body = f"--b\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + png(draw_seven()) + b"\r\n--b--\r\n"
    response = await client.post("/predict", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})

    assert response.status_code == 200, response.text


@pytest.mark.parametrize("chunk_bytes", [1, 7, 1000])
async def test_multipart_arrives_in_pieces_of_any_size(client, chunk_bytes):
    body = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + png(draw_seven(60)) + b"\r\n--b--\r\n"

    async def pieces():
        for start in range(0, len(body), chunk_bytes):
            yield body[start : start + chunk_bytes]

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    response = await client.post("/predict", content=pieces(), headers=headers)

    assert response.status_code == 200, response.text


async def test_blank_picture_is_a_rejected_reading_and_no_error(client):
    response = await client.post("/predict", content=png(np.full((40, 50), 255, np.uint8)))

    answer = response.json()
    assert response.status_code == 200
    assert (answer["digit"], answer["confidence"], answer["alternatives"]) == (None, 0, [])
    assert (answer["decision"], answer["reason"], answer["low_confidence"]) == ("rejected", "blank", True)
    assert answer["image"]["box"] is None
    assert (answer["image"]["width"], answer["image"]["height"]) == (50, 40)


async def test_doubtful_reading_goes_to_review():
    async with serving(FakeModels(sure_of(7, margin=1.0))) as client:
        answer = (await client.post("/predict", content=png(draw_seven()))).json()

    assert answer["digit"] == 7
    assert (answer["decision"], answer["reason"], answer["low_confidence"]) == ("review", "uncertain", True)


@pytest.mark.parametrize(
    ("max_error", "threshold", "reason"),
    [
        (0.01, 0.8, None),
        (0.5, 0.3, None),
        (0.001, None, "max_error_unproven"),  # the table cannot promise that, however sure the network is
    ],
)
async def test_decision_follows_the_error_rate_that_the_caller_bears(client, max_error, threshold, reason):
    response = await client.post(f"/predict?max_error={max_error}", content=png(draw_seven()))

    answer = response.json()
    assert answer["calibration"] == {"max_error": max_error, "threshold": threshold}
    assert answer["reason"] == reason


async def test_operator_sets_the_error_rate_of_those_who_name_none():
    async with serving(FakeModels(), Settings(max_error=0.2)) as client:
        answer = (await client.post("/predict", content=png(draw_seven()))).json()

    assert answer["calibration"]["max_error"] == 0.2


@pytest.mark.parametrize("top_k", [1, 10])
async def test_as_many_alternatives_as_asked_for_best_first(client, top_k):
    response = await client.post(f"/predict?top_k={top_k}", content=png(draw_seven()))

    confidences = [one["confidence"] for one in response.json()["alternatives"]]
    assert len(confidences) == top_k
    assert confidences == sorted(confidences, reverse=True)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("top_k=0", "`top_k` is '0'; it must be a whole number from 1 to 10."),
        ("top_k=11", "`top_k` is '11'; it must be a whole number from 1 to 10."),
        ("top_k=2.5", "`top_k` is '2.5'; it must be a whole number from 1 to 10."),
        ("top_k=", "`top_k` is ''; it must be a whole number from 1 to 10."),
        ("max_error=0", "`max_error` is '0'; it must be a number above 0 and below 1."),
        ("max_error=1", "`max_error` is '1'; it must be a number above 0 and below 1."),
        ("max_error=nan", "`max_error` is 'nan'; it must be a number above 0 and below 1."),
        ("max_error=inf", "`max_error` is 'inf'; it must be a number above 0 and below 1."),
        ("max_error=abc", "`max_error` is 'abc'; it must be a number above 0 and below 1."),
        (f"model={'x' * 65}", f"`model` is '{'x' * 60}'...; it must be the name of a model, at most 64 characters."),
        (
            "top_k=0&max_error=2",
            "`top_k` is '0'; it must be a whole number from 1 to 10. "
            "`max_error` is '2'; it must be a number above 0 and below 1.",
        ),
    ],
)
async def test_wrong_parameter_is_named_with_its_value_and_its_range(client, query, told):
    response = await client.post(f"/predict?{query}", content=png(draw_seven()))

    assert check_problem(response, 422, "invalid_parameter")["detail"] == told


async def test_unknown_model_is_not_found(client):
    response = await client.post("/predict?model=vgg", content=png(draw_seven()))

    assert "Loaded are: cnn, dnn" in check_problem(response, 404, "model_not_found")["detail"]


async def test_server_timing_names_every_stage(client):
    response = await client.post("/predict", content=png(draw_seven()))

    stages = [entry.split(";dur=") for entry in response.headers["server-timing"].split(", ")]
    assert [name for name, _ in stages] == ["decode", "canvas", "queue", "model", "read"]
    assert all(float(duration) >= 0 for _, duration in stages)


async def test_full_queue_is_answered_with_429_and_when_to_come_back():
    gate, started = threading.Event(), threading.Event()

    def network(canvases: np.ndarray) -> np.ndarray:
        started.set()
        assert gate.wait(timeout=30)
        return sure_of(7)(canvases)

    async with serving(FakeModels(network)) as client:
        first = asyncio.create_task(client.post("/predict", content=png(draw_seven())))
        await asyncio.to_thread(started.wait, 30)
        # Eight find a place in the queue; whichever comes last is refused, and so answered first.
        requests = {asyncio.create_task(client.post("/predict", content=png(draw_seven()))) for _ in range(9)}
        (refused,), others = await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
        began_s = time.monotonic()
        flood = await asyncio.gather(
            *(client.post("/predict", content=png(draw_seven())) for _ in range(NUM_AT_ONCE + 1))
        )
        flood_took_s = time.monotonic() - began_s
        gate.set()
        answered = await asyncio.gather(first, *others)

    check_problem(refused.result(), 429, "queue_full")
    assert int(refused.result().headers["retry-after"]) >= 1
    assert {response.status_code for response in flood} == {429}
    assert flood_took_s >= REFUSAL_S  # asking again and again takes little from those that are read
    assert [response.status_code for response in answered] == [200] * 9


async def test_no_work_is_done_for_a_client_that_has_gone():
    """The app is called as a server calls it, for no client library can be made to leave at a given moment."""
    gate, started = threading.Event(), threading.Event()

    def network(canvases: np.ndarray) -> np.ndarray:
        started.set()
        assert gate.wait(timeout=30)
        return sure_of(7)(canvases)

    models = FakeModels(network)
    async with serving(models) as client:
        staying = asyncio.create_task(client.post("/predict", content=png(draw_seven())))
        await asyncio.to_thread(started.wait, 30)

        has_left = asyncio.Event()
        body = [{"type": "http.request", "body": png(draw_seven()), "more_body": False}]

        async def receive():
            if body:
                return body.pop()
            await has_left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        sent: list[dict] = []
        scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "headers": []}
        app = client._transport.app
        leaving = asyncio.create_task(app(scope, receive, send))
        while models.batcher.num_waiting == 0:
            await asyncio.sleep(0)
        has_left.set()
        await leaving
        assert models.batcher.num_waiting == 0

        gate.set()
        assert (await staying).status_code == 200
    assert sent[0]["status"] == 499
