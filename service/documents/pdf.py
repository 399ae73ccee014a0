"""The pages of a PDF as pictures, drawn by PDFium in a process of its own; see `pdf_drawer`."""

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from service.recognition.errors import EncryptedDocument, TooLarge, TooManyPages, UndecodableDocument
from service.recognition.image import GrayImage

DOTS_PER_INCH = 200  # what offices scan forms with; a digit of 5 mm is 40 px high
PAGE_LIMIT_S = 20.0  # a crowded page takes a tenth of a second
OPENING_LIMIT_S = 20.0

_DRAWER = Path(__file__).with_name("pdf_drawer.py")
_SECRETS = ("DIGITS_", "OTEL_")  # settings, keys among them, are none of the drawer's business


class PdfDocument:
    """A PDF whose pages are drawn one at a time.

    Its methods wait for another process: call them on a thread. It must be closed, which ends that process.

    Args:
        data: the file.
        max_pages: that it may have.
        max_pixels: that a page may have; larger pages are drawn coarser.
        page_limit_s: for drawing a page.

    Raises:
        EncryptedDocument: it asks for a password.
        TooManyPages: it has more than `max_pages`.
        UndecodableDocument: it is damaged or has no pages.
        TooLarge: to open it takes far longer than any document should.
    """

    def __init__(self, data: bytes, *, max_pages: int, max_pixels: int, page_limit_s: float = PAGE_LIMIT_S) -> None:
        self._max_pixels = max_pixels
        self._page_limit_s = page_limit_s
        self._process = subprocess.Popen(  # noqa: S603  # nothing of what was sent is in its arguments
            [sys.executable, "-I", str(_DRAWER)],  # isolated: it finds installed packages, and nothing of ours
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if not name.startswith(_SECRETS)},
            start_new_session=True,  # Ctrl-C is for us, who close it then
        )
        try:
            self.num_pages = self._open(data, max_pages)
        except BaseException:
            self.close()
            raise

    def page(self, index: int) -> GrayImage:
        """Draw a page.

        Args:
            index: from 0.

        Returns:
            uint8 (height, width), 200 dots per inch.

        Raises:
            UndecodableDocument: the page is damaged. Others may still be drawn.
            TooLarge: it takes too long to draw. No other page can be drawn after that.
        """
        order = f"{index} {DOTS_PER_INCH} {self._max_pixels}\n".encode()
        answer, pixels = self._ask(order, self._page_limit_s, f"Page {index + 1} of the PDF")
        if "fault" in answer:
            raise UndecodableDocument(f"Page {index + 1} of the PDF is damaged and could not be drawn.")
        return np.frombuffer(pixels, np.uint8).reshape(answer["height"], answer["width"])

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what could not be written is for nobody
                    pipe.close()
        self._process.wait()

    def __enter__(self) -> "PdfDocument":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, data: bytes, max_pages: int) -> int:
        answer, _ = self._ask(len(data).to_bytes(8, "big") + data, OPENING_LIMIT_S, "The PDF")
        if answer.get("fault") == "encrypted":
            raise EncryptedDocument("The PDF asks for a password. Send it without one.")
        if "fault" in answer:
            raise UndecodableDocument("The PDF is damaged or cut short. Check that the whole file was sent.")
        num_pages = int(answer["num_pages"])
        if num_pages == 0:
            raise UndecodableDocument("The PDF has no pages.")
        if num_pages > max_pages:
            raise TooManyPages(f"The PDF has {num_pages} pages; the limit is {max_pages}. Send it in parts.")
        return num_pages

    def _ask(self, order: bytes, limit_s: float, what: str) -> tuple[dict[str, Any], bytes]:
        """Send an order and wait for the answer, and for the pixels that belong to it."""
        is_late = threading.Event()

        def stop() -> None:
            is_late.set()
            self._process.kill()

        timer = threading.Timer(limit_s, stop)
        timer.daemon = True
        timer.start()
        try:
            return self._exchange(order)
        except (OSError, ValueError) as error:  # the process has ended: nothing, or half a line, has come
            if is_late.is_set():
                raise TooLarge(f"{what} takes longer than {limit_s:g} s to draw. Send it as a picture.") from error
            raise UndecodableDocument(f"{what} is damaged, or takes more memory than it may.") from error
        finally:
            timer.cancel()

    def _exchange(self, order: bytes) -> tuple[dict[str, Any], bytes]:
        orders, answers = self._process.stdin, self._process.stdout
        if orders is None or answers is None:
            raise OSError("the process has no pipes")
        orders.write(order)
        orders.flush()
        answer: dict[str, Any] = json.loads(answers.readline())
        num_bytes = answer.get("width", 0) * answer.get("height", 0)
        pixels = answers.read(num_bytes)
        if len(pixels) < num_bytes:
            raise OSError("the process ended")
        return answer, pixels
