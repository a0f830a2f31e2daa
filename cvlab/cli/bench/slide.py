"""`cvlab bench slide`: from a step of a slider to the painted sum, and a kernel's loop beside PyTorch's convolution."""

from __future__ import annotations

import argparse
import tempfile
from typing import Any

from cvlab.cli.bench.process import child, machine


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    slide = benches.add_parser("slide", parents=[shared], help="from a slider's step to the painted convolution")
    slide.set_defaults(verb=_slide)


def _slide(arguments: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        result = child("cvlab.ui.slide_probe", home=home)
    slide, kernel, beside = result["slide_ms"], result["kernel_ms"], result["against_torch"]
    text = (
        f"A step of the padding slider to the painted sums: p50 {slide['p50']:.1f}, p95 {slide['p95']:.1f} ms\n"
        f"A painted kernel cell to the whole picture: p50 {kernel['p50']:.1f}, p95 {kernel['p95']:.1f} ms\n"
        f"The picture in colour by the loop over the taps {beside['cvlab_ms']:.2f} ms, by PyTorch on one thread "
        f"{beside['torch_ms']:.2f} ms"
    )
    return result | {"machine": machine(), "text": text}
