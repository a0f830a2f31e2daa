"""`cvlab bench train`: an epoch of LeNet, cvlab beside a DataLoader with per-image transforms."""

from __future__ import annotations

import argparse
import statistics
import sys
from typing import Any

from cvlab.cli.bench.process import child, machine, places


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    train = benches.add_parser(
        "train", parents=[shared], help="an epoch of LeNet: cvlab / a DataLoader with transforms"
    )
    train.add_argument("--data", default="mnist", help="data set (default: mnist)")
    train.add_argument("--images", type=int, default=0, help="only this many training images (default: all)")
    train.add_argument("--rounds", type=int, default=3, help="epochs of each, in turn (default: 3)")
    train.set_defaults(verb=_train)


def _train(arguments: argparse.Namespace) -> dict:
    sides: dict[str, list[float]] = {"dataloader": [], "engine": []}
    images = 0
    for round_ in range(arguments.rounds):
        for side, seconds in sides.items():
            print(f"round {round_ + 1} of {arguments.rounds}: {side}", file=sys.stderr)
            flags = ["--data", arguments.data, "--images", str(arguments.images), *places()]
            result = child("cvlab.engine.training.rivals", side, *flags, prepared=side == "engine")
            seconds.append(result["seconds"])
            images = result["images"]
    mine, rival = statistics.median(sides["engine"]), statistics.median(sides["dataloader"])
    return {
        "images": images,
        "cvlab_seconds": mine,
        "dataloader_seconds": rival,
        "ratio": mine / rival,
        "all": sides,
        "machine": machine(),
        "text": f"An epoch of LeNet over {images:,} images, batch 250, Adam (median of {arguments.rounds}):\n"
        f"  DataLoader with per-image transforms  {rival:7.2f} s  {images / rival:9,.0f} images/s\n"
        f"  cvlab                                 {mine:7.2f} s  {images / mine:9,.0f} images/s\n"
        f"  cvlab / DataLoader                    {mine / rival:7.2f}    ({rival / mine:.1f} times as fast)",
    }
