"""`cvlab bench`: speed as ratios to a named rival, measured side by side in one run on this machine. One module a bench."""

from __future__ import annotations

import argparse
from typing import Any

from cvlab.cli.bench import browse, canvas, circuit, history, import_, knn, race, regions, slide, stroke, train, window

BENCHES = (train, window, stroke, circuit, knn, regions, import_, browse, canvas, slide, race, history)
"""Modules with an `add_to` that adds one verb below `cvlab bench`."""


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    names = [module.__name__.rpartition(".")[2].rstrip("_") for module in BENCHES]
    parser = verbs.add_parser("bench", help=f"measure this machine: {', '.join(names)}")
    parser.set_defaults(group_parser=parser, json=False)
    benches = parser.add_subparsers(metavar="|".join(names))
    for module in BENCHES:
        module.add_to(benches, shared)
