"""MNIST: found in a folder, or downloaded once and checked.

Licence: CC BY-SA 3.0 (LeCun, Cortes and Burges); QMNIST's labels, which name the writers: BSD.
"""

import hashlib
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from trainer.config import Benchmark
from trainer.data.digits import Digits
from trainer.data.idx import read_idx
from trainer.data.splits import Splits, read_writers, split_at_random, split_by_writer
from trainer.errors import TrainerError

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
TRAIN_WRITERS = "qmnist-train-labels-idx2-int"
TEST_WRITERS = "qmnist-test-labels-idx2-int"
# The repository of QMNIST's authors, where torchvision fetches them too.
WRITERS_MIRRORS = ("https://raw.githubusercontent.com/facebookresearch/qmnist/master/",)
# Of the .gz files as both mirrors serve them.
SHA256 = {
    "train-images-idx3-ubyte.gz": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
WRITERS_SHA256 = {
    "qmnist-train-labels-idx2-int.gz": "2c05dc77f6b916b38e455e97ab129a42a444f3dbef09b278a366f82904e0dd9f",
    "qmnist-test-labels-idx2-int.gz": "9fbcbe594c3766fdf4f0b15c5165dc0d1e57ac604e01422608bb72c906030d06",
}
_CHUNK_BYTES = 1 << 16
_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Mnist:
    """The 60,000 training digits with their splits, and the 10,000 test digits; or EMNIST in the same form.

    Attributes:
        name: `mnist`, or that of another source.
        train_writers: int64 (60000,), who wrote each training digit; None where that is not known.
        test_writers: int64 (10000,), likewise.
    """

    train: Digits
    test: Digits
    splits: Splits
    train_writers: NDArray[np.int64] | None = None
    test_writers: NDArray[np.int64] | None = None
    name: Benchmark = "mnist"


def default_cache_dir() -> Path:
    """Where downloads are kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "digit-recognition-service" / "mnist"


def load_mnist(data_dir: Path | None, *, allow_random_splits: bool | None = None) -> Mnist:
    """MNIST from `data_dir`, or `data_dir/mnist`, or, without a folder, from the cache or the network.

    Args:
        data_dir: folder with the IDX files, each with or without `.gz`.
        allow_random_splits: whether to go on without knowing the writers; None where that is no choice of the user's,
            and is not to be offered.

    Raises:
        TrainerError: files are missing or damaged, or the writers are not known and that was not allowed.
    """
    folder = _downloaded(allow_random_splits) if data_dir is None else _find_folder(data_dir)
    train = _read_digits(folder, TRAIN_IMAGES, TRAIN_LABELS)
    test = _read_digits(folder, TEST_IMAGES, TEST_LABELS)
    writers_path = _find_file(folder, TRAIN_WRITERS)
    if writers_path is not None:
        train_writers = read_writers(writers_path, len(train))
        splits = split_by_writer(train_writers)
    elif allow_random_splits:
        train_writers = None
        splits = split_at_random(len(train))
    else:
        raise TrainerError(
            f"{folder} has no {TRAIN_WRITERS}.gz, which says who wrote each digit. Without it the same writers stand "
            "on both sides of every split, and validation and calibration look better than they are. Put QMNIST's file "
            f"there{'.' if allow_random_splits is None else ', or pass --random-splits to accept that.'}"
        )
    test_path = _find_file(folder, TEST_WRITERS)
    test_writers = None if test_path is None else read_writers(test_path, len(test))
    return Mnist(train, test, splits, train_writers, test_writers)


def download_mnist(folder: Path, *, mirrors: Sequence[str] = MIRRORS) -> Path:
    """Fetch what is missing in `folder` of the four files of MNIST, each checked against its SHA-256.

    A file appears under its name only when it is complete and right.

    Raises:
        TrainerError: no mirror delivered a file; the message says what each one answered.
    """
    _download(folder, SHA256, mirrors)
    return folder


def download_writers(folder: Path, *, mirrors: Sequence[str] = WRITERS_MIRRORS) -> Path:
    """Fetch what is missing in `folder` of QMNIST's labels, which say who wrote each digit; as `download_mnist`.

    Raises:
        TrainerError: no mirror delivered a file.
    """
    _download(folder, WRITERS_SHA256, mirrors)
    return folder


def _downloaded(allow_random_splits: bool | None) -> Path:
    """The cache, with MNIST and its writers in it; without the writers only where one can go on without them."""
    folder = download_mnist(default_cache_dir())
    try:
        download_writers(folder)
    except TrainerError as error:
        if not allow_random_splits:
            raise
        print(f"The writers stay unknown: {error}", file=sys.stderr)
    return folder


def _download(folder: Path, sha256: Mapping[str, str], mirrors: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, expected in sha256.items():
        path = folder / name
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == expected:
            continue
        failures = []
        for mirror in mirrors:
            try:
                data = _fetch(mirror + name)
            except (OSError, ValueError) as error:
                failures.append(f"{mirror}: {error}")
                continue
            found = hashlib.sha256(data).hexdigest()
            if found == expected:
                break
            failures.append(f"{mirror}: its SHA-256 is {found}, expected is {expected}")
        else:
            raise TrainerError(
                f"{name} could not be downloaded ({'; '.join(failures)}). Fetch MNIST and QMNIST's labels by "
                "other means and pass their folder with --data."
            )
        partial = path.with_suffix(".partial")
        partial.write_bytes(data)
        partial.replace(path)


def _fetch(url: str) -> bytes:
    # All mirrors are fixed https addresses; tests pass a server on the loopback interface.
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response:  # noqa: S310
        num_bytes = int(response.headers.get("Content-Length", 0)) or None
        print(f"Downloading {url}", file=sys.stderr)
        progress = keras.utils.Progbar(num_bytes, unit_name="byte")
        chunks = []
        while chunk := response.read(_CHUNK_BYTES):
            chunks.append(chunk)
            progress.add(len(chunk))
    return b"".join(chunks)


def _find_folder(data_dir: Path) -> Path:
    for folder in (data_dir, data_dir / "mnist"):
        if _find_file(folder, TRAIN_IMAGES) is not None:
            return folder
    problem = "holds no MNIST files" if data_dir.is_dir() else "is not a folder"
    raise TrainerError(
        f"{data_dir} {problem}: {TRAIN_IMAGES} (or {TRAIN_IMAGES}.gz) is looked for in it and in its folder mnist/. "
        "Pass the right folder with --data, or leave --data out to download MNIST."
    )


def _find_file(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _read_digits(folder: Path, images_name: str, labels_name: str) -> Digits:
    images = read_idx(_find_file(folder, images_name) or folder / images_name)
    labels = read_idx(_find_file(folder, labels_name) or folder / labels_name)
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
        raise TrainerError(
            f"{folder / images_name} has shape {images.shape} and {labels_name} {labels.shape}; (n, 28, 28) bytes and "
            "(n,) are expected. Do the two files belong together?"
        )
    return Digits(images[..., np.newaxis], labels.astype(np.int64))
