"""Folders of a person's own digits, drawn by the tests."""

from pathlib import Path

import numpy as np
from PIL import Image

from trainer.golden import draw_digit


def picture(digit: int, *, seed: int) -> np.ndarray:
    """A digit dark on light with paper around it, uint8 (96, 96); another one for every seed."""
    rng = np.random.default_rng([digit, seed])
    ink = np.roll(draw_digit(digit, stroke_px=int(rng.integers(1, 4)))[..., 0], rng.integers(-1, 2, 2), (0, 1))
    levels = 250 - np.pad(np.kron(ink, np.ones((2, 2))), 20) * 0.9
    return np.clip(levels + rng.integers(-4, 5, levels.shape), 0, 255).astype(np.uint8)


def save(path: Path, digit: int, *, seed: int) -> Path:
    """Write one picture in the format of the path's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(digit, seed=seed)).save(path)
    return path


def folder_per_digit(folder: Path, digits: str = "0123456789", *, num_each: int = 5) -> Path:
    """DIR/0 ... DIR/9."""
    for digit in map(int, digits):
        for seed in range(num_each):
            save(folder / str(digit) / f"{seed}.png", digit, seed=seed)
    return folder


def with_table(folder: Path, table: str) -> Path:
    """DIR/labels.csv, and every `<digit>-<seed>.png` that it names."""
    folder.mkdir(exist_ok=True)
    (folder / "labels.csv").write_text(table, encoding="utf-8")
    for line in table.splitlines()[1:]:
        name = line.split(",")[0]
        if name.endswith(".png"):
            digit, seed = name.removesuffix(".png").split("-")
            save(folder / name, int(digit), seed=int(seed))
    return folder
