"""The batch sizes that networks ever see. Each has run, with every shape of canvas, before the service is ready."""

from functools import lru_cache

SIZES = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48, 64)  # close enough that little is computed for nobody
MAX_BATCH_PIXELS = 2**17  # of all canvases of a batch, so that no batch of long lines keeps the others waiting for long

CanvasShape = tuple[int, ...]
"""Height, width, channels."""


@lru_cache(maxsize=256)
def buckets_for(shape: CanvasShape) -> tuple[int, ...]:
    """The sizes of batches of one shape of canvas, rising: as many canvases as have pixels for it, 64 at most."""
    height, width = shape[:2]
    return tuple(size for size in SIZES if size == 1 or size * height * width <= MAX_BATCH_PIXELS)


def bucket_for(num_canvases: int, shape: CanvasShape) -> int:
    """The smallest bucket that holds so many canvases of a shape."""
    return next(bucket for bucket in buckets_for(shape) if bucket >= num_canvases)
