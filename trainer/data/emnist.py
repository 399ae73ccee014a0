"""EMNIST: far more digits than MNIST's, and letters, in IDX files as MNIST's.

    emnist-digits-{train,test}-{images-idx3,labels-idx1}-ubyte     240,000 and 40,000 digits
    emnist-balanced-...                                            112,800 and 18,800 characters of 47 classes
    emnist-balanced-mapping.txt                                    class and character code of each, one to a line

each with or without `.gz`, in the data folder or in its `emnist/` or `gzip/` (as EMNIST's own archive unpacks). The
images are stored with rows and columns exchanged, and were centered by their boxes: here they are turned back and
placed as the service places what it reads.

The digits are NIST's, as MNIST's are: the same writers, and the same images, stand in both. A model that has learned
from EMNIST has seen MNIST's test digits.

Source: Cohen, Afshar, Tapson and van Schaik 2017, "EMNIST: an extension of MNIST to handwritten letters",
arXiv 1702.05373. Licence: public domain, as NIST Special Database 19.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.recognition.canvas import digit_canvas
from service.recognition.errors import BlankImage
from service.recognition.image import GrayImage
from trainer.config import EMNIST_ALPHABETS, EmnistSource
from trainer.data.digits import Digits
from trainer.data.idx import read_idx
from trainer.data.mnist import Mnist
from trainer.data.splits import Splits
from trainer.errors import TrainerError

SHARED_WRITERS = (
    "Trained on EMNIST, whose writers and images stand in MNIST too: no score on MNIST says anything about this model, "
    "and none may be quoted."
)
_FOLDERS = ("", "emnist", "gzip", "emnist/gzip")


def load_emnist(source: EmnistSource, data_dir: Path | None) -> Mnist:
    """EMNIST in the form of `Mnist`.

    The last training images, as many as there are test images, are EMNIST's own validation set; its first half is
    kept for validation and its second for calibration. Who wrote what is not in the files, so writers stand on several
    sides.

    Args:
        source: which part of EMNIST.
        data_dir: holds the files.

    Raises:
        TrainerError: no folder is given, or files are missing, damaged or not those of this part.
    """
    part = source.removeprefix("emnist_")
    folder = _find_folder(data_dir, part)
    alphabet = EMNIST_ALPHABETS[source]
    _check_mapping(folder / f"emnist-{part}-mapping.txt", alphabet)
    train, test = (_read(folder, f"emnist-{part}-{half}", len(alphabet)) for half in ("train", "test"))
    num_validation = min(len(test), len(train) // 2)
    kept_from, calibration_from = len(train) - num_validation, len(train) - num_validation // 2
    splits = Splits(
        train=np.arange(kept_from),
        validation=np.arange(kept_from, calibration_from),
        calibration=np.arange(calibration_from, len(train)),
        unit="image",
    )
    return Mnist(train, test, splits, name=source)


def _find_folder(data_dir: Path | None, part: str) -> Path:
    name = f"emnist-{part}-train-images-idx3-ubyte"
    for folder in () if data_dir is None else [data_dir / inner for inner in _FOLDERS]:
        if _path(folder, name).is_file():
            return folder
    where = "EMNIST is not downloaded" if data_dir is None else f"{data_dir} holds no {name} (or {name}.gz)"
    raise TrainerError(f"{where}. Fetch EMNIST from NIST, unpack it, and pass its folder with --data.")


def _path(folder: Path, name: str) -> Path:
    compressed = folder / f"{name}.gz"
    return compressed if compressed.is_file() else folder / name


def _check_mapping(path: Path, alphabet: str) -> None:
    """Pass where the file is missing, or says what the alphabet says: class i is the alphabet's character i."""
    if not path.is_file():
        return
    try:
        rows = [line.split() for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
        # A third column holds the code of the small letter where it is merged with the large one.
        found = "".join(chr(int(row[1])) for row in sorted(rows, key=lambda row: int(row[0])))
    except (ValueError, IndexError, OSError) as error:
        raise TrainerError(f"{path} is not a mapping of EMNIST: each line is to hold a class and a code.") from error
    if found != alphabet:
        raise TrainerError(
            f"{path} names the classes {found!r}; {alphabet!r} is expected. Do the files belong to this part of EMNIST?"
        )


def _read(folder: Path, name: str, num_classes: int) -> Digits:
    images_path, labels_path = (_path(folder, f"{name}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28) or labels.shape != images.shape[:1]:
        raise TrainerError(
            f"{images_path} has shape {images.shape} and {labels_path.name} {labels.shape}; (n, 28, 28) bytes and (n,) "
            "are expected. Do the two files belong together?"
        )
    if not len(labels) or labels.min() < 0 or labels.max() >= num_classes:
        raise TrainerError(
            f"{labels_path} holds {len(labels)} labels up to {max(labels, default=None)}; some from 0 to "
            f"{num_classes - 1} are expected. Do the files belong to this part of EMNIST?"
        )
    canvases = np.stack([_placed(image.T) for image in images])  # stored column by column
    return Digits(canvases, labels.astype(np.int64))


def _placed(image: GrayImage) -> NDArray[np.uint8]:
    try:
        return digit_canvas(np.ascontiguousarray(image))
    except BlankImage:
        return np.zeros((28, 28, 1), dtype=np.uint8)
