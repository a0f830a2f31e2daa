"""`cvlab bench train`: an epoch of training, cvlab beside a loop tuned by hand and a DataLoader with per-image transforms."""

from __future__ import annotations

import argparse
import statistics
import sys
from typing import Any

from cvlab.cli.bench.process import child, machine, places

SIDES = ("dataloader", "minimal", "engine", "arithmetic")
_TITLES = {"lenet": "LeNet", "cifar": "a small CIFAR net", "resnet9": "ResNet-9"}


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    train = benches.add_parser(
        "train", parents=[shared], help="an epoch: cvlab / a loop tuned by hand / a DataLoader with transforms"
    )
    train.add_argument("--net", choices=(*_TITLES, "all"), default="lenet", help="which net (default: lenet)")
    train.add_argument(
        "--data", default="mnist", help="data set for LeNet (default: mnist); the others get random images"
    )
    train.add_argument(
        "--images", type=int, default=0, help="only this many training images (default: a whole epoch of MNIST)"
    )
    train.add_argument("--rounds", type=int, default=3, help="epochs of each, in turn (default: 3)")
    train.set_defaults(verb=_train)


def _train(arguments: argparse.Namespace) -> dict:
    if arguments.net != "all":
        return _measure(arguments, arguments.net)
    found = {name: _measure(arguments, name) for name in _TITLES}
    text = "\n".join(result.pop("text") for result in found.values())
    return {"nets": found, "machine": machine(), "text": text}


def _measure(arguments: argparse.Namespace, name: str) -> dict:
    sides: dict[str, list[float]] = {side: [] for side in SIDES}
    images = 0
    for round_ in range(arguments.rounds):
        for side, seconds in sides.items():
            print(f"{name}, round {round_ + 1} of {arguments.rounds}: {side}", file=sys.stderr)
            flags = ["--net", name, "--data", arguments.data, "--images", str(arguments.images), *places()]
            result = child("cvlab.engine.training.rivals", side, *flags, prepared=side != "dataloader")
            seconds.append(result["seconds"])
            images = result["images"]
    author, minimal, mine, bare = (statistics.median(sides[side]) for side in SIDES)
    return {
        "images": images,
        "cvlab_seconds": mine,
        "minimal_seconds": minimal,
        "dataloader_seconds": author,
        "arithmetic_seconds": bare,
        "ratio": mine / author,
        "throughput_of_minimal": minimal / mine,
        "all": sides,
        "machine": machine(),
        "text": f"An epoch of {_TITLES[name]} over {images:,} images, Adam (median of {arguments.rounds}):\n"
        f"  DataLoader with per-image transforms  {author:7.2f} s  {images / author:9,.0f} images/s\n"
        f"  A minimal loop tuned by hand          {minimal:7.2f} s  {images / minimal:9,.0f} images/s\n"
        f"  cvlab                                 {mine:7.2f} s  {images / mine:9,.0f} images/s\n"
        f"  PyTorch's operations alone            {bare:7.2f} s  {images / bare:9,.0f} images/s\n"
        f"  cvlab / DataLoader                    {mine / author:7.2f}    ({author / mine:.1f} times as fast; "
        f"around PyTorch's operations at most {author / bare:.1f})\n"
        f"  cvlab's rate / the minimal loop's     {minimal / mine:7.2f}",
    }
