"""A gated network with random weights, as it is exported, and what is read out of that."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from tests.trainer.tiny_mnist import drawn_digits
from trainer.architectures.gate import Pool, build_gate, build_gated
from trainer.golden import golden_canvases
from trainer.graphs import save_graph, serving_function_of
from trainer.operations.folding import folded
from trainer.operations.graph import Graph, graph_of


@dataclass(frozen=True)
class Exported:
    """An exported network.

    Attributes:
        folder: of its SavedModel.
        canvases: uint8 (n, 28, 28, 1).
        num_variables: of the Keras network.
        logits: what the Keras network answers to these, float32 (n, 12).
        graph: as it was before it was folded.
        folded: the same, folded.
    """

    folder: Path
    canvases: np.ndarray
    num_variables: int
    logits: np.ndarray
    graph: Graph
    folded: Graph


def export_gated(folder: Path) -> Exported:
    """Write the network of `cnn`, gate and all, into a folder."""
    keras.utils.set_random_seed(8)
    networks = build_gate("strided_cnn")
    rng = np.random.default_rng(1)
    for layer in [*networks.body.layers, *networks.trunk.layers]:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.gamma.shape
            # Factors of either sign, as training leaves them.
            layer.set_weights([rng.normal(1, 0.6, shape), *rng.normal(0, 0.3, (2, *shape)), rng.uniform(0.2, 2, shape)])
    model = build_gated(networks, Pool(trust=0.5, rejection_shift=-1.0))
    save_graph(model, folder)
    canvases = np.concatenate([golden_canvases(), drawn_digits(40)[0][..., np.newaxis]])
    graph = graph_of(serving_function_of(model).get_concrete_function())
    return Exported(folder, canvases, len(model.variables), np.asarray(model(canvases)), graph, folded(graph))
