from pathlib import Path

import pytest

from tests.runtime.tiny_int8 import make_tiny_int8
from tests.runtime.tiny_model import make_tiny_model, make_tiny_reader


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model folder, cnn/1; copy it before changing it."""
    return make_tiny_model(tmp_path_factory.mktemp("models") / "cnn" / "1")


@pytest.fixture(scope="session")
def tiny_reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model folder of a sequence reader, crnn/1; copy it before changing it."""
    return make_tiny_reader(tmp_path_factory.mktemp("models") / "crnn" / "1")


@pytest.fixture(scope="session")
def tiny_int8(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model with `int8.tflite` beside it; copy it before changing it."""
    return make_tiny_int8(tiny_model, tmp_path_factory.mktemp("models") / "cnn" / "1")
