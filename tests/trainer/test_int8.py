"""The form in eight bits: written where it loses nothing, and left out where it does."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

import trainer.int8 as int8
from service.runtime.litert_network import LiteRtNetwork
from trainer.calibrate_digits import CalibrationCanvases
from trainer.operations.graph import UnknownOperation
from trainer.operations.in_litert import to_litert
from trainer.readings import Seen


@pytest.fixture
def folder(gated, tmp_path):
    return shutil.copytree(gated.folder, tmp_path / "graph")


@pytest.fixture
def calibration(gated):
    """Digits that are what the network takes them for, with a blank and something that is no digit among them."""
    labels = gated.logits[:, :10].argmax(axis=1)
    canvases, labels = np.concatenate([gated.canvases, gated.canvases[:2]]), np.append(labels, [3, 10])
    canvases[-2] = 0
    return CalibrationCanvases(Seen(canvases, np.ones(len(canvases), bool)), labels)


def test_is_written_where_it_reads_as_much(gated, folder, calibration, monkeypatch):
    monkeypatch.setattr(int8, "LARGEST_LOSS", 0.03)  # random weights are not sure of anything
    told = int8.write_int8(folder, calibration)

    assert told["is_written"]
    assert told["num_calibration_digits"] == len(calibration.labels) - 1
    assert abs(told["num_right_in_float32"] - len(gated.canvases)) <= 1  # the blank may be a 3
    logits = LiteRtNetwork(folder / "int8.tflite", input_shape=(28, 28, 1)).logits(gated.canvases)
    assert np.abs(logits - gated.logits).mean() < 0.1 * gated.logits.std()


def test_is_left_out_where_it_reads_less(folder, calibration, monkeypatch):
    def damaged(graph, *, representative):
        zeros = {name: value * 0 for name, value in graph.constants.items()}
        return to_litert(replace(graph, constants=zeros), representative=representative)

    monkeypatch.setattr(int8, "to_litert", damaged)
    told = int8.write_int8(folder, calibration)

    assert not told["is_written"]
    assert told["num_right"] < 0.5 * told["num_right_in_float32"]
    assert not (folder / "int8.tflite").exists()


def test_is_left_out_where_an_operation_is_not_known(folder, calibration, monkeypatch):
    def refuse(_folder):
        raise UnknownOperation("The network contains Erf.")

    monkeypatch.setattr(int8, "read_graph", refuse)

    assert int8.write_int8(folder, calibration) == {"is_written": False, "reason": "The network contains Erf."}
    assert not (folder / "int8.tflite").exists()
