"""Stacks of digits and numbers over HTTP."""

import asyncio
import json
import logging
import threading

import numpy as np
import pytest

from service.api.batch_schemas import BatchOut
from service.api.schemas import DigitOut
from service.api.sequence_schemas import NumberOut
from service.recognition.errors import NotReady, QueueFull
from service.settings import Settings
from tests.api.serving import FakeModels, check_problem, serving
from tests.api.test_bad_input import PDF, bomb, nothing_written_to_disk
from tests.pictures import draw_seven, encode, png
from tests.runtime.fakes import sure_of
from tests.stacks.test_templates import TEMPLATE_JSON

pytestmark = pytest.mark.anyio

SEVEN = png(draw_seven(60))


def stack(*pictures: bytes) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (f"{index}.png", picture)) for index, picture in enumerate(pictures)]


async def test_answer_has_the_fields_of_the_interface(client):
    response = await client.post("/batch", files=[("files", ("a.png", SEVEN)), ("files", ("b.txt", b"seven"))])

    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    alone = (await client.post("/predict", content=SEVEN)).json()
    alone.pop("request_id")
    assert answer == {
        "results": [
            {"index": 0, "filename": "a.png", "status": "ok", "result": alone},
            {
                "index": 1,
                "filename": "b.txt",
                "status": "error",
                "error": {
                    "status": 415,
                    "code": "unsupported_image_format",
                    "detail": "The file is no picture that is known here. Send PNG, JPEG, WebP, BMP or TIFF.",
                },
            },
        ],
        "summary": {"count": 2, "accepted": 1, "review": 0, "rejected": 0, "failed": 1},
        "request_id": response.headers["x-request-id"],
    }
    assert BatchOut.model_validate(answer).model_dump(mode="json", exclude_unset=True) == answer
    DigitOut.model_validate({**answer["results"][0]["result"], "request_id": ""})


async def test_order_is_that_of_the_files_however_long_each_takes(client):
    widths = [60, 900, 61, 1400, 62, 63, 700, 64]  # large ones go through threads, small ones do not
    response = await client.post("/batch", files=stack(*[png(draw_seven(width)) for width in widths]))

    results = response.json()["results"]
    assert [entry["index"] for entry in results] == list(range(len(widths)))
    assert [entry["filename"] for entry in results] == [f"{index}.png" for index in range(len(widths))]
    assert [entry["result"]["image"]["width"] for entry in results] == widths


@pytest.mark.parametrize("how", ["query", "part"])
async def test_numbers_are_read_as_in_sequence(client, how):
    picture = png(np.hstack([draw_seven(40)] * 5))
    where = {"params": {"kind": "sequence"}} if how == "query" else {"data": {"kind": "sequence"}}
    response = await client.post("/batch", files=stack(picture, picture), **where)

    alone = (await client.post("/sequence", content=picture)).json()
    alone.pop("request_id")
    assert [entry["result"] for entry in response.json()["results"]] == [alone, alone]
    NumberOut.model_validate({**alone, "request_id": ""})


async def test_constraint_holds_for_every_number_of_a_stack(client):
    picture = png(np.hstack([draw_seven(40)] * 5))
    response = await client.post("/batch?kind=sequence&length=4", files=stack(picture, picture))

    for entry in response.json()["results"]:
        assert len(entry["result"]["text"]) in (0, 4)


@pytest.mark.parametrize(
    ("picture", "status", "code"),
    [
        (b"", 400, "empty_file"),
        (SEVEN[:-40], 400, "undecodable_image"),
        (bomb(), 413, "too_large"),
        (bytes(10_000_001), 413, "too_large"),
        (PDF, 415, "unsupported_image_format"),
    ],
    ids=["empty", "cut short", "bomb", "too many bytes", "PDF"],
)
async def test_bad_file_fails_alone_as_it_would_by_itself(client, caplog, picture, status, code):
    with nothing_written_to_disk():
        response = await client.post("/batch", files=stack(SEVEN, picture, SEVEN))

    first, bad, last = response.json()["results"]
    assert response.status_code == 200
    assert (bad["status"], bad["error"]["status"], bad["error"]["code"]) == ("error", status, code)
    assert first["result"]["digit"] == last["result"]["digit"] == 7
    assert response.json()["summary"] == {"count": 3, "accepted": 2, "review": 0, "rejected": 0, "failed": 1}
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_summary_counts_every_verdict():
    blank = png(np.full((40, 40), 255, np.uint8))
    async with serving(FakeModels(sure_of(7, margin=1.0))) as client:
        response = await client.post("/batch", files=stack(SEVEN, blank, blank, b"x"))

    assert response.json()["summary"] == {"count": 4, "accepted": 0, "review": 1, "rejected": 2, "failed": 1}


async def test_lines_of_json_come_one_by_one_as_they_are_ready():
    gate, entered = threading.Event(), threading.Event()

    def network(canvases: np.ndarray) -> np.ndarray:
        if entered.is_set():
            assert gate.wait(timeout=30)
        entered.set()
        return sure_of(7)(canvases)

    models = FakeModels(network)
    sent: list[dict] = []
    has_line = asyncio.Event()

    async def send(message):
        sent.append(message)
        if b"\n" in message.get("body", b""):
            has_line.set()

    async with serving(models, Settings(queue_limit=2)) as client:  # one picture on its way at a time
        request = client.build_request("POST", "/batch", files=stack(SEVEN, SEVEN, SEVEN))
        body = [{"type": "http.request", "body": await request.aread(), "more_body": False}]

        async def receive():
            if body:
                return body.pop()
            return await asyncio.Event().wait()

        headers = [(b"content-type", request.headers["content-type"].encode()), (b"accept", b"application/x-ndjson")]
        scope = {"type": "http", "method": "POST", "path": "/batch", "query_string": b"", "headers": headers}
        answering = asyncio.create_task(client._transport.app(scope, receive, send))
        await asyncio.wait_for(has_line.wait(), 30)
        assert not gate.is_set()  # the first line is there while the second picture is still being read
        gate.set()
        await answering

    lines = b"".join(message.get("body", b"") for message in sent).splitlines()
    assert [json.loads(line)["index"] for line in lines] == [0, 1, 2]
    assert json.loads(lines[0])["result"]["digit"] == 7


async def test_lines_and_results_say_the_same(client):
    files = stack(SEVEN, b"x", SEVEN)
    results = (await client.post("/batch", files=files)).json()["results"]
    response = await client.post("/batch", files=files, headers={"Accept": "application/x-ndjson"})

    assert response.headers["content-type"].startswith("application/x-ndjson")
    assert [json.loads(line) for line in response.text.splitlines()] == results


async def test_table_has_a_row_for_every_file(client):
    blank = png(np.full((40, 40), 255, np.uint8))
    response = await client.post("/batch", files=stack(SEVEN, blank, b"x"), headers={"Accept": "text/csv"})

    assert response.headers["content-type"].startswith("text/csv")
    assert response.text.split("\r\n") == [
        "index,filename,page,template,field,value,confidence,decision,reason,status,code,detail",
        "0,0.png,,,,7,0.999945,accepted,,200,,",
        "1,1.png,,,,,0,rejected,blank,200,,",
        "2,2.png,,,,,,,,415,unsupported_image_format,"
        '"The file is no picture that is known here. Send PNG, JPEG, WebP, BMP or TIFF."',
        "",
    ]


async def test_stack_larger_than_the_queue_is_read_to_the_end():
    # The queue of these models holds 8: a stack that sent all at once would be answered with 429 by itself.
    async with serving(FakeModels(), Settings(queue_limit=8)) as client:
        response = await client.post("/batch", files=stack(*[SEVEN] * 200))

    assert response.json()["summary"]["accepted"] == 200


async def test_stacks_side_by_side_and_single_pictures_among_them_are_all_answered():
    async with serving(FakeModels(), Settings(queue_limit=8)) as client:
        stacks = [client.post("/batch", files=stack(*[SEVEN] * 60)) for _ in range(4)]
        single = [client.post("/predict", content=SEVEN) for _ in range(3)]
        responses = await asyncio.gather(*stacks, *single)

    assert [response.status_code for response in responses] == [200] * 7
    assert [response.json()["summary"]["accepted"] for response in responses[:4]] == [60] * 4


class Reader:
    """Fails in a way of the test's choice, the first few times."""

    def __init__(self, error: Exception, num_times: int) -> None:
        self.error, self.num_times = error, num_times

    def refuse_if_full(self) -> None:
        """There is room."""

    async def read(self, data: bytes, *, max_error: float, top_k: int, timeout_s: float):
        if self.num_times:
            self.num_times -= 1
            raise self.error
        return await FakeModels()._reader.read(data, max_error=max_error, top_k=top_k, timeout_s=timeout_s)


async def test_full_queue_is_waited_for():
    async with serving(FakeModels(reader=Reader(QueueFull("full", retry_after_s=0.001), 3))) as client:
        response = await client.post("/batch", files=stack(SEVEN))

    assert response.json()["summary"]["accepted"] == 1


async def test_queue_that_stays_full_fails_the_file():
    models = FakeModels(reader=Reader(QueueFull("full", retry_after_s=0.001), 1000))
    async with serving(models, Settings(timeout_ms=50)) as client:
        response = await client.post("/batch", files=stack(SEVEN))

    (entry,) = response.json()["results"]
    assert (entry["error"]["status"], entry["error"]["code"]) == (429, "queue_full")


@pytest.mark.parametrize(("how", "millis"), [("header", 30), ("setting", 30)])
async def test_files_whose_turn_does_not_come_in_time_say_so(how, millis):
    gate = threading.Event()

    def network(canvases: np.ndarray) -> np.ndarray:
        gate.wait(timeout=30)
        return sure_of(7)(canvases)

    settings = Settings(queue_limit=2, **({"batch_timeout_ms": millis} if how == "setting" else {}))
    async with serving(FakeModels(network), settings) as client:
        headers = {"X-Timeout-Ms": str(millis)} if how == "header" else {}
        response = await client.post("/batch", files=stack(SEVEN, SEVEN, SEVEN), headers=headers)
        gate.set()

    assert response.status_code == 200
    assert [entry["error"]["code"] for entry in response.json()["results"]] == ["deadline_exceeded"] * 3


async def test_unexpected_error_fails_its_file_and_is_logged(caplog):
    async with serving(FakeModels(reader=Reader(RuntimeError("a secret of ours"), 1))) as client:
        response = await client.post("/batch", files=stack(SEVEN, SEVEN), headers={"X-Request-ID": "id-1"})

    bad, good = response.json()["results"]
    assert (bad["error"]["status"], bad["error"]["code"]) == (500, "internal_error")
    assert "secret" not in response.text
    assert "id-1" in bad["error"]["detail"]
    assert good["result"]["digit"] == 7
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info[1].args == ("a secret of ours",)
    assert record.fields == {"request_id": "id-1"}


async def test_shutdown_in_the_middle_is_told_for_each_file():
    async with serving(FakeModels(reader=Reader(NotReady("shutting down"), 1000))) as client:
        response = await client.post("/batch", files=stack(SEVEN, SEVEN))

    assert [entry["error"]["status"] for entry in response.json()["results"]] == [503, 503]


async def test_no_work_is_done_for_a_client_that_has_gone():
    gate, started = threading.Event(), threading.Event()

    def network(canvases: np.ndarray) -> np.ndarray:
        started.set()
        assert gate.wait(timeout=30)
        return sure_of(7)(canvases)

    models = FakeModels(network)
    async with serving(models) as client:
        has_left = asyncio.Event()
        request = client.build_request("POST", "/batch", files=stack(*[SEVEN] * 100))
        body = [{"type": "http.request", "body": await request.aread(), "more_body": False}]

        async def receive():
            if body:
                return body.pop()
            await has_left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        sent: list[dict] = []
        headers = [(b"content-type", request.headers["content-type"].encode())]
        scope = {"type": "http", "method": "POST", "path": "/batch", "query_string": b"", "headers": headers}
        leaving = asyncio.create_task(client._transport.app(scope, receive, send))
        await asyncio.to_thread(started.wait, 30)
        has_left.set()
        await leaving
        assert models.batcher.num_waiting == 0
        gate.set()
        assert (await client.post("/batch", files=stack(SEVEN))).json()["summary"]["accepted"] == 1
    assert sent[0]["status"] == 499


BODY = "--b\r\nContent-Disposition: form-data; name={}; filename=a.png\r\n\r\n{}\r\n"
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}

REFUSED = {
    "no body": ({"content": b"", "headers": MULTIPART}, 400, "empty_body"),
    "no body and no Content-Type": ({}, 400, "empty_body"),
    "no Content-Type": ({"content": SEVEN}, 415, "unsupported_media_type"),
    "no files": ({"content": b"--b--\r\n", "headers": MULTIPART}, 400, "missing_file"),
    "only a kind": ({"files": {"kind": (None, "digit")}}, 400, "missing_file"),
    "wrong part": ({"files": {"file": ("a.png", SEVEN)}}, 400, "unexpected_part"),
    "cut short": ({"content": BODY.format("files", "x").encode(), "headers": MULTIPART}, 400, "malformed_body"),
    "no boundary": (
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        400,
        "malformed_body",
    ),
    "endless boundary": (
        {"content": b"x", "headers": {"Content-Type": f"multipart/form-data; boundary={'b' * 5000}"}},
        400,
        "malformed_body",
    ),
    "513 files": ({"files": stack(*[b"x"] * 513)}, 413, "too_many_parts"),
    "bare picture": ({"content": SEVEN, "headers": {"Content-Type": "image/png"}}, 415, "unsupported_media_type"),
    "unknown kind": ({"files": [*stack(SEVEN), ("kind", (None, "cheque"))]}, 422, "invalid_parameter"),
    "endless kind": ({"files": [*stack(SEVEN), ("kind", (None, "x" * 100))]}, 413, "too_large"),
    "two kinds": (
        {"files": [*stack(SEVEN), ("kind", (None, "digit")), ("kind", (None, "digit"))]},
        400,
        "repeated_part",
    ),
    "kinds that differ": (
        {"files": [*stack(SEVEN), ("kind", (None, "digit"))], "params": {"kind": "sequence"}},
        422,
        "invalid_parameter",
    ),
    "kind in the query": ({"files": stack(SEVEN), "params": {"kind": "cheque"}}, 422, "invalid_parameter"),
    "wrong top_k": ({"files": stack(SEVEN), "params": {"top_k": "11"}}, 422, "invalid_parameter"),
    "unknown model": ({"files": stack(SEVEN), "params": {"model": "vgg"}}, 404, "model_not_found"),
    "model of another kind": (
        {"files": stack(SEVEN), "params": {"model": "cnn", "kind": "sequence"}},
        404,
        "model_not_found",
    ),
}


@pytest.mark.parametrize("sent", REFUSED)
async def test_stack_that_cannot_be_read_at_all_is_refused(client, sent):
    request, status, code = REFUSED[sent]
    with nothing_written_to_disk():
        response = await client.post("/batch", **request)

    check_problem(response, status, code)


@pytest.mark.parametrize("part", ["kind", "template", "page"])
async def test_field_that_was_left_empty_says_nothing(client, part):
    response = await client.post("/batch", files=[*stack(SEVEN), (part, (None, ""))])

    assert response.json()["summary"]["accepted"] == 1


async def test_kind_that_was_left_empty_is_the_query_s(client):
    picture = png(np.hstack([draw_seven(40)] * 5))
    response = await client.post("/batch?kind=sequence", files=[*stack(picture), ("kind", (None, ""))])

    assert "text" in response.json()["results"][0]["result"]


async def test_blank_page_without_bytes_is_an_empty_file(client):
    template = ("template", (None, TEMPLATE_JSON.decode()))
    sent = [*stack(SEVEN), ("kind", (None, "form")), template, ("page", ("p.png", b""))]
    check_problem(await client.post("/batch", files=sent), 400, "empty_file")


@pytest.mark.parametrize(
    ("query", "kind", "told"),
    [
        ("kind=digit&length=5", None, "`length` be asked; `kind` is 'digit'. Leave that out, or say kind=sequence."),
        ("length=5", None, "`length` be asked; `kind` is 'digit'. Leave that out, or say kind=sequence."),
        ("length=5", "digit", "`length` be asked; `kind` is 'digit'. Leave that out, or say kind=sequence."),
        (
            "check=luhn&max_length=5",
            "form",
            "`max_length` and `check` be asked; `kind` is 'form'. Leave that out; the template says what its fields "
            "satisfy.",
        ),
        ("length=5&kind=sequence", None, None),
        ("length=5", "sequence", None),
    ],
)
async def test_constraint_is_for_stacks_of_numbers(client, query, kind, told):
    parts = [] if kind is None else [("kind", (None, kind))]
    response = await client.post(f"/batch?{query}", files=[*stack(SEVEN), *parts])

    if told is None:
        assert response.status_code == 200
    else:
        assert check_problem(response, 422, "invalid_parameter")["detail"] == f"Only of numbers can {told}"


async def test_512_files_are_taken(client):
    response = await client.post("/batch", files=stack(*[b"x"] * 512))

    assert response.json()["summary"]["count"] == 512


@pytest.mark.parametrize("body", ["with a length", "chunked"])
@pytest.mark.parametrize(("num_bytes", "status"), [(64_000_000, 200), (64_000_001, 413)])
async def test_body_may_have_64_mb_and_not_one_byte_more(client, body, num_bytes, status):
    before = b"--b\r\nContent-Disposition: form-data; name=files\r\n\r\n" + SEVEN
    before += b"\r\n--b\r\nContent-Disposition: form-data; name=files\r\n\r\n"
    after = b"\r\n--b--\r\n"
    whole = before + bytes(num_bytes - len(before) - len(after)) + after

    async def pieces():
        for start in range(0, len(whole), 1_000_000):
            yield whole[start : start + 1_000_000]

    content = whole if body == "with a length" else pieces()
    with nothing_written_to_disk():
        response = await client.post("/batch", content=content, headers=MULTIPART)

    if status == 413:
        check_problem(response, 413, "too_large")
    else:
        first, large = response.json()["results"]
        assert first["result"]["digit"] == 7
        assert large["error"]["code"] == "too_large"  # 64 MB are no picture, but the other one is read


async def test_refusal_comes_before_the_rest_of_the_body(client):
    num_sent = 0

    async def endless():
        nonlocal num_sent
        while True:
            num_sent += 1
            yield bytes(1_000_000)

    response = await client.post("/batch", content=endless(), headers={**MULTIPART, "Content-Length": str(10**12)})
    check_problem(response, 413, "too_large")
    assert num_sent <= 1


async def test_key_is_asked_for():
    async with serving(FakeModels(), Settings(api_key="correct horse")) as client:
        check_problem(await client.post("/batch", files=stack(SEVEN)), 401, "wrong_api_key")
        response = await client.post("/batch", files=stack(SEVEN), headers={"X-API-Key": "correct horse"})
        assert response.status_code == 200


async def test_files_without_names_and_with_odd_ones(client):
    part = "--b\r\nContent-Disposition: form-data; name=files{}\r\n\r\n"
    body = b"".join(
        part.format(name).encode() + SEVEN + b"\r\n"
        for name in ("", '; filename="=HYPERLINK(1)"', f'; filename="{"x" * 400}"', '; filename="Zürich 7.png"')
    )
    response = await client.post("/batch", content=body + b"--b--\r\n", headers=MULTIPART)

    names = [entry["filename"] for entry in response.json()["results"]]
    assert names == [None, "=HYPERLINK(1)", "x" * 255, "Zürich 7.png"]


async def test_every_format_of_picture_is_read(client):
    formats = ["PNG", "JPEG", "WEBP", "BMP", "TIFF"]
    response = await client.post("/batch", files=stack(*[encode(draw_seven(), one) for one in formats]))

    assert [entry["result"]["digit"] for entry in response.json()["results"]] == [7] * 5
