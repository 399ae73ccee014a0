"""Real handwriting, posted picture by picture to the service with its committed models.

Each set has a floor; and `docs/results.md` must say what is measured here. Run with `make accuracy`;
`PYTEST_ARGS="-n 0 -s"` shows the rows for that page.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import numpy as np
import pytest

from tests.accuracy.picture_sets import PICTURE_SETS, blank_cells
from tests.pictures import png
from tests.project import ROOT
from tests.running_service import running_service
from trainer.data.collages import several
from trainer.data.exposure import redrawn
from trainer.data.mnist import load_mnist
from trainer.intervals import wilson_interval
from trainer.photograph import photograph_ink

pytestmark = [pytest.mark.accuracy, pytest.mark.timeout(600)]

FLOORS = {
    "mnist_test": 0.9960,
    "mnist_redrawn": 0.9945,
    "optdigits": 0.985,
    "semeion": 0.95,
    "photo_cells": 0.97,
    "bhmsds_held_back": 0.99,
    "mnist_in_boxes": 0.98,
    "mnist_on_rulings": 0.98,
    "mnist_on_grids": 0.97,
    "mnist_circled": 0.97,
    "mnist_on_a_desk": 0.98,
    "mnist_on_wood": 0.92,
    "mnist_under_a_hand": 0.92,
    "mnist_faxed": 0.98,
    "mnist_in_pale_pencil": 0.85,
    "mnist_in_a_table": 0.9,
    "mnist_as_bright_as_its_paper": 0.98,
    "mnist_in_colored_cells": 0.98,
}
NUM_IN_FLIGHT = 8  # an answer does not depend on its neighbors in a batch


@pytest.fixture(scope="module")
def address(real_data_dir: Path) -> Iterator[str]:
    """The service as an operator starts it, ready, with the models of the repository."""
    with running_service() as address:
        yield address


async def post_all(address: str, files: list[bytes], *, model: str = "cnn") -> list[dict[str, object]]:
    """One request per picture, and the answers in the same order."""
    in_flight = asyncio.Semaphore(NUM_IN_FLIGHT)

    async with httpx2.AsyncClient(base_url=address, timeout=60.0) as client:

        async def post(file: bytes) -> dict[str, object]:
            async with in_flight:
                response = await client.post(f"/predict?model={model}", files={"file": file})
            assert response.status_code == 200, response.text
            answer: dict[str, object] = response.json()
            return answer

        return await asyncio.gather(*(post(file) for file in files))


@pytest.mark.parametrize("name", PICTURE_SETS)
async def test_real_digits_are_read(name: str, address: str, real_data_dir: Path) -> None:
    pictures = PICTURE_SETS[name](real_data_dir)
    answers = await post_all(address, pictures.files)
    digits = np.array([-1 if answer["digit"] is None else answer["digit"] for answer in answers])
    is_accepted = np.array([answer["decision"] == "accepted" for answer in answers])
    is_right = digits == pictures.labels
    num_right, num_pictures = int(is_right.sum()), len(is_right)
    low, high = wilson_interval(num_right, num_pictures)
    accepted_wrong = int((is_accepted & ~is_right).sum())
    row = (
        f"| {name} | {num_right:,} of {num_pictures:,} | {num_right / num_pictures:.2%} | {low:.2%} to {high:.2%} "
        f"| {is_accepted.mean():.1%} | {accepted_wrong} |"
    )
    print(f"\n{row}")
    assert num_right / num_pictures >= FLOORS[name]
    assert documented_num_right(name) == pytest.approx(num_right, abs=max(1, 0.0003 * num_pictures)), (
        f"docs/results.md should say: {row}"
    )


def documented_num_right(name: str) -> int:
    """How many pictures of a set `docs/results.md` says are read right."""
    row = re.search(rf"^\| {name} \| ([\d,]+) of ", (ROOT / "docs" / "results.md").read_text(), re.MULTILINE)
    assert row, f"docs/results.md has no row for {name}"
    return int(row[1].replace(",", ""))


async def test_ensemble_reads_mnist(address: str, real_data_dir: Path) -> None:
    pictures = PICTURE_SETS["mnist_test"](real_data_dir)
    answers = await post_all(address, pictures.files, model="ensemble")
    num_right = sum(answer["digit"] == label for answer, label in zip(answers, pictures.labels, strict=True))
    low, high = wilson_interval(num_right, len(answers))
    row = (
        f"| mnist_test_ensemble | {num_right:,} of {len(answers):,} | {num_right / len(answers):.2%} | {low:.2%} to "
        f"{high:.2%} |"
    )
    print(f"\n{row}")
    assert num_right / len(answers) >= 0.9960
    assert documented_num_right("mnist_test_ensemble") == pytest.approx(num_right, abs=3), (
        f"docs/results.md should say: {row}"
    )


async def test_blank_cells_are_rejected_as_blank(address: str, real_data_dir: Path) -> None:
    answers = await post_all(address, blank_cells(real_data_dir))
    num_blank = sum((answer["decision"], answer["reason"]) == ("rejected", "blank") for answer in answers)
    print(f"\n| blank_cells | {num_blank} of {len(answers)} |")
    assert num_blank / len(answers) >= 0.98


@pytest.mark.parametrize(("name", "show", "floor"), [("drawn", redrawn, 0.96), ("photographed", photograph_ink, 0.87)])
async def test_several_digits_are_not_read_as_one(
    name: str, show: Callable[..., np.ndarray], floor: float, address: str, real_data_dir: Path
) -> None:
    digits, rng = load_mnist(real_data_dir).test, np.random.default_rng(17)
    answers = await post_all(address, [png(show(several(digits, rng), rng)) for _ in range(1_000)])
    num_several = sum(answer["reason"] == "several_digits" for answer in answers)
    num_accepted = sum(answer["decision"] == "accepted" for answer in answers)
    low, high = wilson_interval(num_several, len(answers))
    row = (
        f"| several_{name} | {num_several:,} of {len(answers):,} | {num_several / len(answers):.2%} | {low:.2%} to "
        f"{high:.2%} | {num_accepted} |"
    )
    print(f"\n{row}")
    assert num_several / len(answers) >= floor
    assert documented_num_right(f"several_{name}") == pytest.approx(num_several, abs=3), (
        f"docs/results.md should say: {row}"
    )
