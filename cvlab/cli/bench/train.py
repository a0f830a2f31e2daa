"""`cvlab bench train`: an epoch of training, cvlab beside a loop tuned by hand and a DataLoader with per-image transforms."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from time import perf_counter
from typing import Any

from cvlab import console
from cvlab.cli.arguments import check_device, data_entry
from cvlab.cli.bench.process import child, machine, places
from cvlab.cli.parser import whole
from cvlab.engine.training.presets import PRESETS

SIDES = ("dataloader", "minimal", "engine", "arithmetic")
GPU_SIDES = ("dataloader", "minimal", "engine", "eager", "arithmetic")
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
        "--images",
        type=whole(0, 10_000_000),
        default=0,
        help="only this many training images (default: a whole epoch of MNIST)",
    )
    train.add_argument(
        "--device", choices=("cpu", "cuda", "mps"), default="cpu", help="where all sides compute (default: cpu)"
    )
    train.add_argument("--precision", choices=("float32", "mixed"), default="float32", help="of all sides")
    train.add_argument(
        "--whole", action="store_true",
        help=f"train by these recipes to the end, too, for time and accuracy: {', '.join(PRESETS)}",
    )  # fmt: skip
    train.add_argument("--photos", default="cifar10", help="data set of ResNet-9's whole run (default: cifar10)")
    train.add_argument("--rounds", type=whole(1, 1000), default=3, help="epochs of each, in turn (default: 3)")
    train.set_defaults(verb=_train)


def _train(arguments: argparse.Namespace) -> dict:
    data_entry(arguments.data)
    data_entry(arguments.photos)
    if arguments.device != "cpu":
        check_device(arguments.device)
    if arguments.net == "all":
        found = {name: _measure(arguments, name) for name in _TITLES}
        text = "\n".join(result.pop("text") for result in found.values())
        result = {"nets": found, "machine": machine(), "text": text}
    else:
        result = _measure(arguments, arguments.net)
    if arguments.whole:
        result["whole"] = {name: _whole(arguments, name) for name in PRESETS}
        result["text"] = "\n".join([result["text"], *(run.pop("text") for run in result["whole"].values())])
    return result


def _whole(arguments: argparse.Namespace, name: str) -> dict:
    """A recipe carried out from beginning to end by `cvlab train`, in a folder that is thrown away."""
    preset = PRESETS[name]
    data = arguments.data if preset.net == "lenet" else arguments.photos
    console.say(f"{name} on {data}")
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--recipe", name, "--data", data, "--device", arguments.device, "--runs", folder, "--json"]
        began = perf_counter()
        run = child("cvlab", "train", preset.net, *flags)
        wall = perf_counter() - began
    kept = ("seconds", "epochs", "test_accuracy", "images_per_second", "device", "notice")
    return {
        **{key: run[key] for key in kept},
        "wall_seconds": wall,
        "text": f"{preset.title}: {run['epochs']} epochs in {run['seconds']:.1f} s on {run['device']} "
        f"({wall:.1f} s with starting, saving and testing), test accuracy {run['test_accuracy']:.2%}",
    }


def _measure(arguments: argparse.Namespace, name: str) -> dict:
    names = SIDES if arguments.device == "cpu" else GPU_SIDES
    sides: dict[str, list[float]] = {side: [] for side in names}
    result: dict = {}
    for round_ in range(arguments.rounds):
        for side, seconds in sides.items():
            console.say(f"{name}, round {round_ + 1} of {arguments.rounds}: {side}")
            flags = [
                "--net", name, "--data", arguments.data, "--images", str(arguments.images), "--device", arguments.device,
                "--precision", arguments.precision, *places(),
            ]  # fmt: skip
            result = child("cvlab.engine.training.rivals", side, *flags, prepared=side != "dataloader")
            seconds.append(result["seconds"])
    images, found = result["images"], {side: statistics.median(seconds) for side, seconds in sides.items()}
    author, minimal, mine, bare = (found[side] for side in SIDES)
    rows = [
        ("A DataLoader with per-image transforms", author),
        ("A minimal loop tuned by hand", minimal),
        ("cvlab", mine),
        *([("cvlab without a recorded step", found["eager"])] if "eager" in found else []),
        ("PyTorch's operations alone", bare),
    ]
    table = "\n".join(f"  {title:38}{seconds:9.3f} s  {images / seconds:11,.0f} images/s" for title, seconds in rows)
    return {
        "images": images,
        "cvlab_seconds": mine,
        "eager_seconds": found.get("eager"),
        "minimal_seconds": minimal,
        "dataloader_seconds": author,
        "arithmetic_seconds": bare,
        "ratio": mine / author,
        "throughput_of_minimal": minimal / mine,
        "all": sides,
        "device": result["device"],
        "precision": arguments.precision,
        "machine": machine(),
        "text": f"An epoch of {_TITLES[name]} over {images:,} images on {result['device']}, {arguments.precision}, Adam "
        f"(median of {arguments.rounds}):\n{table}\n"
        f"  cvlab / DataLoader                    {mine / author:9.3f}    ({author / mine:.1f} times as fast; "
        f"around PyTorch's operations at most {author / bare:.1f})\n"
        f"  cvlab's rate / the minimal loop's     {minimal / mine:9.3f}",
    }
