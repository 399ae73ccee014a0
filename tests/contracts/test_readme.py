"""What the README tells people to type works, and answers what it says."""

import json
import re
import shlex
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.project import ROOT
from tests.running_service import running_service

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", README, flags=re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]
# A curl block directly followed by the JSON that it answers.
EXAMPLES = re.findall(r"```console\n\$ (curl [^\n]*)\n```\n+```json\n(.*?)```", README, flags=re.DOTALL)
RESULTS = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
HEADLINES = {  # a row of the README's tables, and the row of docs/results.md that it is taken from
    "MNIST test images, posted one by one as PNG": "mnist_test",
    "the same, dark on light, 280 px, off center, as JPEG": "mnist_redrawn",
    "optdigits: another scanner, other writers": "optdigits",
    "semeion: 16 px, stretched to fill the picture, other writers": "semeion",
    "phone photographs of puzzle cells, printed and pen": "photo_cells",
    "MNIST test digits composed on squared paper": "mnist_on_grids",
    "ZIP codes from digits of one test writer": "mdw_zip_codes",
    "the same, with the list of ZIP codes in use as a constraint": "mdw_zip_codes_allowed",
    "amounts on real cheques, no cheque trained on": "cheque_amounts",
}
ONE_THOUSANDTH = 1e-3  # what another processor's arithmetic may change in a probability


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running_service() as address:
        yield address


def test_there_are_examples():
    assert EXAMPLES
    assert len(EXAMPLES) == sum(command.startswith("curl ") for command in COMMANDS)


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("command", "answer"), EXAMPLES)
def test_example_answers_what_the_readme_says(address, command, answer):
    response = replay_curl(command, address)
    expected, found = json.loads(answer), response.json()

    assert response.status_code == 200, found
    assert found.pop("request_id")
    assert expected.pop("request_id")
    assert flatten(found) == pytest.approx(flatten(expected), abs=ONE_THOUSANDTH)


def test_every_headline_is_held_to_a_result():
    assert re.findall(r"^\| (.+) \| [\d.]+ % \| [\d,]+ \|$", README, flags=re.MULTILINE) == list(HEADLINES)


@pytest.mark.parametrize(("headline", "name"), HEADLINES.items())
def test_headline_says_what_was_measured(headline, name):
    ((count, accuracy),) = re.findall(
        rf"^\| {name} \| [\d,]+ of ([\d,]+) \| ([\d.]+ %) \|", RESULTS, flags=re.MULTILINE
    )
    assert f"| {headline} | {accuracy} | {count} |" in README


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_make_target_exists(command):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    assert re.search(rf"^{shlex.split(command)[1]}:", makefile, flags=re.MULTILINE)


def test_ci_runs_the_test_command_of_the_readme():
    # .ci/run takes the command from this line of the README; here is the line.
    assert "make test" in COMMANDS


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        *(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md")),
    ],
)
def test_links_lead_somewhere(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", text) if not urlsplit(target).scheme]

    assert [target for target in targets if not (ROOT / document).parent.joinpath(target).exists()] == []


def replay_curl(command: str, address: str) -> httpx2.Response:
    """Send what a `curl` command line would send, to another address. Knows the options that the README uses."""
    arguments = iter(shlex.split(command)[1:])
    files, url = {}, ""
    for argument in arguments:
        if argument == "-F":
            name, _, path = next(arguments).partition("=@")
            files[name] = (ROOT / path).read_bytes()
        else:
            assert not argument.startswith("-"), f"teach this helper curl's {argument}"
            url = argument
    parts = urlsplit(url)
    target = f"{address}{parts.path}?{parts.query}"
    # trust_env=False: a proxy that the shell names has no business between this machine and itself.
    with httpx2.Client(trust_env=False, timeout=30) as client:
        return client.post(target, files=files) if files else client.get(target)


def flatten(value: object, path: str = "") -> dict[str, object]:
    """One flat record, so that numbers compare within a tolerance and all else exactly."""
    if isinstance(value, dict):
        items = [(f"{path}.{key}", item) for key, item in value.items()]
    elif isinstance(value, list):
        items = [(f"{path}[{index}]", item) for index, item in enumerate(value)] + [(f"{path}.length", len(value))]
    else:
        return {path: value}
    return {
        key: leaf
        for name, item in items
        for key, leaf in ([(name, item)] if item == [] else flatten(item, name).items())
    }
