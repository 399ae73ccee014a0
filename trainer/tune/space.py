"""What a search may change in a config, and how far.

A space names fields of the config by their path, such as `schedule.learning_rate`. A config module declares it beside
its `CONFIG` as `SPACE`; where it declares none, `DEFAULT_SPACE` is searched.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import exp, log
from typing import Any, TypeAlias

import numpy as np

from trainer.config import Augmentation, Config
from trainer.errors import TrainerError

Value: TypeAlias = float | int | str


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers between two bounds, both included.

    Attributes:
        low: smallest.
        high: largest.
        is_log: whether factors matter rather than differences, as with learning rates.
        num_grid_points: numbers that a grid takes, evenly spread, the bounds among them.
    """

    low: float
    high: float
    is_log: bool = False
    num_grid_points: int = 3

    @property
    def grid(self) -> list[Value]:
        """The numbers of a grid."""
        if self.is_log:
            inner = [exp(point) for point in np.linspace(log(self.low), log(self.high), self.num_grid_points)[1:-1]]
        else:
            inner = np.linspace(self.low, self.high, self.num_grid_points)[1:-1].tolist()
        return [self.low, *inner, self.high]  # the bounds exactly: rounded, they would lie beyond them


@dataclass(frozen=True, slots=True)
class OneOf:
    """A few values.

    Attributes:
        values: each of them may be taken; a grid takes all.
    """

    values: tuple[Value, ...]

    @property
    def grid(self) -> list[Value]:
        """All values."""
        return list(self.values)


Space: TypeAlias = Mapping[str, Range | OneOf]

DEFAULT_SPACE: Space = {
    "schedule.learning_rate": Range(3e-4, 1e-2, is_log=True),
    "batch_size": OneOf((64, 128, 256)),
    "weight_decay": OneOf((0.0, 1e-4, 1e-3)),
}


def space_of(config: Config) -> Space:
    """What is declared beside the config in `trainer/configs`, else `DEFAULT_SPACE`."""
    try:
        module = importlib.import_module(f"trainer.configs.{config.name}")
    except ModuleNotFoundError:  # a config from a file
        return DEFAULT_SPACE
    space: Space = getattr(module, "SPACE", DEFAULT_SPACE)
    return space


def grid_points(space: Space) -> list[dict[str, Value]]:
    """Every combination of the grids of all fields."""
    return [dict(zip(space, values, strict=True)) for values in product(*(field.grid for field in space.values()))]


def with_values(config: Config, values: Mapping[str, Value]) -> Config:
    """The config with other values.

    Args:
        config: to start from. Where it has no augmentation and one is asked for, the rest of it is off.
        values: by the path of the field.

    Raises:
        TrainerError: the config has no such field.
        ValueError: the config does not allow the combination.
    """
    own: dict[str, Any] = {}
    parts: dict[str, dict[str, Value]] = {}
    for path, value in values.items():
        part, _, field = path.rpartition(".")
        if part:
            parts.setdefault(part, {})[field] = value
        else:
            own[field] = value
    try:
        for part, fields in parts.items():
            before = getattr(config, part)
            own[part] = replace(Augmentation() if part == "augmentation" and before is None else before, **fields)
        return replace(config, **own)
    except (AttributeError, TypeError) as error:
        raise TrainerError(
            f"The space of {config.name!r} names {', '.join(values)}, and not all of these are fields of its config: "
            f"{error}. Correct SPACE in trainer/configs/{config.name}.py."
        ) from error


def to_dict(space: Space) -> dict[str, dict[str, Any]]:
    """The space as JSON can hold it, to tell whether a study was made with another one."""
    return {
        path: {"one_of": list(field.values)} if isinstance(field, OneOf) else {
            "low": field.low, "high": field.high, "is_log": field.is_log, "num_grid_points": field.num_grid_points
        }
        for path, field in space.items()
    }  # fmt: skip
