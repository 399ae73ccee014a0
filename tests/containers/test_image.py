"""The steps of the Dockerfile's service stage, replayed in a clean folder without a Docker engine.

What it does not show: that the base image has the system libraries that the wheels need.
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.containers.dockerfile import Stage, parse_dockerfile
from tests.project import ROOT, project_files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

STAGES = parse_dockerfile((ROOT / "Dockerfile").read_text(encoding="utf-8"))
READY_WITHIN_S = 120  # with a worker for each core, which load at the same time


@dataclass(frozen=True)
class Container:
    """What a container is to its host: a root folder, an environment, and a user who may do nothing special."""

    app: Path
    venv: Path
    environment: dict[str, str]

    def popen(self, command: list[str], **options: object) -> subprocess.Popen[str]:
        """Start a command as the image would, with the image's Python."""
        python, *arguments = command
        assert python == "python"
        return subprocess.Popen(
            [*_without_rights(), str(self.venv / "bin" / "python"), *arguments],
            cwd=self.app,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )

    def run(self, command: list[str]) -> tuple[int, str]:
        """Exit status and output of a command."""
        process = self.popen(command)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output


@pytest.fixture(scope="module")
def container() -> Iterator[Container]:
    # Not tmp_path: pytest keeps those folders of the last three runs, and this one takes gigabytes.
    with tempfile.TemporaryDirectory(prefix="digits-image-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        app, venv = root / "app", root / "venv"
        _install(STAGES["service-dependencies"], venv)
        _copy(STAGES["service"], app)
        environment = {
            **STAGES["service"].environment(),
            "PATH": f"{venv / 'bin'}:/usr/bin:/bin",
            "DIGITS_HOST": "127.0.0.1",  # the image listens everywhere, which is for its network of its own
            "DIGITS_PORT": str(_free_port()),
        }
        _set_writable(app, False)
        yield Container(app, venv, environment)
        _set_writable(app, True)


@pytest.fixture(scope="module")
def running(container: Container) -> Iterator[Container]:
    process = container.popen(STAGES["service"].command())
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while container.run(STAGES["service"].health_check())[0] != 0:
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < deadline, f"not ready within {READY_WITHIN_S} s"
        yield container
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=30)
    # Zero, or the signal again after everything was finished in good order, which is how uvicorn ends.
    assert process.returncode in (0, -signal.SIGTERM), output


def test_trainer_is_not_in_the_image(container):
    status, output = container.run(["python", "-c", "import trainer"])

    assert status != 0
    assert "No module named 'trainer'" in output


def test_code_and_models_cannot_be_changed(container):
    status, output = container.run(["python", "-c", "open('service/__init__.py', 'a')"])

    assert status != 0
    assert "PermissionError" in output


def test_a_digit_is_read_and_nothing_is_written(running):
    before = _files(running.app)
    connection = http.client.HTTPConnection("127.0.0.1", int(running.environment["DIGITS_PORT"]), timeout=30)
    connection.request("POST", "/predict?model=cnn", body=_picture_of_a_seven(), headers={"Content-Type": "image/png"})
    response = connection.getresponse()
    reading = json.loads(response.read())
    connection.close()

    assert response.status == 200, reading
    assert reading["digit"] == 7
    assert _files(running.app) == before


def _install(stage: Stage, venv: Path) -> None:
    """Make the virtual environment as the stage does, from the same lock with the same options."""
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    make_venv, install = stage.all("RUN")
    assert make_venv == "python -m venv /opt/venv"
    defaults = dict(argument.split("=") for argument in stage.all("ARG"))
    for name, value in defaults.items():
        install = install.replace(f"${{{name}}}", value)
    pip, *arguments = install.split()
    assert pip == "pip"
    # Without a cache an image is smaller; here it would only make the test slower.
    arguments.remove("--no-cache-dir")
    subprocess.run([venv / "bin" / "pip", "--quiet", *arguments], cwd=ROOT, check=True)


def _copy(stage: Stage, app: Path) -> None:
    """Copy what the stage copies out of the context: the project's own files, and nothing that lies about."""
    for source, target in stage.copied_folders():
        for path in project_files():
            if path.is_relative_to(ROOT / source):
                copied = app / target / path.relative_to(ROOT / source)
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copied)


def _without_rights() -> list[str]:
    """What makes root a user like any other, as `cap_drop: [ALL]` does; nothing where one is not root."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


def _set_writable(folder: Path, writable: bool) -> None:
    for path in [folder, *folder.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(mode | 0o200 if writable else mode & ~0o222)


def _files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _picture_of_a_seven() -> bytes:
    picture = Image.new("L", (200, 240), 235)
    ImageDraw.Draw(picture).line([(55, 60), (145, 58), (95, 190)], fill=40, width=16, joint="curve")
    buffer = BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()
