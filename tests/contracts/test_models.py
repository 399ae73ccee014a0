"""The committed models are whole, small, and all in git."""

import subprocess
import sys

import pytest

from service.recognition.manifest import load_manifest, manifest_sha256, verify_files
from tests.project import ROOT

MODELS = ROOT / "models"
FOLDERS = sorted(MODELS.glob("*/*"))
# Weights sit in git so that a clone serves at once; this keeps that a small price (docs/decisions/0001).
MAX_TOTAL_BYTES = 40_000_000


def test_the_default_model_is_there():
    assert "cnn" in [folder.parent.name for folder in FOLDERS]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_every_folder_holds_what_its_manifest_says(folder):
    verify_files(folder, load_manifest(folder))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_every_cascade_was_measured_with_the_newest_of_its_members(folder):
    cascade = load_manifest(folder).cascade
    for member in [] if cascade is None else [cascade.small, cascade.large]:
        newest = max((MODELS / member.name).iterdir(), key=lambda version: int(version.name))
        assert (member.name, str(member.version)) == (newest.parent.name, newest.name)
        assert member.manifest_sha256 == manifest_sha256(newest)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_every_reader_was_measured_with_the_newest_of_those_that_it_asks(folder):
    manifest = load_manifest(folder)
    asked = [manifest.second_look and manifest.second_look.classifier, manifest.peer and manifest.peer.reader]
    for member in filter(None, asked):
        newest = max((MODELS / member.name).iterdir(), key=lambda version: int(version.name))
        assert (member.name, str(member.version)) == (newest.parent.name, newest.name)
        assert member.manifest_sha256 == manifest_sha256(newest)


def test_models_stay_small():
    total_bytes = sum(path.stat().st_size for path in MODELS.rglob("*") if path.is_file())

    assert 0 < total_bytes < MAX_TOTAL_BYTES


def test_git_leaves_out_no_file_of_a_model():
    paths = [str(path.relative_to(ROOT)) for path in MODELS.rglob("*") if path.is_file()]
    # Exit status 1 means that none of the paths is ignored.
    ignored = subprocess.run(
        ["git", "-c", "safe.directory=*", "check-ignore", *paths], cwd=ROOT, capture_output=True, text=True
    )

    assert ignored.returncode == 1, ignored.stdout


@pytest.mark.timeout(180)
def test_service_reads_with_them_on_a_processor_without_tensorflow():
    """Whose import takes seconds and two thirds of a worker's memory."""
    program = """
import asyncio, sys
from service.main import container_for
from service.settings import Settings
container = container_for(Settings(device="cpu"), on_ready=lambda: None)
asyncio.run(container.models.load())
print(len(container.models.manifests()) > 0, "tensorflow" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=170)

    assert done.stdout.splitlines() == ["True False"], done.stderr
