"""What a plain FastAPI program does: a handler in the thread pool calls the SavedModel, one picture at a time."""

from typing import Any

import uvicorn
from fastapi import FastAPI, UploadFile

from benchmarks.contestants.canvases import canvas_of, port
from benchmarks.contestants.networks import load_network

app = FastAPI()
network = load_network()


@app.get("/ready")
async def ready() -> dict[str, bool]:
    """The network is loaded before the server listens."""
    return {"ready": True}


@app.post("/predict")
def predict(file: UploadFile) -> dict[str, Any]:
    """Not a coroutine: FastAPI sends it to a thread."""
    logits = network(canvas_of(file.file.read())[None])[0]
    return {"digit": int(logits.argmax()), "logits": logits.tolist()}


if __name__ == "__main__":
    uvicorn.run(app, port=port(), log_level="warning", access_log=False)
