"""The same SavedModel under Ray Serve, with `@serve.batch`."""

import os
import signal
from typing import Any

import numpy as np
import ray
from numpy.typing import NDArray
from ray import serve
from starlette.requests import Request

from benchmarks.contestants.canvases import MAX_BATCH_SIZE, MAX_WAIT_S, canvas_of, port


@serve.deployment(num_replicas=1, max_ongoing_requests=512, ray_actor_options={"num_cpus": 1})
class DigitDeployment:
    """Decodes, and lets requests that come together share a batch."""

    def __init__(self) -> None:
        """Load the network in the replica."""
        from benchmarks.contestants.networks import load_network

        self._network = load_network()

    @serve.batch(max_batch_size=MAX_BATCH_SIZE, batch_wait_timeout_s=MAX_WAIT_S)
    async def logits(self, canvases: list[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        """Logits of a batch."""
        return list(self._network(np.stack(canvases)))

    async def __call__(self, request: Request) -> dict[str, Any]:
        """From the part `file` to an answer; anything but a POST asks whether it is ready."""
        if request.method != "POST":
            return {"ready": True}
        form = await request.form()
        logits = await self.logits(canvas_of(await form["file"].read()))
        return {"digit": int(logits.argmax()), "logits": logits.tolist()}


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, _temp_dir=os.environ["TMPDIR"])
    serve.start(http_options={"host": "127.0.0.1", "port": port()}, logging_config={"enable_access_log": False})
    serve.run(DigitDeployment.bind(), route_prefix="/predict")
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    serve.shutdown()
    ray.shutdown()
