import gzip
import hashlib
import http.server
import shutil
import threading
from functools import partial

import numpy as np
import pytest

from trainer.data import mnist
from trainer.data.mnist import SHA256, WRITERS_SHA256, download_mnist, download_writers, load_mnist
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
        load_mnist(tmp_path / "data", allow_random_splits=False)
    assert load_mnist(tmp_path / "data", allow_random_splits=True).splits.unit == "digit"


def test_what_cannot_be_chosen_is_not_offered(tmp_path, data_dir):
    shutil.copytree(data_dir, tmp_path / "data")
    (tmp_path / "data" / "mnist" / "qmnist-train-labels-idx2-int.gz").unlink()
    with pytest.raises(TrainerError, match="who wrote each digit") as raised:
        load_mnist(tmp_path / "data")
    assert "--random-splits" not in str(raised.value)


@pytest.fixture
def whole_mirror(tmp_path, data_dir, monkeypatch, serve):
    """A mirror of all six files, and nothing in the cache."""
    folder = tmp_path / "whole"
    folder.mkdir()
    hashes = {}
    for path in (data_dir / "mnist").iterdir():
        name = f"{path.name.removesuffix('.gz')}.gz"
        data = path.read_bytes() if path.suffix == ".gz" else gzip.compress(path.read_bytes())
        (folder / name).write_bytes(data)
        hashes[name] = hashlib.sha256(data).hexdigest()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(mnist, "SHA256", {name: one for name, one in hashes.items() if "qmnist" not in name})
    monkeypatch.setattr(mnist, "WRITERS_SHA256", {name: one for name, one in hashes.items() if "qmnist" in name})
    address = serve(folder)
    monkeypatch.setattr(mnist, "download_mnist", partial(download_mnist, mirrors=[address]))
    monkeypatch.setattr(mnist, "download_writers", partial(download_writers, mirrors=[address]))
    return folder


def test_without_a_folder_the_writers_are_downloaded_too(whole_mirror):
    assert load_mnist(None).splits.unit == "writer"


def test_without_the_writers_only_a_split_by_digit_goes_on(whole_mirror, capsys):
    (whole_mirror / "qmnist-train-labels-idx2-int.gz").unlink()
    with pytest.raises(TrainerError, match=r"qmnist-train-labels.*404"):
        load_mnist(None)
    assert load_mnist(None, allow_random_splits=True).splits.unit == "digit"
    assert "The writers stay unknown" in capsys.readouterr().err


@pytest.mark.parametrize("name", [*SHA256, *WRITERS_SHA256])
def test_known_hashes_are_those_of_the_real_files(real_data_dir, name):
    path = real_data_dir / "mnist" / name
    if name == "train-images-idx3-ubyte.gz" or not path.exists():
        pytest.skip("this copy was compressed anew")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == {**SHA256, **WRITERS_SHA256}[name]


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
