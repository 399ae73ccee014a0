"""Exported models as something to go on training from."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from service.recognition.errors import InvalidModel
from service.recognition.manifest import Manifest, load_manifest
from service.runtime.loading import newest_versions
from trainer.errors import TrainerError

# Keys of the weights in a checkpoint: as `trainer.export.save_graph` writes them, and as Keras' own export does.
_KEYS = ("weights/{}/.ATTRIBUTES/VARIABLE_VALUE", "variables/{}/.ATTRIBUTES/VARIABLE_VALUE")


def newest_version(models_dir: Path, name: str) -> Path:
    """The folder of a model's highest version.

    Raises:
        TrainerError: there is no such model; the message lists those there are.
    """
    try:
        folders = {folder.parent.name: folder for folder in newest_versions(models_dir)}
    except InvalidModel as error:
        raise TrainerError(str(error)) from error
    if name not in folders:
        raise TrainerError(
            f"{models_dir} holds no model {name!r}, but {', '.join(folders)}. Export one first, or choose another "
            "folder with --models."
        )
    return folders[name]


def read_manifest(folder: Path) -> Manifest:
    """The record of an exported model.

    Raises:
        TrainerError: it is missing or cannot be read.
    """
    try:
        return load_manifest(folder)
    except InvalidModel as error:
        raise TrainerError(str(error)) from error


def restore_weights(model: keras.Model, folder: Path) -> None:
    """Give a network the weights of an exported one of the same architecture.

    Both ways of exporting keep the variables in the order of the network.

    Args:
        model: built as for the export.
        folder: `models/<name>/<version>`.

    Raises:
        TrainerError: there are no weights, or they are those of another architecture; the message names the first
            variable that differs.
    """
    values = _stored(folder, len(model.variables))
    for variable, value in zip(model.variables, values, strict=True):
        if value is None or value.shape != tuple(variable.shape):
            raise TrainerError(
                f"{folder} does not hold the weights of the architecture that is built here: {variable.path} differs."
            )
        variable.assign(value)


def _stored(folder: Path, num_variables: int) -> Sequence[NDArray[np.generic] | None]:
    try:
        stored = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    except (tf.errors.OpError, ValueError) as error:
        raise TrainerError(f"{folder} holds no weights that can be read: {error}.") from error
    for key in _KEYS:
        if stored.has_tensor(key.format(0)):
            names = [key.format(index) for index in range(num_variables)]
            return [stored.get_tensor(name) if stored.has_tensor(name) else None for name in names]
    return [None] * num_variables
