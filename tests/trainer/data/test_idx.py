import gzip

import numpy as np
import pytest

from tests.trainer.tiny_mnist import idx_bytes
from trainer.data.idx import read_idx
from trainer.errors import TrainerError

IMAGES = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
INTEGERS = np.array([[1, -2], [70_000, 4]], dtype=np.int32)


@pytest.mark.parametrize("array", [IMAGES, INTEGERS], ids=["bytes", "integers"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_idx_files_are_read_compressed_or_not(tmp_path, array, pack):
    (tmp_path / "file").write_bytes(pack(idx_bytes(array)))
    values = read_idx(tmp_path / "file")
    np.testing.assert_array_equal(values, array)
    assert values.dtype == array.dtype


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "not an IDX file"),
        (b"\x89PNG\r\n", "not an IDX file"),
        (b"\0\0\x07\x01", "not an IDX file"),  # there is no type 7
        (b"\0\0\x08\x03\0\0", "header needs 16 bytes"),
        (idx_bytes(IMAGES)[:-1], "cut short"),
        (idx_bytes(IMAGES) + b"x", "bytes left over"),
        (gzip.compress(idx_bytes(IMAGES), mtime=0)[:-9], "damaged gzip"),
        (gzip.compress(idx_bytes(IMAGES), mtime=0)[:14] + b"\xff" * 20, "damaged gzip"),
    ],
)
def test_damaged_files_are_refused_by_name(tmp_path, data, complaint):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(data)
    with pytest.raises(TrainerError, match=complaint) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(TrainerError, match="nowhere does not exist"):
        read_idx(tmp_path / "nowhere")
