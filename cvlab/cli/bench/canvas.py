"""`cvlab bench canvas`: dragging a block among 200 on the builder's canvas, and numbers that follow an edit."""

from __future__ import annotations

import argparse
import tempfile
from typing import Any

from cvlab.cli.bench.process import child, machine
from cvlab.cli.parser import whole


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    canvas = benches.add_parser("canvas", parents=[shared], help="dragging a block among 200, numbers after an edit")
    canvas.add_argument("--frames", type=whole(1, 1_000_000), default=600, help="frames of each drag (default: 600)")
    canvas.add_argument("--steps", type=whole(1, 1_000_000), default=200, help="edits, then undone (default: 200)")
    canvas.set_defaults(verb=_canvas)


def _canvas(arguments: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        flags = ["--frames", str(arguments.frames), "--steps", str(arguments.steps)]
        found = child("cvlab.ui.canvas_probe", *flags, home=home)
    rows = {
        "a frame of a drag, all in view": found["drag_all_in_view"],
        "a frame of a drag, at life size": found["drag_at_life_size"],
    }
    for where, words in (("edits_all_in_view", "all in view"), ("edits_at_life_size", "at life size")):
        rows |= {
            f"an edit, until all numbers are new, {words}": found[where]["numbers"],
            f"an edit, until it is painted, {words}": found[where]["painted"],
            f"an undo, painted, {words}": found[where]["undo"],
        }
    told = [
        f"{name:<50} p50 {r['p50_ms']:5.1f}  p99 {r['p99_ms']:5.1f}  max {r['max_ms']:5.1f} ms; "
        f"work p99 {r['work_p99_ms']:5.1f}"
        for name, r in rows.items()
    ]
    text = "\n".join((f"{found['layers']} layers on the builder's canvas; a frame at 60 Hz is 16.7 ms", *told))
    return found | {"machine": machine(), "text": text}
