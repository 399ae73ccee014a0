"""The pages work without internet: whatever they load comes from this service, and their policy lets it in."""

import re

import pytest

from service.api.routes.pages import WEB_DIR

pytestmark = pytest.mark.anyio

PAGES = ["/", "/docs", "/redoc"]


@pytest.mark.parametrize("path", PAGES)
async def test_everything_a_page_loads_is_served_from_here(client, path):
    page = await client.get(path)

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    loaded = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) >= 3
    for address in loaded:
        assert re.fullmatch(r"static/[\w./-]+", address), address  # relative: works behind a proxy with a prefix too
        assert (await client.get(f"/{address}")).status_code == 200, address


@pytest.mark.parametrize("path", PAGES)
async def test_page_keeps_to_its_policy(client, path):
    page = await client.get(path)
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))

    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert "http" not in page.headers["content-security-policy"]
    # Nothing inline that the policy would stop.
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=|javascript:", page.text)


@pytest.mark.parametrize("path", PAGES)
async def test_head_is_answered_like_get_but_for_the_body(client, path):
    response = await client.head(path)

    assert response.status_code == 200
    assert response.content == b""


@pytest.mark.parametrize("path", sorted(path for path in WEB_DIR.glob("*.*")), ids=lambda path: path.name)
def test_own_files_name_no_other_server(path):
    addresses = set(re.findall(r"https?://[\w.-]+", path.read_text(encoding="utf-8")))

    assert addresses <= {"http://www.w3.org"}  # names of XML, which nobody fetches


def test_vendored_redoc_fetches_no_logo():
    assert "cdn.redoc" not in (WEB_DIR / "vendor/redoc/redoc.standalone.js").read_text(encoding="utf-8")
