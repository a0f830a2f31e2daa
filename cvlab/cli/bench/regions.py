"""`cvlab bench regions`: from a movement of a point in the plane to the new decision regions on the screen."""

from __future__ import annotations

import argparse
import tempfile
from typing import Any

from cvlab.cli.bench.process import child, machine


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    regions = benches.add_parser("regions", parents=[shared], help="dragging a point of 200: the map of k-NN follows")
    regions.set_defaults(verb=_regions)


def _regions(arguments: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        rows = child("cvlab.ui.regions_probe", home=home)["rows"]
    lines = ["From a movement of a point to the painted map, 256 x 256 cells, 200 points, 5 classes:"]
    for row in rows:
        vote = ", weighed" if row["weighted"] else ""
        lines.append(
            f"  k = {row['k']:<3} {row['metric']}{vote:<9}  p50 {row['p50_ms']:5.1f}  p99 {row['p99_ms']:5.1f}  "
            f"max {row['max_ms']:5.1f} ms   {row['moves']} movements, {row['coarse']} of them coarse"
        )
    return {"rows": rows, "machine": machine(), "text": "\n".join(lines)}
