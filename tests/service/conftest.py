from pathlib import Path

import pytest

from tests.runtime.tiny_model import make_tiny_model


@pytest.fixture(scope="session")
def tiny_models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with one small model, cnn/1."""
    folder = tmp_path_factory.mktemp("models")
    make_tiny_model(folder / "cnn" / "1")
    return folder
