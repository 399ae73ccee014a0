"""Broken pictures of every format, posted one after the other: refused or read, and the service is well afterwards."""

import time

import pytest

from tests.api.serving import FakeModels, check_problem, serving
from tests.fuzz.broken_pictures import FAMILIES
from tests.fuzz.whole_pictures import whole_pictures

# As in the service: Pillow's warnings about odd pictures are no errors there.
pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

CODES = {
    400: "undecodable_image",
    413: "too_large",
    415: "unsupported_image_format",
}
LIMIT_S = 5.0  # far above what any of them takes, far below what a decoder that does not come back takes


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_there_are_more_than_a_thousand_and_no_two_alike():
    pictures = [(name, data) for family in FAMILIES.values() for name, data in family()]

    assert len({name for name, _ in pictures}) == len(pictures)
    assert len({data for _, data in pictures}) > 1000


async def test_whole_pictures_are_read():
    async with serving(FakeModels()) as client:
        for name, data in whole_pictures().items():
            response = await client.post("/predict", content=data)
            assert response.status_code == 200, (name, response.text)
            assert response.json()["digit"] == 7, name


@pytest.mark.parametrize("family", FAMILIES)
async def test_broken_pictures_are_read_or_refused(family, caplog):
    seven = whole_pictures()["PNG gray"]
    async with serving(FakeModels()) as client:
        for name, data in FAMILIES[family]():
            began = time.monotonic()
            response = await client.post("/predict", files={"file": ("a.png", data)})
            took_s = time.monotonic() - began

            assert response.status_code in {200, *CODES}, (name, response.text)
            if response.status_code != 200:
                check_problem(response, response.status_code, CODES[response.status_code])
            assert took_s < LIMIT_S, name
        # None of them leaves anything behind that the next request could feel.
        assert (await client.post("/predict", content=seven)).json()["digit"] == 7
    ours = [record for record in caplog.records if record.name.startswith("service")]
    assert not [record for record in ours if record.exc_info or record.levelname == "ERROR"]
