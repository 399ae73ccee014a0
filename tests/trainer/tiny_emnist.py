"""A tiny EMNIST in the format of the real one, drawn by the tests."""

import gzip
from pathlib import Path

import numpy as np

from tests.trainer.tiny_mnist import drawn_digits, idx_bytes

BALANCED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"


def write_emnist(folder: Path, part: str, *, num_train: int = 240, num_test: int = 60, num_classes: int = 10) -> Path:
    """The files of one part: images with rows and columns exchanged, half of the files compressed.

    With more than ten classes, class c is the digit c % 10, upside down for the teens and the thirties, mirrored from
    20 on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for half, num_images in (("train", num_train), ("test", num_test)):
        images, digits = drawn_digits(num_images)
        labels = (np.arange(num_images) % num_classes).astype(np.uint8)
        images = np.stack([_character(images[digits == label % 10][0], int(label)) for label in labels])
        images_path = folder / f"emnist-{part}-{half}-images-idx3-ubyte.gz"
        images_path.write_bytes(gzip.compress(idx_bytes(np.ascontiguousarray(images.transpose(0, 2, 1)))))
        (folder / f"emnist-{part}-{half}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    return folder


def write_mapping(folder: Path, part: str, alphabet: str) -> Path:
    """Class and character code, one class to a line."""
    path = folder / f"emnist-{part}-mapping.txt"
    path.write_text("".join(f"{index} {ord(character)}\n" for index, character in enumerate(alphabet)))
    return path


def _character(image: np.ndarray, label: int) -> np.ndarray:
    image = image[::-1] if label // 10 % 2 else image
    return image[:, ::-1] if label // 20 else image
