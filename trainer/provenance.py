"""Where a model comes from: what runs note, and manifests say, of the code, the libraries and the data behind it."""

import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import keras

from trainer.data.mnist import Mnist
from trainer.errors import TrainerError

LIBRARIES = ("keras", "tensorflow", "numpy", "opencv-python-headless", "pillow", "scipy", "matplotlib")
RANDOM_REMAINDER = "Order of rounding in parallel sums; two runs agree closely, not to the last bit."


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that a model depends on."""
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:  # one may stand in for another, such as opencv-python
            continue
    return versions


def git_commit() -> str | None:
    """The commit of this checkout; None outside one."""
    return _git("rev-parse", "HEAD")


def is_tree_clean() -> bool | None:
    """Whether this checkout is its commit, with no file changed or added; None outside one."""
    changes = _git("status", "--porcelain")
    return None if changes is None else not changes


def describe_sitting(splits: Mapping[str, Any], *, first_epoch: int) -> dict[str, Any]:
    """For the folder of a run: what it is trained with until it is finished or stopped.

    Args:
        splits: of `describe_splits`.
        first_epoch: the one that comes next, from 1.
    """
    return {
        "first_epoch": first_epoch,
        "commit": git_commit(),
        "is_tree_clean": is_tree_clean(),
        "backend": keras.backend.backend(),
        "splits": dict(splits),
    }


def describe_training(sittings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """For a manifest: what a run noted while it trained; empty where it noted nothing, as runs once did.

    Args:
        sittings: of `read_sittings`; the splits are those of the last.
    """
    return {"splits": sittings[-1]["splits"], "training": [*sittings]} if sittings else {}


def require_splits_of(sittings: Sequence[Mapping[str, Any]], mnist: Mnist) -> None:
    """Pass where a run was trained on data split as it is now; a run that noted nothing passes.

    Args:
        sittings: of `read_sittings`.
        mnist: what the run is to be calibrated and measured on.

    Raises:
        TrainerError: it was split otherwise, so the run may have learned from what would judge it.
    """
    if any(one["splits"]["sha256"] != mnist.splits.sha256 for one in sittings):
        raise TrainerError(
            f"The run was trained on {sittings[-1]['splits']['of']} split otherwise than it is now (by "
            f"{mnist.splits.unit}), so it may have learned from digits that would calibrate and measure it. Name the "
            "data and the options that it was trained with, or train again."
        )


def describe_splits(mnist: Mnist, fitted_on: Sequence[str]) -> dict[str, Any]:
    """How MNIST, or EMNIST, was split, and what of it was fitted on."""
    splits = mnist.splits
    return {
        "of": f"{mnist.name} train",
        "unit": splits.unit,
        "sha256": splits.sha256,
        "num_train": len(splits.train),
        "num_validation": len(splits.validation),
        "num_calibration": len(splits.calibration),
        "fitted_on": list(fitted_on),
    }


def _git(*arguments: str) -> str | None:
    """What git says of this checkout; None outside one."""
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
