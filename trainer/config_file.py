"""Configs as JSON files, such as the `config.json` of a run or the `best.json` of a search."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from trainer.config import Augmentation, Config, Schedule
from trainer.errors import TrainerError


def read_config(path: Path) -> Config:
    """The config of a digit classifier from a file that holds its `to_dict()`.

    Raises:
        TrainerError: there is no such file, or it does not hold such a config; the message says what is wrong.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise TrainerError(
            f"There is no file {path}. `tune` writes one: best.json, in the folder of its study."
        ) from error
    except (OSError, ValueError) as error:
        raise TrainerError(f"{path} cannot be read as JSON: {error}.") from error
    try:
        return parse_config(record)
    except (KeyError, TypeError, ValueError) as error:
        raise TrainerError(
            f"{path} does not hold the config of a digit classifier: {error}. Its fields are "
            f"{', '.join(field.name for field in fields(Config))}."
        ) from error


def parse_config(record: Any) -> Config:
    """The config whose `to_dict()` this is.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    if not isinstance(record, dict):
        raise TypeError(f"it holds {type(record).__name__}, not an object")
    kinds, kind = get_args(get_type_hints(Schedule)["kind"]), record["schedule"]["kind"]
    if kind not in kinds:
        raise ValueError(f"the kind of schedule {kind!r} is none of {', '.join(kinds)}")
    parts = {
        "schedule": Schedule(**record["schedule"]),
        "augmentation": Augmentation(**record["augmentation"]) if record.get("augmentation") else None,
    }
    # JSON knows no tuples.
    tuples = {name: tuple(record[name]) for name in ("data", "fit_on") if name in record}
    return Config(**{**record, **tuples, **parts})
