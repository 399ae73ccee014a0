"""More than a thousand pictures that are broken in ways that happen, and in ways that somebody may think of.

All are made here, always the same. Each family takes whole files apart at the level that it is about: bytes, the
chunks of PNG and WebP, the segments of JPEG, the header of BMP, the tags of TIFF and EXIF.
"""

import struct
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from tests.fuzz.whole_pictures import whole_pictures

Pictures = Iterator[tuple[str, bytes]]
"""What is wrong, and the file."""

U16 = (0, 1, 2, 0x7FFF, 0x8000, 0xFFFF)
U32 = (0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
NUM_CUTS = 9
NUM_FLIPPED = 12
NUM_STAMPED = 5


def truncated() -> Pictures:
    """Cut short anywhere, the first bytes included."""
    for name, data in whole_pictures().items():
        for cut in {*np.linspace(1, len(data) - 1, NUM_CUTS, dtype=int).tolist(), 4, 12}:
            yield f"{name}, cut at {cut}", data[:cut]


def bits_flipped() -> Pictures:
    """A few bits wrong, half of the time in the first 64 bytes."""
    for number, (name, data) in enumerate(whole_pictures().items()):
        for seed in range(NUM_FLIPPED):
            generator = np.random.default_rng([number, seed])
            broken = bytearray(data)
            reach = min(64, len(data)) if seed % 2 else len(data)
            for _ in range(generator.integers(1, 9)):
                broken[generator.integers(reach)] ^= 1 << int(generator.integers(8))
            yield f"{name}, bits flipped, seed {seed}", bytes(broken)


def stamped() -> Pictures:
    """A stretch of bytes overwritten with zeros, ones or noise, or left out, or there twice."""
    for number, (name, data) in enumerate(whole_pictures().items()):
        for seed in range(NUM_STAMPED):
            generator = np.random.default_rng([number, seed, 1])
            begin = int(generator.integers(4, len(data) - 8))
            end = begin + int(generator.integers(2, 40))
            stretch = data[begin:end]
            noise = generator.bytes(len(stretch))
            stamp = (bytes(len(stretch)), b"\xff" * len(stretch), noise, b"", stretch * 2)[seed]
            yield f"{name}, bytes {begin} to {end}, stamp {seed}", data[:begin] + stamp + data[end:]


def only_begun() -> Pictures:
    """The first bytes of many formats, and then nothing, zeros, noise or another format."""
    signatures = {
        "PNG": b"\x89PNG\r\n\x1a\n",
        "JPEG": b"\xff\xd8\xff\xe0",
        "WebP": b"RIFF\x10\x00\x00\x00WEBPVP8 ",
        "BMP": b"BM",
        "TIFF, little": b"II*\x00",
        "TIFF, big": b"MM\x00*",
        "BigTIFF": b"II+\x00\x08\x00\x00\x00",
        "GIF": b"GIF89a",
        "PDF": b"%PDF-1.7",
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0",
        "PSD": b"8BPS\x00\x01",
        "ICO": b"\x00\x00\x01\x00\x01\x00",
        "HEIC": b"\x00\x00\x00\x18ftypheic",
        "AVIF": b"\x00\x00\x00\x18ftypavif",
        "JPEG 2000": b"\x00\x00\x00\x0cjP  \r\n\x87\n",
        "PPM": b"P6 99999999 99999999 255\n",
        "ZIP": b"PK\x03\x04",
        "gzip": b"\x1f\x8b\x08",
        "ELF": b"\x7fELF\x02\x01\x01",
        "XML": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/hostname'>]><svg>&b;</svg>",
    }
    noise = np.random.default_rng(1).bytes(500)
    seven = whole_pictures()["PNG gray"]
    for name, begin in signatures.items():
        for rest, tail in {"nothing": b"", "zeros": bytes(500), "noise": noise, "a PNG": seven}.items():
            yield f"{name}'s first bytes, then {rest}", begin + tail


def png_chunks() -> Pictures:
    """Lengths, checksums, order and presence of the chunks of a PNG."""
    for name in ("PNG gray", "PNG palette, transparent", "PNG animated", "PNG with EXIF"):
        chunks = _png_chunks(whole_pictures()[name])
        for index, (kind, data) in enumerate(chunks):
            label = f"{name}, chunk {index} {kind.decode()}"
            before, after = _png(chunks[:index]), b"".join(_chunk(*one) for one in chunks[index + 1 :])
            whole = _chunk(kind, data)
            for length in U32:
                yield f"{label}, length {length:#x}", before + struct.pack(">I", length) + whole[4:] + after
            yield f"{label}, wrong checksum", before + whole[:-4] + b"\0\0\0\0" + after
            yield f"{label}, left out", before + after
            yield f"{label}, twice", before + whole * 2 + after
            yield f"{label}, empty", before + _chunk(kind, b"") + after
            yield f"{label}, of noise", before + _chunk(kind, np.random.default_rng(index).bytes(len(data))) + after


def png_headers() -> Pictures:
    """Sizes, depths and kinds that IHDR should not hold, rows that do not fit it, and chunks with a surprise."""
    rows = zlib.compress(b"".join(b"\0" + bytes(40) for _ in range(40)))

    def png(*, header: bytes, data: bytes = rows, extra: bytes = b"") -> bytes:
        return _png([(b"IHDR", header)]) + extra + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")

    def ihdr(width: int = 40, height: int = 40, *rest: int) -> bytes:
        return struct.pack(">IIBBBBB", width, height, *(rest or (8, 0, 0, 0, 0)))

    for width in (*U32, 65_536, 30_000):
        for height in (40, width):
            yield f"PNG of {width} x {height} px", png(header=ihdr(width, height))
    for depth in (0, 1, 3, 4, 15, 16, 255):
        for color in range(8):
            yield f"PNG of depth {depth}, color type {color}", png(header=ihdr(40, 40, depth, color, 0, 0, 0))
    for method in (1, 255):
        for position in range(3):
            methods = [0, 0, 0]
            methods[position] = method
            yield f"PNG of methods {methods}", png(header=ihdr(40, 40, 8, 0, *methods))
    surprises = {
        "no rows": b"",
        "rows that are no deflate stream": b"\xff" * 50,
        "half the rows": zlib.compress(bytes(41 * 20)),
        "a row too many": zlib.compress(bytes(41 * 41)),
        "ten megabytes of rows": zlib.compress(bytes(10_000_000)),
        "filters that do not exist": zlib.compress((b"\x09" + bytes(40)) * 40),
        "a stream that ends early": rows[:-6],
    }
    for surprise, data in surprises.items():
        yield f"PNG with {surprise}", png(header=ihdr(), data=data)
    bomb = zlib.compress(bytes(20_000_000))
    extras = {
        "a text bomb": _chunk(b"zTXt", b"Comment\0\0" + bomb),
        "an international text bomb": _chunk(b"iTXt", b"Comment\0\1\0\0\0" + bomb),
        "a color profile bomb": _chunk(b"iCCP", b"icc\0\0" + bomb),
        "a profile of noise": _chunk(b"iCCP", b"icc\0\0" + zlib.compress(np.random.default_rng(1).bytes(500))),
        "a palette for gray": _chunk(b"PLTE", bytes(range(9))),
        "a crooked palette": _chunk(b"PLTE", bytes(10)),
        "long transparency": _chunk(b"tRNS", bytes(1000)),
        "gamma zero": _chunk(b"gAMA", bytes(4)),
        "an unknown critical chunk": _chunk(b"ABCD", b"x"),
        "a chunk of no letters": _chunk(b"\0\1\2\3", b"x"),
        "no frames": _chunk(b"acTL", struct.pack(">II", 0, 0)),
        "four billion frames": _chunk(b"acTL", struct.pack(">II", 0xFFFF_FFFF, 0)),
        "a frame outside": _chunk(b"acTL", struct.pack(">II", 2, 0))
        + _chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 99, 99, 99, 99, 0, 0, 9, 9)),
        "frames out of order": _chunk(b"acTL", struct.pack(">II", 2, 0)) + _chunk(b"fdAT", struct.pack(">I", 7)),
    }
    for surprise, extra in extras.items():
        yield f"PNG with {surprise}", png(header=ihdr(), extra=extra)


def jpeg_segments() -> Pictures:
    """Lengths and contents of the segments of a JPEG."""
    for name in ("JPEG gray", "JPEG progressive", "JPEG CMYK", "JPEG with EXIF"):
        data = whole_pictures()[name]
        for marker, begin in _jpeg_segments(data):
            label = f"{name}, segment {marker:#x} at {begin}"
            for length in U16:
                yield f"{label}, length {length:#x}", _put(data, begin, struct.pack(">H", length))
            (length,) = struct.unpack_from(">H", data, begin)
            yield f"{label}, left out", data[: begin - 2] + data[begin + length :]
            yield f"{label}, twice", data[: begin + length] + data[begin - 2 :]
            yield f"{label}, of ones", _put(data, begin + 2, b"\xff" * (length - 2))
            if 0xC0 <= marker <= 0xC2:
                for size in ((0, 40), (40, 0), (0, 0), (65535, 65535), (1, 65535)):
                    yield f"{name}, of {size} px", _put(data, begin + 3, struct.pack(">HH", *size))
                for precision in (0, 1, 12, 255):
                    yield f"{name}, of {precision} bits", _put(data, begin + 2, bytes([precision]))
                for num_components in (0, 2, 5, 255):
                    yield f"{name}, of {num_components} components", _put(data, begin + 7, bytes([num_components]))


def webp_chunks() -> Pictures:
    """Lengths and contents of the chunks of a WebP."""
    for name in ("WebP lossy", "WebP lossless", "WebP alpha", "WebP animated", "WebP with EXIF"):
        data = whole_pictures()[name]
        for length in U32:
            yield f"{name}, file length {length:#x}", _put(data, 4, struct.pack("<I", length))
        for kind, begin in _webp_chunks(data):
            label = f"{name}, chunk {kind.decode()} at {begin}"
            for length in U32:
                yield f"{label}, length {length:#x}", _put(data, begin + 4, struct.pack("<I", length))
            yield f"{label}, of ones", _put(data, begin + 8, b"\xff" * min(24, len(data) - begin - 8))
            yield f"{label}, of zeros", _put(data, begin + 8, bytes(min(24, len(data) - begin - 8)))
            yield f"{label}, unknown", _put(data, begin, b"ABCD")


def bmp_headers() -> Pictures:
    """Every number in the header of a BMP."""
    fields = {"data offset": 10, "header size": 14, "width": 18, "height": 22, "compression": 30, "palette": 46}
    for name in ("BMP gray", "BMP color", "BMP alpha"):
        data = whole_pictures()[name]
        for field, offset in fields.items():
            for value in (*U32, 5, 12, 40, 65_536):
                yield f"{name}, {field} {value:#x}", _put(data, offset, struct.pack("<I", value))
        for bits in (0, 1, 2, 3, 4, 8, 16, 24, 32, 255):
            yield f"{name}, {bits} bits", _put(data, 28, struct.pack("<H", bits))
    for compression in (1, 2):  # run lengths, of 8 and of 4 bits
        rows = _put(whole_pictures()["BMP gray"], 30, struct.pack("<I", compression))
        for rest in (b"\0\2\xff\xff", b"\0\1", b"\0\0" * 99, b"\xff\7" * 99, b"\0\xff" + bytes(9), b""):
            yield f"BMP, run lengths {compression}, {rest[:4]!r}", rows[:1078] + rest


def tiff_tags() -> Pictures:
    """Tags of a TIFF with values, types and counts that they should not have."""
    values = {
        "width": (256, (0, 1, 65_535)),
        "height": (257, (0, 1, 65_535)),
        "bits per sample": (258, (0, 1, 3, 7, 12, 24, 64, 65_535)),
        "compression": (259, (0, 2, 3, 4, 5, 6, 7, 9, 50_000, 65_535)),
        "photometric": (262, (0, 2, 3, 4, 5, 6, 8, 99, 65_535)),
        "fill order": (266, (0, 2, 9)),
        "strip offset": (273, (0, 1, 65_535)),
        "orientation": (274, (0, 6, 9, 65_535)),
        "samples per pixel": (277, (0, 2, 3, 5, 255, 65_535)),
        "rows per strip": (278, (0, 1, 65_535)),
        "strip byte count": (279, (0, 1, 65_535)),
        "planar": (284, (0, 2, 9)),
        "predictor": (317, (0, 2, 3, 9)),
        "tile width": (322, (0, 1, 16, 65_535)),
        "tile offsets": (324, (0, 8, 65_535)),
        "extra samples": (338, (0, 1, 2, 99)),
        "sample format": (339, (0, 2, 3, 4, 99)),
    }
    for name, (tag, wrong) in values.items():
        for value in wrong:
            yield f"TIFF, {name} {value}", tiff({tag: (3, 1, value)})
        for kind in (0, 2, 7, 12, 13, 99):
            yield f"TIFF, {name} of type {kind}", tiff({tag: (kind, 1, 8)})
        for count in (0, 2, 0xFFFF, 0x1FFF_FFFF, 0xFFFF_FFFF):
            yield f"TIFF, {name} {count} times", tiff({tag: (3, count, 8)})
    for big in (6, 100_000, 0x7FFF_FFFF, 0xFFFF_FFFF):
        yield f"TIFF of {big} x {big} px", tiff({256: (4, 1, big), 257: (4, 1, big)})


def tiff_folders() -> Pictures:
    """Image file directories that lead nowhere, to themselves, or into each other."""
    whole = tiff({})
    end = len(whole)
    next_folder = 8 + 2 + 12 * struct.unpack_from("<H", whole, 8)[0]
    for name, target in {"itself": 8, "a number": 3, "the end": end, "beyond": 0xFFFF_FFF0}.items():
        yield f"TIFF, next directory is {name}", _put(whole, next_folder, struct.pack("<I", target))
        yield f"TIFF, first directory is {name}", _put(whole, 4, struct.pack("<I", target))
        for tag in (330, 34_665, 34_853, 40_965):  # SubIFDs, EXIF, GPS, interoperability
            yield f"TIFF, directory {tag} is {name}", tiff({tag: (4, 1, target)})
            yield f"TIFF, directory {tag} is {name}, a thousand times", tiff({tag: (13, 1000, target)})
    for count in U16:
        yield f"TIFF, directory of {count} tags", _put(whole, 8, struct.pack("<H", count))
    chain = bytearray(whole)
    for number in range(300):
        chain[next_folder : next_folder + 4] = struct.pack("<I", len(chain))
        next_folder = len(chain) + 2 + 12
        deeper = struct.pack("<HHHII", 1, 330, 4, 1, max(8, len(chain) - 18 * number)) + bytes(4)
        chain += deeper
    yield "TIFF, three hundred directories in a chain", bytes(chain)
    yield "BigTIFF of nothing", b"II+\x00\x08\x00\x00\x00" + struct.pack("<Q", 16) + bytes(8)
    yield "BigTIFF, endless", b"II+\x00\x08\x00\x00\x00" + struct.pack("<QQ", 16, 2**64 - 1)


def exif_blocks() -> Pictures:
    """A good picture with an EXIF block that makes no sense; the picture can be read all the same, or refused."""
    blocks = {
        f"orientation {value} of type {kind}, {count} times": _exif(0x0112, kind, count, value)
        for value in (0, 6, 9, 65_535)
        for kind in (0, 2, 3, 4, 5, 7, 10, 12, 99)
        for count in (0, 1, 0xFFFF_FFFF)
    }
    blocks |= {
        "nothing": b"",
        "noise": np.random.default_rng(1).bytes(300),
        "only a byte order": b"II",
        "a directory that is itself": b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 8, 8),
    }
    jpeg, png = whole_pictures()["JPEG gray"], _png_chunks(whole_pictures()["PNG gray"])
    for name, block in blocks.items():
        segment = b"Exif\0\0" + block
        yield f"JPEG, EXIF: {name}", jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]
        yield f"PNG, EXIF: {name}", _png([png[0], (b"eXIf", block), *png[1:]])


FAMILIES: dict[str, Callable[[], Pictures]] = {
    family.__name__: family
    for family in (
        truncated,
        bits_flipped,
        stamped,
        only_begun,
        png_chunks,
        png_headers,
        jpeg_segments,
        webp_chunks,
        bmp_headers,
        tiff_tags,
        tiff_folders,
        exif_blocks,
    )
}


def tiff(changes: dict[int, tuple[int, int, int]]) -> bytes:
    """A TIFF of 40 x 40 gray pixels, but for the changed or added tags: number to (type, count, value)."""
    tags = {
        256: (3, 1, 40),
        257: (3, 1, 40),
        258: (3, 1, 8),
        259: (3, 1, 1),
        262: (3, 1, 1),
        273: (4, 1, 1000),
        277: (3, 1, 1),
        278: (3, 1, 40),
        279: (4, 1, 1600),
        **changes,
    }
    folder = struct.pack("<H", len(tags))
    for tag, (kind, count, value) in sorted(tags.items()):
        folder += struct.pack("<HHII", tag, kind, count, value)
    head = b"II*\0\x08\0\0\0" + folder + bytes(4)
    return head + bytes(1000 - len(head)) + np.asarray(Image.new("L", (40, 40), 255)).tobytes()


def _exif(tag: int, kind: int, count: int, value: int) -> bytes:
    return b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, tag, kind, count, value, 0)


def _put(data: bytes, offset: int, new: bytes) -> bytes:
    return data[:offset] + new + data[offset + len(new) :]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(chunks: list[tuple[bytes, bytes]]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    chunks, begin = [], 8
    while begin < len(data):
        (length,) = struct.unpack_from(">I", data, begin)
        chunks.append((data[begin + 4 : begin + 8], data[begin + 8 : begin + 8 + length]))
        begin += 12 + length
    return chunks


def _jpeg_segments(data: bytes) -> list[tuple[int, int]]:
    """Marker and the place of its length, up to the start of the scan."""
    segments, begin = [], 2
    while True:
        marker = data[begin + 1]
        segments.append((marker, begin + 2))
        if marker == 0xDA:
            return segments
        begin += 2 + int(struct.unpack_from(">H", data, begin + 2)[0])


def _webp_chunks(data: bytes) -> list[tuple[bytes, int]]:
    chunks, begin = [], 12
    while begin < len(data):
        (length,) = struct.unpack_from("<I", data, begin + 4)
        chunks.append((data[begin : begin + 4], begin))
        begin += 8 + length + length % 2
    return chunks
