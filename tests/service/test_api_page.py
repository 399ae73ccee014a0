"""The commands of docs/api.md and docs/batch.md work on a running service, and are answered as the pages say."""

import json
import re
import shlex
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.project import ROOT
from tests.service.process import running

PAGE = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("api.md", "batch.md"))
COMMANDS = re.findall(r"^\$ (curl .*)$", PAGE, flags=re.MULTILINE)
ANSWERED = dict(re.findall(r"```console\n\$ (curl [^\n]*)\n```\n```json\n(.*?)```", PAGE, flags=re.DOTALL))


@pytest.fixture(scope="module")
def client(both_models_dir):
    with running(both_models_dir) as (_, client):
        yield client


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_answered_as_the_page_says(client, command):
    response = replay(command, client)

    if command not in ANSWERED:
        assert response.status_code == 200, response.text
        return
    expected, found = json.loads(ANSWERED[command]), response.json()
    assert expected.pop("request_id", None) is None or found.pop("request_id")
    assert found == expected
    assert response.status_code == (expected["status"] if "code" in expected else 200)


def replay(command: str, client: httpx2.Client) -> httpx2.Response:
    """Send what curl would send."""
    headers, files, content, path = {}, [], None, ""
    arguments = iter(shlex.split(command)[1:])
    for argument in arguments:
        if argument == "-H":
            name, _, value = next(arguments).partition(": ")
            headers[name] = value
        elif argument == "-F":
            name, _, value = next(arguments).partition("=")
            sent = (value[1:], (ROOT / value[1:]).read_bytes()) if value.startswith("@") else (None, value)
            files.append((name, sent))
        elif argument == "--data-binary":
            content = (ROOT / next(arguments).removeprefix("@")).read_bytes()
        else:
            address = urlsplit(argument)
            path = f"{address.path}?{address.query}"
    method = "POST" if files or content else "GET"
    return client.request(method, path, headers=headers, files=files or None, content=content)
