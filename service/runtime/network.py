"""What every exported network is to those that use it, whatever runs it."""

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from service.recognition.manifest import InputShape
from service.recognition.probability import Logits
from service.runtime.device import Device

Canvases: TypeAlias = NDArray[np.uint8]
"""uint8 (num_canvases, height, width, channels)."""


class Network(Protocol):
    """A network on the process's device; `SavedModel` and `LiteRtNetwork` are two."""

    @property
    def device(self) -> Device:
        """Where its weights lie and it runs."""

    @property
    def num_traces(self) -> int:
        """How often its graph has been traced; 1, or something is wrong."""

    def logits(self, canvases: Canvases) -> Logits:
        """Run the network. Calls come one at a time; to what TensorFlow runs, from one and the same thread.

        Args:
            canvases: uint8 (num_canvases, *input_shape), paper 0 and ink 255.

        Returns:
            float32 (num_canvases, num_classes), or (num_canvases, num_frames, num_classes) of a sequence reader; raw
            scores.

        Raises:
            TypeError: another dtype; it would be truncated to uint8 without a word.
            ValueError: another shape.
        """


def check_canvases(canvases: Canvases, input_shape: InputShape) -> None:
    """Pass what a network takes.

    Args:
        canvases: to be passed.
        input_shape: of one canvas, (height, width, channels); the width is None where any will do.

    Raises:
        TypeError: another dtype.
        ValueError: another shape.
    """
    if canvases.dtype != np.uint8:
        raise TypeError(f"canvases are {canvases.dtype}; the network takes uint8")
    height, width, channels = input_shape
    found = canvases.shape
    if len(found) != 4 or (found[1], found[3]) != (height, channels) or width not in (None, found[2]):
        raise ValueError(f"canvases are {found}; the network takes {('n', *input_shape)}")
