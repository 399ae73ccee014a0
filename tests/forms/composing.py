"""Forms that are filled in and photographed by a program, with their true values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from service.forms.template import Field, FieldKind, Template

PX_PER_MM = 8.0
Pen = Callable[[str, np.random.Generator], np.ndarray]
"""Draws a digit: float32 (height, width), paper 0 and ink up to 1, cropped to the ink."""


def table_template(*, rows: int = 10, cells: int = 3) -> dict[str, Any]:
    """Two columns of boxes and their sum in every row; the last field is the sum of all. JSON as one would send it."""
    fields: list[dict[str, Any]] = []
    rules: list[dict[str, Any]] = []
    width, height = 0.04 * cells, 0.028
    for row in range(rows):
        y = round(0.1 + 0.78 / rows * row, 4)
        for column, name in enumerate(("a", "b")):
            box = {"x": round(0.2 + 0.4 * column, 4), "y": y, "width": width, "height": height}
            fields.append(
                {
                    "name": f"{name}{row}",
                    "label": f"{name.upper()} {row + 1}",
                    "kind": "boxed_digits",
                    "box": box,
                    "cells": cells,
                }
            )
    return {"fields": fields, "rules": rules}


def printed_pen(text: str, rng: np.random.Generator) -> np.ndarray:
    """A digit in a program's own hand, slanted and as thick as it falls out."""
    canvas = np.zeros((160, 160), np.uint8)
    cv2.putText(canvas, text, (40, 120), cv2.FONT_HERSHEY_SIMPLEX, 3.2, 255, int(rng.integers(8, 12)), cv2.LINE_AA)
    slant = np.array([[1.0, rng.uniform(-0.15, 0.15), 0.0], [0.0, 1.0, 0.0]])
    return cropped(cv2.warpAffine(canvas, slant, (160, 160)))


def cropped(ink: np.ndarray) -> np.ndarray:
    """uint8 ink as float32 from 0 to 1, cut to its box."""
    x, y, width, height = cv2.boundingRect((ink > 20).astype(np.uint8))
    return ink[y : y + height, x : x + width].astype(np.float32) / 255.0


@dataclass(frozen=True, slots=True)
class Hand:
    """How somebody writes into boxes.

    Attributes:
        smallest, largest: height of what is written, as a share of its box; as wide it is at most, too.
        astray: how far it is off the middle of the box, as a share of it.
    """

    smallest: float = 0.55
    largest: float = 0.85
    astray: float = 0.12


TIDY = Hand()
LARGE = Hand(smallest=0.75, largest=1.05, astray=0.2)
"""Over the lines of the boxes, as many write."""


def fill(
    blank: np.ndarray,
    template: Template,
    values: Mapping[str, str],
    pen: Pen,
    rng: np.random.Generator,
    *,
    hand: Hand = TIDY,
) -> np.ndarray:
    """Write values into a form, `X` for a crossed-out cell and a space for an empty one.

    Args:
        blank: uint8 (height, width), the printed page.
        template: of the form; of several pages only the first is written on.
        values: by field; of boxed digits, right-aligned.
        pen: draws digits.
        rng: for how the writer varies.
        hand: how digits and crosses are written into boxes.
    """
    ink = np.zeros(blank.shape, np.float32)
    for field in template.fields_on(1):
        text = values.get(field.name, "")
        if field.kind is FieldKind.BOXED_DIGITS:
            for cell, character in zip(field.cells, text.rjust(len(field.cells)), strict=True):
                _write(ink, character, cell, pen, rng, hand)
        elif field.kind is FieldKind.DIGIT:
            _write(ink, text or " ", field.box, pen, rng, hand)
        elif field.kind is FieldKind.CHECKBOX and text == "checked":
            _write(ink, "X", field.box, pen, rng, hand)
        elif field.kind is FieldKind.NUMBER:
            _write_line(ink, text, field, pen, rng)
    darkness = rng.uniform(0.65, 0.9)
    return np.rint(blank * (1.0 - darkness * np.minimum(ink, 1.0))).astype(np.uint8)


def cross(rng: np.random.Generator) -> np.ndarray:
    """A filler from corner to corner, as hands draw it."""
    canvas = np.zeros((120, 100), np.uint8)
    ends = rng.integers(5, 25, (4, 2))
    cv2.line(
        canvas, (int(ends[0, 0]), int(ends[0, 1])), (int(99 - ends[1, 0]), int(119 - ends[1, 1])), 255, 6, cv2.LINE_AA
    )
    cv2.line(
        canvas, (int(99 - ends[2, 0]), int(ends[2, 1])), (int(ends[3, 0]), int(119 - ends[3, 1])), 255, 6, cv2.LINE_AA
    )
    return cropped(canvas)


def _write(ink: np.ndarray, character: str, cell: Any, pen: Pen, rng: np.random.Generator, hand: Hand) -> None:
    if character == " ":
        return
    drawn = cross(rng) if character == "X" else pen(character, rng)
    left, top = cell.x * ink.shape[1], cell.y * ink.shape[0]
    width, height = cell.width * ink.shape[1], cell.height * ink.shape[0]
    tall = rng.uniform(hand.smallest, hand.largest) * height
    scale = min(tall / drawn.shape[0], hand.largest * width / drawn.shape[1])
    size = (max(2, round(drawn.shape[1] * scale)), max(2, round(drawn.shape[0] * scale)))
    drawn = cv2.resize(drawn, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC).clip(0.0, 1.0)
    x = round(left + (width - size[0]) / 2 + rng.uniform(-hand.astray, hand.astray) * width)
    y = round(top + (height - size[1]) / 2 + rng.uniform(-hand.astray, hand.astray) * height)
    place = ink[max(0, y) : y + size[1], max(0, x) : x + size[0]]
    np.maximum(place, drawn[: place.shape[0], : place.shape[1]], out=place)


def _write_line(ink: np.ndarray, text: str, field: Field, pen: Pen, rng: np.random.Generator) -> None:
    height = field.box.height * ink.shape[0] * 0.65
    x = field.box.x * ink.shape[1] + 0.3 * height
    y = field.box.y * ink.shape[0] + 0.27 * height
    for character in text:
        drawn = pen(character, rng)
        scale = height * rng.uniform(0.85, 1.05) / drawn.shape[0]
        size = (max(2, round(drawn.shape[1] * scale)), max(2, round(drawn.shape[0] * scale)))
        place = ink[round(y) : round(y) + size[1], round(x) : round(x) + size[0]]
        place += cv2.resize(drawn, size)[: place.shape[0], : place.shape[1]]
        x += size[0] + height * rng.uniform(0.08, 0.3)


def creased(page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A page that was crumpled and smoothed out: soft shadows along its creases, up to a third darker.

    Args:
        page: uint8 (height, width).
        rng: for where the creases are.
    """
    height, width = page.shape
    creases = np.zeros((height // 4, width // 4), np.float32)
    for _ in range(40):
        middle, angle = rng.uniform(0.0, 1.0, 2) * creases.shape[::-1], rng.uniform(0.0, np.pi)
        half = rng.uniform(25.0, 110.0) * np.array([np.cos(angle), np.sin(angle)])
        ends = [tuple(int(value) for value in point) for point in (middle - half, middle + half)]
        cv2.line(creases, ends[0], ends[1], float(rng.uniform(0.1, 0.33)), int(rng.integers(6, 14)))
    light = 1.0 - cv2.resize(cv2.GaussianBlur(creases, (0, 0), 3), (width, height))
    return np.rint(page * light).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Camera:
    """How badly a page is photographed.

    Attributes:
        turn_deg: of the page in the picture.
        tilt: how far corners stand off a rectangle, as a share of the page.
        curl: height of the paper's waves, as a share of the page.
        shadow: how much light is missing in the darkest place.
        blur_px: standard deviation, in pixels of the picture.
        noise: standard deviation, in gray levels.
        jpeg_quality: 1 to 100; 0 for none.
        scale: pixels of the picture per pixel of the page.
        margin: background around the page, as a share of it.
    """

    turn_deg: float = 0.0
    tilt: float = 0.0
    curl: float = 0.0
    shadow: float = 0.0
    blur_px: float = 0.0
    noise: float = 0.0
    jpeg_quality: int = 0
    scale: float = 1.0
    margin: float = 0.0


def hard_camera(rng: np.random.Generator) -> Camera:
    """A phone held at an angle over curled paper, in bad light."""
    return Camera(
        turn_deg=float(rng.choice([0, 90, 180, 270]) + rng.uniform(-8, 8)),
        tilt=rng.uniform(0.02, 0.07),
        curl=rng.uniform(0.0, 0.006),
        shadow=rng.uniform(0.2, 0.55),
        blur_px=rng.uniform(0.6, 1.3),
        noise=rng.uniform(2, 5),
        jpeg_quality=int(rng.integers(55, 85)),
        scale=rng.uniform(0.85, 1.2),
        margin=rng.uniform(0.04, 0.15),
    )


def photograph(page: np.ndarray, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Take a picture of a page; uint8 (height, width)."""
    height, width = page.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    away = corners + rng.uniform(-camera.tilt, camera.tilt, (4, 2)) * (width, height)
    turn = np.radians(camera.turn_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    away = (away - away.mean(axis=0)) @ rotation.T * camera.scale
    extent = away.max(axis=0) - away.min(axis=0)
    border = camera.margin * extent
    away = away - away.min(axis=0) + border
    size = np.ceil(extent + 2 * border).astype(int)
    to_page = cv2.getPerspectiveTransform(away.astype(np.float32), corners.astype(np.float32))
    x, y = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    points = cv2.perspectiveTransform(np.stack([x, y], axis=-1).reshape(-1, 1, 2), to_page).reshape(size[1], size[0], 2)
    phase, waves = rng.uniform(0, 6.3, 2), rng.uniform(0.5, 1.5, 2)
    bend_x = camera.curl * width * np.sin(6.283 * waves[0] * points[..., 1] / height + phase[0])
    bend_y = camera.curl * height * np.sin(6.283 * waves[1] * points[..., 0] / width + phase[1])
    points += np.stack([bend_x, bend_y], axis=-1).astype(np.float32)
    reduced = cv2.GaussianBlur(page, (0, 0), 0.5 / camera.scale) if camera.scale < 0.9 else page
    seen = cv2.remap(reduced, points, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255).astype(
        np.float32
    )
    is_page = (points[..., 0] >= 0) & (points[..., 0] < width) & (points[..., 1] >= 0) & (points[..., 1] < height)
    desk = cv2.resize(
        rng.uniform(40, 120, (size[1] // 12 + 1, size[0] // 3 + 1)).astype(np.float32), tuple(int(v) for v in size)
    )
    seen = np.where(is_page, 0.93 * seen, desk) * _light(size, camera, rng)
    if camera.blur_px:
        seen = cv2.GaussianBlur(seen, (0, 0), camera.blur_px)
    if camera.noise:
        seen = seen + rng.normal(0.0, camera.noise, seen.shape)
    picture = np.clip(seen, 0, 255).astype(np.uint8)
    if camera.jpeg_quality:
        _, file = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, camera.jpeg_quality])
        picture = cv2.imdecode(file, cv2.IMREAD_GRAYSCALE)
    return picture


def _light(size: np.ndarray, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """How much light falls on each point, 0 to 1: it falls off to one side, and an edge throws a shadow."""
    width, height = (int(side) for side in size)
    direction = rng.uniform(0, 6.283)
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, width), np.linspace(-0.5, 0.5, height))
    along = x * np.cos(direction) + y * np.sin(direction)
    fall = 1.0 - 0.5 * camera.shadow * (along + 0.7)
    across = x * np.cos(direction + 1.0) + y * np.sin(direction + 1.0) + rng.uniform(-0.2, 0.2)
    return (fall * (1.0 - 0.6 * camera.shadow / (1.0 + np.exp(-across * 60.0)))).astype(np.float32)
