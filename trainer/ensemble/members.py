"""The trained members of an ensemble, calibrated against each other, and the graph that they make."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from service.recognition.probability import Logits
from service.runtime.saved_model import SavedModel
from trainer.architectures.gate import GateNetworks, Pool, build_gated
from trainer.architectures.registry import CANVAS_SHAPE, build_model
from trainer.calibrate import fit_temperature
from trainer.calibrate_digits import CalibrationCanvases, Opinions, fit_pool
from trainer.config import Config
from trainer.ensemble.config import EnsembleConfig
from trainer.ensemble.network import Member, gated_mean, mean_network
from trainer.ensemble.train import member_runs
from trainer.gate import load_gate
from trainer.golden import golden_canvases
from trainer.graphs import check_repeated, exportable_weights, save_graph
from trainer.readings import score_seen
from trainer.runs import Run


@dataclass(frozen=True, slots=True)
class LoadedMembers:
    """Members that answer as their trainings noted.

    Attributes:
        runs: of all members, the lead's first.
        members: the networks with their temperatures, in the same order.
        gate: the lead with its gate; None where it has none.
    """

    runs: Sequence[Run[Config]]
    members: Sequence[Member]
    gate: GateNetworks | None

    @property
    def num_parameters(self) -> int:
        """Weights in all networks, the gate's among them."""
        networks = [member.network for member in self.members] + ([self.gate.trunk] if self.gate else [])
        return int(sum(network.count_params() for network in networks))


def load_members(config: EnsembleConfig, output_dir: Path, calibration: CalibrationCanvases) -> LoadedMembers:
    """The networks of all runs, float32, each with the temperature that fits the calibration writers' digits best.

    Raises:
        TrainerError: a run is not finished or of another config, Keras runs on another backend than TensorFlow, or a
            network does not answer as its training noted.
    """
    runs = member_runs(config, output_dir)
    for run in runs:  # before any is loaded, which takes a while
        exportable_weights(run)
    gate = load_gate(runs[0]) if runs[0].has_gate else None
    digits = calibration.of_digits()
    members = []
    for index, run in enumerate(runs):
        network = gate.body if gate and index == 0 else _load_network(run)
        _check_golden(network, run)
        scored = score_seen(EagerNetwork(network), digits.seen)
        rows = ~scored.is_blank
        temperature = fit_temperature(scored.logits[rows], digits.labels[rows])
        print(f"{run.config.name}: temperature {temperature:.3f}")
        members.append(Member(network, temperature))
    return LoadedMembers(runs, members, gate)


@contextmanager
def exported_members(loaded: LoadedMembers, calibration: CalibrationCanvases) -> Iterator[tuple[Path, Pool | None]]:
    """The ensemble as a SavedModel in a temporary folder, and how its digits and its gate are pooled, if it has one.

    The graph is float32, takes uint8 canvases (n, 28, 28, 1), scales them inside and returns float32 logits (n, 12), or
    (n, 10) without a gate.

    Raises:
        TrainerError: the graph does not answer as the networks do that it was made from.
    """
    if loaded.gate is None:
        model, pool = mean_network(loaded.members), None
    else:
        networks = gated_mean(loaded.gate, loaded.members)
        pool = fit_pool(Opinions(networks), calibration)
        model = build_gated(networks, pool)
    with tempfile.TemporaryDirectory(prefix="digits-export-") as parent:
        folder = Path(parent) / "graph"
        save_graph(model, folder, may_be_trained=False)  # its members are, each in a run of its own
        exported = SavedModel(folder, input_shape=CANVAS_SHAPE).logits(golden_canvases())
        check_repeated(exported, np.asarray(model(golden_canvases(), training=False)), loaded.runs[0])
        yield folder, pool


class EagerNetwork:
    """A Keras network where a `trainer.readings.Network` is asked for."""

    def __init__(self, network: keras.Model) -> None:
        self._network = network

    def logits(self, canvases: NDArray[np.uint8]) -> Logits:
        """uint8 (n, 28, 28, 1) to float32 (n, 10)."""
        return np.asarray(self._network(canvases, training=False))


def _load_network(run: Run[Config]) -> keras.Model:
    network = build_model(run.config.architecture)
    network.load_weights(run.weights_path)
    return network


def _check_golden(network: keras.Model, run: Run[Config]) -> None:
    with np.load(run.golden_path) as golden:
        check_repeated(np.asarray(network(golden["canvases"], training=False)), golden["logits"], run)
