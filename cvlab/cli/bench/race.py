"""`cvlab bench race`: a frame of the race with nine racers, every optimizer among them, in the real window."""

from __future__ import annotations

import argparse
import tempfile
from typing import Any

from cvlab.cli.bench.process import child, frame_row, machine


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    race = benches.add_parser("race", parents=[shared], help="a step of nine racers, from the rules to the pixels")
    race.set_defaults(verb=_race)


def _race(arguments: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        frames = child("cvlab.ui.frame_probe", "race", home=home)
    return {
        "frames": frames,
        "machine": machine(),
        "text": "\n".join(frame_row(name, frame) for name, frame in frames.items()),
    }
