"""Setting digits and marks side by side, as a hand would."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import OTHER, class_of_digit
from trainer.data.lines.hands import Hands
from trainer.data.lines.marks import draw_filler, draw_mark, strike_out, strike_through
from trainer.data.lines.signs import draw_sign
from trainer.data.lines.style import LineStyle
from trainer.data.lines.texts import draw_text

Picture = NDArray[np.uint8]

HEIGHT_PX = 28  # of a digit of usual size
BOX_PX = 40  # side of a digit's box: as 28 pixels to the 20 of a digit on a canvas of MNIST
STACKED_GAP_PX = 3
BEND_PX = 1.7  # typical displacement, 1.2 on a canvas of 28 pixels
_BEND_SIGMA_PX = 5.6  # as wide as Simard et al. 2003 found best for MNIST, in digits of this height
MARKS = ("dot", "comma", "dash", "equals", "plus", "star", "apostrophe", "colon")
# Through a 0, 1, 4 or 7 some writers draw a stroke without meaning anything by it.
_CLEARLY_STRUCK = frozenset(class_of_digit(digit) for digit in (2, 3, 5, 6, 8, 9))
_JOINT_CHANCE = 0.6  # of zeros that hang together to show the stroke between them
_ENDINGS = (
    ("dash",),
    ("dot", "dash"),
    ("equals",),
    ("dot",),
    ("comma",),
    ("comma", "dash"),
    ("dash", "dash"),
    ("dot", "equals"),
    ("star",),
)
_BEFORE = ("dollar", "euro", "pound", "yen", "number")
_AFTER = ("euro", "percent", "number", "dollar")
_MARK_WEIGHTS = np.array([0.38, 0.14, 0.2, 0.08, 0.04, 0.05, 0.06, 0.05])


@dataclass(slots=True)
class Composed:
    """A number in ink.

    Attributes:
        ink: uint8 (height, width), paper 0 and ink 255, cropped to the ink; empty where nothing is written.
        classes: class indices of the reader, in reading order: digits, and `other` for what stands in a digit's place.
        boxes: of each class (left, right) in the picture's columns.
    """

    ink: Picture
    classes: list[int] = field(default_factory=list)
    boxes: list[tuple[int, int]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The digits alone."""
        return "".join(str(index - 1) for index in self.classes if index != OTHER)


@dataclass(slots=True)
class _Piece:
    picture: Picture
    rise: float  # of its bottom above the baseline, in pixels
    class_index: int | None  # None for marks that are not read
    is_joined: bool = False  # written in one go with the piece before


def compose(
    hands: Hands, style: LineStyle, rng: np.random.Generator, *, letters: list[Picture], text: str | None = None
) -> Composed:
    """Write a number.

    Args:
        hands: whose digits.
        style: how.
        rng: where chance comes from.
        letters: what may stand in a digit's place.
        text: the number; drawn where it is not given.
    """
    has_digits = text is not None or rng.random() >= style.nothing_chance
    if text is None:
        text = _draw_text(style, rng) if has_digits else ""
    slant = float(np.clip(rng.normal(0, style.slant / 2), -style.slant, style.slant))
    stretch = 1 + rng.uniform(-style.stretch, style.stretch)
    pen_change = int(rng.choice([-1, 1, 1, 2])) if rng.random() < style.thickness_chance else 0
    pen = int(rng.integers(2, 5))
    pictures = hands.pick(text, rng, one_hand=rng.random() < style.one_writer_chance)
    pieces = []
    for symbol, sprite in zip(text, pictures, strict=True):
        picture = _write(sprite, style, rng, slant=slant, stretch=stretch, pen_change=pen_change)
        rise = rng.normal(0, style.baseline_jitter) * HEIGHT_PX
        pieces.append(_Piece(picture, rise, class_of_digit(int(symbol))))
    if style.joined_chance and rng.random() < style.joined_chance:
        _join_zeros(pieces, rng)
    if rng.random() < style.other_chance or (not text and rng.random() < 0.6):
        _add_others(pieces, letters, pen, rng, may_strike=bool(text))
    if rng.random() < style.mark_chance or (not text and rng.random() < 0.5):
        _add_marks(pieces, pen, rng)
    if style.sign_chance and pieces and rng.random() < style.sign_chance:
        _add_signs(pieces, pen, slant, rng)
    return _lay_out(pieces, style, pen, rng)


def _draw_text(style: LineStyle, rng: np.random.Generator) -> str:
    chances = {"repeat_chance": style.repeat_chance, "round_chance": style.round_chance}
    return draw_text(rng, max_length=style.max_length, **chances)


def _write(
    sprite: Picture, style: LineStyle, rng: np.random.Generator, *, slant: float, stretch: float, pen_change: int
) -> Picture:
    """One digit at its size, slanted, with its pen; uint8 (height, width), cropped."""
    height, width = sprite.shape
    scale = HEIGHT_PX / 20 * (1 + rng.normal(0, style.size_jitter)) if style.size_jitter else HEIGHT_PX / 20
    scale = float(np.clip(scale, 0.8, 2.0))
    lean = slant + rng.normal(0, style.digit_slant) if style.digit_slant else slant
    turn = rng.normal(0, 0.3 * style.digit_slant) if style.digit_slant else 0.0
    scale_x = scale * stretch
    matrix = np.array([[scale_x, -lean * scale, 0.0], [turn * scale_x, scale, 0.0]])
    corners = matrix[:, :2] @ np.array([[0, width, width, 0], [0, 0, height, height]], dtype=np.float64)
    low, high = corners.min(axis=1), corners.max(axis=1)
    matrix[:, 2] = 3 - low
    size = np.ceil(high - low).astype(int) + 6
    picture = cv2.warpAffine(sprite, matrix, (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR)
    if style.bend_chance and rng.random() < style.bend_chance:
        picture = _bent(picture, rng)
    if pen_change:
        change = cv2.dilate if pen_change > 0 else cv2.erode
        cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
        changed = change(picture, cross, iterations=abs(pen_change))
        picture = changed if changed.max() > 128 else picture
    return _cropped(picture)


def _bent(picture: Picture, rng: np.random.Generator) -> Picture:
    """Moved along a smooth random field; what is moved over the edge is lost."""
    height, width = picture.shape
    noise = rng.standard_normal((height, width, 2), dtype=np.float32)
    # Smoothed noise is fainter by this factor; its displacements are to be those of `BEND_PX`.
    strength = BEND_PX * 2 * np.sqrt(np.pi) * _BEND_SIGMA_PX
    field = cv2.GaussianBlur(noise, (0, 0), _BEND_SIGMA_PX, borderType=cv2.BORDER_CONSTANT) * np.float32(strength)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    return cv2.remap(picture, xs + field[..., 0], ys + field[..., 1], cv2.INTER_LINEAR)


def _join_zeros(pieces: list[_Piece], rng: np.random.Generator) -> None:
    """Two zeros or more at the end become smaller and hang together, at the foot of the line or above it."""
    num_zeros = 0
    while num_zeros < len(pieces) and pieces[-1 - num_zeros].class_index == class_of_digit(0):
        num_zeros += 1
    if num_zeros < 2:
        return
    size = rng.uniform(0.5, 1.0)
    rise = rng.uniform(0.0, 1.0 - size) * HEIGHT_PX if rng.random() < 0.4 else 0.0
    for index, piece in enumerate(pieces[-num_zeros:]):
        piece.picture = _cropped(cv2.resize(piece.picture, None, fx=size, fy=size, interpolation=cv2.INTER_AREA))
        piece.rise += rise
        piece.is_joined = index > 0


def _add_others(
    pieces: list[_Piece], letters: list[Picture], pen: int, rng: np.random.Generator, *, may_strike: bool
) -> None:
    for _ in range(int(rng.integers(1, 4))):
        kind = rng.random()
        if may_strike and kind < 0.3:
            index = int(rng.integers(len(pieces)))
            is_clear = pieces[index].class_index in _CLEARLY_STRUCK
            strike = strike_through if is_clear and rng.random() < 0.4 else strike_out
            struck = strike(pieces[index].picture, pen, rng)
            pieces[index] = _Piece(struck, pieces[index].rise, OTHER)
            continue
        if kind < 0.65:
            picture = draw_filler(HEIGHT_PX, pen, rng)
        else:
            letter = letters[int(rng.integers(len(letters)))]
            scale = HEIGHT_PX / max(8, letter.shape[0]) * rng.uniform(0.7, 1.1)
            picture = _cropped(cv2.resize(letter, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR))
        at_end = rng.random() < 0.7
        index = int(rng.choice([0, len(pieces)])) if at_end else int(rng.integers(len(pieces) + 1))
        pieces.insert(index, _Piece(picture, 0.0, OTHER))


def _add_marks(pieces: list[_Piece], pen: int, rng: np.random.Generator) -> None:
    num_digits = len(pieces)
    if rng.random() < 0.45 and num_digits > 3:  # between thousands
        kind = str(rng.choice(["dot", "comma", "apostrophe"], p=[0.7, 0.2, 0.1]))
        for index in range(num_digits - 3, 0, -3):
            pieces.insert(index, _mark(kind, pen, rng))
    elif num_digits and rng.random() < 0.5:
        kind = str(rng.choice(MARKS, p=_MARK_WEIGHTS))
        pieces.insert(int(rng.integers(num_digits + 1)), _mark(kind, pen, rng))
    if rng.random() < 0.5:
        pieces += [_mark(kind, pen, rng) for kind in _ENDINGS[int(rng.integers(len(_ENDINGS)))]]
    if rng.random() < 0.12:
        pieces.insert(0, _mark(str(rng.choice(["dash", "plus", "star", "equals"])), pen, rng))


def _add_signs(pieces: list[_Piece], pen: int, slant: float, rng: np.random.Generator) -> None:
    """What says of what the number is: before it or after it, around it, or as strokes between its digits."""
    kind = rng.random()
    if kind < 0.55:
        pieces.insert(0, _sign(str(rng.choice(_BEFORE, p=[0.45, 0.2, 0.15, 0.05, 0.15])), pen, slant, rng))
    elif kind < 0.75:
        pieces.append(_sign(str(rng.choice(_AFTER, p=[0.35, 0.35, 0.15, 0.15])), pen, slant, rng))
    elif kind < 0.92 and len(pieces) > 1:
        for index in sorted({int(index) for index in rng.integers(1, len(pieces), rng.integers(1, 3))}, reverse=True):
            pieces.insert(index, _sign("slash", pen, slant, rng))
    else:
        pieces.insert(0, _sign("open", pen, slant, rng))
        pieces.append(_sign("close", pen, slant, rng))


def _sign(kind: str, pen: int, slant: float, rng: np.random.Generator) -> _Piece:
    picture = _cropped(draw_sign(kind, HEIGHT_PX, pen, slant, rng))
    hangs = (picture.shape[0] - HEIGHT_PX) * rng.uniform(0.2, 0.8)
    return _Piece(picture, -hangs, None)


def _mark(kind: str, pen: int, rng: np.random.Generator) -> _Piece:
    picture, level = draw_mark(kind, HEIGHT_PX, pen, rng)
    return _Piece(picture, level * HEIGHT_PX - picture.shape[0] / 2, None)


def _lay_out(pieces: list[_Piece], style: LineStyle, pen: int, rng: np.random.Generator) -> Composed:
    if not pieces:
        return Composed(np.zeros((0, 0), np.uint8))
    slope = rng.uniform(-style.rise, style.rise) / max(1, len(pieces)) * 4
    width = sum(piece.picture.shape[1] for piece in pieces) + 90 * len(pieces) + 16
    tallest = max(piece.picture.shape[0] for piece in pieces)
    reach = int(abs(slope) * width) + 3 * HEIGHT_PX
    canvas = np.zeros((tallest + 2 * reach, width), np.uint8)
    base = reach + tallest
    usual_gap = rng.uniform(0.08, 0.35) * HEIGHT_PX
    x = 4
    profile = np.full(canvas.shape[0], -10_000)  # rightmost ink of each row so far
    composed = Composed(canvas)
    for index, piece in enumerate(pieces):
        height, piece_width = piece.picture.shape
        rise = piece.rise
        if style.is_boxed:
            left_in_box, rise = _place_in_box(piece.picture)
        top = int(np.clip(base - height - rise - slope * x, 0, canvas.shape[0] - height))
        rows = slice(top, top + height)
        if style.is_boxed:
            x = 4 + index * BOX_PX + left_in_box
        elif index and style.is_stacked:
            x += STACKED_GAP_PX
        elif index:
            gap = -rng.uniform(0, 0.1) * HEIGHT_PX if piece.is_joined else _gap(style, usual_gap, rng)
            x = _next_x(piece.picture, profile[rows], x, gap)
        x = int(np.clip(x, 0, width - piece_width))
        region = canvas[rows, x : x + piece_width]
        np.maximum(region, piece.picture, out=region)
        if piece.is_joined and rng.random() < _JOINT_CHANCE:
            _join(canvas, x, rows, pen, rng, between=(0.0, 0.3))
        elif index and style.ligature_chance and rng.random() < style.ligature_chance:
            _join(canvas, x, rows, pen, rng, between=(0.2, 0.95))
        is_ink = piece.picture >= 64
        rightmost = np.where(is_ink.any(axis=1), x + piece_width - 1 - is_ink[:, ::-1].argmax(axis=1), -10_000)
        profile[rows] = np.maximum(profile[rows], rightmost)
        if piece.class_index is not None:
            composed.classes.append(piece.class_index)
            composed.boxes.append((x, x + piece_width))
        x += piece_width
    left, top, ink_width, ink_height = cv2.boundingRect(canvas)
    composed.ink = np.ascontiguousarray(canvas[top : top + ink_height, left : left + ink_width])
    composed.boxes = [(start - left, end - left) for start, end in composed.boxes]
    return composed


def _place_in_box(picture: Picture) -> tuple[int, int]:
    """Where the center of mass is the middle of the box: columns from its left, rows of the bottom above its floor."""
    moments = cv2.moments(picture)
    center_x, center_y = (moments[axis] / moments["m00"] for axis in ("m10", "m01"))
    return round(BOX_PX / 2 - center_x), round(BOX_PX / 2 + center_y) - picture.shape[0]


def _gap(style: LineStyle, usual: float, rng: np.random.Generator) -> float:
    """Space to the digit before, in pixels; below 0 they overlap."""
    kind = rng.random()
    if kind < style.touching_chance:
        return -rng.uniform(0, 0.1) * HEIGHT_PX
    if kind < style.touching_chance + style.wide_chance:
        return rng.uniform(0.4, 2.2 if rng.random() < 0.3 else 1.0) * HEIGHT_PX
    return max(1.0, usual + rng.normal(0, 0.06) * HEIGHT_PX)


def _next_x(picture: Picture, before: NDArray[np.int64], x: int, gap: float) -> int:
    """Where a piece stands so that its ink is `gap` pixels from the nearest ink before it, in rows close by."""
    is_ink = picture >= 64
    has_ink = is_ink.any(axis=1)
    first = np.where(has_ink, is_ink.argmax(axis=1), 10_000)
    # A hand does not slide a digit under the roof of another: rows count with their neighbors.
    reach = np.ones(9, np.uint8)
    spread = cv2.dilate(before.astype(np.float32)[:, None], reach[:, None])[:, 0]
    distance = float(np.min(first - spread))
    if distance > 5_000:
        return x + round(max(0.0, gap))
    return max(round(gap - distance), x - round(0.4 * HEIGHT_PX) - picture.shape[1] // 3)


def _join(
    canvas: Picture, x: int, rows: slice, pen: int, rng: np.random.Generator, *, between: tuple[float, float]
) -> None:
    """A stroke of the pen from the digit before into this one, at heights in this part of it, from its top."""
    left = max(0, x - int(rng.integers(3, 10)))
    right = min(canvas.shape[1] - 1, x + int(rng.integers(2, 8)))
    ys = rng.uniform(*between, 2) * (rows.stop - rows.start) + rows.start
    cv2.line(canvas, (left, int(ys[0])), (right, int(ys[1])), 255, max(1, pen - 1), cv2.LINE_AA)


def _cropped(picture: Picture) -> Picture:
    x, y, width, height = cv2.boundingRect((picture >= 24).astype(np.uint8))
    return np.ascontiguousarray(picture[y : y + max(1, height), x : x + max(1, width)])
