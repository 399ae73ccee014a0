"""Digits drawn by the tests, and the format in which MNIST comes."""

import struct

import numpy as np

from trainer.golden import draw_digit


def idx_bytes(array: np.ndarray) -> bytes:
    """The array as an IDX file's bytes."""
    code = {"uint8": 0x08, "int32": 0x0C}[array.dtype.name]
    header = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def drawn_digits(num_digits: int) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (n, 28, 28) and uint8 (n,): every digit in turn, thin and thick, a pixel off its place."""
    rng = np.random.default_rng(0)
    labels = np.arange(num_digits, dtype=np.uint8) % 10
    images = [
        np.roll(draw_digit(label, stroke_px=rng.integers(1, 4))[..., 0], rng.integers(-1, 2, 2), (0, 1))
        for label in labels
    ]
    return np.stack(images), labels
