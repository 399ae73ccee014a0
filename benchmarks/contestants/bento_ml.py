"""The same SavedModel under BentoML: an HTTP service that decodes, before a batchable model service."""

from typing import Any

import bentoml
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.contestants.canvases import MAX_BATCH_SIZE, canvas_of_image


@bentoml.service(workers=1)
class DigitNetwork:
    """The network, in a process of its own."""

    def __init__(self) -> None:
        """Load it."""
        from benchmarks.contestants.networks import load_network

        self._network = load_network()

    @bentoml.api(batchable=True, max_batch_size=MAX_BATCH_SIZE, max_latency_ms=60_000)
    def logits(self, canvases: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits of a batch."""
        return self._network(canvases)


@bentoml.service(workers=1, traffic={"timeout": 60}, metrics={"enabled": False})
class DigitService:
    """What clients talk to."""

    network = bentoml.depends(DigitNetwork)

    @bentoml.api
    async def predict(self, file: Image.Image) -> dict[str, Any]:
        """From the part `file` to an answer."""
        logits = (await self.network.to_async.logits(canvas_of_image(file)[None]))[0]
        return {"digit": int(logits.argmax()), "logits": logits.tolist()}
