"""Pictures that tests draw for themselves."""

import io

import cv2
import numpy as np
from PIL import Image


def draw_seven(size_px: int = 140) -> np.ndarray:
    """A plain dark 7 on light paper; uint8 (size_px, size_px)."""
    paper = np.full((size_px, size_px), 245, np.uint8)
    stroke = np.rint(np.array([[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]) * size_px).astype(np.int32)
    cv2.polylines(paper, [stroke], isClosed=False, color=20, thickness=max(1, size_px // 16), lineType=cv2.LINE_AA)
    return paper


def draw_strokes(num_strokes: int, height_px: int = 60) -> np.ndarray:
    """So many dark upright strokes on light paper, well apart: a number to whom counts only blots of ink."""
    pitch = height_px // 2
    paper = np.full((2 * height_px, pitch * (num_strokes + 3)), 245, np.uint8)
    for stroke in range(num_strokes):
        left = pitch * (stroke + 2)
        paper[height_px // 2 : height_px // 2 + height_px, left : left + height_px // 5] = 20
    return paper


def encode(picture: np.ndarray, image_format: str, **options: object) -> bytes:
    """The picture as a file of the given format."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, image_format, **options)
    return file.getvalue()


def png(picture: np.ndarray) -> bytes:
    return encode(picture, "PNG")
