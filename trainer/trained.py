"""A digit classifier that is there to be measured: an exported one, or the run of a config that was not exported."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from service.recognition.alphabet import DIGITS
from service.recognition.errors import InvalidModel
from service.recognition.manifest import DIGIT_CLASSIFIER, load_manifest
from service.runtime.loading import load_model
from service.runtime.network import Network
from service.runtime.saved_model import SavedModel
from trainer.architectures.registry import CANVAS_SHAPE, build_model
from trainer.config import Config, config_names, load_config
from trainer.errors import TrainerError
from trainer.finetune.exported import newest_version
from trainer.graphs import exported_graph
from trainer.runs import HISTORY_FILE, HistoryRow, Run, read_machines


@dataclass(frozen=True, slots=True)
class Training:
    """What a run noted while it trained.

    Attributes:
        history: a row per epoch; empty where none was found.
        machines: what it ran on, in words; empty where that was not noted.
    """

    history: tuple[HistoryRow, ...] = ()
    machines: tuple[str, ...] = ()

    @property
    def time_s(self) -> float | None:
        """All epochs on the clock; None where one of them was not timed."""
        return self._sum("time_s")

    @property
    def processor_time_s(self) -> float | None:
        """All epochs in time of the processor, all threads together; None where one of them was not timed."""
        return self._sum("processor_time_s")

    def _sum(self, key: str) -> float | None:
        is_timed = bool(self.history) and all(key in row for row in self.history)
        return float(sum(row[key] for row in self.history)) if is_timed else None

    @classmethod
    def join(cls, trainings: Sequence["Training"]) -> "Training":
        """Several as one: all their epochs, or none where one of them is not known."""
        rows = [one.history for one in trainings]
        machines = dict.fromkeys(machine for one in trainings for machine in one.machines)
        return cls(tuple(chain(*rows)) if all(rows) else (), tuple(machines))


@dataclass(frozen=True, slots=True)
class Trained:
    """A network with what is known of it.

    Attributes:
        name: of the exported model or of the config.
        version: of the exported model; None of a run.
        graph: folder of its SavedModel; of a run a temporary one.
        network: the same, in the form that the service runs on a processor. uint8 canvases (n, 28, 28, 1) to float32
            logits (n, num_classes), of which the first ten are the digits'.
        num_parameters: weights in the network.
        temperature: divisor of the logits for clean pictures, such as MNIST's; None where it was not calibrated.
        config: what it was trained by, as JSON holds it; empty where the manifest does not say.
        trainings: what each of its networks noted; there is one, but for an ensemble.
    """

    name: str
    version: int | None
    graph: Path
    network: Network
    num_parameters: int
    temperature: float | None
    config: Mapping[str, Any]
    trainings: tuple[Training, ...]

    @property
    def training(self) -> Training:
        """Of all its networks."""
        return Training.join(self.trainings)

    @property
    def title(self) -> str:
        """For people: `cnn, version 2`, or `dnn, not exported`."""
        return f"{self.name}, version {self.version}" if self.version else f"{self.name}, not exported"


@contextmanager
def open_trained(name: str, *, models_dir: Path, runs_dir: Path) -> Iterator[Trained]:
    """The newest exported version of a digit classifier; else what the run of the config of this name delivered.

    Raises:
        TrainerError: there is neither, it is damaged, or it does not read digits.
    """
    if (models_dir / name).is_dir():
        yield _exported(newest_version(models_dir, name), runs_dir)
    elif name in config_names():
        config = load_config(name)
        if not isinstance(config, Config):
            raise TrainerError(
                f"{models_dir} holds no model {name!r}, and its config is not that of one classifier of single digits, "
                "which is what this command is about. Export it first, if its model is one."
            )
        _refuse_relatives_of_mnist(name, config.data)
        run = Run(runs_dir, config)
        with exported_graph(run) as graph:
            # Through JSON and back, so that the config compares equal to what is on disk.
            record = json.loads(json.dumps(config.to_dict()))
            yield Trained(
                name=name,
                version=None,
                graph=graph,
                network=SavedModel(graph, input_shape=CANVAS_SHAPE),
                num_parameters=int(build_model(config.architecture).count_params()),
                temperature=None,
                config=record,
                trainings=(find_training(run.folder, record),),
            )
    else:
        raise TrainerError(
            f"There is no model {name!r} in {models_dir}, and no config of that name to have a run of. "
            f"Configs are: {', '.join(config_names())}."
        )


def _exported(folder: Path, runs_dir: Path) -> Trained:
    try:
        kind = load_manifest(folder).kind
        if kind != DIGIT_CLASSIFIER:
            raise TrainerError(f"{folder} is a {kind}; this command is about classifiers of single digits.")
        model = load_model(folder)
    except InvalidModel as error:
        raise TrainerError(str(error)) from error
    manifest = model.manifest
    if not manifest.alphabet.startswith(DIGITS):
        raise TrainerError(f"{folder} answers with {manifest.alphabet!r}; this command is about the ten digits.")
    config = manifest.provenance.get("config")
    config = config if isinstance(config, dict) else {}
    _refuse_relatives_of_mnist(str(folder), config.get("data", ()))
    return Trained(
        name=manifest.name,
        version=manifest.version,
        graph=folder,
        network=model.network,
        num_parameters=manifest.num_parameters,
        temperature=manifest.temperature_of(is_clean=True),
        config=config,
        trainings=_find_trainings(runs_dir, config),
    )


def _find_trainings(runs_dir: Path, config: Mapping[str, Any]) -> tuple[Training, ...]:
    """Of each network: an ensemble's lead has a run of its own, its others have theirs in a folder of its name."""
    name = str(config.get("name", ""))
    if "lead" not in config:
        return (find_training(runs_dir / name, config),)
    lead, others = config["lead"], config["others"]
    return (
        find_training(runs_dir / lead["name"], lead),
        *(find_training(runs_dir / name / other["name"], other) for other in others),
    )


def _refuse_relatives_of_mnist(what: str, sources: Sequence[str]) -> None:
    if any(source.startswith("emnist") for source in sources):
        raise TrainerError(
            f"{what} has learned from EMNIST, which shares writers and images with MNIST's test digits: what it reads "
            "of these says nothing. Name a model that was trained without."
        )


def find_training(folder: Path, config: Mapping[str, Any]) -> Training:
    """What was noted in the folder of a run; nothing where there is none, or it is the run of another config.

    Args:
        folder: of the run.
        config: what the model was trained by, as its manifest says.
    """
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if any(found.get(key) != config.get(key) for key in {**found, **config}):
            return Training()
        history = json.loads((folder / HISTORY_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Training()
    return Training(tuple(history), tuple(read_machines(folder)))
