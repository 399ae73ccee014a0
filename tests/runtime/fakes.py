"""Networks and records for tests that need no TensorFlow."""

from collections.abc import Callable

import numpy as np

from service.recognition.canvas import PREPROCESSING_ID
from service.recognition.manifest import Manifest, Metric
from service.recognition.policy import CalibrationRow, CalibrationTable

Network = Callable[[np.ndarray], np.ndarray]


def sure_of(digit: int, *, margin: float = 12.0) -> Network:
    """A network that sees one digit in every canvas; without a margin it is at a loss."""

    def network(canvases: np.ndarray) -> np.ndarray:
        logits = np.zeros((len(canvases), 10), np.float32)
        logits[:, digit] = margin
        return logits

    return network


def manifest_of(name: str, version: int = 1) -> Manifest:
    """A record that accepts from a confidence of 0.8 on where one error in a hundred is borne."""
    return Manifest(
        name=name,
        version=version,
        kind="digit_classifier",
        input_shape=(28, 28, 1),
        preprocessing_id=PREPROCESSING_ID,
        alphabet="0123456789",
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
