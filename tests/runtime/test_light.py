"""Which networks the event loop may compute itself."""

from dataclasses import replace

import pytest

from service.recognition.manifest import SEQUENCE_READER
from service.runtime import light
from service.runtime.light import LIGHT_S, MOST_CANVASES, light_batch
from service.runtime.loading import LoadedModel, load_model


@pytest.fixture
def in_int8(tiny_int8) -> LoadedModel:
    return load_model(tiny_int8)


@pytest.mark.parametrize(("canvas_s", "num_canvases"), [(LIGHT_S / 1000, MOST_CANVASES), (LIGHT_S / 5, 5), (1.0, 0)])
def test_as_many_canvases_as_the_loop_has_time_for(in_int8, monkeypatch, canvas_s, num_canvases):
    now_s = 0.0

    def tick() -> float:  # once when a call begins, once when it ends
        nonlocal now_s
        now_s += canvas_s * 0.999
        return now_s

    monkeypatch.setattr(light.time, "perf_counter", tick)
    assert light_batch(in_int8, has_spare_core=False) == num_canvases
    assert light_batch(in_int8, has_spare_core=True) == min(1, num_canvases)


def test_what_tensorflow_runs_keeps_to_its_thread(tiny_model):
    assert light_batch(load_model(tiny_model), has_spare_core=False) == 0


def test_lines_are_left_to_the_thread(in_int8):
    lines = replace(in_int8, manifest=replace(in_int8.manifest, kind=SEQUENCE_READER))
    assert light_batch(lines, has_spare_core=False) == 0
