"""The same SavedModel under LitServe, with its batching."""

from typing import Any

import litserve
import numpy as np
from numpy.typing import NDArray
from starlette.requests import Request

from benchmarks.contestants.canvases import MAX_BATCH_SIZE, MAX_WAIT_S, canvas_of, port


class DigitApi(litserve.LitAPI):
    """Decodes in the worker, as LitServe wants it."""

    def setup(self, device: str) -> None:
        """Load the network in the worker process."""
        # TensorFlow belongs to the worker alone: the server process must not fork it.
        from benchmarks.contestants.networks import load_network

        self._network = load_network()

    def decode_request(self, request: Request) -> NDArray[np.uint8]:
        """From the part `file` to a canvas; for this annotation LitServe passes the form, not the request."""
        return canvas_of(request["file"].file.read())

    def batch(self, inputs: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Canvases to one array."""
        return np.stack(inputs)

    def predict(self, x: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits of a batch."""
        return self._network(x)

    def unbatch(self, output: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """One row each."""
        return list(output)

    def encode_response(self, output: NDArray[np.float32]) -> dict[str, Any]:
        """The answer."""
        return {"digit": int(output.argmax()), "logits": output.tolist()}


if __name__ == "__main__":
    api = DigitApi(max_batch_size=MAX_BATCH_SIZE, batch_timeout=MAX_WAIT_S)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, fast_queue=True)
    server.run(host="127.0.0.1", port=port(), log_level="warning", access_log=False, generate_client_file=False)
