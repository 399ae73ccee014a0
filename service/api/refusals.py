"""How soon clients are told that there is no room for what they ask."""

import asyncio

REFUSAL_S = 0.1
NUM_AT_ONCE = 5  # 1 ms of the event loop's time


class Refusals:
    """Answers of 429: at once where there are few, kept back where there are many.

    Somebody who finds the queue full now and then should hear of it at once, to go elsewhere. Of hundreds
    of clients that ask again at once, whatever they are told, each answer brings the next request, and refusing takes
    the time in which others could be read.
    """

    def __init__(self) -> None:
        self._num_lately = 0
        self._began_s = float("-inf")

    async def wait(self) -> None:
        """Return when a client may be refused: at once for the first `NUM_AT_ONCE` in `REFUSAL_S`, else that later."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._began_s >= REFUSAL_S:
            self._began_s, self._num_lately = now_s, 0
        self._num_lately += 1
        if self._num_lately > NUM_AT_ONCE:
            await asyncio.sleep(REFUSAL_S)
