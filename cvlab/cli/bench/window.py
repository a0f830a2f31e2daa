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
    window.add_argument("--seconds", type=float, default=8.0, help="training time of each side a round (default: 8)")
    window.add_argument("--rounds", type=int, default=5, help="rounds, both sides in turn (default: 5)")
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
    ticks: list[dict] = []
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        for _ in range(arguments.rounds):
            print(f"training for {arguments.seconds:g} s, headless and in the window", file=sys.stderr)
            headless = child("cvlab.engine.training.rivals", "rate", *flags, *places())
            window = child("cvlab.ui.probe", "train", *flags, home=home)
            ticks.append(window["ticks"])
            rates["headless"].append(headless["images_per_second"])
            rates["window"].append(window["images_per_second"])
    # A machine's speed wanders: each pair is compared by itself.
    ratios = [window / headless for window, headless in zip(rates["window"], rates["headless"], strict=True)]
    tick = {key: statistics.median(one[key] for one in ticks) for key in ticks[0]}
    headless_rate, window_rate = statistics.median(rates["headless"]), statistics.median(rates["window"])
    return {
        "first_paint_seconds": paint.window,
        "bare_first_paint_seconds": paint.bare,
        "first_paint_ratio": paint.ratio,
        "headless_images_per_second": headless_rate,
        "window_images_per_second": window_rate,
        "training_ratio": statistics.median(ratios),
        "training_ratios": ratios,
        "ticks": tick,
        "all": rates,
        "machine": machine(),
        "text": f"First paint (median of {arguments.starts}): {paint.window:.2f} s; a bare one with one plot {paint.bare:.2f} s; "
        f"ratio {paint.ratio:.2f}\n"
        f"Training in the window: {window_rate:,.0f} images/s; headless {headless_rate:,.0f}; ratio, median of "
        f"{len(ratios)} rounds: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})\n"
        f"Ticks: {tick['count']:.0f} of {tick['interval_ms']} ms a round; work p50 {tick['work_p50_ms']:.1f}, "
        f"p99 {tick['work_p99_ms']:.1f}, max {tick['work_max_ms']:.1f} ms; "
        f"late p50 {tick['late_p50_ms']:.1f}, p99 {tick['late_p99_ms']:.1f}, max {tick['late_max_ms']:.1f} ms",
    }
