"""`cvlab bench slide`: from a step of a slider to the painted sum, and a kernel's loop beside PyTorch's convolution."""

from __future__ import annotations

import argparse
import tempfile
from typing import Any

from cvlab.cli.bench.process import child, frame_row, machine


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    slide = benches.add_parser("slide", parents=[shared], help="from a slider's step to the painted convolution")
    slide.set_defaults(verb=_slide)


def _slide(arguments: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        result = child("cvlab.ui.slide_probe", home=home)
    beside = result["against_torch"]
    text = "\n".join(frame_row(name, frame) for name, frame in result["frames"].items()) + (
        f"\nThe picture in colour by the loop over the taps {beside['cvlab_ms']:.2f} ms, by PyTorch on one thread "
        f"{beside['torch_ms']:.2f} ms"
    )
    return result | {"machine": machine(), "text": text}
