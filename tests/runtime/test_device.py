import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from service.recognition.errors import DeviceNotFound
from service.runtime.device import CPU, Device, configure_device, import_tensorflow, may_have_gpu, pick_gpu
from tests.project import ROOT

TWO = ["/physical_device:GPU:0", "/physical_device:GPU:1"]


class Config:
    """Stands for `tf.config` of a machine with two GPUs, and notes what is asked of it."""

    def __init__(self) -> None:
        self.asked = {}
        self.experimental = self.threading = self

    def list_physical_devices(self, _kind):
        return [SimpleNamespace(name=name) for name in TWO]

    def __getattr__(self, name):
        return lambda *arguments, **named: self.asked.setdefault(name, (*arguments, *named.values()))


@pytest.mark.parametrize(
    ("choice", "gpus", "picked"),
    [
        ("auto", [], None),  # no GPU is no reason not to start
        ("auto", TWO, 0),
        ("cpu", TWO, None),
        ("gpu", TWO, 0),
        ("gpu:1", TWO, 1),
    ],
)
def test_choice_of_device(choice, gpus, picked):
    assert pick_gpu(choice, gpus) == picked


@pytest.mark.parametrize(
    ("choice", "gpus", "told"),
    [
        ("gpu", [], "'gpu', but TensorFlow finds no GPU"),
        ("gpu:0", [], "'gpu:0', but TensorFlow finds no GPU"),
        ("gpu:2", TWO, "'gpu:2', but TensorFlow finds 2 GPU"),
    ],
)
def test_missing_gpu_is_named_with_what_is_there(choice, gpus, told):
    with pytest.raises(DeviceNotFound, match=told):
        pick_gpu(choice, gpus)


def test_cpu_is_always_there_and_takes_the_threads_that_it_is_given():
    assert configure_device("cpu", intra_op_threads=0) == CPU
    assert configure_device("cpu", intra_op_threads=3) == replace(CPU, num_threads=3)
    assert configure_device("cpu", intra_op_threads=3).is_cpu


@pytest.mark.parametrize(
    ("file", "is_found"), [("nvidia0", True), ("dxg", True), ("nvidiactl", False), ("null", False)]
)
def test_device_file_tells_whether_there_may_be_a_gpu(tmp_path, file, is_found):
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / file).touch()
    assert may_have_gpu(root=tmp_path) == is_found


def test_machine_without_device_files_has_no_gpu(tmp_path):
    assert not may_have_gpu(root=tmp_path)


@pytest.mark.parametrize(("has_file", "name"), [(False, "cpu"), (True, "gpu:0")])
def test_tensorflow_is_asked_only_where_there_may_be_a_gpu(monkeypatch, has_file, name):
    asked = []

    def import_tensorflow():
        asked.append(True)
        return SimpleNamespace(config=Config())

    monkeypatch.setattr("service.runtime.device.may_have_gpu", lambda: has_file)
    monkeypatch.setattr("service.runtime.device.import_tensorflow", import_tensorflow)
    device = configure_device("auto", intra_op_threads=1)

    assert device.name == name
    assert bool(asked) == has_file


def test_importing_tensorflow_says_nothing(capfd):
    import_tensorflow()
    assert capfd.readouterr().err == ""


def test_network_runs_on_the_device_that_it_was_given(tiny_model):
    # TensorFlow can split a CPU into logical devices, so that this needs no GPU; once per process, and before its
    # first operation, so in one of its own.
    program = """
import sys
from pathlib import Path
import tensorflow as tf
from service.runtime.device import Device
from service.runtime.loading import load_model
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
for index in (0, 1):
    model = load_model(Path(sys.argv[1]), device=Device(f"cpu:{index}", f"/CPU:{index}"))
    weights = {variable.device[-5:] for variable in model.network._graph._loaded.variables}
    logits = model.network._graph._graph(tf.constant(model.golden[0].canvases[:1]))
    print(model.network.device.name, *weights, logits.backing_device[-5:])
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tiny_model)], cwd=ROOT, capture_output=True, text=True, timeout=100
    )

    assert done.stdout.splitlines() == ["cpu:0 CPU:0 CPU:0", "cpu:1 CPU:1 CPU:1"], done.stderr


@pytest.mark.parametrize("memory_mb", [0, 512])
def test_gpu_memory_grows_as_needed_or_has_a_limit(monkeypatch, memory_mb):
    config = Config()
    monkeypatch.setattr("service.runtime.device.import_tensorflow", lambda: SimpleNamespace(config=config))
    device = configure_device("gpu:1", intra_op_threads=1, gpu_memory_mb=memory_mb)

    assert device == Device("gpu:1", "/GPU:0", 1)  # the only one that TensorFlow is left with
    assert config.asked["set_visible_devices"][0].name == TWO[1]
    assert ("set_memory_growth" in config.asked) == (memory_mb == 0)
    assert ("LogicalDeviceConfiguration" in config.asked) == (memory_mb != 0)
    assert config.asked.get("LogicalDeviceConfiguration", (512,)) == (512,)
