"""Filled-in forms as files that a client would post, with the templates that were written for them and their values."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from service.forms.draw import draw_page
from service.forms.template import Template, parse_template
from tests.forms.composing import (
    LARGE,
    TIDY,
    Camera,
    Hand,
    Pen,
    creased,
    cropped,
    fill,
    hard_camera,
    photograph,
    table_template,
)
from tests.pictures import encode, png
from trainer.data.mnist import load_mnist

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class FilledForm:
    """One picture of one page.

    Attributes:
        template: its JSON.
        page: the blank page, PNG; None where the service draws it.
        file: the picture, as it is posted.
        values: by field, what is written there.
    """

    template: str
    page: bytes | None
    file: bytes
    values: Mapping[str, str]


def _template(name: str) -> str:
    return (TEMPLATES / f"{name}.json").read_text()


def voters(data_dir: Path) -> list[FilledForm]:
    """A photographed form of 34 fields with three boxes each; its wording differs from the blank form's."""
    folder = data_dir / "forms"
    record = json.loads((folder / "filled_data_sample_01.json").read_text())
    who = ("men", "women", "all")
    values = {
        f"{section.lower()}{row}_{name}": str(value)
        for section in "AB"
        for row, counts in enumerate(record[section], start=1)
        for name, value in zip(who, counts, strict=True)
    }
    values |= {f"ballots{row}": str(value) for row, value in enumerate(record["II"], start=1)}
    for row, counts in enumerate(record["III"], start=1):
        values |= {f"d{row}_{name}": str(value) for name, value in zip(who, counts, strict=True)}
    file = (folder / "filled_data_sample_01.jpg").read_bytes()
    return [FilledForm(_template("voters"), (folder / record["blank"]).read_bytes(), file, values)]


def votes(data_dir: Path) -> list[FilledForm]:
    """A photographed form of six fields, filled in along its printed guides like a pocket calculator's digits."""
    folder = data_dir / "forms"
    record = json.loads((folder / "filled_pwp_sample_01.json").read_text())
    counts = [*record["rows"], record["valid_total"], record["invalid"], record["total"]]
    names = ("first", "second", "third", "valid", "invalid", "total")
    values = {name: str(count) for name, count in zip(names, counts, strict=True)}
    file = (folder / "filled_pwp_sample_01.jpg").read_bytes()
    return [FilledForm(_template("votes"), (folder / record["blank"]).read_bytes(), file, values)]


def vote_tables(data_dir: Path) -> list[FilledForm]:
    """Three photographed tables. No blank one is there; their median, its cells wiped out, stands in for it."""
    folder = data_dir / "forms"
    with (folder / "vote_tables.csv").open() as file:
        rows = list(csv.DictReader(file))
    pictures = [np.asarray(Image.open(folder / row["file"]).convert("L")) for row in rows]
    blank = _wiped_table(np.median(np.stack(pictures), axis=0).astype(np.uint8))
    columns = {"first": "row1", "second": "row2", "valid": "row3_total", "invalid": "row4_invalid"}
    return [
        FilledForm(
            _template("vote_table"),
            blank,
            (folder / row["file"]).read_bytes(),
            {name: row[column] for name, column in columns.items()},
        )
        for row in rows
    ]


def _wiped_table(table: np.ndarray) -> bytes:
    wiped = table.copy()
    for top, bottom in ((43, 109), (109, 177), (177, 244), (244, 310)):
        for left, right in ((626, 659), (659, 692), (692, 726)):
            cell = wiped[top + 4 : bottom - 4, left + 4 : right - 4]
            cell[:] = np.median(cell)
    return png(wiped)


def nist_form(data_dir: Path) -> list[FilledForm]:
    """NIST's handwriting sample form with 28 numbers. For the blank page, what is inside its boxes is wiped out."""
    folder = data_dir / "forms"
    with (folder / "nist_hsf_f0008.csv").open() as file:
        values = {f"r{int(row['row'])}_{int(row['field'])}": row["value"] for row in csv.DictReader(file)}
    filled = np.asarray(Image.open(folder / "nist_hsf_f0008.png").convert("L"))
    blank = filled.copy()
    height, width = blank.shape
    for field in parse_template(_template("nist_form")).fields:
        left, top = round(field.box.x * width) + 7, round(field.box.y * height) + 7
        right, bottom = (
            round((field.box.x + field.box.width) * width) - 7,
            round((field.box.y + field.box.height) * height) - 7,
        )
        blank[top:bottom, left:right] = 255
    return [FilledForm(_template("nist_form"), png(blank), png(filled), values)]


def changed(form: FilledForm, change: str) -> FilledForm:
    """The same picture upside down, on its side, or at half its size."""
    with Image.open(io.BytesIO(form.file)) as image:
        gray = np.asarray(ImageOps.exif_transpose(image).convert("L"))
    if change == "half size":
        picture = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    else:
        picture = np.rot90(gray, {"on its side": 1, "upside down": 2}[change])
    return FilledForm(form.template, form.page, encode(np.ascontiguousarray(picture), "JPEG", quality=92), form.values)


def composed_forms(data_dir: Path, kind: str, num_forms: int, *, first: int = 0) -> list[FilledForm]:
    """Forms of 60 boxes written with digits of MNIST's test writers.

    Args:
        data_dir: with the real data.
        kind: `scans` or `photographs`; `large_scans` and `large_photographs`, whose writers go over the lines;
            `pale_photographs` of forms printed in a third of their darkness; `creased_photographs`;
            `penciled_photographs` of forms filled in with a pencil that takes 6 to 15 % of the light;
            `two_pens_photographs` of forms in which a third of the fields is.
        num_forms: how many.
        first: number of the first one; each number has its own values, hand and camera.
    """
    digits = load_mnist(data_dir).test
    document = table_template()
    template = parse_template(document)
    blank = draw_page(template, 1)
    forms = []
    for number in range(first, first + num_forms):
        rng = np.random.default_rng(10_000 + number)
        values = _values(template, rng)

        def pen(character: str, rng: np.random.Generator) -> np.ndarray:
            row = rng.choice(np.flatnonzero(digits.labels == int(character)))
            return cropped(cv2.resize(digits.canvases[row][:, :, 0], None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC))

        scan = Camera(turn_deg=float(rng.uniform(-2, 2)), margin=0.02, blur_px=0.5, noise=1.0)
        camera = hard_camera(rng) if kind.endswith("photographs") else scan
        hand = LARGE if kind.startswith("large") else TIDY
        printed = 255 - (255 - blank) // 3 if kind.startswith("pale") else blank
        page = _written(kind, printed, template, values, pen, rng, hand)
        picture = photograph(creased(page, rng) if kind.startswith("creased") else page, camera, rng)
        known = {name: value.replace("X", "") for name, value in values.items()}
        forms.append(FilledForm(json.dumps(document), None, encode(picture, "JPEG", quality=92), known))
    return forms


def _written(
    kind: str,
    printed: np.ndarray,
    template: Template,
    values: Mapping[str, str],
    pen: Pen,
    rng: np.random.Generator,
    hand: Hand,
) -> np.ndarray:
    """The page with its values: all with a pen, all with a pencil, or a third of the fields with a pencil."""
    share = {"penciled": 1.0, "two_pens": 1 / 3}.get(kind.removesuffix("_photographs"), 0.0)
    is_penciled = {name: bool(share) and rng.random() < share for name in values}
    inked = {name: "" if is_penciled[name] else value for name, value in values.items()}
    page = fill(printed, template, inked, pen, rng, hand=hand)
    if not any(is_penciled.values()):
        return page
    penciled = {name: value if is_penciled[name] else "" for name, value in values.items()}
    # `fill` takes 65 to 90 % of the light.
    loss = rng.uniform(0.1, 0.16) * (
        printed - fill(printed, template, penciled, pen, rng, hand=hand).astype(np.float32)
    )
    return np.minimum(page, np.rint(printed - loss)).astype(np.uint8)


def _values(template: Template, rng: np.random.Generator) -> dict[str, str]:
    """Numbers of one to three digits; some fields are left empty, in some the boxes before it are crossed out."""
    values = {}
    for field in template.fields:
        value = str(rng.integers(0, 10 ** int(rng.integers(1, 4))))
        chance = rng.random()
        values[field.name] = "" if chance < 0.06 else value.rjust(3, "X") if chance < 0.25 else value
    return values
