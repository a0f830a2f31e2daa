"""`cvlab bench history`: panning along curves of ten million points, in the real window and beside pyqtgraph's own thinning."""

from __future__ import annotations

import argparse
import tempfile
from typing import Any

from cvlab.cli.bench.process import child, frame_row, machine


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    history = benches.add_parser("history", parents=[shared], help="panning along curves of ten million points")
    history.set_defaults(verb=_history)


def _history(arguments: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        frames = child("cvlab.ui.history_probe", home=home)
    read = frames.pop("read_ms")
    lines = [frame_row(name, frame) for name, frame in frames.items()]
    return {
        "frames": frames, "first_drawing_ms": read, "machine": machine(),
        "text": "\n".join([*lines, f"Ten million points are first drawn after {read:.0f} ms."]),
    }  # fmt: skip
