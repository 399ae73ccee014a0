"""What goes into a stack, and what comes out of it: files in, entries out, in the same order."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

Outcome = TypeVar("Outcome", covariant=True)


@dataclass(frozen=True, slots=True)
class SentFile:
    """One file of a stack.

    Attributes:
        index: its place among the files, from 0.
        name: as its sender calls it; None where it has no name.
        data: its bytes.
    """

    index: int
    name: str | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Entry(Generic[Outcome]):
    """What became of a file, or of one page of it.

    Attributes:
        file: the index of the file.
        name: its name.
        outcome: a reading, or what kept it from being read. A stack never fails for one of its files.
        page: of the file, from 1; None where files are pictures and have no pages.
    """

    file: int
    name: str | None
    outcome: Outcome | Exception
    page: int | None = None


Job: TypeAlias = Coroutine[Any, Any, Entry[Outcome]]
"""Makes one entry, and raises nothing."""


async def in_order(jobs: AsyncGenerator[Job[Outcome]], *, look_ahead: int) -> AsyncGenerator[Entry[Outcome]]:
    """Do the jobs side by side, and give out their entries in the order of the jobs, each as soon as it can be.

    Leaving the iteration cancels what has not been done.

    Args:
        jobs: is asked for the next one when there is room for it.
        look_ahead: jobs beside the one that is waited for, at least 2; bounds what they may hold in memory together.
    """
    # Beside the tasks in the queue there is one that waits for a place in it.
    begun: asyncio.Queue[asyncio.Task[Entry[Outcome]] | Exception | None] = asyncio.Queue(look_ahead - 1)
    unfinished: set[asyncio.Task[Entry[Outcome]]] = set()

    async def begin_all() -> None:
        try:
            async with aclosing(jobs):
                async for job in jobs:
                    task = asyncio.create_task(job)
                    unfinished.add(task)
                    task.add_done_callback(unfinished.discard)
                    await begun.put(task)
        # Of whatever kind: it is raised where the entries are waited for, which would wait for ever otherwise.
        except Exception as error:
            await begun.put(error)
        else:
            await begun.put(None)

    beginning = asyncio.create_task(begin_all())
    try:
        while (task := await begun.get()) is not None:
            if isinstance(task, Exception):
                raise task
            yield await task
    finally:
        cancelled = [beginning, *unfinished]
        for left in cancelled:
            left.cancel()
        await asyncio.gather(*cancelled, return_exceptions=True)
