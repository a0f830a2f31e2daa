"""`cvlab bench import`: one's own images in, beside the usual loop over torchvision's ImageFolder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cvlab import console
from cvlab.cli.arguments import existing_file
from cvlab.cli.bench.process import child, machine


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    parser = benches.add_parser(
        "import", parents=[shared], help="importing images, opening them again, and the memory of both"
    )
    parser.add_argument("source", type=Path, help="a zip or folder with train/ and test/ on top")
    parser.add_argument("--alone", action="store_true", help="without the rival")
    parser.set_defaults(verb=_import)


def _import(arguments: argparse.Namespace) -> dict:
    existing_file(arguments.source)
    console.say("importing: cvlab")
    mine = child("cvlab.engine.data.rivals", "cvlab", str(arguments.source))
    rival = None
    if not arguments.alone:
        console.say("importing: torchvision's ImageFolder")
        rival = child("cvlab.engine.data.rivals", "imagefolder", str(arguments.source))
    rows = [
        f"{mine['images']:,} images, {mine['pixel_bytes'] / 1e6:.0f} MB of pixels, {mine['skipped']:,} left out",
        f"  cvlab: imported in {mine['import_seconds']:.1f} s, opened again in {mine['open_seconds']:.2f} s; memory grew by "
        f"{mine['import_memory'] / 1e6:.0f} MB while importing, {mine['memory'] / 1e6:.0f} MB in all: "
        f"{mine['memory'] / mine['pixel_bytes']:.2f} times the pixels",
    ]
    if rival is not None:
        same = "the same pixels" if rival["checksum"] == mine["checksum"] else "OTHER PIXELS"
        rows.append(
            f"  unpacking and ImageFolder: {rival['import_seconds']:.1f} s each time; memory "
            f"{rival['memory'] / rival['pixel_bytes']:.2f} times the pixels; {same}"
        )
        rows.append(f"  cvlab / ImageFolder {mine['import_seconds'] / rival['import_seconds']:.2f} the first time")
    return {"cvlab": mine, "imagefolder": rival, "machine": machine(), "text": "\n".join(rows)}
