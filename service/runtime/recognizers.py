"""From the bytes of a picture to a reading: the whole way, with its timings."""

import asyncio
import io
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import Image

from service.recognition.canvas import DigitCanvas, digit_canvas
from service.recognition.errors import BlankImage, DeadlineExceeded
from service.recognition.image import decode_image
from service.recognition.ink import find_ink
from service.recognition.manifest import Manifest
from service.recognition.paper import Polarity
from service.recognition.prediction import Box, DigitReading, blank_reading, read_digit
from service.runtime.batching import MicroBatcher
from service.runtime.picture_size import is_small
from service.runtime.threads import PictureThreads
from service.runtime.turns import LoopTurns


@dataclass(frozen=True, slots=True)
class Picture:
    """What was found out about a picture; sizes and box in its pixels, after its EXIF turn."""

    width: int
    height: int
    polarity: Polarity
    box: Box | None


@dataclass(frozen=True, slots=True)
class RecognizedDigit:
    """A reading, and how it came about.

    Attributes:
        reading: the verdict.
        picture: what it was read from.
        model: name of the model that answered.
        version: its version.
        max_error: error rate among accepted readings that was asked for.
        stages_ms: duration of each stage in milliseconds, in their order.
    """

    reading: DigitReading
    picture: Picture
    model: str
    version: int
    max_error: float
    stages_ms: Mapping[str, float]


class DigitRecognizer:
    """Reads one digit per picture with one digit classifier.

    Args:
        manifest: of the classifier.
        batcher: in front of the classifier.
        threads: where pictures are decoded.
        turns: where small ones are, instead.
        max_pixels: largest picture, width times height.
        timeout_s: how long a reading may take.
        on_read: is told of every reading that was asked for.
    """

    def __init__(
        self,
        manifest: Manifest,
        batcher: MicroBatcher,
        *,
        threads: PictureThreads,
        turns: LoopTurns,
        max_pixels: int,
        timeout_s: float,
        on_read: Callable[[RecognizedDigit], None] = lambda _: None,
    ) -> None:
        self.manifest = manifest
        self.batcher = batcher
        self._threads = threads
        self._turns = turns
        self._max_pixels = max_pixels
        self._timeout_s = timeout_s
        self._on_read = on_read

    def refuse_if_full(self) -> None:
        """Say no to a request before its picture is received, where there would be no room for it.

        Raises:
            QueueFull: too many readings wait.
        """
        self.batcher.refuse_if_full(self._turns.num_waiting + self._threads.num_waiting)

    async def read(self, data: bytes, *, max_error: float, top_k: int, timeout_s: float = math.inf) -> RecognizedDigit:
        """Read the digit in a picture. Cancelling this call takes its work out of every queue.

        Args:
            data: a picture file.
            max_error: error rate borne among accepted readings, above 0 and below 1.
            top_k: number of alternatives, 1 to 10.
            timeout_s: how long the caller waits, where that is less than this recognizer's own time-out.

        Raises:
            RequestError: the picture cannot be read; see `decode_image`.
            QueueFull: too many readings wait.
            DeadlineExceeded: the reading takes longer than the time-out.
        """
        timeout_s = min(timeout_s, self._timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                recognized = await self._read(data, max_error, top_k)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"The reading took longer than {timeout_s * 1e3:.0f} ms. Try again when the service is less busy."
            ) from error
        self._on_read(recognized)
        return recognized

    async def warm_up(self) -> None:
        """Read a small picture, so that the first request finds Pillow's plugins and OpenCV loaded.

        However long that takes: the time-out is for requests.
        """
        picture = Image.new("L", (28, 28), 255)
        picture.paste(0, (12, 6, 16, 22))  # a stroke
        file = io.BytesIO()
        picture.save(file, "PNG")
        await self._read(file.getvalue(), 0.5, 1)

    async def _read(self, data: bytes, max_error: float, top_k: int) -> RecognizedDigit:
        arrived = time.monotonic()
        place = self._turns if is_small(data) else self._threads
        seen = await place.run(lambda: _see(data, self._max_pixels))
        waited_ms = (time.monotonic() - arrived) * 1e3 - seen.decode_ms - seen.canvas_ms
        stages_ms = {"decode": seen.decode_ms, "canvas": seen.canvas_ms, "queue": waited_ms}
        calibration = self.manifest.calibration
        if seen.canvas is None:
            reading = blank_reading(calibration=calibration, max_error=max_error)
        else:
            scored = await self.batcher.submit(seen.canvas)
            stages_ms["queue"] += scored.queue_ms
            stages_ms["model"] = scored.model_ms
            began = time.monotonic()
            reading = read_digit(
                scored.logits,
                temperature=self.manifest.temperature,
                calibration=calibration,
                max_error=max_error,
                top_k=top_k,
            )
            stages_ms["read"] = (time.monotonic() - began) * 1e3
        name, version = self.manifest.name, self.manifest.version
        return RecognizedDigit(reading, seen.picture, name, version, max_error, stages_ms)


@dataclass(frozen=True, slots=True)
class _Seen:
    picture: Picture
    canvas: DigitCanvas | None  # None when there is no ink
    decode_ms: float
    canvas_ms: float


def _see(data: bytes, max_pixels: int) -> _Seen:
    began = time.monotonic()
    gray = decode_image(data, max_pixels=max_pixels)
    decoded = time.monotonic()
    ink = find_ink(gray)
    try:
        canvas = None if ink.box is None else digit_canvas(ink.image)
    except BlankImage:
        canvas = None
    height, width = gray.shape
    picture = Picture(width, height, ink.polarity, None if canvas is None else ink.box)
    return _Seen(picture, canvas, (decoded - began) * 1e3, (time.monotonic() - decoded) * 1e3)
