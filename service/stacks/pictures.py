"""Stacks of pictures that hold one digit, or one number, each."""

from collections.abc import AsyncGenerator, Iterable
from typing import Generic, Protocol, TypeVar

from service.alerts.origin import begin_file
from service.recognition.errors import MalformedBody, TooLarge
from service.runtime.picture_size import is_small
from service.stacks.entries import Entry, Job, SentFile, in_order
from service.stacks.turns import Deadline, StackTurns

Recognized = TypeVar("Recognized", covariant=True)


class EmptyFile(MalformedBody):
    """A file of a stack has no bytes."""


class PictureReader(Protocol[Recognized]):
    """Reads what one picture shows, as all of a stack are to be read."""

    async def __call__(self, data: bytes, *, timeout_s: float) -> Recognized:
        """The reading; see `DigitRecognizer.read` and `SequenceRecognizer.read`."""


class PictureStack(Generic[Recognized]):
    """Reads a stack of pictures with one recognizer; pictures of all stacks share its batches.

    Args:
        read: one picture.
        turns: shared by all stacks.
        max_image_bytes: largest file.
        timeout_s: for each picture, from when its turn has come.
    """

    def __init__(
        self, read: PictureReader[Recognized], turns: StackTurns, *, max_image_bytes: int, timeout_s: float
    ) -> None:
        self._read = read
        self._turns = turns
        self._max_image_bytes = max_image_bytes
        self._timeout_s = timeout_s

    def entries(
        self, files: Iterable[SentFile], deadline: Deadline, *, look_ahead: int
    ) -> AsyncGenerator[Entry[Recognized]]:
        """An entry for every file, in their order.

        Args:
            files: are taken as they are needed.
            deadline: of all of them.
            look_ahead: files that may be on their way, each a task; see `in_order`.
        """
        return in_order(self._jobs(files, deadline), look_ahead=look_ahead)

    async def _jobs(self, files: Iterable[SentFile], deadline: Deadline) -> AsyncGenerator[Job[Recognized]]:
        for file in files:
            yield self._entry(file, deadline)

    async def _entry(self, file: SentFile, deadline: Deadline) -> Entry[Recognized]:
        begin_file(file.index)
        try:
            return Entry(file.index, file.name, await self._recognized(file.data, deadline))
        # Of whatever kind: it is the answer for this file, and the others go on.
        except Exception as error:
            return Entry(file.index, file.name, error)

    async def _recognized(self, data: bytes, deadline: Deadline) -> Recognized:
        if not data:
            raise EmptyFile("The file has no bytes. Check that it is not empty.")
        if len(data) > self._max_image_bytes:
            raise TooLarge(
                f"The picture has {len(data)} bytes; the limit is {self._max_image_bytes}. Send a smaller file."
            )

        async def read(remaining_s: float) -> Recognized:
            return await self._read(data, timeout_s=remaining_s)

        return await self._turns.run(read, deadline, is_small=is_small(data), patience_s=self._timeout_s)
