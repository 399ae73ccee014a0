"""The suite and its report, on a tiny MNIST and a network of plain numpy."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.runtime.fakes import manifest_of, sure_of
from trainer import confidence_suite
from trainer.confidence_report import write_confidence_report
from trainer.confidence_suite import Judge, measure_confidence, measure_promise, run_confidence_suite
from trainer.corruptions import CORRUPTIONS
from trainer.data.mnist import load_mnist


class AlwaysThree:
    """A network that sees a 3 in everything."""

    def logits(self, canvases: np.ndarray) -> np.ndarray:
        return np.pad(sure_of(3)(canvases), ((0, 0), (0, 2)))


def test_promise_counts_what_was_accepted_and_wrong():
    promise = measure_promise(np.array([True, True, True, False]), np.array([True, False, True, False]), max_error=0.01)
    assert (promise["num_accepted"], promise["num_wrong"], promise["coverage"]) == (3, 1, 0.75)
    assert promise["error"] == pytest.approx(1 / 3)


def test_strings_are_measured_as_digits_are():
    measures = measure_confidence(np.array([0.9, 0.8, 0.3]), np.array([True, True, False]))
    assert (measures["num_readings"], measures["num_right"]) == (3, 2)
    assert [rate["coverage"] for rate in measures["read_rates"]] == pytest.approx([2 / 3] * 3)
    assert measures["risk_coverage"]["coverage"] == pytest.approx([1 / 3, 2 / 3, 1])


def test_report_tells_what_was_measured(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(confidence_suite, "NUM_SEVERAL", 10)
    result = run_confidence_suite(Judge(AlwaysThree(), manifest_of("cnn")), load_mnist(data_dir), data_dir)
    test = result["digits"]["mnist_test"]
    assert test["num_right"] == 6  # one digit in ten of the sixty is a 3
    assert test["expected_calibration_error"] == pytest.approx(0.9, abs=0.01)
    assert {*result["corruptions"]} == {*CORRUPTIONS}
    assert result["several"]["several_drawn"]["several_digits"] == 0
    assert result["families"] == {}

    page = write_confidence_report(result, tmp_path).read_text()
    assert "| mnist_test | 6 of 60 |" in page
    assert "| zigzag |" in page
    assert json.loads((tmp_path / "confidence-cnn.json").read_text())["digits"]["mnist_test"]["num_right"] == 6
    assert (tmp_path / "confidence-cnn-reliability.png").stat().st_size < 60_000
    assert (tmp_path / "confidence-cnn-risk-coverage.png").stat().st_size < 60_000
