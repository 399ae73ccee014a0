import pytest

from service.recognition.errors import DeviceNotFound
from service.runtime.device import configure_device, pick_gpu

TWO = ["/physical_device:GPU:0", "/physical_device:GPU:1"]


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


def test_cpu_is_always_there(capfd):
    assert configure_device("cpu", intra_op_threads=0) == "cpu"
    assert capfd.readouterr().err == ""  # and TensorFlow has not talked about it
