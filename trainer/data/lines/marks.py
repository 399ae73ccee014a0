"""What stands in numbers and is no digit: dots, commas, dashes, signs; letters, fillers, struck-out digits."""

import zlib
from pathlib import Path
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.errors import TrainerError

Picture = NDArray[np.uint8]

# Letters that hardly anybody takes for a digit; F, M and R are as clear and are kept out of the readers' numbers.
CLEAR_LETTERS = "ACEHK"


def load_letters(data_dir: Path) -> list[Picture]:
    """Every second clear letter of `not_digits/letters.npz` and the letters of `bhmsds.npz`, bright on dark, cropped.

    Raises:
        TrainerError: a file is missing or is not what it should be.
    """
    letters = _load(data_dir / "not_digits" / "letters.npz")
    found: list[Picture] = []
    images, names = letters
    for letter in CLEAR_LETTERS:
        found += [_cropped(image) for image in images[np.flatnonzero(names == letter)[::2]]]
    images, names = _load(data_dir / "bhmsds.npz")
    for letter in "wxy":  # z is a 2 to many
        found += [_cropped(255 - image) for image in images[np.flatnonzero(names == letter)[::2]]]
    return [letter for letter in found if min(letter.shape) >= 3]


def draw_mark(kind: str, height: int, pen: int, rng: np.random.Generator) -> tuple[Picture, float]:
    """A mark that is not read.

    Args:
        kind: `dot`, `comma`, `dash`, `equals`, `plus`, `star`, `apostrophe` or `colon`.
        height: of a digit, in pixels.
        pen: width of the stroke, in pixels.
        rng: where chance comes from.

    Returns:
        uint8 (height, width) with the ink in it, and the height of its middle, in digit heights above the baseline.
    """
    side = height + 4
    canvas = np.zeros((side, 2 * side), np.uint8)
    middle = (side // 2, side // 2)

    def line(x0: float, y0: float, x1: float, y1: float, width: int = pen) -> None:
        start = (int(middle[0] + x0 * height * 4), int(middle[1] + y0 * height * 4))
        end = (int(middle[0] + x1 * height * 4), int(middle[1] + y1 * height * 4))
        cv2.line(canvas, start, end, 255, max(1, width), cv2.LINE_AA, 2)

    wobble = rng.uniform(-0.05, 0.05, 4)
    level = {"dot": 0.02, "comma": -0.05, "apostrophe": 0.95, "colon": 0.4}.get(kind, 0.45) + rng.uniform(-0.12, 0.12)
    if kind == "dot":
        line(0, 0, rng.uniform(0, 0.06), rng.uniform(-0.03, 0.05), round(pen * rng.uniform(1, 1.8)))
    elif kind in ("comma", "apostrophe"):
        line(0, 0, -rng.uniform(0.02, 0.15), rng.uniform(0.1, 0.28))
    elif kind == "dash":
        line(-0.3, wobble[0], rng.uniform(0.0, 0.9), wobble[1])
    elif kind == "equals":
        line(-0.3, wobble[0] - 0.12, rng.uniform(0.0, 0.5), wobble[1] - 0.12)
        line(-0.3, wobble[2] + 0.12, rng.uniform(0.0, 0.5), wobble[3] + 0.12)
    elif kind == "plus":
        line(-0.3, wobble[0], 0.3, wobble[1])
        line(wobble[2], -0.3, wobble[3], 0.3)
    elif kind == "colon":
        line(0, -0.2, 0.02, -0.2, round(1.3 * pen))
        line(0, 0.2, 0.02, 0.22, round(1.3 * pen))
    else:  # star
        for angle in rng.uniform(0, 0.5) + np.arange(3) * np.pi / 3:
            x, y = 0.25 * np.cos(angle), 0.25 * np.sin(angle)
            line(-x, -y, x, y)
    return _cropped(canvas), level


def draw_filler(height: int, pen: int, rng: np.random.Generator) -> Picture:
    """An X in place of a digit, bright on dark."""
    width = max(4, round(height * rng.uniform(0.5, 1.1)))
    canvas = np.zeros((height + 8, width + 8), np.uint8)
    jitter = rng.integers(-max(1, height // 8), max(1, height // 8) + 1, 8)
    corners = np.array([[4, 4], [width + 4, height + 4], [width + 4, 4], [4, height + 4]]) + jitter.reshape(4, 2)
    cv2.line(canvas, tuple(map(int, corners[0])), tuple(map(int, corners[1])), 255, pen, cv2.LINE_AA)
    cv2.line(canvas, tuple(map(int, corners[2])), tuple(map(int, corners[3])), 255, pen, cv2.LINE_AA)
    return _cropped(canvas)


def strike_out(digit: Picture, pen: int, rng: np.random.Generator) -> Picture:
    """A digit that its writer has crossed out with some strokes."""
    height, width = digit.shape
    margin = max(2, width // 3)
    canvas = cv2.copyMakeBorder(digit, 2, 2, margin, margin, cv2.BORDER_CONSTANT, value=0)
    is_scribble = rng.random() < 0.5
    num_strokes = int(rng.integers(3, 8)) if is_scribble else int(rng.integers(2, 4))
    ys = rng.uniform(0.1, 0.9, (num_strokes, 2)) * height
    xs = np.column_stack([rng.uniform(0, margin, num_strokes), canvas.shape[1] - rng.uniform(0, margin, num_strokes)])
    if is_scribble:
        points = np.column_stack([xs.ravel(), ys.ravel()])
        points[1::4], points[2::4] = points[1::4].copy(), points[2::4].copy()
        cv2.polylines(canvas, [np.rint(points).astype(np.int32)], False, 255, pen, cv2.LINE_AA)
    else:
        for (x0, x1), (y0, y1) in zip(xs, ys, strict=True):
            cv2.line(canvas, (int(x0), int(y0)), (int(x1), int(y1)), 255, pen, cv2.LINE_AA)
    return _cropped(canvas)


def strike_through(digit: Picture, pen: int, rng: np.random.Generator) -> Picture:
    """A digit that its writer has crossed out with one stroke from corner to corner."""
    height, width = digit.shape
    margin = max(2, width // 3)
    canvas = cv2.copyMakeBorder(digit, 4, 4, margin, margin, cv2.BORDER_CONSTANT, value=0)
    left, right = (int(x) for x in rng.uniform(0, margin + 0.15 * width, 2))
    top, bottom = (int(y) for y in rng.uniform(0, 0.3 * height, 2))
    ys = (top, canvas.shape[0] - 1 - bottom)
    start, end = ys if rng.random() < 0.4 else ys[::-1]
    cv2.line(canvas, (left, start), (canvas.shape[1] - 1 - right, end), 255, pen, cv2.LINE_AA)
    return _cropped(canvas)


def _load(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    try:
        # Opened here: of a damaged archive NumPy leaves the file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return arrays["images"], arrays["labels"].astype(str)
    except FileNotFoundError as error:
        raise TrainerError(f"{path} does not exist; the reader learns from it what is no digit.") from error
    except (OSError, ValueError, KeyError, BadZipFile, zlib.error) as error:
        raise TrainerError(f"{path} cannot be read as an archive with `images` and `labels`: {error}.") from error


def _cropped(picture: Picture) -> Picture:
    x, y, width, height = cv2.boundingRect((picture >= 24).astype(np.uint8))
    return np.ascontiguousarray(picture[y : y + max(1, height), x : x + max(1, width)])
