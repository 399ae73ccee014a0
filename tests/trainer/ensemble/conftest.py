"""A tiny ensemble whose members have delivered random weights, so that nothing has to be trained."""

import json
from dataclasses import replace
from pathlib import Path

import keras
import pytest

from trainer.architectures.gate import build_gate
from trainer.architectures.registry import build_model
from trainer.config import Config
from trainer.configs import cnn
from trainer.ensemble.config import EnsembleConfig
from trainer.ensemble.train import member_runs
from trainer.gate import RECORD_FILE
from trainer.runs import Run


@pytest.fixture(scope="session")
def tiny_ensemble(tiny_config: Config) -> EnsembleConfig:
    """Three times `dnn` and twice `mlp`."""
    return EnsembleConfig(
        name="ensemble",
        lead=tiny_config,
        others=tuple(
            replace(tiny_config, name=f"{architecture}-{seed}", architecture=architecture, seed=seed)
            for architecture, seed in (("dnn", 1), ("mlp", 2), ("dnn", 3), ("mlp", 4))
        ),
    )


@pytest.fixture(scope="session")
def gated_ensemble(tiny_ensemble: EnsembleConfig) -> EnsembleConfig:
    """The same with the body of `cnn` as its lead, which takes a gate."""
    lead = replace(tiny_ensemble.lead, name="cnn", architecture=cnn.CONFIG.architecture)
    return replace(tiny_ensemble, lead=lead)


@pytest.fixture(scope="session")
def finished_runs(tiny_ensemble: EnsembleConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the runs of `tiny_ensemble`."""
    output_dir = tmp_path_factory.mktemp("runs")
    keras.utils.set_random_seed(3)
    for run in member_runs(tiny_ensemble, output_dir):
        _deliver(run)
    return output_dir


@pytest.fixture(scope="session")
def gated_runs(gated_ensemble: EnsembleConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the runs of `gated_ensemble`; the lead has a gate."""
    output_dir = tmp_path_factory.mktemp("gated-runs")
    keras.utils.set_random_seed(3)
    lead, *others = member_runs(gated_ensemble, output_dir)
    lead.open()
    networks = build_gate(lead.config.architecture)
    lead.deliver(networks.body)
    networks.gate.save_weights(lead.gate_path)
    (lead.folder / RECORD_FILE).write_text(json.dumps({"settings": "none; random weights"}))
    for run in others:
        _deliver(run)
    return output_dir


def _deliver(run: Run) -> None:
    run.open()
    run.deliver(build_model(run.config.architecture))
