"""Which networks are so light that the event loop computes small batches itself.

A thread that is to be woken has to be given a core by the system, and then Python's lock by the loop, twice for each
batch. For a network in eight bits, which computes a digit in a tenth of a millisecond, that takes longer than the
network. But a process that has a core to spare reads most with the network there, as soon as there is more than one
canvas to compute.
"""

import time

from service.recognition.manifest import DIGIT_CLASSIFIER
from service.runtime.litert_network import LiteRtNetwork
from service.runtime.loading import LoadedModel
from service.runtime.network import Canvases

LIGHT_S = 0.002  # as long as a turn of the loop's other work (`service.runtime.turns`), or nearly
MOST_CANVASES = 16
_NUM_TRIES = 5


def light_batch(model: LoadedModel, *, has_spare_core: bool) -> int:
    """Canvases in the largest batch of a model that the event loop may compute; 0 where it may compute none.

    None of what TensorFlow runs, which is to be touched by one thread alone, and none of lines, of which the narrowest
    takes as long as a slice of the loop.

    Args:
        model: loaded, and not used yet.
        has_spare_core: see `service.runtime.registry.RuntimeOptions`.
    """
    if not isinstance(model.network, LiteRtNetwork) or model.manifest.kind != DIGIT_CLASSIFIER:
        return 0
    canvas = model.golden[0].canvases[:1]
    fastest_s = min(_seconds(model, canvas) for _ in range(_NUM_TRIES))
    return min(1 if has_spare_core else MOST_CANVASES, int(LIGHT_S / fastest_s))


def _seconds(model: LoadedModel, canvas: Canvases) -> float:
    began = time.perf_counter()
    model.network.logits(canvas)
    return time.perf_counter() - began
