"""The limit of the stack: FastAPI reads and decodes the upload, and answers without a model."""

from typing import Any

import uvicorn
from fastapi import FastAPI, UploadFile

from benchmarks.contestants.canvases import canvas_of, port

app = FastAPI()


@app.get("/ready")
async def ready() -> dict[str, bool]:
    """Always."""
    return {"ready": True}


@app.post("/predict")
async def predict(file: UploadFile) -> dict[str, Any]:
    """A small answer that needs the picture to have been decoded."""
    canvas = canvas_of(await file.read())
    return {"digit": int(canvas[14, 14, 0]) % 10, "confidence": 0.5}


if __name__ == "__main__":
    uvicorn.run(app, port=port(), log_level="warning", access_log=False)
