"""`cvlab bench window`: first paint, ticks while it trains, and its training rate against headless."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from functools import partial
from typing import Any

from cvlab import console
from cvlab.cli.arguments import data_entry
from cvlab.cli.bench.process import machine, places
from cvlab.cli.bench.turns import by_turns, side
from cvlab.cli.parser import number, whole
from cvlab.engine.errors import CvlabError


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    window = benches.add_parser(
        "window", parents=[shared], help="first paint, ticks while training, and the rate against headless"
    )
    window.add_argument("--data", default="mnist-mini", help="data set (default: mnist-mini)")
    window.add_argument(
        "--turns", type=whole(1, 10_000), default=40, help="turns of each side, one after the other (default: 40)"
    )
    window.add_argument("--seconds", type=number(0.05, 3600), default=1.0, help="length of a turn (default: 1)")
    window.add_argument(
        "--starts", type=whole(1, 1000), default=5, help="starts of each process for first paint (default: 5)"
    )
    window.set_defaults(verb=_window)


def _window(arguments: argparse.Namespace) -> dict:
    data_entry(arguments.data)
    try:
        from cvlab.ui.startup import first_paint_seconds
    except ModuleNotFoundError as error:
        raise CvlabError("The window needs Qt, which is not installed here.", remedy="cvlab doctor") from error
    console.say(f"starting the window and a bare one, {arguments.starts} times each")
    paint = first_paint_seconds(arguments.starts)
    data = ["--data", arguments.data]
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as home:
        headless, window = by_turns(
            [
                partial(side, "cvlab.engine.training.rivals", "pace", *data, *places()),
                partial(side, "cvlab.ui.probe", "train", *data, home=home),
            ],
            arguments.turns,
            arguments.seconds,
            partial(_say, arguments.turns),
        )
    ratios = sorted(window / headless for window, headless in zip(window["rates"], headless["rates"], strict=True))
    rates = {"headless": headless["rates"], "window": window["rates"]}
    headless_rate, window_rate = (statistics.mean(rates[one]) for one in rates)
    tick = window["ticks"]
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
        f"Training in the window: {window_rate:,.0f} images/s; headless {headless_rate:,.0f}; both by turns of "
        f"{arguments.seconds:g} s, ratio of {len(ratios)} neighbouring turns: median {statistics.median(ratios):.2f}, "
        f"half of them {_quartile(ratios, 1):.2f} to {_quartile(ratios, 3):.2f}\n"
        f"Ticks: {tick['count']:.0f} of {tick['interval_ms']} ms; work p50 {tick['work_p50_ms']:.1f}, "
        f"p99 {tick['work_p99_ms']:.1f}, max {tick['work_max_ms']:.1f} ms; "
        f"late p50 {tick['late_p50_ms']:.1f}, p99 {tick['late_p99_ms']:.1f}, max {tick['late_max_ms']:.1f} ms",
    }


def _say(turns: int, turn: int) -> None:
    console.say(f"turn {turn + 1} of {turns}: headless and in the window")


def _quartile(ordered: list[float], which: int) -> float:
    return ordered[round(which * (len(ordered) - 1) / 4)]
