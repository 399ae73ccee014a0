"""The wheel that `pip install .` makes."""

import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.project import ROOT, project_files


@pytest.mark.slow
def test_wheel_holds_the_code_and_the_pages_but_no_models(tmp_path):
    # From a copy, because setuptools leaves folders of its own beside what it builds.
    source = tmp_path / "source"
    for path in project_files():
        copied = source / path.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", tmp_path, source], check=True)

    (wheel,) = tmp_path.glob("digit_recognition_service-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        (entry_points,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        assert "digits = service.cli:main" in archive.read(entry_points).decode()

    code = [path for path in project_files() if path.relative_to(ROOT).parts[0] in ("service", "trainer")]
    assert held == {path.relative_to(ROOT).as_posix() for path in code}
