"""Networks and records for tests that need no TensorFlow."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from service.recognition.alphabet import BLANK, NUM_CLASSES, SYMBOLS, classes_of
from service.recognition.canvas import PREPROCESSING_ID
from service.recognition.line_canvas import FRAME_PX, LINE_PREPROCESSING_ID, LINE_WIDTHS_PX
from service.recognition.manifest import (
    DIGIT_CASCADE,
    DIGIT_CLASSIFIER,
    SEQUENCE_READER,
    Manifest,
    Metric,
)
from service.recognition.members import CascadeRule, Member
from service.recognition.policy import CalibrationRow, CalibrationTable

Network = Callable[[np.ndarray], np.ndarray]


def sure_of(digit: int, *, margin: float = 12.0) -> Network:
    """A network that sees one digit in every canvas; without a margin it is at a loss."""

    def network(canvases: np.ndarray) -> np.ndarray:
        logits = np.zeros((len(canvases), 10), np.float32)
        logits[:, digit] = margin
        return logits

    return network


def reads(label: str, *, or_else: str = "") -> Network:
    """A sequence reader that sees one symbol of the label in each blot of ink, from left to right, over and over.

    Args:
        label: over the alphabet of sequence readers.
        or_else: another label as long, for which there is some evidence too; all of it is in the symbols that differ.
    """
    margin = 12.0

    def network(canvases: np.ndarray) -> np.ndarray:
        num_canvases, _, width, _ = canvases.shape
        logits = np.zeros((num_canvases, width // FRAME_PX, NUM_CLASSES), np.float32)
        logits[:, :, BLANK] = margin
        for canvas, rows in zip(canvases, logits, strict=True):
            has_ink = np.concatenate([[0], canvas.max(axis=(0, 2)) > 64, [0]]).astype(np.int8)
            starts, ends = np.flatnonzero(np.diff(has_ink) == 1), np.flatnonzero(np.diff(has_ink) == -1)
            for index, middle in enumerate((starts + ends) // 2):
                row = rows[middle // FRAME_PX]
                row[BLANK] = 0.0
                for seen, sureness in ((or_else or label, margin - 1.0), (label, margin)):
                    row[classes_of(seen)[index % len(seen)]] = sureness
        return logits

    return network


def manifest_of(name: str, version: int = 1, *, kind: str = DIGIT_CLASSIFIER) -> Manifest:
    """A record that accepts from a confidence of 0.8 on where one error in a hundred is borne."""
    return Manifest(
        name=name,
        version=version,
        kind=kind,
        input_shape=(32, None, 1) if kind == SEQUENCE_READER else (28, 28, 1),
        input_widths=LINE_WIDTHS_PX if kind == SEQUENCE_READER else (),
        preprocessing_id=LINE_PREPROCESSING_ID if kind == SEQUENCE_READER else PREPROCESSING_ID,
        alphabet=SYMBOLS if kind == SEQUENCE_READER else "0123456789",
        num_parameters=7850,
        temperature=1.0,
        calibration=CalibrationTable(
            (
                CalibrationRow(threshold=0.3, num_accepted=1000, num_wrong=50, error_upper_bound=0.06, coverage=1.0),
                CalibrationRow(threshold=0.8, num_accepted=800, num_wrong=1, error_upper_bound=0.006, coverage=0.8),
            )
        ),
        metrics=(Metric("accuracy", "made_up", 0.9, 100, (0.82, 0.95)),),
        provenance={"config": "tiny", "seed": 1},
        files={"saved_model.pb": "0" * 64},
    )


def cascade_of(small: Member, large: Member, *, sure_from: float = 0.9, clean_sure_from: float = 0.9) -> Manifest:
    """The record of a cascade `auto` of two classifiers, with the thresholds of `manifest_of`."""
    rule = CascadeRule(small, large, sure_from=sure_from, clean_sure_from=clean_sure_from)
    return replace(manifest_of("auto", kind=DIGIT_CASCADE), files={}, cascade=rule)
