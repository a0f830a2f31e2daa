"""`cvlab bench knn`: the exact search beside OpenCV, faiss and scikit-learn, on the same bytes, one after the other."""

from __future__ import annotations

import argparse
from importlib.util import find_spec
from typing import Any

from cvlab import console
from cvlab.cli.arguments import check_device, data_entry
from cvlab.cli.bench.process import child, machine, places
from cvlab.cli.parser import whole

RIVALS = {"l1": ("cv2",), "l2": ("faiss", "sklearn")}
TITLES = {
    "cvlab": "cvlab",
    "cv2": "OpenCV batchDistance",
    "faiss": "faiss IndexFlatL2",
    "sklearn": "scikit-learn brute force",
    "torch": "torch.cdist",
}


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    knn = benches.add_parser(
        "knn", parents=[shared], help="exact nearest neighbours: cvlab / OpenCV, faiss, scikit-learn"
    )
    knn.add_argument("--data", default="mnist-mini", help="data set (default: mnist-mini)")
    knn.add_argument(
        "--queries", type=whole(0, 10_000_000), default=0, help="only this many test images (default: all)"
    )
    knn.add_argument("--k", type=whole(1, 100_000), default=1, help="neighbours (default: 1)")
    knn.add_argument("--metric", choices=tuple(RIVALS), action="append", help="may be repeated (default: both)")
    knn.add_argument("--device", default="cpu", help="cpu, or cuda: then the rival is torch.cdist there (default: cpu)")
    knn.set_defaults(verb=_knn)


def _knn(arguments: argparse.Namespace) -> dict:
    data_entry(arguments.data)
    if arguments.device != "cpu":
        check_device(arguments.device)
    result: dict[str, Any] = {"data": arguments.data, "k": arguments.k, "machine": machine(), "metrics": {}}
    lines = []
    for metric in dict.fromkeys(arguments.metric or RIVALS):
        rivals = ("torch",) if arguments.device != "cpu" else RIVALS[metric]
        there = [side for side in rivals if find_spec(side) is not None]
        sides = {}
        for side in ("cvlab", *there):
            console.say(f"{metric}: {TITLES[side]}")
            flags = ["--metric", metric, "--data", arguments.data, "--queries", str(arguments.queries)]
            flags += ["--k", str(arguments.k), "--device", arguments.device, *places()]
            sides[side] = child("cvlab.engine.neighbors.rivals", side, *flags)
        mine = sides["cvlab"]
        result["queries"], result["images"] = mine["queries"], mine["images"]
        for side in there:
            sides[side]["ratio"] = mine["seconds"] / sides[side]["seconds"]
            sides[side]["same_distances"] = sides[side]["checksum"] == mine["checksum"]
        result["metrics"][metric] = sides
        lines.append(
            f"{metric}: {mine['queries']:,} queries, {mine['images']:,} images of {mine['values']:,} bytes, k = {arguments.k}"
        )
        for side, told in sides.items():
            beside = "" if side == "cvlab" else f"   cvlab / it {told['ratio']:.2f}"
            lines.append(
                f"  {TITLES[side]:<26}{told['seconds']:8.2f} s  ({told['cpu_seconds']:.2f} s of processor)  "
                f"{told['peak_mb']:7,.0f} MB  accuracy {told['accuracy']:.2%}{beside}"
            )
        lines += [f"  {TITLES[side]} is not installed" for side in rivals if side not in there]
    return result | {"text": "\n".join(lines)}
