"""What `digits read` is tried with: networks of plain numpy, and folders of pictures that they see a 7 in."""

from pathlib import Path

import pytest

from service.api.dependencies import Container
from service.commands import offline
from service.settings import Settings
from tests.api.serving import FakeModels
from tests.pictures import draw_seven, png


@pytest.fixture
def seven() -> bytes:
    return png(draw_seven(40))


@pytest.fixture
def folder(tmp_path, seven) -> Path:
    folder = tmp_path / "pictures"
    (folder / "below").mkdir(parents=True)
    for name in ("b.png", "a.PNG", "below/c.png"):
        (folder / name).write_bytes(seven)
    (folder / "notes.txt").write_text("not a picture")
    (folder / ".hidden.png").write_bytes(seven)
    return folder


@pytest.fixture(autouse=True)
def models(monkeypatch) -> list[FakeModels]:
    """The models that commands have loaded."""
    made: list[FakeModels] = []

    def container_for(settings: Settings, **_: object) -> Container:
        made.append(FakeModels())
        return Container(settings, made[-1])

    monkeypatch.setattr(offline, "container_for", container_for)
    return made
