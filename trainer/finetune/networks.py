"""The trainable network behind an exported digit classifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras.layers import BatchNormalization, Conv2D, Dense

from service.recognition.manifest import DIGIT_CLASSIFIER, Manifest
from trainer.architectures.gate import GateNetworks, Pool, build_gate, build_gated
from trainer.architectures.registry import CANVAS_SHAPE, build_model
from trainer.config import Config, load_config
from trainer.errors import TrainerError
from trainer.finetune.exported import restore_weights
from trainer.graphs import LOGITS_TOLERANCE
from trainer.model_folder import GOLDEN_FILE


@dataclass(frozen=True, slots=True)
class DigitNetworks:
    """A digit network and, where it was exported with one, its gate; both with the exported weights.

    Attributes:
        body: from uint8 canvases (batch, 28, 28, 1) to float32 logits (batch, num_classes).
        gate: on that body; None without.
    """

    body: keras.Model
    gate: GateNetworks | None

    @property
    def opinions(self) -> keras.Model:
        """From canvases to the logits of the `body` and, where there is one, of the `gate`, by these names.

        Its weights are theirs. The gate's logits are float32 (batch, 12).
        """
        canvases = keras.Input(CANVAS_SHAPE, dtype="uint8", name="canvases")
        if self.gate is None:
            return keras.Model(canvases, {"body": self.body(canvases)}, name="opinions")
        early, late, logits = self.gate.taps(canvases)
        return keras.Model(canvases, {"body": logits, "gate": self.gate.trunk([early, late])}, name="opinions")


def config_of(folder: Path, manifest: Manifest) -> Config:
    """The config behind an exported digit classifier.

    Raises:
        TrainerError: it was not made from the config of one digit network for MNIST's digits.
    """
    if manifest.kind != DIGIT_CLASSIFIER:
        raise TrainerError(f"{folder} is a {manifest.kind}; single digits are read by a {DIGIT_CLASSIFIER}.")
    config = load_config(manifest.provenance["config"]["name"])
    if not isinstance(config, Config):
        raise TrainerError(
            f"{folder} was trained with {config.name!r}, which is no single network. Choose one that is, such as cnn."
        )
    if config.emnist:
        raise TrainerError(
            f"{folder} was trained on EMNIST. What is rehearsed, and what shows what was forgotten, is MNIST's; choose "
            "a model that was trained on that, such as cnn."
        )
    return config


def networks_from(folder: Path, manifest: Manifest, config: Config) -> DigitNetworks:
    """The networks of an exported model, checked by its golden canvases.

    Raises:
        TrainerError: the weights are not those of the architecture that is built here.
    """
    record = manifest.provenance.get("gate")
    if record is None:
        served = body = build_model(config.architecture)
        restore_weights(served, folder)
        networks = DigitNetworks(body, None)
    else:
        gate = build_gate(config.architecture)
        served = build_gated(gate, Pool(record["trust"], record["rejection_shift"]))
        restore_weights(served, folder)
        _unfold(served.get_layer("trunk"), gate.trunk)
        networks = DigitNetworks(gate.body, gate)
    _check(served, folder)
    return networks


def _unfold(folded: keras.Model, trunk: keras.Model) -> None:
    """Give a trunk the weights of its folded copy (`trainer.architectures.gate.folded`): the same scores.

    What had been folded into the convolutions stays there; batch normalization only adds what was their bias.
    """
    kinds = (Conv2D, BatchNormalization, Dense)
    convolutions, norms, denses = ([layer for layer in trunk.layers if isinstance(layer, kind)] for kind in kinds)
    folded_convolutions, _, folded_denses = (
        [layer for layer in folded.layers if isinstance(layer, kind)] for kind in kinds
    )
    for convolution, norm, source in zip(convolutions, norms, folded_convolutions, strict=True):
        kernel, bias = source.get_weights()
        convolution.set_weights([kernel])
        ones = np.ones_like(bias)
        norm.set_weights([ones, bias, 0 * ones, ones - norm.epsilon])  # gamma, beta, mean, variance
    for dense, source in zip(denses, folded_denses, strict=True):
        dense.set_weights(source.get_weights())


def _check(served: keras.Model, folder: Path) -> None:
    with np.load(folder / GOLDEN_FILE) as golden:
        difference = float(np.abs(np.asarray(served(golden["canvases"])) - golden["logits"]).max())
    if difference > LOGITS_TOLERANCE:
        raise TrainerError(
            f"The network that is built here answers the golden canvases of {folder} otherwise: logits differ by "
            f"{difference:.2g}, at most {LOGITS_TOLERANCE:.0e} is allowed. Its architecture has changed since; export "
            "the model again."
        )


def freeze_statistics(layers: Sequence[keras.Layer]) -> None:
    """Leave batch normalization as it is: a few pictures would shift what tens of thousands have settled."""
    for layer in layers:
        if isinstance(layer, BatchNormalization):
            layer.trainable = False
