"""From a picture to the one number in it: the whole way, with its timings.

    picture -> line -> canvas -> reader -> digits cut out -> classifier -> frames of both -> number
                                 [batcher]                   [batcher]

The second half of it, from the digits on, is the second look; a reader whose manifest asks for none goes straight to
the number. A line that is not clean goes all the way but the last step several times, in the views that the manifest
asks for, and its number is what they show together.
"""

import io
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from service.recognition.constraint import Constraint
from service.recognition.digit_boxes import Frames, digit_boxes
from service.recognition.image import GrayImage
from service.recognition.manifest import Manifest
from service.recognition.number import NumberReading, blank_number, read_number
from service.recognition.policy import CalibrationTable
from service.recognition.prediction import Box
from service.recognition.probability import Logits
from service.recognition.second_look import first_look, second_look
from service.recognition.views import SeenLine, View, see_ink, see_picture
from service.runtime.batching import MicroBatcher, Scored
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
        slants = self.manifest.slants
        seen = await self._workplace.threads.run(lambda: [see_ink(ink, slants) for ink in inks])
        frames = iter((await self._frames_of([view for line in seen for view in line.views])).logits)
        of_lines = [[next(frames) for _ in line.views] for line in seen]
        shapes = [ink.shape for ink in inks]
        return await self._workplace.make_sense(
            lambda: [self._make_sense(*one) for one in zip(seen, of_lines, requests, shapes, strict=True)]
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
        slants = self.manifest.slants
        looked = await self._workplace.look(source, lambda gray: (see_picture(gray, slants), gray.shape))
        (seen, shape), stages_ms = looked.seen, looked.stages_ms
        if not seen.views:
            located = self._make_sense(seen, [], request, shape)
        else:
            began = time.monotonic()
            frames = await self._frames_of(seen.views)
            located = await self._workplace.make_sense(lambda: self._make_sense(seen, frames.logits, request, shape))
            stages_ms["queue"] += frames.queue_ms
            stages_ms["model"] = frames.model_ms
            stages_ms["read"] = (time.monotonic() - began) * 1e3 - frames.queue_ms - frames.model_ms
        height, width = shape
        picture = Picture(width, height, seen.line.polarity, seen.line.box if seen.views else None)
        name, version = self.manifest.name, self.manifest.version
        return RecognizedNumber(located.reading, located.boxes, picture, name, version, request.max_error, stages_ms)

    async def _frames_of(self, views: Sequence[View]) -> "_Frames":
        """What the reader says about views, and the classifier about the digits that were seen in them.

        All of them share batches.
        """
        scored = await self.batcher.submit_all([view.placed.canvas for view in views])
        logits, queue_ms, model_ms = _logits_and_times(scored)
        rule = self.manifest.second_look
        if rule is None or self._classifier is None:
            return _Frames(logits, queue_ms, model_ms)
        looks = await self._workplace.make_sense(
            lambda: [first_look(read, view.line.image, view.placed) for view, read in zip(views, logits, strict=True)]
        )
        scored = await self._classifier.submit_all([one for look in looks for one in look.canvases], is_admitted=True)
        digits, more_queue_ms, more_model_ms = _logits_and_times(scored)
        answers = iter(digits)
        fused = [
            second_look(
                read,
                look,
                [next(answers) for _ in look.canvases],
                weight=rule.weight,
                temperature=rule.classifier_temperature,
            )
            for read, look in zip(logits, looks, strict=True)
        ]
        return _Frames(fused, queue_ms + more_queue_ms, model_ms + more_model_ms)

    def _judged_by(self, *, is_clean: bool) -> tuple[float, CalibrationTable]:
        """Temperature and table, by the kind of line; what was measured without the second look where none is taken."""
        rule = self.manifest.second_look
        if rule is not None and self._classifier is None:
            return rule.plain_temperature, rule.plain_calibration
        return self.manifest.temperature_of(is_clean=is_clean), self.manifest.calibration_of(is_clean=is_clean)

    def _make_sense(
        self, seen: SeenLine, frames: Sequence[Logits], request: NumberRequest, shape: tuple[int, ...]
    ) -> LocatedNumber:
        """From the frames of every view to the number; `shape` is that of the picture."""
        temperature, calibration = self._judged_by(is_clean=seen.line.is_clean)
        if not frames:
            return LocatedNumber(blank_number(calibration=calibration, max_error=request.max_error), ())
        reading = read_number(
            frames,
            temperature=temperature,
            calibration=calibration,
            max_error=request.max_error,
            top_k=request.top_k,
            constraint=request.constraint,
        )
        spans = [Frames(digit.first_frame, digit.last_frame) for digit in reading.digits]
        height, width = shape
        boxes = digit_boxes(seen.line, seen.views[0].placed, spans, picture_shape=(height, width))
        return LocatedNumber(reading, tuple(boxes))


@dataclass(frozen=True, slots=True)
class _Frames:
    """What is known of views when all networks have answered.

    Attributes:
        logits: of each, float32 (num_frames, 12).
        queue_ms, model_ms: what that took.
    """

    logits: list[Logits]
    queue_ms: float
    model_ms: float


def _logits_and_times(scored: Sequence[Scored]) -> tuple[list[Logits], float, float]:
    """Of canvases that were scored together: the logits, the longest wait and the longest batch, in milliseconds."""
    queue_ms = max((one.queue_ms for one in scored), default=0.0)
    return [one.logits for one in scored], queue_ms, max((one.model_ms for one in scored), default=0.0)
