"""`cvlab bench`: speed as ratios to a named rival, measured side by side in one run on this machine."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from cvlab.core import paths
from cvlab.engine.errors import CvlabError


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("bench", help="measure this machine: train, window")
    parser.set_defaults(group_parser=parser, json=False)
    inner = parser.add_subparsers(metavar="train|window")
    train = inner.add_parser("train", parents=[shared], help="an epoch of LeNet: cvlab / a DataLoader with transforms")
    train.add_argument("--data", default="mnist", help="data set (default: mnist)")
    train.add_argument("--images", type=int, default=0, help="only this many training images (default: all)")
    train.add_argument("--rounds", type=int, default=3, help="epochs of each, in turn (default: 3)")
    train.set_defaults(verb=_train)
    window = inner.add_parser(
        "window", parents=[shared], help="first paint, ticks while training, and the rate against headless"
    )
    window.add_argument("--data", default="mnist-mini", help="data set (default: mnist-mini)")
    window.add_argument("--seconds", type=float, default=20.0, help="training time of each side (default: 20)")
    window.add_argument("--starts", type=int, default=5, help="starts of each process for first paint (default: 5)")
    window.set_defaults(verb=_window)


def _train(arguments: argparse.Namespace) -> dict:
    from cvlab.engine.training.rivals import dataloader_epoch, engine_epoch

    data = _data(arguments.data, arguments.images)
    ours, theirs = [], []
    for round_ in range(arguments.rounds):
        print(f"round {round_ + 1} of {arguments.rounds}: DataLoader", file=sys.stderr)
        theirs.append(dataloader_epoch(data))
        print(f"round {round_ + 1} of {arguments.rounds}: cvlab", file=sys.stderr)
        ours.append(engine_epoch(data))
    mine, rival = statistics.median(ours), statistics.median(theirs)
    images = len(data.train)
    return {
        "images": images,
        "cvlab_seconds": mine,
        "dataloader_seconds": rival,
        "ratio": mine / rival,
        "all": {"cvlab": ours, "dataloader": theirs},
        "machine": _machine(),
        "text": f"An epoch of LeNet over {images:,} images, batch 250, Adam (median of {arguments.rounds}):\n"
        f"  DataLoader with per-image transforms  {rival:7.2f} s  {images / rival:9,.0f} images/s\n"
        f"  cvlab                                 {mine:7.2f} s  {images / mine:9,.0f} images/s\n"
        f"  cvlab / DataLoader                    {mine / rival:7.2f}    ({rival / mine:.1f} times as fast)",
    }


def _data(dataset_id: str, images: int) -> Any:
    from dataclasses import replace

    from cvlab.engine.data import catalogue
    from cvlab.engine.data.dataset import Split

    data = catalogue.load(dataset_id, root=paths.data(), bundled=paths.resources() / "data")
    if images:
        data = replace(data, train=Split(data.train.images[:images], data.train.labels[:images]))
    return data


def _window(arguments: argparse.Namespace) -> dict:
    bare = [_probe("bare") for _ in range(arguments.starts)]
    ours = [_probe("cvlab") for _ in range(arguments.starts)]
    print("training headless, then in the window, then headless again", file=sys.stderr)
    flags = ["--data", arguments.data, "--seconds", str(arguments.seconds)]
    before = _child("cvlab.engine.training.rivals", *flags, "--root", str(paths.data()),
                    "--bundled", str(paths.resources() / "data"))  # fmt: skip
    window = _child("cvlab.ui.probe", "train", *flags)
    after = _child("cvlab.engine.training.rivals", *flags, "--root", str(paths.data()),
                   "--bundled", str(paths.resources() / "data"))  # fmt: skip
    headless = (before["images_per_second"] + after["images_per_second"]) / 2
    paint, bare_paint = statistics.median(ours), statistics.median(bare)
    ticks = window["ticks"]
    return {
        "first_paint_seconds": paint,
        "bare_first_paint_seconds": bare_paint,
        "first_paint_ratio": paint / bare_paint,
        "headless_images_per_second": headless,
        "window_images_per_second": window["images_per_second"],
        "training_ratio": window["images_per_second"] / headless,
        "ticks": ticks,
        "all": {"bare": bare, "cvlab": ours, "headless": [before, after]},
        "machine": _machine(),
        "text": f"First paint (median of {arguments.starts}): {paint:.2f} s; a bare window with one plot {bare_paint:.2f} s; "
        f"ratio {paint / bare_paint:.2f}\n"
        f"Training in the window: {window['images_per_second']:,.0f} images/s; headless {headless:,.0f}; "
        f"ratio {window['images_per_second'] / headless:.2f}\n"
        f"Ticks: {ticks['count']} of {ticks['interval_ms']} ms; work p50 {ticks['work_p50_ms']:.1f}, "
        f"p99 {ticks['work_p99_ms']:.1f}, max {ticks['work_max_ms']:.1f} ms; "
        f"late p50 {ticks['late_p50_ms']:.1f}, p99 {ticks['late_p99_ms']:.1f}, max {ticks['late_max_ms']:.1f} ms",
    }


def _probe(which: str) -> float:
    """Seconds from starting a Python process to the first paint of its window."""
    began = time.time()
    return _child("cvlab.ui.probe", "paint", which)["painted_at"] - began


def _child(module: str, *arguments: str) -> dict:
    environment = dict(os.environ, OMP_WAIT_POLICY="passive", GOMP_SPINCOUNT="0")
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise CvlabError(
            f"A measured process failed with status {done.returncode}.", received=f"{module} {' '.join(arguments)}"
        )
    return json.loads(done.stdout.splitlines()[-1])


def _machine() -> str:
    import platform

    from cvlab.engine.training.device import cores

    return f"{platform.system()} {platform.machine()}, {cores()} cores, Python {platform.python_version()}"
