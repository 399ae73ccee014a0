"""Everything that people and others send by mistake or on purpose.

Each row is answered as the interface says, with a problem document (or, where the picture is a picture, a
reading), nothing is written to disk, and the service is well afterwards.
"""

import io
import os
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import numpy as np
import pytest
from PIL import Image

from tests.api.serving import check_problem
from tests.pictures import draw_seven, encode, png

pytestmark = pytest.mark.anyio

SEVEN = png(draw_seven())
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"><path d="M5 5h18L12 24"/></svg>'
PDF = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"


def bomb() -> bytes:
    """A PNG of 50,000 x 50,000 pixels in a few bytes: 2.5 GB, were it decoded."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def animated_gif() -> bytes:
    file = io.BytesIO()
    frames = [Image.fromarray(draw_seven(40)), Image.fromarray(255 - draw_seven(40))]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    return file.getvalue()


def part(data: bytes, name: str = "file") -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="a.png"\r\n\r\n'.encode() + data + b"\r\n"


async def chunked(data: bytes, *, pieces: int):
    """A body that does not announce its length."""
    for _ in range(pieces):
        yield data


TWENTY_MB = 20_000_000

REFUSED = {
    # What is sent, and what it is answered with.
    "empty body": (lambda: {"content": b""}, 400, "empty_body"),
    "empty part": (lambda: {"files": {"file": ("a.png", b"")}}, 400, "empty_body"),
    "empty multipart body": (lambda: {"content": b"", "headers": MULTIPART}, 400, "empty_body"),
    "text named .png": (lambda: {"files": {"file": ("a.png", b"seven")}}, 415, "unsupported_image_format"),
    "truncated PNG": (lambda: {"files": {"file": ("a.png", SEVEN[:-40])}}, 400, "undecodable_image"),
    "PNG cut in its header": (lambda: {"content": SEVEN[:20]}, 400, "undecodable_image"),
    "truncated JPEG": (
        lambda: {"files": {"file": ("a.jpg", encode(draw_seven(), "JPEG")[:-400])}},
        400,
        "undecodable_image",
    ),
    "bomb": (lambda: {"files": {"file": ("a.png", bomb())}}, 413, "too_large"),
    "20 MB": (lambda: {"files": {"file": ("a.png", bytes(TWENTY_MB))}}, 413, "too_large"),
    "20 MB, bare": (lambda: {"content": bytes(TWENTY_MB)}, 413, "too_large"),
    "20 MB, chunked without a length": (
        lambda: {"content": chunked(bytes(1_000_000), pieces=20)},
        413,
        "too_large",
    ),
    "20 MB in a part, chunked": (
        lambda: {"content": chunked(part(bytes(TWENTY_MB)), pieces=1), "headers": MULTIPART},
        413,
        "too_large",
    ),
    "one byte too many": (lambda: {"content": bytes(10_000_001)}, 413, "too_large"),
    "one byte too many in a part": (lambda: {"files": {"file": ("a.png", bytes(10_000_001))}}, 413, "too_large"),
    "two files": (
        lambda: {"files": [("file", ("a.png", SEVEN)), ("file", ("b.png", SEVEN))]},
        400,
        "several_files",
    ),
    "no file": (lambda: {"content": b"--b--\r\n", "headers": MULTIPART}, 400, "missing_file"),
    "wrong field": (lambda: {"files": {"image": ("a.png", SEVEN)}}, 400, "unexpected_part"),
    "a field beside the file": (
        lambda: {"files": {"file": ("a.png", SEVEN)}, "data": {"top_k": "3"}},
        400,
        "unexpected_part",
    ),
    "part without a name": (
        lambda: {"content": b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n", "headers": MULTIPART},
        400,
        "unexpected_part",
    ),
    "a thousand parts": (
        lambda: {"content": part(b"x") * 1000 + b"--b--\r\n", "headers": MULTIPART},
        400,
        "several_files",
    ),
    "no boundary": (
        lambda: {"content": part(SEVEN), "headers": {"Content-Type": "multipart/form-data"}},
        400,
        "malformed_body",
    ),
    "endless boundary": (
        lambda: {"content": SEVEN, "headers": {"Content-Type": f"multipart/form-data; boundary={'b' * 5000}"}},
        400,
        "malformed_body",
    ),
    "other boundary": (
        lambda: {"content": part(SEVEN), "headers": {"Content-Type": "multipart/form-data; boundary=c"}},
        400,
        "malformed_body",
    ),
    "multipart cut short": (lambda: {"content": part(SEVEN), "headers": MULTIPART}, 400, "malformed_body"),
    "endless part header": (
        lambda: {"content": b"--b\r\nX-Pad: " + b"x" * 20_000 + b"\r\n\r\n", "headers": MULTIPART},
        400,
        "malformed_body",
    ),
    "many part headers": (
        lambda: {"content": b"--b\r\n" + b"X-Pad: x\r\n" * 100 + b"\r\n", "headers": MULTIPART},
        400,
        "malformed_body",
    ),
    "animated GIF": (lambda: {"files": {"file": ("a.gif", animated_gif())}}, 415, "unsupported_image_format"),
    "SVG": (lambda: {"files": {"file": ("a.svg", SVG)}}, 415, "unsupported_image_format"),
    "PDF": (lambda: {"files": {"file": ("a.pdf", PDF)}}, 415, "unsupported_image_format"),
    "JSON": (lambda: {"json": {"file": "a.png"}}, 415, "unsupported_media_type"),
    "form without files": (lambda: {"data": {"file": "a.png"}}, 415, "unsupported_media_type"),
}

READ = {
    # A picture is a picture, however little is on it.
    "1x1 pixel": (lambda: png(np.array([[7]], np.uint8)), "rejected"),
    "all black": (lambda: png(np.zeros((64, 64), np.uint8)), "rejected"),
    "all white": (lambda: png(np.full((64, 64), 255, np.uint8)), "rejected"),
    # Starlette's own form parser would put both of these into a temporary file.
    "9 MB": (
        lambda: png(np.random.default_rng(1).integers(0, 256, (3000, 3000), dtype=np.uint8)),
        None,
    ),
    "2 MB, with ink": (lambda: encode(draw_seven(1500), "BMP"), "accepted"),
}


class DiskWatch:
    """Notes every file that is opened for writing in this process, by whatever means Python has."""

    def __init__(self) -> None:
        self.is_on = False
        self.written: list[str] = []
        sys.addaudithook(self._hear)  # stays for good: a hook cannot be taken off

    def _hear(self, event: str, arguments: tuple) -> None:
        if not self.is_on:
            return
        if event == "open":
            path, mode, flags = arguments
            writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else False
            if writes or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
                self.written.append(str(path))
        elif event in ("os.mkdir", "os.rename", "os.link", "os.symlink") or event.startswith("tempfile."):
            self.written.append(f"{event} {arguments[0]}")


DISK = DiskWatch()


@contextmanager
def nothing_written_to_disk() -> Iterator[None]:
    DISK.written.clear()
    DISK.is_on = True
    try:
        yield
    finally:
        DISK.is_on = False
    assert DISK.written == []


def test_disk_watch_sees_files_and_temporary_files(tmp_path):
    with pytest.raises(AssertionError), nothing_written_to_disk():
        (tmp_path / "a").write_bytes(b"")
    with pytest.raises(AssertionError), nothing_written_to_disk():
        os.close(os.open(tmp_path / "b", os.O_CREAT | os.O_WRONLY))


async def is_well(client: httpx2.AsyncClient) -> bool:
    live = await client.get("/health/live")
    ready = await client.get("/health/ready")
    reading = await client.post("/predict", content=SEVEN)
    return [live.status_code, ready.status_code, reading.json()["digit"]] == [200, 200, 7]


@pytest.mark.parametrize("sent", REFUSED)
async def test_bad_input_is_refused_with_a_problem_document(client, caplog, sent):
    request, status, code = REFUSED[sent]
    with nothing_written_to_disk():
        response = await client.post("/predict", **request())

    check_problem(response, status, code)
    assert not [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"]
    assert await is_well(client)


@pytest.mark.parametrize("sent", READ)
async def test_any_picture_is_read_without_a_file(client, sent):
    picture, decision = READ[sent]
    data = picture()
    for body in ({"content": data}, {"files": {"file": ("a.png", data)}}):
        with nothing_written_to_disk():
            response = await client.post("/predict", **body)
        assert response.status_code == 200, response.text
        assert decision is None or response.json()["decision"] == decision
    assert await is_well(client)


@pytest.mark.parametrize("body", ["content-length", "chunked"])
async def test_refusal_comes_before_the_rest_of_the_body(client, body):
    """A body of a terabyte is refused after the first bytes over the limit, or before any."""
    num_sent = 0

    async def endless():
        nonlocal num_sent
        while True:
            num_sent += 1
            yield bytes(1_000_000)

    headers = {"Content-Length": str(10**12)} if body == "content-length" else {}
    response = await client.post("/predict", content=endless(), headers=headers)

    check_problem(response, 413, "too_large")
    assert num_sent <= (11 if body == "chunked" else 1)
