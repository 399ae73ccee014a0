"""From a picture to the one number in it: the whole way, with its timings.

    picture -> line -> canvas -> reader -> digits cut out -> classifier -> frames of both -> number
                                 [batcher]                   [batcher]

The second half of it, from the digits on, is the second look; a reader whose manifest asks for none goes straight to
the number.
"""

import io
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from service.recognition.constraint import Constraint
from service.recognition.digit_boxes import Frames, digit_boxes
from service.recognition.errors import BlankImage
from service.recognition.image import GrayImage
from service.recognition.line import Line, find_line
from service.recognition.line_canvas import PlacedLine, line_canvas
from service.recognition.manifest import Manifest
from service.recognition.number import NumberReading, blank_number, read_number
from service.recognition.paper import Polarity
from service.recognition.policy import CalibrationTable
from service.recognition.prediction import Box
from service.recognition.probability import Logits
from service.recognition.second_look import FirstLook, first_look, second_look
from service.runtime.batching import MicroBatcher
from service.runtime.readings import OnRead
from service.runtime.workplace import Picture, Workplace


@dataclass(frozen=True, slots=True)
class NumberRequest:
    """How a number is to be read.

    Attributes:
        max_error: error rate borne among accepted readings, above 0 and below 1.
        top_k: number of alternatives, 1 to 10.
        constraint: what the number has to satisfy; None where any will do.
    """

    max_error: float
    top_k: int = 3
    constraint: Constraint | None = None


@dataclass(frozen=True, slots=True)
class LocatedNumber:
    """A reading, and where each of its digits stands.

    Attributes:
        reading: the verdict.
        boxes: of `reading.digits`, in the pixels of the picture that was read.
    """

    reading: NumberReading
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class RecognizedNumber:
    """A reading, and how it came about.

    Attributes:
        reading: the verdict.
        boxes: of `reading.digits`, in the pixels of the picture, after its EXIF turn.
        picture: what it was read from.
        model: name of the model that answered.
        version: its version.
        max_error: error rate among accepted readings that was asked for.
        stages_ms: duration of each stage in milliseconds, in their order.
    """

    reading: NumberReading
    boxes: tuple[Box, ...]
    picture: Picture
    model: str
    version: int
    max_error: float
    stages_ms: Mapping[str, float]


class SequenceRecognizer:
    """Reads one number per picture with one sequence reader.

    Args:
        manifest: of the reader.
        batcher: in front of the reader.
        workplace: where pictures are looked at, and logits made sense of.
        classifier: in front of the digit classifier of the manifest's second look; None where that is not loaded, or
            where the manifest asks for none.
        on_read: see `OnRead`.
    """

    def __init__(
        self,
        manifest: Manifest,
        batcher: MicroBatcher,
        *,
        workplace: Workplace,
        classifier: MicroBatcher | None = None,
        on_read: OnRead = lambda _recognized: None,
    ) -> None:
        self.manifest = manifest
        self.batcher = batcher
        self._classifier = classifier
        self._workplace = workplace
        self._on_read = on_read

    def refuse_if_full(self) -> None:
        """Say no to a request before its picture is received, where there would be no room for it.

        Raises:
            QueueFull: too many readings wait.
        """
        self.batcher.refuse_if_full(self._workplace.num_waiting + self._workplace.num_unread)

    async def read(
        self,
        data: bytes,
        *,
        max_error: float,
        top_k: int,
        constraint: Constraint | None = None,
        timeout_s: float = math.inf,
    ) -> RecognizedNumber:
        """Read the number in a picture. Cancelling this call takes its work out of every queue.

        Args:
            data: a picture file.
            max_error: error rate borne among accepted readings, above 0 and below 1.
            top_k: number of alternatives, 1 to 10.
            constraint: what the number has to satisfy; None where any will do.
            timeout_s: how long the caller waits, where that is less than the recognizers' own time-out.

        Raises:
            RequestError: the picture cannot be read; see `decode_image`.
            QueueFull: too many readings wait.
            DeadlineExceeded: the reading takes longer than the time-out.
        """
        return await self._read_in_time(data, NumberRequest(max_error, top_k, constraint), timeout_s)

    async def read_gray(
        self,
        gray: GrayImage,
        *,
        max_error: float,
        top_k: int,
        constraint: Constraint | None = None,
        timeout_s: float = math.inf,
    ) -> RecognizedNumber:
        """Read the number in a picture that has been decoded.

        Args:
            gray: uint8 (height, width), as `decode_image` returns it.
            max_error: as for `read`.
            top_k: as for `read`.
            constraint: as for `read`.
            timeout_s: as for `read`.

        Raises:
            QueueFull: too many readings wait.
            DeadlineExceeded: the reading takes longer than the time-out.
        """
        return await self._read_in_time(gray, NumberRequest(max_error, top_k, constraint), timeout_s)

    async def read_inks(self, inks: Sequence[GrayImage], requests: Sequence[NumberRequest]) -> list[LocatedNumber]:
        """Read many numbers whose ink has been found, such as the fields of a page; those of one width share batches.

        Args:
            inks: uint8 (height, width) each, paper 0 and ink up to 255; without ink, or empty, it is a blank.
            requests: one for each.

        Returns:
            A reading for each, in their order, with boxes in the pixels of its ink. They are counted as no request's
            readings.

        Raises:
            QueueFull: too many readings wait.
        """
        seen = await self._workplace.threads.run(lambda: [_see_ink(ink) for ink in inks])
        canvases = [one.placed.canvas for one in seen if one.placed is not None]
        scored = iter(await self.batcher.submit_all(canvases))
        read = [None if one.placed is None else next(scored).logits for one in seen]
        logits = (await self._look_again(seen, read)).logits
        return await self._workplace.make_sense(
            lambda: [self._make_sense(*one) for one in zip(seen, logits, requests, strict=True)]
        )

    async def warm_up(self) -> None:
        """Read a small picture, so that the first request finds Pillow's plugins and OpenCV loaded.

        However long that takes: the time-out is for requests.
        """
        picture = Image.new("L", (100, 40), 255)
        for left in (20, 50, 80):
            picture.paste(0, (left, 8, left + 4, 32))
        file = io.BytesIO()
        picture.save(file, "PNG")
        await self._read(file.getvalue(), NumberRequest(max_error=0.5))

    async def _read_in_time(
        self, source: bytes | GrayImage, request: NumberRequest, timeout_s: float
    ) -> RecognizedNumber:
        recognized = await self._workplace.in_time(self._read(source, request), timeout_s)
        self._on_read(recognized)
        return recognized

    async def _read(self, source: bytes | GrayImage, request: NumberRequest) -> RecognizedNumber:
        looked = await self._workplace.look(source, _see)
        seen, stages_ms = looked.seen, looked.stages_ms
        if seen.placed is None:
            located = self._make_sense(seen, None, request)
        else:
            scored = await self.batcher.submit(seen.placed.canvas)
            stages_ms["queue"] += scored.queue_ms
            stages_ms["model"] = scored.model_ms
            began = time.monotonic()
            again = await self._look_again([seen], [scored.logits])
            stages_ms["queue"] += again.queue_ms
            stages_ms["model"] += again.model_ms
            located = await self._workplace.make_sense(lambda: self._make_sense(seen, again.logits[0], request))
            stages_ms["read"] = (time.monotonic() - began) * 1e3 - again.queue_ms - again.model_ms
        name, version = self.manifest.name, self.manifest.version
        return RecognizedNumber(
            located.reading, located.boxes, seen.picture, name, version, request.max_error, stages_ms
        )

    async def _look_again(self, seen: "Sequence[_Seen]", logits: Sequence[Logits | None]) -> "_Frames":
        """Have the digits that the reader saw looked at by the classifier; those of all lines share batches.

        Args:
            seen: lines.
            logits: of the reader about each; None where there is no ink.
        """
        rule = self.manifest.second_look
        if rule is None or self._classifier is None:
            return _Frames(list(logits))
        looks = await self._workplace.make_sense(
            lambda: [_first_look(line, read) for line, read in zip(seen, logits, strict=True)]
        )
        canvases = [canvas for look in looks for canvas in look.canvases]
        scored = await self._classifier.submit_all(canvases, is_admitted=True)
        answers = iter(scored)
        fused: list[Logits | None] = []
        for read, look in zip(logits, looks, strict=True):
            digits = [next(answers).logits for _ in look.canvases]
            again = None
            if read is not None:
                again = second_look(read, look, digits, weight=rule.weight, temperature=rule.classifier_temperature)
            fused.append(again)
        queue_ms = max((one.queue_ms for one in scored), default=0.0)
        return _Frames(fused, queue_ms, max((one.model_ms for one in scored), default=0.0))

    def _judged_by(self, *, is_clean: bool) -> tuple[float, CalibrationTable]:
        """Temperature and table, by the kind of line; what was measured without the second look where none is taken."""
        rule = self.manifest.second_look
        if rule is not None and self._classifier is None:
            return rule.plain_temperature, rule.plain_calibration
        return self.manifest.temperature_of(is_clean=is_clean), self.manifest.calibration_of(is_clean=is_clean)

    def _make_sense(self, seen: "_Seen", logits: Logits | None, request: NumberRequest) -> LocatedNumber:
        """From the logits of a canvas to its number; logits are None where there is no ink."""
        temperature, calibration = self._judged_by(is_clean=seen.line.is_clean)
        if seen.placed is None or logits is None:
            return LocatedNumber(blank_number(calibration=calibration, max_error=request.max_error), ())
        reading = read_number(
            logits,
            temperature=temperature,
            calibration=calibration,
            max_error=request.max_error,
            top_k=request.top_k,
            constraint=request.constraint,
        )
        frames = [Frames(digit.first_frame, digit.last_frame) for digit in reading.digits]
        picture_shape = seen.picture.height, seen.picture.width
        boxes = digit_boxes(seen.line, seen.placed, frames, picture_shape=picture_shape)
        return LocatedNumber(reading, tuple(boxes))


@dataclass(frozen=True, slots=True)
class _Seen:
    picture: Picture
    line: Line
    placed: PlacedLine | None  # None when there is no ink


@dataclass(frozen=True, slots=True)
class _Frames:
    """What is known of lines after the second look.

    Attributes:
        logits: of each, float32 (num_frames, 12); None where there is no ink.
        queue_ms, model_ms: what the second look took.
    """

    logits: list[Logits | None]
    queue_ms: float = 0.0
    model_ms: float = 0.0


def _first_look(seen: _Seen, logits: Logits | None) -> FirstLook:
    if seen.placed is None or logits is None:
        return FirstLook((), (), ())
    return first_look(logits, seen.line.image, seen.placed)


def _see(gray: GrayImage) -> _Seen:
    return _placed(find_line(gray), gray)


def _see_ink(ink: GrayImage) -> _Seen:
    height, width = ink.shape
    box = Box(0, 0, width, height) if ink.any() else None
    return _placed(Line(ink, Polarity.LIGHT_ON_DARK, box, np.eye(2, 3)), ink)


def _placed(line: Line, gray: GrayImage) -> _Seen:
    height, width = gray.shape
    try:
        placed = None if line.box is None else line_canvas(line.image, is_clean=line.is_clean)
    except BlankImage:
        placed = None
    picture = Picture(width, height, line.polarity, None if placed is None else line.box)
    return _Seen(picture, line, placed)
