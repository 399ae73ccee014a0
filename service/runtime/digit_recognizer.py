"""From a picture to the one digit in it: the whole way, with its timings.

    picture -> ink -> canvas -> classifier -> digit
                                [batcher]

Where no digit comes out of it for sure, a sequence reader counts how many there are.
"""

import io
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from service.recognition.canvas import DigitCanvas, digit_canvas
from service.recognition.errors import BlankImage
from service.recognition.image import GrayImage
from service.recognition.ink import find_ink
from service.recognition.manifest import Manifest
from service.recognition.prediction import DigitReading, blank_reading, read_digit, several_reading
from service.recognition.recount import is_doubtful
from service.runtime.digit_network import DigitNetwork, Opinion
from service.runtime.readings import OnRead
from service.runtime.recount import Recount
from service.runtime.workplace import Picture, Workplace

MOST_KEPT_PIXELS = 1_000_000  # of a picture that waits for the network, should it have to be looked at again


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
    """Reads one digit per picture with one digit classifier, or with a cascade of them.

    Args:
        manifest: of the classifier, or of the cascade.
        network: scores canvases.
        workplace: where pictures are looked at.
        recount: counts the digits where no single one is sure; None where no sequence reader is loaded.
        on_read: see `OnRead`.
    """

    def __init__(
        self,
        manifest: Manifest,
        network: DigitNetwork,
        *,
        workplace: Workplace,
        recount: Recount | None = None,
        on_read: OnRead = lambda _recognized: None,
    ) -> None:
        self.manifest = manifest
        self._network = network
        self._recount = recount
        self._workplace = workplace
        self._on_read = on_read

    def refuse_if_full(self) -> None:
        """Say no to a request before its picture is received, where there would be no room for it.

        Raises:
            QueueFull: too many readings wait.
        """
        self._workplace.refuse_if_late()
        self._network.refuse_if_full(self._workplace.num_waiting)

    async def read(self, data: bytes, *, max_error: float, top_k: int, timeout_s: float = math.inf) -> RecognizedDigit:
        """Read the digit in a picture. Cancelling this call takes its work out of every queue.

        Args:
            data: a picture file.
            max_error: error rate borne among accepted readings, above 0 and below 1.
            top_k: number of alternatives, 1 to 10.
            timeout_s: how long the caller waits, where that is less than the recognizers' own time-out.

        Raises:
            RequestError: the picture cannot be read; see `decode_image`.
            QueueFull: too many readings wait.
            DeadlineExceeded: the reading takes longer than the time-out.
        """
        recognized = await self._workplace.in_time(self._read(data, max_error, top_k), timeout_s)
        self._on_read(recognized)
        return recognized

    async def read_inks(self, inks: Sequence[GrayImage], *, max_error: float, top_k: int) -> list[DigitReading]:
        """Read many digits whose ink has been found, such as the cells of a page; all of them share batches.

        Args:
            inks: uint8 (height, width) each, paper 0 and ink up to 255; without ink, or empty, it is a blank.
            max_error: as for `read`.
            top_k: as for `read`.

        Returns:
            A reading for each, in their order. They are counted as no request's readings.

        Raises:
            QueueFull: too many readings wait.
        """
        canvases = await self._workplace.threads.run(lambda: [_canvas_or_none(ink) for ink in inks])
        inked = [canvas for canvas in canvases if canvas is not None]
        opinions = iter(await self._network.score_all(inked, is_clean=False))
        return [
            self._blank(max_error) if canvas is None else self._make_sense(next(opinions), max_error, top_k)
            for canvas in canvases
        ]

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
        looked = await self._workplace.look(data, lambda gray: _see(gray, data))
        seen, stages_ms = looked.seen, looked.stages_ms
        if seen.canvas is None:
            manifest = self.manifest
            reading = self._blank(max_error)
            return RecognizedDigit(reading, seen.picture, manifest.name, manifest.version, max_error, stages_ms)
        opinion = await self._network.score(seen.canvas, is_clean=seen.is_clean)
        stages_ms["queue"] += opinion.queue_ms
        stages_ms["model"] = opinion.model_ms
        began = time.monotonic()
        elsewhere_ms = 0.0
        reading = self._make_sense(opinion, max_error, top_k, is_clean=seen.is_clean)
        if self._recount and is_doubtful(reading, is_clean=seen.is_clean):
            recounted = await self._recount.count(seen.again, confidence=reading.confidence)
            stages_ms["queue"] += recounted.queue_ms
            stages_ms["model"] += recounted.model_ms
            elsewhere_ms = recounted.queue_ms + recounted.model_ms
            reading = several_reading(reading) if recounted.has_several else reading
        stages_ms["read"] = (time.monotonic() - began) * 1e3 - elsewhere_ms
        return RecognizedDigit(reading, seen.picture, opinion.model, opinion.version, max_error, stages_ms)

    def _make_sense(self, opinion: Opinion, max_error: float, top_k: int, *, is_clean: bool = False) -> DigitReading:
        return read_digit(
            opinion.logits,
            temperature=opinion.temperature,
            calibration=self.manifest.calibration_of(is_clean=is_clean),
            max_error=max_error,
            top_k=top_k,
        )

    def _blank(self, max_error: float) -> DigitReading:
        return blank_reading(calibration=self.manifest.calibration, max_error=max_error)


@dataclass(frozen=True, slots=True)
class _Seen:
    picture: Picture
    canvas: DigitCanvas | None  # None when there is no ink
    is_clean: bool
    again: bytes | GrayImage  # for whoever has to look at the picture once more


def _see(gray: GrayImage, data: bytes) -> _Seen:
    # Decoded once more where it is large: hundreds may wait for the network, and their files are counted as memory.
    again = gray if gray.size <= MOST_KEPT_PIXELS else data
    ink = find_ink(gray)
    canvas = None if ink.box is None else _canvas_or_none(ink.image)
    height, width = gray.shape
    picture = Picture(width, height, ink.polarity, None if canvas is None else ink.box)
    return _Seen(picture, canvas, ink.is_clean, again)


def _canvas_or_none(ink: GrayImage) -> DigitCanvas | None:
    try:
        return digit_canvas(ink)
    except BlankImage:
        return None
