import hashlib
import http.server
import shutil
import threading
from functools import partial

import numpy as np
import pytest

from trainer.data import mnist
from trainer.data.mnist import download_mnist, load_mnist
from trainer.errors import TrainerError

CONTENTS = {"train-images-idx3-ubyte.gz": b"images" * 50_000, "t10k-labels-idx1-ubyte.gz": b"labels"}


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    """Starts a server for a folder on the loopback interface and answers its address."""
    servers = []

    def start(folder):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder))
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A folder with files as a mirror has them; the known hashes are theirs."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name, data in CONTENTS.items():
        (folder / name).write_bytes(data)
    monkeypatch.setattr(mnist, "SHA256", {name: hashlib.sha256(data).hexdigest() for name, data in CONTENTS.items()})
    return folder


def test_files_are_downloaded_once(tmp_path, mirror, serve):
    cache = tmp_path / "cache"
    download_mnist(cache, mirrors=[serve(mirror)])
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == CONTENTS
    download_mnist(cache, mirrors=[])  # nothing is missing, so no mirror is needed


def test_second_mirror_helps_out_when_the_first_sends_other_bytes(tmp_path, mirror, serve):
    spoiled = tmp_path / "spoiled"
    shutil.copytree(mirror, spoiled)
    (spoiled / "t10k-labels-idx1-ubyte.gz").write_bytes(b"<html>Welcome to the hotel's network</html>")
    cache = download_mnist(tmp_path / "cache", mirrors=[serve(spoiled), serve(mirror)])
    assert (cache / "t10k-labels-idx1-ubyte.gz").read_bytes() == CONTENTS["t10k-labels-idx1-ubyte.gz"]


def test_wrong_bytes_are_never_kept(tmp_path, mirror, serve):
    (mirror / "t10k-labels-idx1-ubyte.gz").write_bytes(b"other labels")
    with pytest.raises(TrainerError, match=r"its SHA-256 is .* expected is .*--data"):
        download_mnist(tmp_path / "cache", mirrors=[serve(mirror)])
    assert not (tmp_path / "cache" / "t10k-labels-idx1-ubyte.gz").exists()


def test_file_missing_on_every_mirror_is_told_with_the_reasons(tmp_path, mirror, serve):
    (mirror / "train-images-idx3-ubyte.gz").unlink()
    with pytest.raises(TrainerError, match=r"train-images.*404"):
        download_mnist(tmp_path / "cache", mirrors=[serve(mirror)])


def test_folder_or_its_mnist_subfolder_is_read(data_dir):
    for folder in (data_dir, data_dir / "mnist"):
        loaded = load_mnist(folder)
        assert loaded.train.canvases.shape == (300, 28, 28, 1)
        assert loaded.test.labels.tolist() == [*range(10)] * 6
        assert loaded.splits.unit == "writer"


@pytest.mark.parametrize(("name", "complaint"), [("empty", "holds no MNIST files"), ("absent", "is not a folder")])
def test_folder_without_mnist_is_told_apart(tmp_path, name, complaint):
    (tmp_path / "empty").mkdir()
    with pytest.raises(TrainerError, match=complaint):
        load_mnist(tmp_path / name)


def test_unknown_writers_stop_the_training_unless_allowed(tmp_path, data_dir):
    shutil.copytree(data_dir, tmp_path / "data")
    (tmp_path / "data" / "mnist" / "qmnist-train-labels-idx2-int.gz").unlink()
    with pytest.raises(TrainerError, match="--random-splits"):
        load_mnist(tmp_path / "data")
    assert load_mnist(tmp_path / "data", allow_random_splits=True).splits.unit == "digit"


def test_images_and_labels_of_different_sets_are_refused(tmp_path, data_dir):
    shutil.copytree(data_dir, tmp_path / "data")
    folder = tmp_path / "data" / "mnist"
    shutil.copyfile(folder / "t10k-labels-idx1-ubyte", folder / "train-labels-idx1-ubyte")
    with pytest.raises(TrainerError, match="belong together"):
        load_mnist(tmp_path / "data")


def test_canvases_are_bytes_with_bright_ink(data_dir):
    canvases = load_mnist(data_dir).train.canvases
    assert canvases.dtype == np.uint8
    assert 0 < canvases.mean() < 128
