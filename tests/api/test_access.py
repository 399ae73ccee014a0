import pytest

from service.settings import Settings
from tests.api.serving import FakeModels, check_problem, serving
from tests.pictures import draw_seven, png

pytestmark = pytest.mark.anyio

KEY = "correct horse battery"
LOCKED = [("POST", "/predict"), ("GET", "/models"), ("GET", "/models/cnn")]


@pytest.mark.parametrize(("method", "path"), LOCKED)
@pytest.mark.parametrize(
    ("given", "told"),
    [(None, "is missing"), ("", "is missing"), ("correct horse", "is wrong"), ("ключ".encode(), "is wrong")],
)
async def test_without_the_key_there_is_no_answer(method, path, given, told):
    async with serving(FakeModels(), Settings(api_key=KEY)) as client:
        headers = {} if given is None else {"X-API-Key": given}
        response = await client.request(method, path, headers=headers, content=png(draw_seven()))

    assert told in check_problem(response, 401, "wrong_api_key")["detail"]
    assert response.headers["www-authenticate"]
    assert KEY not in response.text


@pytest.mark.parametrize(("method", "path"), LOCKED)
async def test_with_the_key_there_is(method, path):
    async with serving(FakeModels(), Settings(api_key=KEY)) as client:
        response = await client.request(method, path, headers={"X-API-Key": KEY}, content=png(draw_seven()))

    assert response.status_code == 200, response.text


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/", "/docs", "/redoc", "/openapi.json"])
async def test_health_and_pages_need_no_key(path):
    async with serving(FakeModels(), Settings(api_key=KEY)) as client:
        assert (await client.get(path)).status_code == 200


async def test_where_no_key_is_set_none_is_asked_for(client):
    assert (await client.get("/models", headers={"X-API-Key": "whatever"})).status_code == 200
