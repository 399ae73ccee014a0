"""Search spaces: their grids, and configs with other values."""

from dataclasses import replace

import pytest

from trainer.config import Augmentation, config_names, load_config
from trainer.configs import cnn, cnn_choose, dnn
from trainer.errors import TrainerError
from trainer.tune.space import DEFAULT_SPACE, OneOf, Range, grid_points, space_of, with_values


@pytest.mark.parametrize(
    ("field", "grid"),
    [
        (Range(0.0, 1.0), [0.0, 0.5, 1.0]),
        (Range(1e-4, 1e-2, is_log=True), [1e-4, 1e-3, 1e-2]),  # by factors, where factors matter
        (Range(0.0, 3.0, num_grid_points=4), [0.0, 1.0, 2.0, 3.0]),
        (OneOf((32, 64)), [32, 64]),
    ],
)
def test_grid_of_a_field(field, grid):
    assert field.grid == pytest.approx(grid)


def test_grid_is_every_combination():
    points = grid_points({"batch_size": OneOf((32, 64)), "weight_decay": OneOf((0.0, 1e-4, 1e-3))})
    assert len(points) == 6
    assert {"batch_size": 64, "weight_decay": 1e-4} in points


def test_values_reach_fields_of_parts():
    config = with_values(dnn.CONFIG, {"schedule.learning_rate": 0.5, "batch_size": 7})
    assert config.schedule.learning_rate == 0.5
    assert config.schedule.kind == dnn.CONFIG.schedule.kind
    assert config.batch_size == 7
    assert config.seed == dnn.CONFIG.seed


def test_augmentation_that_a_config_has_not_begins_with_everything_off():
    config = with_values(replace(dnn.CONFIG, augmentation=None), {"augmentation.rotation_deg": 5.0})
    assert config.augmentation == Augmentation(rotation_deg=5.0)
    assert with_values(cnn.CONFIG, {"augmentation.rotation_deg": 5.0}).augmentation.zoom == cnn.CONFIG.augmentation.zoom


@pytest.mark.parametrize("path", ["bath_size", "schedule.rate", "scheduler.learning_rate"])
def test_field_that_does_not_exist_is_named(path):
    with pytest.raises(TrainerError, match=path):
        with_values(dnn.CONFIG, {path: 1})


def test_space_stands_beside_its_config():
    assert space_of(cnn_choose.CONFIG) is cnn_choose.SPACE
    assert space_of(cnn.CONFIG) is DEFAULT_SPACE


def test_every_declared_space_fits_its_config():
    for name in config_names():
        config = load_config(name)
        if hasattr(config, "schedule"):
            for point in grid_points(space_of(config)):
                with_values(config, point)
