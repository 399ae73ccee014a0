"""What a request for a number is answered with."""

import asyncio

import numpy as np
import pytest

from service.api.sequence_schemas import NumberOut
from service.recognition.allowed import AllowedList
from service.recognition.check_digits import CHECKS
from tests.api.serving import FakeModels, check_problem, serving
from tests.pictures import draw_seven, draw_strokes, encode, png
from tests.runtime.fakes import reads

pytestmark = pytest.mark.anyio

LISTS = {name: AllowedList(name, entries) for name, entries in {"odd": ["12864", "555"], "even": ["2", "48"]}.items()}


async def test_answer_has_the_fields_of_the_interface(client):
    response = await client.post("/sequence", files={"file": ("a.png", png(draw_strokes(5)))})

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    answer = response.json()
    box = answer["image"].pop("box")
    assert list(box) == ["x", "y", "width", "height"]
    digits, alternatives, confidence = answer["digits"], answer["alternatives"], answer["confidence"]
    assert answer == {
        "text": "12867",
        "confidence": pytest.approx(0.9968, abs=1e-4),
        "low_confidence": False,
        "decision": "accepted",
        "reason": None,
        "digits": digits,
        "alternatives": alternatives,
        "constraint": {"satisfied": True, "changed_reading": False},
        "model": {"name": "crnn", "version": 1},
        "calibration": {"max_error": 0.01, "threshold": 0.8},
        "image": {"width": 240, "height": 120, "polarity": "dark_on_light"},
        "request_id": response.headers["x-request-id"],
    }
    assert alternatives[0] == {"text": "12867", "confidence": confidence}
    assert [digit["digit"] for digit in digits] == [1, 2, 8, 6, 7]
    for digit in digits:
        assert list(digit) == ["digit", "confidence", "box", "alternatives"]
        assert box["x"] <= digit["box"]["x"] < digit["box"]["x"] + digit["box"]["width"] <= box["x"] + box["width"]
        assert all(other["digit"] != digit["digit"] for other in digit["alternatives"])
    lefts = [digit["box"]["x"] for digit in digits]
    assert lefts == sorted(set(lefts))
    assert NumberOut.model_validate(response.json()).model_dump(mode="json") == response.json()


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
async def test_every_format_is_read_as_a_bare_body(client, image_format):
    response = await client.post("/sequence", content=encode(draw_strokes(5), image_format))

    assert response.status_code == 200, response.text
    assert response.json()["text"] == "12867"


async def test_blank_picture_is_a_rejected_reading_and_no_error(client):
    response = await client.post("/sequence?length=5", content=png(np.full((40, 50), 255, np.uint8)))

    answer = response.json()
    assert response.status_code == 200
    assert (answer["text"], answer["confidence"], answer["digits"], answer["alternatives"]) == ("", 0, [], [])
    assert (answer["decision"], answer["reason"], answer["low_confidence"]) == ("rejected", "blank", True)
    assert answer["image"]["box"] is None


async def test_ink_that_holds_no_digit_is_rejected_as_that():
    async with serving(FakeModels(line_network=reads("??"))) as client:
        answer = (await client.post("/sequence", content=png(draw_strokes(2)))).json()

    assert (answer["text"], answer["decision"], answer["reason"]) == ("", "rejected", "not_a_digit")
    assert answer["constraint"]["satisfied"] is False


@pytest.mark.parametrize(
    ("label", "num_strokes"), [("0007", 4), ("55555", 5), ("7", 1), ("1234567890123456789012", 22)]
)
async def test_repeated_digits_and_lengths_are_kept(label, num_strokes):
    async with serving(FakeModels(line_network=reads(label))) as client:
        answer = (await client.post("/sequence", content=png(draw_strokes(num_strokes)))).json()

    assert answer["text"] == label
    assert len(answer["digits"]) == num_strokes


@pytest.mark.parametrize(
    ("query", "text", "changed"),
    [
        ("length=5", "12864", False),
        ("min_length=1&max_length=10", "12864", False),
        ("min_length=0&max_length=32", "12864", False),
        ("pattern=[1-9][0-9]*", "12864", False),
        ("pattern=123\\d%2B", "12364", True),
        ("pattern=^(9|12[0-4])64$", "12364", True),
        ("check=luhn", "12864", False),
        ("allowed=odd", "12864", False),
        ("allowed=odd&length=5&check=luhn&pattern=.*", "12864", False),
    ],
)
async def test_constraint_is_held_and_says_when_it_changed_the_reading(query, text, changed):
    models = FakeModels(line_network=reads("12864", or_else="12364"))
    async with serving(models, lists=LISTS) as client:
        answer = (await client.post(f"/sequence?{query}", content=png(draw_strokes(5)))).json()

    assert answer["text"] == text
    assert answer["constraint"] == {"satisfied": True, "changed_reading": changed}


@pytest.mark.parametrize("query", ["length=7", "pattern=9.*", "check=ean13", "allowed=even"])
async def test_number_that_cannot_satisfy_the_constraint_is_rejected_and_not_forced(query):
    async with serving(FakeModels(), lists=LISTS) as client:
        answer = (await client.post(f"/sequence?{query}", content=png(draw_strokes(5)))).json()

    assert (answer["text"], answer["decision"], answer["reason"]) == ("", "rejected", "constraint_failed")
    assert answer["digits"] == []


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("length=33", "`length` is '33'; it must be a whole number from 0 to 32."),
        ("length=-1", "`length` is '-1'; it must be a whole number from 0 to 32."),
        ("min_length=x", "`min_length` is 'x'; it must be a whole number from 0 to 32."),
        ("max_length=1.5", "`max_length` is '1.5'; it must be a whole number from 0 to 32."),
        ("check=crc", "`check` is 'crc'; it must be luhn, mod97, ean13, isbn10, isbn13 or verhoeff."),
        (
            f"pattern={'1' * 201}",
            f"`pattern` is '{'1' * 60}'...; it must be a regular expression over digits, 1 to 200 characters.",
        ),
        ("pattern=", "`pattern` is ''; it must be a regular expression over digits, 1 to 200 characters."),
        ("check=", "`check` is ''; it must be luhn, mod97, ean13, isbn10, isbn13 or verhoeff."),
        ("pattern=\\d\\d\\D", "`pattern` is '\\d\\d\\D'; at position 4: of escapes only \\d is understood."),
        (
            "pattern=[1-3]{4}&length=5",
            "`pattern` is '[1-3]{4}'; it matches no number of 5 digits, so nothing could ever be read with it.",
        ),
        ("top_k=11", "`top_k` is '11'; it must be a whole number from 1 to 10."),
        ("max_error=1", "`max_error` is '1'; it must be a number above 0 and below 1."),
        (
            "allowed=odd&length=9",
            "`allowed` is 'odd'; it holds no number of 9 digits, so nothing could ever be read with it.",
        ),
        ("allowed=us_zip_codes", "`allowed` is 'us_zip_codes'; the lists here are: even, odd."),
        ("allowed=", "`allowed` is ''; the lists here are: even, odd."),
        (f"model={'x' * 65}", f"`model` is '{'x' * 60}'...; it must be the name of a model, at most 64 characters."),
    ],
)
async def test_wrong_parameter_is_named_with_its_value_and_its_range(query, told):
    async with serving(FakeModels(), lists=LISTS) as client:
        for _ in range(2):  # what is remembered of a query is no wrong one
            response = await client.post(f"/sequence?{query}", content=png(draw_strokes(5)))
            assert check_problem(response, 422, "invalid_parameter")["detail"] == told


@pytest.mark.parametrize(("pattern", "position"), [("12(3", "2"), ("[0-", "3"), ("1**", "2"), ("a", "0"), ("1{2", "3")])
async def test_bad_pattern_is_refused_with_the_position(client, pattern, position):
    response = await client.post("/sequence", params={"pattern": pattern}, content=png(draw_strokes(5)))

    detail = check_problem(response, 422, "invalid_parameter")["detail"]
    assert "`pattern`" in detail
    assert f"position {position}" in detail


@pytest.mark.parametrize("query", ["min_length=6&max_length=5", "length=5&max_length=4", "check=isbn10&length=13"])
async def test_lengths_that_contradict_each_other_are_refused(client, query):
    response = await client.post(f"/sequence?{query}", content=png(draw_strokes(5)))

    assert "no number has both" in check_problem(response, 422, "invalid_parameter")["detail"]


async def test_server_without_lists_says_so(client):
    response = await client.post("/sequence?allowed=months", content=png(draw_strokes(5)))

    detail = check_problem(response, 422, "invalid_parameter")["detail"]
    assert detail == "`allowed` is 'months'; there are no lists on this server."


@pytest.mark.parametrize("check", CHECKS)
async def test_every_check_digit_rule_can_be_asked_for(client, check):
    response = await client.post(f"/sequence?check={check}", content=png(draw_strokes(5)))

    assert response.status_code == 200, response.text


async def test_same_query_is_answered_alike_again_and_by_its_own_constraint(client):
    texts = []
    for query in ("length=5", "length=4", "length=5", "length=4", ""):
        answer = (await client.post(f"/sequence?{query}", content=png(draw_strokes(5)))).json()
        texts.append(answer["text"])

    assert texts == ["12867", "", "12867", "", "12867"]


@pytest.mark.parametrize("model", ["cnn", "auto", "vgg", "dnn"])
async def test_model_that_reads_no_numbers_is_not_found(client, model):
    response = await client.post(f"/sequence?model={model}", content=png(draw_strokes(5)))

    detail = check_problem(response, 404, "model_not_found")["detail"]
    assert detail == f"There is no model {model!r} that reads numbers. Loaded are: crnn."


async def test_sequence_reader_reads_no_single_digits(client):
    response = await client.post("/predict?model=crnn", content=png(draw_seven()))

    detail = check_problem(response, 404, "model_not_found")["detail"]
    assert detail == "There is no model 'crnn' that reads single digits. Loaded are: cnn, dnn."


async def test_server_timing_names_every_stage(client):
    response = await client.post("/sequence", content=png(draw_strokes(5)))

    stages = [entry.split(";dur=") for entry in response.headers["server-timing"].split(", ")]
    assert [name for name, _ in stages] == ["decode", "canvas", "queue", "model", "read"]


async def test_each_number_is_answered_the_same_alone_and_in_a_crowd(client):
    lengths = [1, 2, 3, 5, 8, 4, 2, 6]
    alone = [(await client.post("/sequence", content=png(draw_strokes(length)))).json() for length in lengths]
    together = await asyncio.gather(
        *(client.post("/sequence", content=png(draw_strokes(length))) for length in lengths)
    )

    for one, response in zip(alone, together, strict=True):
        other = response.json()
        del one["request_id"], other["request_id"]
        assert other == one
