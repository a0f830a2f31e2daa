"""`cvlab bench browse`: scrolling tens of thousands of images from end to end, beside a QListView."""

from __future__ import annotations

import argparse
import tempfile
from typing import Any

from cvlab.cli.bench.process import child, machine
from cvlab.cli.parser import whole

_SIDES = (("cvlab", "cvlab"), ("listview", "a QListView over the same array"))


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    parser = benches.add_parser(
        "browse", parents=[shared], help="scrolling 60,000 images from end to end, frame by frame"
    )
    parser.add_argument("--images", type=whole(1, 1_000_000), default=60_000, help="how many (default: 60,000)")
    parser.add_argument(
        "--frames", type=whole(1, 1_000_000), default=600, help="from one end to the other (default: 600)"
    )
    parser.set_defaults(verb=_browse)


def _browse(arguments: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        flags = ("--images", str(arguments.images), "--frames", str(arguments.frames))
        result = child("cvlab.ui.browse_probe", *flags, home=home)
    head = f"{result['images']:,} images of 32 × 32 × 3, end to end in {result['frames']:,} frames:"
    rows = [
        f"  {words}: first frame {side['first_ms']:.0f} ms, then p50 {side['p50_ms']:.1f}, p99 {side['p99_ms']:.1f}, "
        f"max {side['max_ms']:.1f} ms a frame"
        for words, side in ((words, result[id]) for id, words in _SIDES)
    ]
    return result | {"machine": machine(), "text": "\n".join((head, *rows))}
