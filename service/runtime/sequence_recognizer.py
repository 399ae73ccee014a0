"""From a picture to the one number in it: the whole way, with its timings.

    picture -> line -> canvas -> reader -> digits cut out -> classifier -> frames of both -> number
                                 [batcher]                   [batcher]

The second half of it, from the digits on, is the second look; a reader whose manifest asks for none goes straight to
the number. A line that is not clean goes all the way but the last step several times, in the views that the manifest
asks for, and its number is what they show together; a peer may read the slanted ones. Where a line is clean and the
reader not sure of its number, the peer goes the same way from the canvas on, and the number is what both say together.
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
from service.recognition.number import NumberReading, blank_number, doubted, read_number
from service.recognition.policy import CalibrationTable
from service.recognition.prediction import Box
from service.recognition.probability import Logits
from service.recognition.views import SeenLine, see_ink, see_picture
from service.runtime.line_network import LineNetwork
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
        network: of the reader.
        workplace: where pictures are looked at, and logits made sense of.
        peer: is asked as the manifest's `PeerRule` says; None where it names nobody, or where the reader is on its own.
        on_read: see `OnRead`.
    """

    def __init__(
        self,
        network: LineNetwork,
        *,
        workplace: Workplace,
        peer: LineNetwork | None = None,
        on_read: OnRead = lambda _recognized: None,
    ) -> None:
        self.manifest = network.manifest
        self._network = network
        self._peer = peer
        self._workplace = workplace
        self._on_read = on_read

    def refuse_if_full(self) -> None:
        """Say no to a request before its picture is received, where there would be no room for it.

        Raises:
            QueueFull: too many readings wait.
        """
        self._network.batcher.refuse_if_full(self._workplace.num_waiting + self._workplace.num_unread)

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
        request = NumberRequest(max_error, top_k, constraint)
        recognized = await self._workplace.in_time(self._read(data, request), timeout_s)
        self._on_read(recognized)
        return recognized

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
        shapes = [ink.shape for ink in inks]
        read = await self._read_lines([_Line(*one) for one in zip(seen, shapes, requests, strict=True)])
        return read.located

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

    async def _read(self, data: bytes, request: NumberRequest) -> RecognizedNumber:
        slants = self.manifest.slants
        looked = await self._workplace.look(data, lambda gray: (see_picture(gray, slants), gray.shape))
        (seen, shape), stages_ms = looked.seen, looked.stages_ms
        began = time.monotonic()
        read = await self._read_lines([_Line(seen, shape, request)])
        (located,) = read.located
        if seen.views:
            stages_ms["queue"] += read.queue_ms
            stages_ms["model"] = read.model_ms
            stages_ms["read"] = (time.monotonic() - began) * 1e3 - read.queue_ms - read.model_ms
        height, width = shape
        picture = Picture(width, height, seen.line.polarity, seen.line.box if seen.views else None)
        name, version = self.manifest.name, self.manifest.version
        return RecognizedNumber(located.reading, located.boxes, picture, name, version, request.max_error, stages_ms)

    async def _read_lines(self, lines: Sequence["_Line"]) -> "_ReadLines":
        """The numbers in lines; the peer is asked about all that are doubtful at once."""
        first = await self._frames_of(lines)
        located = await self._make_sense_of(lines, first.frames)
        doubtful = [index for index, one in enumerate(located) if self._is_doubtful(lines[index], one.reading)]
        if self._peer is None or not doubtful:
            return _ReadLines(located, first.queue_ms, first.model_ms)
        asked = [lines[index] for index in doubtful]
        second = await self._peer.frames_of([view for line in asked for view in line.seen.views], is_admitted=True)
        of_peer = _dealt(second.logits, [len(line.seen.views) for line in asked])
        of_both = [first.frames[index] + more for index, more in zip(doubtful, of_peer, strict=True)]
        for index, one in zip(doubtful, await self._make_sense_of(asked, of_both), strict=True):
            located[index] = one
        return _ReadLines(located, first.queue_ms + second.queue_ms, first.model_ms + second.model_ms)

    async def _frames_of(self, lines: Sequence["_Line"]) -> "_LineFrames":
        """What is said about every view of the lines; about the slanted ones by the peer, where it reads these."""
        rule = self.manifest.peer
        peer = self._peer if rule is not None and rule.reads_slanted else None
        num_own = [len(line.seen.views) if peer is None else min(1, len(line.seen.views)) for line in lines]
        views = [line.seen.views[:num] for line, num in zip(lines, num_own, strict=True)]
        own = await self._network.frames_of([view for of_line in views for view in of_line])
        frames = _dealt(own.logits, num_own)
        others = [line.seen.views[num:] for line, num in zip(lines, num_own, strict=True)]
        if peer is None or not any(others):
            return _LineFrames(frames, own.queue_ms, own.model_ms)
        slanted = await peer.frames_of([view for of_line in others for view in of_line], is_admitted=True)
        of_peer = _dealt(slanted.logits, [len(of_line) for of_line in others])
        joined = [mine + theirs for mine, theirs in zip(frames, of_peer, strict=True)]
        return _LineFrames(joined, own.queue_ms + slanted.queue_ms, own.model_ms + slanted.model_ms)

    def _is_doubtful(self, line: "_Line", reading: NumberReading) -> bool:
        """Whether the peer is to be asked in doubt. A blank shows it nothing; what is refused has a confidence of 0."""
        rule = self.manifest.peer
        is_clean = bool(line.seen.views) and line.seen.line.is_clean
        return rule is not None and is_clean and reading.confidence < rule.sure_from

    def _judged_by(self, *, is_clean: bool) -> tuple[float, CalibrationTable]:
        """Temperature and table, by the kind of line; what was measured of the reader alone where it is on its own."""
        rule = self.manifest.second_look
        if rule is not None and not self._network.looks_twice:
            return rule.plain_temperature, rule.plain_calibration
        return self.manifest.temperature_of(is_clean=is_clean), self.manifest.calibration_of(is_clean=is_clean)

    async def _make_sense_of(self, lines: Sequence["_Line"], frames: Sequence[Sequence[Logits]]) -> list[LocatedNumber]:
        """From the frames of every line to its number."""
        return await self._workplace.make_sense(
            lambda: [self._make_sense(line, of_line) for line, of_line in zip(lines, frames, strict=True)]
        )

    def _make_sense(self, line: "_Line", frames: Sequence[Logits]) -> LocatedNumber:
        """From the frames of every view to the number."""
        request = line.request
        temperature, calibration = self._judged_by(is_clean=line.seen.line.is_clean)
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
        if not line.seen.line.is_alone:
            reading = doubted(reading)
        spans = [Frames(digit.first_frame, digit.last_frame) for digit in reading.digits]
        height, width = line.shape
        boxes = digit_boxes(line.seen.line, line.seen.views[0].placed, spans, picture_shape=(height, width))
        return LocatedNumber(reading, tuple(boxes))


@dataclass(frozen=True, slots=True)
class _Line:
    """What is to be read, and how.

    Attributes:
        shape: of the picture that the line is in, (height, width).
    """

    seen: SeenLine
    shape: tuple[int, ...]
    request: NumberRequest


@dataclass(frozen=True, slots=True)
class _LineFrames:
    """The frames of every view of lines, in their order, and how long these waited and were computed."""

    frames: list[list[Logits]]
    queue_ms: float
    model_ms: float


@dataclass(frozen=True, slots=True)
class _ReadLines:
    """Numbers that were read together, in their order, and how long they waited and were computed."""

    located: list[LocatedNumber]
    queue_ms: float
    model_ms: float


def _dealt(logits: Sequence[Logits], numbers: Sequence[int]) -> list[list[Logits]]:
    """Frames of views in a row as lists of so many each, one for every line."""
    of_views = iter(logits)
    return [[next(of_views) for _ in range(number)] for number in numbers]
