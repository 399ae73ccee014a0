"""Numbers posted picture by picture to the service with its committed models.

Each set has a floor; and `docs/results.md` must say what is measured here. Run with `make accuracy`;
`PYTEST_ARGS="-n 0 -s"` shows the rows for that page.
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import numpy as np
import pytest

from tests.accuracy.colored_scenes import as_bright_as_its_paper, in_colored_cells, on_a_form
from tests.accuracy.scenes import (
    Scene,
    circled,
    cropped,
    faxed,
    in_a_table,
    in_pale_pencil,
    on_a_desk,
    on_wood,
    under_a_hand,
)
from tests.accuracy.signs import with_sign
from tests.pictures import encode, png
from tests.project import ROOT
from tests.running_service import running_service
from trainer.data.lines.style import CLEAN, HARD_DIGITS_ONLY
from trainer.data.mnist import load_mnist
from trainer.intervals import wilson_interval
from trainer.reader.evaluate import COMPOSED_SEED
from trainer.reader.numbers import Numbers, cheque_amounts, composed, hands_of_test_writers, zip_codes

pytestmark = [pytest.mark.accuracy, pytest.mark.timeout(900)]

NUM_ZIP_CODES = 2_000
NUM_COMPOSED = 300
NUM_IN_FLIGHT = 8


def five_digits(style: object) -> Callable[[Path], Numbers]:
    """Numbers of five digits of MNIST's test writers."""
    return lambda data_dir: composed(
        hands_of_test_writers(load_mnist(data_dir)), style, 5, NUM_COMPOSED, seed=COMPOSED_SEED
    )


def five_digits_in_scene(scene: Scene) -> Callable[[Path], Numbers]:
    """The same numbers, side by side, in a scene."""

    def load(data_dir: Path) -> Numbers:
        rng = np.random.default_rng(4)
        plain = five_digits(CLEAN)(data_dir)
        pictures = [scene(cropped(picture, height_px=int(rng.integers(50, 100))), rng) for picture in plain.pictures]
        return replace(plain, pictures=pictures)

    return load


SETS: dict[str, tuple[str, float, Callable[[Path], Numbers]]] = {
    # name: (query, floor, numbers)
    "served_zip_codes": ("", 0.96, lambda folder: zip_codes(load_mnist(folder), folder, NUM_ZIP_CODES)),
    "served_zip_codes_allowed": (
        "?allowed=us_zip_codes",
        0.98,
        lambda folder: zip_codes(load_mnist(folder), folder, NUM_ZIP_CODES),
    ),
    "served_clean_5_digits": ("", 0.96, five_digits(CLEAN)),
    "served_hard_5_digits": ("", 0.7, five_digits(HARD_DIGITS_ONLY)),
    "served_cheque_amounts": ("", 0.73, cheque_amounts),
    "served_circled_5_digits": ("", 0.72, five_digits_in_scene(circled)),
    "served_on_a_desk_5_digits": ("", 0.93, five_digits_in_scene(on_a_desk)),
    "served_on_wood_5_digits": ("", 0.93, five_digits_in_scene(on_wood)),
    "served_under_a_hand_5_digits": ("", 0.8, five_digits_in_scene(under_a_hand)),
    "served_faxed_5_digits": ("", 0.93, five_digits_in_scene(faxed)),
    "served_in_pale_pencil_5_digits": ("", 0.85, five_digits_in_scene(in_pale_pencil)),
    "served_in_a_table_5_digits": ("", 0.85, five_digits_in_scene(in_a_table)),
    "served_as_bright_as_its_paper_5_digits": ("", 0.93, five_digits_in_scene(as_bright_as_its_paper)),
    "served_in_colored_cells_5_digits": ("", 0.93, five_digits_in_scene(in_colored_cells)),
    "served_on_a_form_5_digits": ("", 0.93, five_digits_in_scene(on_a_form)),
    "served_with_dollar": ("", 0.57, with_sign("dollar")),
    "served_with_euro": ("", 0.91, with_sign("euro")),
    "served_with_pound": ("", 0.83, with_sign("pound")),
    "served_with_number": ("", 0.88, with_sign("number")),
    "served_with_percent": ("", 0.45, with_sign("percent")),
    "served_with_slash": ("", 0.42, with_sign("slash")),
}


@pytest.fixture(scope="module")
def address(real_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The service with the models of the repository and a list of the ZIP codes in use."""
    lists = tmp_path_factory.mktemp("lists")
    (lists / "us_zip_codes.txt").write_bytes((real_data_dir / "us_zip_codes.txt").read_bytes())
    with running_service(DIGITS_LISTS_DIR=str(lists)) as address:
        yield address


@pytest.mark.parametrize("name", SETS)
async def test_numbers_are_read(name: str, address: str, real_data_dir: Path) -> None:
    query, floor, load = SETS[name]
    numbers = load(real_data_dir)
    answers = await post_all(address, query, [_file_of(picture) for picture in numbers.pictures])
    is_right = [answer["text"] == text for answer, text in zip(answers, numbers.texts, strict=True)]
    is_accepted = [answer["decision"] == "accepted" for answer in answers]
    num_right, num_numbers = sum(is_right), len(is_right)
    num_wrong = sum(accepted and not right for accepted, right in zip(is_accepted, is_right, strict=True))
    low, high = wilson_interval(num_right, num_numbers)
    row = (
        f"| {name} | {num_right:,} of {num_numbers:,} | {num_right / num_numbers:.2%} | {low:.2%} to {high:.2%} "
        f"| {sum(is_accepted) / num_numbers:.1%} | {num_wrong} |"
    )
    print(f"\n{row}")
    assert num_right / num_numbers >= floor
    documented = re.search(rf"^\| {name} \| ([\d,]+) of ", (ROOT / "docs" / "results.md").read_text(), re.MULTILINE)
    assert documented, f"docs/results.md should say: {row}"
    assert int(documented[1].replace(",", "")) == pytest.approx(num_right, abs=max(1, 0.002 * num_numbers)), (
        f"docs/results.md should say: {row}"
    )


async def test_a_number_is_read_the_same_dark_on_light_turned_a_little_and_small_in_a_page(
    address: str, real_data_dir: Path
) -> None:
    """The same ZIP codes three ways; what was read once is nearly always read again."""
    import cv2

    numbers = zip_codes(load_mnist(real_data_dir), real_data_dir, 100)
    plain = await post_all(address, "", [png(picture) for picture in numbers.pictures])
    variants = {}
    for name in ("dark_on_light", "turned", "small_in_a_page"):
        files = []
        for picture in numbers.pictures:
            page = np.full((picture.shape[0] * 3, picture.shape[1] * 3), 255, np.uint8)
            top, left = page.shape[0] // 3, page.shape[1] // 3
            page[top : top + picture.shape[0], left : left + picture.shape[1]] = 255 - picture
            if name == "turned":
                matrix = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), 4, 3)
                matrix[:, 2] += [page.shape[1], page.shape[0]]
                page = cv2.warpAffine(page, matrix, (page.shape[1] * 3, page.shape[0] * 3), borderValue=255)
            if name == "small_in_a_page":
                sheet = np.full((1600, 1200), 255, np.uint8)
                sheet[700 : 700 + page.shape[0], 300 : 300 + page.shape[1]] = page
                page = sheet
            files.append(encode(page, "JPEG", quality=90))
        answers = await post_all(address, "", files)
        variants[name] = sum(one["text"] == other["text"] for one, other in zip(plain, answers, strict=True))
    print(f"\n{variants}")
    assert min(variants.values()) >= 92


def _file_of(picture: np.ndarray) -> bytes:
    """A picture in color as cameras keep it, with color at half the size."""
    return png(picture) if picture.ndim == 2 else encode(picture, "JPEG", quality=85)


async def post_all(address: str, query: str, files: list[bytes]) -> list[dict[str, object]]:
    """One request per picture, and the answers in the same order."""
    in_flight = asyncio.Semaphore(NUM_IN_FLIGHT)

    async with httpx2.AsyncClient(base_url=address, timeout=60.0) as client:

        async def post(file: bytes) -> dict[str, object]:
            async with in_flight:
                response = await client.post(f"/sequence{query}", files={"file": file})
            assert response.status_code == 200, response.text
            answer: dict[str, object] = response.json()
            return answer

        return await asyncio.gather(*(post(file) for file in files))
