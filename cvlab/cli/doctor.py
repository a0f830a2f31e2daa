"""`cvlab doctor`: what is installed, what fits together, and the exact line that mends what does not."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Callable
from typing import Any

from cvlab import console
from cvlab.cli.arguments import failure
from cvlab.core import paths
from cvlab.engine import installation

_PACKAGES = ("torch", "torchvision", "numpy", "PySide6-Essentials", "pyqtgraph", "pydantic", "safetensors", "pillow")
QT = ("PySide6-Essentials", "pyqtgraph", "superqt", "qtawesome")
"""What the window needs beside the rest."""
_XCB = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
}
"""What Qt's window plugin needs on a bare Linux, and the Debian package that has it."""


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("doctor", parents=[shared], help="check the installation, and say how to mend it")
    parser.set_defaults(verb=_doctor)


def _doctor(arguments: argparse.Namespace) -> dict:
    checks: list[dict] = []
    for doing, look in _LOOKS.items():
        console.say(f"Checking {doing} ...")
        found = look()
        checks += found if isinstance(found, list) else [found]
    lines = []
    for check in checks:
        mark = {"ok": "ok  ", "note": "note", "bad": "BAD "}[check["state"]]
        lines.append(f"{mark} {check['what']}" + (f"\n       mend it: {check['mend']}" if check["mend"] else ""))
    bad = [check["what"] for check in checks if check["state"] == "bad"]
    result = {"checks": checks, "installed": installation.detect().kind, "text": "\n".join(lines)}
    return result | (failure(f"{'; '.join(bad)}.", "Each of these has its remedy beside it.") if bad else {})


def _check(state: str, what: str, mend: str = "") -> dict:
    return {"state": state, "what": what, "mend": mend}


def _python() -> dict:
    version = platform.python_version()
    return _check("ok", f"Python {version} on {platform.system()} {platform.machine()}")


def _packages() -> list[dict]:
    checks = []
    for name in _PACKAGES:
        try:
            checks.append(_check("ok", f"{name} {importlib.metadata.version(name)}"))
        except importlib.metadata.PackageNotFoundError:
            if name in ("PySide6-Essentials", "pyqtgraph"):
                checks.append(
                    _check(
                        "note",
                        f"{name} is not installed: no window here, everything else works",
                        installation.detect().add(name),
                    )
                )
            else:
                checks.append(_check("bad", f"{name} is not installed", installation.detect().add(name)))
    return checks


def _torch() -> dict:
    try:
        import torch
    except (ImportError, OSError) as error:
        return _check("bad", f"PyTorch does not load: {error}", installation.detect().renew())
    from cvlab.engine.training import device

    found = device.choose()
    device.use_threads()
    build = f"CUDA {torch.version.cuda} build" if torch.version.cuda else "CPU build"
    return _check("ok", f"PyTorch {torch.__version__} ({build}) computes on: {device.describe(found)}")


def _torchvision() -> dict:
    from cvlab.engine.data.vision import torchvision_state

    fits, words, mend = torchvision_state()
    return _check("ok" if fits else "note", words, mend)


def _qt_version() -> tuple[int, ...] | None:
    try:
        import PySide6
    except (ImportError, OSError):
        return None
    return tuple(int(part) for part in PySide6.__version__.split(".")[:2])


def _qt() -> dict:
    version = _qt_version()
    if version is None:
        return _check("note", "no Qt: the window and `cvlab tour` are not available", installation.detect().add(*QT))
    if sys.version_info < (3, 12) and version >= (6, 12):
        return _check(
            "bad",
            "PySide6 6.12 aborts on Python 3.11",
            installation.detect().add("PySide6-Essentials<6.12"),
        )
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if platform.system() == "Linux" and not display:
        return _check("note", "no display: use `cvlab tour DIR`, which draws without one")
    return _check("ok", "a display to open the window on")


def _libraries() -> list[dict]:
    if platform.system() != "Linux" or _qt_version() is None:
        return []
    missing = [package for library, package in _XCB.items() if not _loads(library)]
    if not missing:
        return [_check("ok", "Qt's system libraries")]
    return [
        _check(
            "note",
            f"Qt's window needs system libraries: {', '.join(missing)}",
            f"sudo apt-get install {' '.join(missing)}",
        )
    ]


def _loads(library: str) -> bool:
    import ctypes

    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _disk() -> dict:
    folder = paths.data().absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    state = "ok" if free > 2e9 else "note"
    return _check(
        state, f"{free / 1e9:.1f} GB free for data and runs", "" if state == "ok" else f"free some space on {folder}"
    )


_LOOKS: dict[str, Callable[[], dict | list[dict]]] = {
    "Python": _python,
    "the packages": _packages,
    "PyTorch, which takes some seconds to load": _torch,
    "torchvision": _torchvision,
    "the window": _qt,
    "the system's libraries": _libraries,
    "the disk": _disk,
}
"""What is looked at, in order, and what is said meanwhile."""
