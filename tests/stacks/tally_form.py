"""A form of one page that tests draw for themselves: print to hold on to, two fields of three cells, and their sum."""

import io
import json

import cv2
import numpy as np
from PIL import Image

WIDTH, HEIGHT = 620, 874  # A6, 150 dots per inch
CELL_PX = 50
PLACES = {"a": (400, 250), "b": (400, 390), "total": (400, 530)}
NUM_CELLS = 3

TEMPLATE = {
    "pages": [{"width_mm": 105, "height_mm": 148}],
    "fields": [
        {
            "name": name,
            "page": 1,
            "kind": "boxed_digits",
            "box": {
                "x": x / WIDTH,
                "y": y / HEIGHT,
                "width": NUM_CELLS * CELL_PX / WIDTH,
                "height": CELL_PX / HEIGHT,
            },
            "cells": NUM_CELLS,
        }
        for name, (x, y) in PLACES.items()
    ],
    "rules": [{"rule": "sum", "of": ["a", "b"], "equals": "total"}],
}
TEMPLATE_JSON = json.dumps(TEMPLATE).encode()


def blank_page(seed: int = 1) -> np.ndarray:
    """The empty form; with another seed, a form with the same fields and other print."""
    rng = np.random.default_rng(seed)
    page = np.full((HEIGHT, WIDTH), 255, np.uint8)
    letters = np.array(list("ABCDEFGHKLMNPRSTUVWXYZ"))
    for y in range(60, HEIGHT - 30, 45):
        words = " ".join("".join(rng.choice(letters, rng.integers(2, 9))) for _ in range(4))
        cv2.putText(page, words, (40, y), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 40, 2, cv2.LINE_AA)
    for x, y in PLACES.values():
        cv2.rectangle(page, (x - 20, y - 30), (x + NUM_CELLS * CELL_PX + 20, y + CELL_PX + 30), 255, -1)
        for index in range(NUM_CELLS):
            left = x + index * CELL_PX
            cv2.rectangle(page, (left, y), (left + CELL_PX, y + CELL_PX), 0, 2)
    return page


def filled_page(values: dict[str, int], *, seed: int = 1) -> np.ndarray:
    """The form with a stroke like a seven in the last cells of each field: so many as `values` says."""
    page = blank_page(seed)
    for name, num_digits in values.items():
        x, y = PLACES[name]
        for index in range(NUM_CELLS - num_digits, NUM_CELLS):
            corner = np.array([x + index * CELL_PX, y])
            stroke = np.array([[13, 11], [37, 11], [22, 40]]) + corner
            cv2.polylines(page, [stroke.astype(np.int32)], isClosed=False, color=30, thickness=4, lineType=cv2.LINE_AA)
    return page


def pdf(pages: list[np.ndarray], *, dots_per_inch: float = 150.0) -> bytes:
    """The pages as a PDF."""
    file = io.BytesIO()
    first, *others = [Image.fromarray(page) for page in pages]
    first.save(file, "PDF", resolution=dots_per_inch, save_all=True, append_images=others)
    return file.getvalue()


def tiff(pages: list[np.ndarray]) -> bytes:
    """The pages as a TIFF."""
    file = io.BytesIO()
    first, *others = [Image.fromarray(page) for page in pages]
    first.save(file, "TIFF", save_all=True, append_images=others, compression="tiff_lzw")
    return file.getvalue()
