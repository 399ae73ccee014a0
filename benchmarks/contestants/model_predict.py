"""What many tutorials show: Keras' `model.predict` in an async handler, which blocks the event loop."""

from typing import Any

import keras
import uvicorn
from fastapi import FastAPI, UploadFile

from benchmarks.contestants.canvases import SIGNATURE, canvas_of, model_dir, port

app = FastAPI()
model = keras.Sequential(
    [
        keras.Input((28, 28, 1), dtype="uint8"),
        keras.layers.TFSMLayer(model_dir(), call_endpoint=SIGNATURE),
    ]
)


@app.get("/ready")
async def ready() -> dict[str, bool]:
    """The model is loaded before the server listens."""
    return {"ready": True}


@app.post("/predict")
async def predict(file: UploadFile) -> dict[str, Any]:
    """One picture, one `predict`."""
    (logits,) = model.predict(canvas_of(await file.read())[None], verbose=0).values()
    return {"digit": int(logits[0].argmax()), "logits": logits[0].tolist()}


if __name__ == "__main__":
    uvicorn.run(app, port=port(), log_level="warning", access_log=False)
