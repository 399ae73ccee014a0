"""A whole report, on a tiny MNIST and a network of plain numpy."""

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.data.mnist import load_mnist
from trainer.report.write import write_report
from trainer.trained import Trained, Training

FIGURES = {
    "classes", "confidence", "confusion", "digits", "one-of-each", "reliability", "roc", "samples", "ten-of-each",
    "wrong",
}  # fmt: skip


class Nearest:
    """Reads a canvas as the digit whose first picture in the training file it is nearest to."""

    def __init__(self, patterns: np.ndarray) -> None:
        self._patterns = patterns.reshape(10, -1) / 255

    def logits(self, canvases: np.ndarray) -> np.ndarray:
        flat = canvases.reshape(len(canvases), 1, -1) / 255
        return (-((flat - self._patterns) ** 2).sum(axis=-1)).astype(np.float32) / 10


@pytest.fixture(scope="module")
def mnist(data_dir: Path):
    return load_mnist(data_dir)


@pytest.fixture(scope="module")
def trained(mnist) -> Trained:
    return Trained("nearest", 4, Path(), Nearest(mnist.train.canvases[:10]), 7840, 1.5, {"name": "dnn"}, (Training(),))


@pytest.fixture(scope="module")
def page(trained, mnist, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(trained, mnist, data_dir, tmp_path_factory.mktemp("reports") / "nearest")


def test_folder_holds_the_page_and_its_figures(page):
    assert {path.name for path in page.parent.iterdir()} == {"index.html"} | {f"{name}.png" for name in FIGURES}
    assert sum(path.stat().st_size for path in page.parent.iterdir()) < 1_000_000
    for name in FIGURES:
        with Image.open(page.parent / f"{name}.png") as image:
            assert image.width > 300


def test_page_stands_alone_and_describes_each_figure(page):
    text = page.read_text()
    assert "http" not in text
    assert re.findall(r'src="(?!data:)', text) == []
    descriptions = re.findall(r'<img [^>]*alt="([^"]+)"', text)
    assert len(descriptions) == len(FIGURES)


def test_page_tells_what_was_measured(page):
    text = page.read_text()
    (num_right,) = re.findall(r"\((\d+) of 60\)", text)
    assert 30 < int(num_right) < 60  # the page shows wrong readings too
    assert f"{60 - int(num_right)} of 60 are read wrong. All of them" in text
    assert "nearest, version 4" in text
    assert "temperature 1.500" in text
    assert "no history to show" in text
    assert '<th scope="row">fitted on</th>' in text
    for heading in ("Training", "Confusion matrix", "ROC curves", "Wrong readings", "The data"):
        assert f"<h2>{heading}</h2>" in text


def test_dark_figures_are_dark_and_light_ones_light(page):
    import base64

    dark, light = re.findall(r'(?:src|srcset)="data:image/png;base64,([^"]*)"', page.read_text())[:2]
    corners = []
    for file in (dark, light):
        with Image.open(io.BytesIO(base64.b64decode(file))) as image:
            corners.append(sum(image.convert("RGB").getpixel((0, 0))))
    assert corners[0] < 150
    assert corners[1] > 700


def test_model_that_was_not_calibrated_or_never_errs_is_said_to(trained, mnist, data_dir, tmp_path, monkeypatch):
    class Oracle:
        def logits(self, canvases):
            return 9 * np.eye(10, dtype=np.float32)[mnist.test.labels]

    monkeypatch.setattr("trainer.report.figures.render", lambda *_, **__: b"no picture")  # drawn above
    text = write_report(replace(trained, network=Oracle(), temperature=None), mnist, data_dir, tmp_path).read_text()
    assert "it was not calibrated" in text
    assert "Nothing was read wrong" in text
    assert "There are none." in text
