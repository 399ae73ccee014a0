from pathlib import Path

import pytest

from tests.runtime.tiny_model import make_tiny_model, make_tiny_reader


@pytest.fixture(scope="session")
def tiny_models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with one small model, cnn/1."""
    folder = tmp_path_factory.mktemp("models")
    make_tiny_model(folder / "cnn" / "1")
    return folder


@pytest.fixture(scope="session")
def both_models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a small model of either kind, cnn/1 and crnn/1."""
    folder = tmp_path_factory.mktemp("models")
    make_tiny_model(folder / "cnn" / "1")
    make_tiny_reader(folder / "crnn" / "1")
    return folder
