"""`cvlab bench circuit`: laying out the largest circuits, refusing bad text, and frames of the real panel."""

from __future__ import annotations

import argparse
import tempfile
from time import perf_counter
from typing import Any

from cvlab import console
from cvlab.cli.bench.process import child, frame_row, machine


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    circuit = benches.add_parser(
        "circuit",
        parents=[shared],
        help="large circuits laid out, bad text refused, and frames of the panel with 200 gates",
    )
    circuit.set_defaults(verb=_circuit)


def _circuit(arguments: argparse.Namespace) -> dict:
    from cvlab.engine.circuit.layout import layout
    from cvlab.engine.circuit.reader import read
    from cvlab.engine.errors import ExpressionError

    large = {
        "a chain of 5,000 gates": "+".join(["x"] * 5_001),
        "a tangle of 1,000 gates": "\n".join(
            ["a0=x*y", "a1=x+y", *(f"a{i}=a{i * 7 // 11}*a{i - 2}" for i in range(2, 1_000))]
        ),
    }
    huge = {
        "100,000 characters": "x" * 100_000,
        "deep nesting": "(" * 9_000 + ")" * 9_000,
        "a foreign name": "__import__('os')",
        "a lambda": "lambda: x",
        "10,000 numbers in a list": "x = [" + "1," * 9_990 + "1]; f = sum(x)",
        "1,500 matrices of 64 x 64": "f = " + "randn(64,64)@" * 1_500 + "randn(64,64)",
        "6,000 places of places": "W" + "[0]" * 6_000,
    }
    laid_out, refused = {}, {}
    for name, text in large.items():
        began = perf_counter()
        layout(read(text))
        laid_out[name] = perf_counter() - began
    for name, text in huge.items():
        began = perf_counter()
        try:
            read(text)
        except ExpressionError:
            refused[name] = perf_counter() - began
    rows = [f"{name}: laid out in {seconds:.2f} s" for name, seconds in laid_out.items()]
    rows += [f"{name}: refused in {seconds * 1000:.1f} ms" for name, seconds in refused.items()]
    console.say("pan, zoom and recompute in the window")
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        frames = child("cvlab.ui.frame_probe", "circuit", home=home)
    rows += [frame_row(name, frame) for name, frame in frames.items()]
    return {
        "frames": frames,
        "laid_out_seconds": laid_out,
        "refused_seconds": refused,
        "machine": machine(),
        "text": "\n".join(rows),
    }
