import numpy as np
import pytest

from trainer.architectures.registry import BUILDERS, build_model
from trainer.config import Config, config_names, load_config
from trainer.ensemble.config import CascadeConfig, EnsembleConfig

NUM_PARAMETERS = {
    "dnn": 109_386,
    "mlp": 669_706,
    "lenet5": 61_706,
    "cnn_two": 225_034,
    "cnn_four": 330_346,
    "cnn_five": 289_002,
    "strided_cnn": 327_242,
}


def test_every_architecture_has_a_known_size():
    assert NUM_PARAMETERS.keys() == BUILDERS.keys()


@pytest.mark.parametrize("name", NUM_PARAMETERS)
def test_parameters_are_as_published(name):
    assert build_model(name).count_params() == NUM_PARAMETERS[name]


def test_batch_statistics_of_cnn_four_are_not_trained():
    model = build_model("cnn_four")
    assert sum(variable.value.shape.num_elements() for variable in model.trainable_variables) == 330_154


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_networks_take_bytes_and_answer_float32_logits(precision):
    logits = build_model("cnn_two", precision=precision)(np.full((3, 28, 28, 1), 255, dtype=np.uint8))
    assert logits.shape == (3, 10)
    assert logits.dtype == "float32"
    assert not np.allclose(np.sum(logits, axis=1), 1)  # no softmax


@pytest.mark.parametrize("name", config_names())
def test_every_config_names_its_architectures_and_tells_what_to_expect(name):
    config = load_config(name)
    assert config.name == name
    members = config.members if isinstance(config, EnsembleConfig) else [config]
    assert {one.architecture for one in members if isinstance(one, Config)} <= set(BUILDERS)
    documentation = __import__(f"trainer.configs.{name}", fromlist=["CONFIG"]).__doc__
    verb = "export" if isinstance(config, CascadeConfig) else "train"
    for word in ("Source:", "Expected:", "Time:", f"Command: python -m trainer {verb} {name}"):
        assert word in documentation or (name == "cnn_choose" and word == "Source:")
