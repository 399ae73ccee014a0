"""Reader of the IDX format, in which MNIST is published.

A file is: two zero bytes, a type byte, the number of axes, each axis' length as a big-endian 32-bit integer,
then the values in C order, big-endian.

Source: LeCun, Cortes and Burges, "The MNIST database", section "File formats".
"""

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.errors import TrainerError

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: Path) -> NDArray[Any]:
    """Read an IDX file, compressed with gzip or not (found from its bytes, not its name).

    Returns:
        Array of the file's shape and type, in native byte order.

    Raises:
        TrainerError: the file is missing, cut short, too long or not IDX.
    """
    try:
        data = path.read_bytes()
        if data.startswith(_GZIP_MAGIC):
            data = gzip.decompress(data)
    except FileNotFoundError as error:
        raise TrainerError(f"{path} does not exist.") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise TrainerError(f"{path} is a damaged gzip file ({error}). Fetch it again.") from error
    except OSError as error:
        raise TrainerError(f"{path} cannot be read: {error.strerror}.") from error

    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _DTYPES:
        raise TrainerError(f"{path} is not an IDX file: it begins with {data[:4].hex() or 'nothing'}.")
    dtype, num_axes = np.dtype(_DTYPES[data[2]]), data[3]
    header_bytes = 4 + 4 * num_axes
    if len(data) < header_bytes:
        raise TrainerError(f"{path} is cut short: its header needs {header_bytes} bytes, it has {len(data)}.")
    shape = tuple(int(length) for length in np.frombuffer(data, ">u4", num_axes, offset=4))
    expected_bytes = header_bytes + prod(shape) * dtype.itemsize
    if len(data) != expected_bytes:
        problem = "is cut short" if len(data) < expected_bytes else "has bytes left over"
        raise TrainerError(f"{path} {problem}: shape {shape} needs {expected_bytes} bytes, it has {len(data)}.")
    values = np.frombuffer(data, dtype, offset=header_bytes).reshape(shape)
    return values.astype(dtype.newbyteorder("="))
