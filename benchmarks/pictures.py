"""What is sent: ten 28 x 28 PNGs, one per digit, and the multipart bodies around them."""

import io
from collections.abc import Sequence

from PIL import Image

from trainer.golden import draw_digit

BOUNDARY = "benchmark-boundary"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def digit_pngs() -> list[bytes]:
    """Each digit in dark straight strokes on light paper, 28 x 28 pixels."""
    return [_png(digit) for digit in range(10)]


def multipart_body(picture: bytes) -> bytes:
    """A body with the picture as its one part `file`, as browsers and curl write it."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="digit.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    return head.encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode()


def multipart(parts: Sequence[tuple[str, bytes]]) -> bytes:
    """A body of these parts."""
    pieces = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="a"\r\n\r\n'.encode() + data + b"\r\n"
        for name, data in parts
    ]
    return b"".join(pieces) + f"--{BOUNDARY}--\r\n".encode()


def _png(digit: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(255 - draw_digit(digit, stroke_px=2)[..., 0]).save(file, "PNG")
    return file.getvalue()
