"""`cvlab bench`: speed as ratios to a named rival, measured side by side in one run on this machine."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from time import perf_counter
from typing import Any

from cvlab.core import paths
from cvlab.engine.errors import CvlabError
from cvlab.environment import PYTORCH


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("bench", help="measure this machine: train, window, stroke, circuit")
    parser.set_defaults(group_parser=parser, json=False)
    inner = parser.add_subparsers(metavar="train|window|stroke|circuit")
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
    circuit = inner.add_parser("circuit", parents=[shared], help="laying out the largest circuits, refusing bad text")
    circuit.set_defaults(verb=_circuit)
    stroke = inner.add_parser("stroke", parents=[shared], help="from a movement of the pen to new probabilities")
    stroke.add_argument("--rounds", type=int, default=3, help="processes to run (default: 3)")
    stroke.set_defaults(verb=_stroke)


def _train(arguments: argparse.Namespace) -> dict:
    sides: dict[str, list[float]] = {"dataloader": [], "engine": []}
    images = 0
    for round_ in range(arguments.rounds):
        for side, seconds in sides.items():
            print(f"round {round_ + 1} of {arguments.rounds}: {side}", file=sys.stderr)
            flags = ["--data", arguments.data, "--images", str(arguments.images), *_places()]
            result = _child("cvlab.engine.training.rivals", side, *flags, prepared=side == "engine")
            seconds.append(result["seconds"])
            images = result["images"]
    mine, rival = statistics.median(sides["engine"]), statistics.median(sides["dataloader"])
    return {
        "images": images,
        "cvlab_seconds": mine,
        "dataloader_seconds": rival,
        "ratio": mine / rival,
        "all": sides,
        "machine": _machine(),
        "text": f"An epoch of LeNet over {images:,} images, batch 250, Adam (median of {arguments.rounds}):\n"
        f"  DataLoader with per-image transforms  {rival:7.2f} s  {images / rival:9,.0f} images/s\n"
        f"  cvlab                                 {mine:7.2f} s  {images / mine:9,.0f} images/s\n"
        f"  cvlab / DataLoader                    {mine / rival:7.2f}    ({rival / mine:.1f} times as fast)",
    }


def _places() -> list[str]:
    return ["--root", str(paths.data()), "--bundled", str(paths.resources() / "data")]


def _window(arguments: argparse.Namespace) -> dict:
    try:
        from cvlab.ui.startup import first_paint_seconds
    except ModuleNotFoundError as error:
        raise CvlabError("The window needs Qt, which is not installed here.", remedy="cvlab doctor") from error
    print(f"starting the window and a bare one, {arguments.starts} times each", file=sys.stderr)
    paint = first_paint_seconds(arguments.starts)
    flags = ["--data", arguments.data, "--seconds", str(arguments.seconds)]
    rates: dict[str, list[float]] = {"headless": [], "window": []}
    ticks: dict = {}
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        for side in ("headless", "window", "headless"):
            print(f"training for {arguments.seconds:g} s: {side}", file=sys.stderr)
            if side == "window":
                result = _child("cvlab.ui.probe", "train", *flags, home=home)
                ticks = result["ticks"]
            else:
                result = _child("cvlab.engine.training.rivals", "rate", *flags, *_places())
            rates[side].append(result["images_per_second"])
    headless, window = statistics.mean(rates["headless"]), rates["window"][0]
    return {
        "first_paint_seconds": paint.window,
        "bare_first_paint_seconds": paint.bare,
        "first_paint_ratio": paint.ratio,
        "headless_images_per_second": headless,
        "window_images_per_second": window,
        "training_ratio": window / headless,
        "ticks": ticks,
        "all": rates,
        "machine": _machine(),
        "text": f"First paint (median of {arguments.starts}): {paint.window:.2f} s; a bare one with one plot {paint.bare:.2f} s; "
        f"ratio {paint.ratio:.2f}\n"
        f"Training in the window: {window:,.0f} images/s; headless {headless:,.0f}; ratio {window / headless:.2f}\n"
        f"Ticks: {ticks['count']} of {ticks['interval_ms']} ms; work p50 {ticks['work_p50_ms']:.1f}, "
        f"p99 {ticks['work_p99_ms']:.1f}, max {ticks['work_max_ms']:.1f} ms; "
        f"late p50 {ticks['late_p50_ms']:.1f}, p99 {ticks['late_p99_ms']:.1f}, max {ticks['late_max_ms']:.1f} ms",
    }


def _stroke(arguments: argparse.Namespace) -> dict:
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        rounds = [_child("cvlab.ui.probe", "stroke", home=home) for _ in range(arguments.rounds)]
    result = {key: statistics.median(r[key] for r in rounds) for key in ("p50_ms", "p99_ms", "max_ms")}
    return result | {
        "moves": rounds[0]["moves"],
        "all": rounds,
        "machine": _machine(),
        "text": f"From a movement of the pen to the painted probabilities, {rounds[0]['moves']} movements, median of "
        f"{arguments.rounds}:\np50 {result['p50_ms']:.1f}, p99 {result['p99_ms']:.1f}, max {result['max_ms']:.1f} ms",
    }


def _circuit(arguments: argparse.Namespace) -> dict:
    from cvlab.engine.circuit.circuit import read
    from cvlab.engine.circuit.layout import layout
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
    return {"laid_out_seconds": laid_out, "refused_seconds": refused, "machine": _machine(), "text": "\n".join(rows)}


def _child(module: str, *arguments: str, home: str = "", prepared: bool = True) -> dict:
    """What a process of its own measured. home: another CVLAB_HOME, so that nothing of the person's is touched. prepared: with
    cvlab's own settings for PyTorch's threads; without, as PyTorch comes."""
    environment = {key: value for key, value in os.environ.items() if key not in PYTORCH}
    if prepared:
        environment |= PYTORCH
    if home:
        environment |= {"CVLAB_HOME": home, "CVLAB_DATA": str(paths.data())}
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
