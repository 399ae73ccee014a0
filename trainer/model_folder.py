"""A model's folder while it is written: `models/<name>/<version>/`, whole or not at all, and never twice."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.recognition.manifest import MANIFEST_FILE
from trainer.errors import TrainerError

GOLDEN_FILE = "golden.npz"
CARD_FILE = "card.md"


def refuse_existing(models_dir: Path, name: str, version: int) -> None:
    """Pass where this version of a model is still to be written.

    Raises:
        TrainerError: it exists.
    """
    target = models_dir / name / str(version)
    if target.exists():
        raise TrainerError(f"{target} exists, and a version never changes. Choose another one with --version.")


def refuse_among_served(models_dir: Path, name: str) -> None:
    """Pass where a model that reads letters stands in no service's way.

    Raises:
        TrainerError: the folder holds models that are served, and a service does not start beside letters.
    """
    others = sorted({path.parent.parent.name for path in models_dir.glob(f"*/*/{MANIFEST_FILE}")} - {name})
    if others:
        raise TrainerError(
            f"{models_dir} holds {', '.join(others)}. The service answers with digits and refuses to start beside a "
            "model that reads letters. Choose another folder with --models."
        )


@contextmanager
def unfinished_folder(models_dir: Path, name: str, version: int) -> Iterator[Path]:
    """A folder to write a model into; it becomes `models_dir/<name>/<version>/` when the block ends without an error.

    It lies beside its target, so that the last step is a rename within one file system.
    """
    target = models_dir / name / str(version)
    folder = target.parent / f".{version}.unfinished"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
        folder.rename(target)
    except BaseException:  # whatever it is, half a model is of no use to anyone
        shutil.rmtree(folder, ignore_errors=True)
        raise
