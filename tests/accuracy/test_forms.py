"""Filled-in forms, posted to the service with its committed models: photographs, scans and composed ones.

`docs/results.md` must say what is measured here. Run with `make accuracy`; `PYTEST_ARGS="-n 0 -s"` shows the rows for
that page.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.accuracy.form_sets import (
    FilledForm,
    changed,
    composed_forms,
    nist_form,
    vote_tables,
    voters,
    votes,
)
from tests.running_service import running_service

pytestmark = [pytest.mark.accuracy, pytest.mark.timeout(1_800)]

NUM_COMPOSED = int(os.environ.get("NUM_COMPOSED_FORMS", "20"))  # 60 for docs/results.md; they take minutes
MIN_RIGHT = {
    "scans": 0.98,
    "photographs": 0.97,
    "large_scans": 0.96,
    "large_photographs": 0.95,
    "pale_photographs": 0.97,
    "creased_photographs": 0.97,
    "penciled_photographs": 0.95,
    "two_pens_photographs": 0.95,
}
MAX_ACCEPTED_WRONG = {
    "scans": 0.005,
    "photographs": 0.005,
    "large_scans": 0.01,
    "large_photographs": 0.01,
    "pale_photographs": 0.005,
    "creased_photographs": 0.005,
    "penciled_photographs": 0.005,
    "two_pens_photographs": 0.005,
}

# Of the fields of a real form, the share that is accepted or right. On `votes` digits are traced over printed
# seven-segment guides and taken for no digits; in `vote_tables` digits are crammed into one box. Nothing wrong is
# accepted on either.
LEAST_READ = {"voters": 0.9, "votes": 0.6, "vote_tables": 0.9, "nist_form": 0.9}

Forms = Callable[[Path], list[FilledForm]]
REAL_FORMS: dict[str, Forms] = {"voters": voters, "votes": votes, "vote_tables": vote_tables, "nist_form": nist_form}


@pytest.fixture(scope="module")
def address(real_data_dir: Path) -> Iterator[str]:
    """The service as an operator starts it, ready, with the models of the repository."""
    with running_service() as address:
        yield address


async def post(address: str, form: FilledForm) -> dict[str, Any]:
    """The entry of the answer for one picture of a form."""
    parts: list[tuple[str, Any]] = [
        ("files", ("form", form.file)),
        ("kind", (None, "form")),
        ("template", (None, form.template)),
    ]
    if form.page is not None:
        parts.append(("page", ("page.png", form.page)))
    async with httpx2.AsyncClient(base_url=address, timeout=120.0) as client:
        response = await client.post("/batch", files=parts)
    assert response.status_code == 200, response.text
    (entry,) = response.json()["results"]
    found: dict[str, Any] = entry
    return found


def judged(entry: dict[str, Any], form: FilledForm) -> Counter[str]:
    """How many fields of a form were read right, accepted, and accepted though they are wrong."""
    counts = Counter(fields=len(form.values))
    if entry["status"] != "ok":
        return counts + Counter(failed=1)
    for field in entry["result"]["fields"]:
        is_right, is_accepted = field["value"] == form.values[field["name"]], field["decision"] == "accepted"
        counts.update(right=is_right, accepted=is_accepted, accepted_wrong=is_accepted and not is_right)
        counts.update(accepted_or_right=is_accepted or is_right)
        if is_accepted and not is_right:
            print(field["name"], repr(form.values[field["name"]]), "was read as", repr(field["value"]))
    return counts


def row(name: str, counts: Counter[str]) -> str:
    return (
        f"| {name} | {counts['right']:,} of {counts['fields']:,} | {counts['right'] / counts['fields']:.2%} "
        f"| {counts['accepted'] / counts['fields']:.1%} | {counts['accepted_wrong']} | {counts['failed']} |"
    )


@pytest.mark.parametrize("name", REAL_FORMS)
async def test_no_accepted_field_of_a_real_form_is_wrong(name: str, address: str, real_data_dir: Path) -> None:
    counts: Counter[str] = Counter()
    for form in REAL_FORMS[name](real_data_dir):
        counts += judged(await post(address, form), form)
    print("\n" + row(name, counts))
    assert counts["failed"] == 0
    assert counts["accepted_wrong"] == 0
    assert counts["accepted_or_right"] >= LEAST_READ[name] * counts["fields"]


@pytest.mark.parametrize("change", ["upside down", "on its side", "half size"])
@pytest.mark.parametrize("name", ["voters", "votes"])
async def test_it_does_not_matter_how_a_page_lies(name: str, change: str, address: str, real_data_dir: Path) -> None:
    (form,) = REAL_FORMS[name](real_data_dir)
    counts = judged(await post(address, changed(form, change)), form)
    print("\n" + row(f"{name}, {change}", counts))
    assert counts["failed"] == 0
    assert counts["accepted_wrong"] == 0
    assert counts["accepted_or_right"] >= LEAST_READ[name] * counts["fields"]


async def test_every_form_is_refused_by_the_templates_of_the_others(address: str, real_data_dir: Path) -> None:
    forms = {name: load(real_data_dir)[0] for name, load in REAL_FORMS.items()}
    forms["composed"] = composed_forms(real_data_dir, "photographs", 1)[0]
    for name, form in forms.items():
        for other_name, other in forms.items():
            if name == other_name:
                continue
            entry = await post(address, FilledForm(other.template, other.page, form.file, {}))
            assert entry["status"] == "error", f"{name} passed for {other_name}"
            assert entry["error"]["code"] == "registration_failed", entry


@pytest.mark.parametrize("kind", MIN_RIGHT)
async def test_composed_forms(kind: str, address: str, real_data_dir: Path) -> None:
    counts: Counter[str] = Counter()
    for begin in range(0, NUM_COMPOSED, 4):
        forms = composed_forms(real_data_dir, kind, 4, first=begin)
        entries = await asyncio.gather(*(post(address, form) for form in forms))
        for form, entry in zip(forms, entries, strict=True):
            counts += judged(entry, form)
    print("\n" + row(f"composed_{kind}", counts))
    print(json.dumps(counts))
    assert counts["right"] >= MIN_RIGHT[kind] * counts["fields"]
    assert counts["accepted_wrong"] <= MAX_ACCEPTED_WRONG[kind] * counts["fields"]
