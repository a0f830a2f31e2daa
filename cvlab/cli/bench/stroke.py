"""`cvlab bench stroke`: from a movement of the pen to new probabilities on the screen."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from typing import Any

from cvlab.cli.bench.process import child, machine
from cvlab.cli.parser import whole


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    stroke = benches.add_parser("stroke", parents=[shared], help="from a movement of the pen to new probabilities")
    stroke.add_argument("--rounds", type=whole(1, 1000), default=3, help="processes to run (default: 3)")
    stroke.set_defaults(verb=_stroke)


def _stroke(arguments: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        rounds = [child("cvlab.ui.probe", "stroke", home=home) for _ in range(arguments.rounds)]
    result = {key: statistics.median(r[key] for r in rounds) for key in ("p50_ms", "p99_ms", "max_ms")}
    return result | {
        "moves": rounds[0]["moves"],
        "all": rounds,
        "machine": machine(),
        "text": f"From a movement of the pen to the painted probabilities, {rounds[0]['moves']} movements, median of "
        f"{arguments.rounds}:\np50 {result['p50_ms']:.1f}, p99 {result['p99_ms']:.1f}, max {result['max_ms']:.1f} ms",
    }
