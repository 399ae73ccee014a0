"""A tiny student, and exported networks with random weights that teach it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import pytest

from service.recognition.manifest import MANIFEST_FILE, hash_files
from tests.runtime.fakes import manifest_of
from trainer.architectures.registry import build_model
from trainer.config import Config
from trainer.distil.config import DistilledConfig, distilled
from trainer.graphs import save_graph


@pytest.fixture(scope="session")
def config(tiny_config: Config) -> DistilledConfig:
    """A `dnn` that learns from a random network, and hardly from labels."""
    return distilled(
        replace(tiny_config, num_epochs=3), name="taught", teacher="wise", rival="dnn", soft_share=0.9, soften=2.0
    )


@pytest.fixture(scope="session")
def put_model() -> Callable[[Path, str, int, keras.Model], Path]:
    """Writes a network into a models folder, as `export` would; returns the folder of its version."""

    def put(models_dir: Path, name: str, version: int, model: keras.Model) -> Path:
        folder = models_dir / name / str(version)
        save_graph(model, folder)
        manifest = replace(manifest_of(name, version), files=hash_files(folder))
        (folder / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
        return folder

    return put


@pytest.fixture(scope="session")
def models_dir(put_model: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`wise` 1, which teaches, and `dnn` 1, the rival."""
    folder = tmp_path_factory.mktemp("models")
    keras.utils.set_random_seed(3)
    put_model(folder, "wise", 1, build_model("mlp"))
    put_model(folder, "dnn", 1, build_model("dnn"))
    return folder
