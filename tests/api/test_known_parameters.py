"""What a query asks is taken as it is asked, or refused: nothing of it goes unread."""

import pytest

from service.settings import Settings
from tests.api.serving import FakeModels, check_problem, serving
from tests.pictures import draw_seven, png

pytestmark = pytest.mark.anyio

PICTURE = png(draw_seven(28))
OF_PREDICT = "Known are: max_error, model, top_k."
OF_SEQUENCE = "Known are: allowed, check, length, max_error, max_length, min_length, model, pattern, top_k."
OF_BATCH = OF_SEQUENCE.replace("length, max_error", "kind, length, max_error", 1)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/predict?modell=cnn", f"There is no query parameter 'modell' here. Is `model` meant? {OF_PREDICT}"),
        ("/predict?length=3", f"There is no query parameter 'length' here. {OF_PREDICT}"),
        ("/predict?_=1764000000", f"There is no query parameter '_' here. {OF_PREDICT}"),
        ("/predict?=3", f"There is no query parameter '' here. {OF_PREDICT}"),
        ("/predict?top_k=3&Top_k=3", f"There is no query parameter 'Top_k' here. Is `top_k` meant? {OF_PREDICT}"),
        (f"/predict?{'x' * 70}=", f"There is no query parameter '{'x' * 60}'... here. {OF_PREDICT}"),
        ("/predict?X-Timeout-Ms=50", f"There is no query parameter 'X-Timeout-Ms' here. {OF_PREDICT}"),
        (
            "/sequence?max_lenght=3",
            f"There is no query parameter 'max_lenght' here. Is `max_length` meant? {OF_SEQUENCE}",
        ),
        ("/sequence?kind=digit", f"There is no query parameter 'kind' here. {OF_SEQUENCE}"),
        ("/batch?kinds=form", f"There is no query parameter 'kinds' here. Is `kind` meant? {OF_BATCH}"),
        ("/batch?template=tally", f"There is no query parameter 'template' here. {OF_BATCH}"),  # it is a part
    ],
)
async def test_unknown_parameter_is_refused_with_the_nearest_and_all(client, path, told):
    for _ in range(2):
        response = await client.post(path, content=PICTURE)
        assert check_problem(response, 422, "invalid_parameter")["detail"] == told


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/predict?top_k=1&top_k=4", "`top_k` is there 2 times in the query. Send it once."),
        ("/predict?top_k=4&top_k=4", "`top_k` is there 2 times in the query. Send it once."),
        ("/sequence?length=3&length=5&length=", "`length` is there 3 times in the query. Send it once."),
        ("/batch?kind=digit&kind=sequence", "`kind` is there 2 times in the query. Send it once."),
    ],
)
async def test_repeated_parameter_is_refused(client, path, told):
    for _ in range(2):
        response = await client.post(path, content=PICTURE)
        assert check_problem(response, 422, "invalid_parameter")["detail"] == told


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("GET", "/templates", []),
        ("GET", "/templates/schema.json", []),
        ("PUT", "/templates/tally", []),
        ("GET", "/templates/tally", []),
        ("DELETE", "/templates/tally", []),
        ("GET", "/templates/tally/blank.png", ["page"]),
        ("GET", "/templates/tally/form.pdf", []),
    ],
)
async def test_templates_know_their_parameters_too(client, method, path, known):
    response = await client.request(method, f"{path}?pages=2")

    detail = check_problem(response, 422, "invalid_parameter")["detail"]
    if known:
        assert detail == "There is no query parameter 'pages' here. Is `page` meant? Known are: page."
    else:
        assert detail == "There is no query parameter 'pages' here, nor any other."


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/metrics", "/models", "/", "/docs", "/openapi.json"]
)
async def test_probes_and_pages_may_be_asked_past_a_cache(client, path):
    assert (await client.get(f"{path}?_=1764000000")).status_code == 200


async def test_key_is_asked_for_first():
    async with serving(FakeModels(), Settings(api_key="correct horse")) as client:
        for path in ("/predict", "/sequence", "/batch"):
            check_problem(await client.post(f"{path}?odd=1", content=PICTURE), 401, "wrong_api_key")
