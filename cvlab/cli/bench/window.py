"""`cvlab bench window`: first paint, ticks while it trains, and its training rate against headless."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from typing import Any

from cvlab.cli.bench.process import child, machine, places
from cvlab.engine.errors import CvlabError


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    window = benches.add_parser(
        "window", parents=[shared], help="first paint, ticks while training, and the rate against headless"
    )
    window.add_argument("--data", default="mnist-mini", help="data set (default: mnist-mini)")
    window.add_argument("--seconds", type=float, default=20.0, help="training time of each side (default: 20)")
    window.add_argument("--starts", type=int, default=5, help="starts of each process for first paint (default: 5)")
    window.set_defaults(verb=_window)


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
                result = child("cvlab.ui.probe", "train", *flags, home=home)
                ticks = result["ticks"]
            else:
                result = child("cvlab.engine.training.rivals", "rate", *flags, *places())
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
        "machine": machine(),
        "text": f"First paint (median of {arguments.starts}): {paint.window:.2f} s; a bare one with one plot {paint.bare:.2f} s; "
        f"ratio {paint.ratio:.2f}\n"
        f"Training in the window: {window:,.0f} images/s; headless {headless:,.0f}; ratio {window / headless:.2f}\n"
        f"Ticks: {ticks['count']} of {ticks['interval_ms']} ms; work p50 {ticks['work_p50_ms']:.1f}, "
        f"p99 {ticks['work_p99_ms']:.1f}, max {ticks['work_max_ms']:.1f} ms; "
        f"late p50 {ticks['late_p50_ms']:.1f}, p99 {ticks['late_p99_ms']:.1f}, max {ticks['late_max_ms']:.1f} ms",
    }
