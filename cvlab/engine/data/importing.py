"""Taking in one's own images: looked through, decoded once, in order, straight onto the shelf (see `own`).

Measured on two cores: 60,000 JPEGs of 32 x 32 from a zip in about 15 s. Pictures that small are bound by Python, not by the
decoder, so threads change nothing there; of photos the decoder takes most, outside the interpreter's lock, and two threads
are nearly twice as fast. Worker processes would halve the small ones' time, and cost half a second and 60 MB each to start.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import numpy as np

from cvlab.engine.data import array_files, own, tar_listing
from cvlab.engine.data.decode import decode
from cvlab.engine.data.listing import Item, Listing, Skipped, open_listing
from cvlab.engine.data.own import Manifest, Writer
from cvlab.engine.data.planning import Options, Plan, array_plan, make_plan
from cvlab.engine.data.progress import Asked, Progress, Report, never, nobody
from cvlab.engine.errors import Cancelled, CorruptData, DataError

_CHUNK = 128  # pictures a piece of work
_REPORT = 0.1  # seconds between two reports


def bring(
    source: Path,
    root: Path,
    options: Options = Options(),
    *,
    report: Report | None = None,
    cancelled: Asked = never,
    workers: int = 0,
) -> Manifest:
    """Imports a folder of class folders, a zip or tar of one, a CSV of path,label, IDX files or an .npz below `root`.

    Files that cannot be read are left out and named in the manifest, never fatal. workers: 0 = one a core, at most 4.
    Raises DataError (nothing to import, two classes of one name), CorruptData (the source itself), CannotWrite, Cancelled
    (within a few pictures). Memory: some MB, whatever the size of the set.
    """
    began, report, source = time.monotonic(), report or nobody, Path(source)
    report(Progress(f"Looking through {source.name}", 0, None))
    if array_files.is_one(source):
        return _bring_arrays(source, root, options, report, cancelled, began)
    try:
        return _bring_pictures(source, root, options, report, cancelled, workers, began)
    finally:
        tar_listing.forget()


def _bring_pictures(
    source: Path, root: Path, options: Options, report: Report, cancelled: Asked, workers: int, began: float
) -> Manifest:
    with open_listing(source, cancelled=cancelled) as listing:
        plan = make_plan(listing, options, cancelled)
        with Writer(root, plan.target.shape) as writer:
            skipped = list(listing.skipped)
            meter = _Meter(plan.title, len(plan.items), report)
            for part, first, images, kept, failed in _decoded(listing, plan, workers, cancelled):
                if kept:
                    writer.add(
                        part,
                        images,
                        [plan.labels[first + i] for i in kept],
                        [plan.items[first + i].name for i in kept],
                    )
                skipped += failed
                meter.move(len(kept) + len(failed))
            _judge(writer, plan.classes, skipped, source)
            return _finish(
                writer, plan.title, plan.classes, plan.notes, skipped, listing.others, source, options, began
            )


def _finish(
    writer: Writer,
    title: str,
    classes: Sequence[str],
    notes: Sequence[str],
    skipped: Sequence[Skipped],
    others: int,
    source: Path,
    options: Options,
    began: float,
) -> Manifest:
    return writer.finish(
        title,
        source=str(source.resolve()),
        imported=datetime.now().astimezone().isoformat(timespec="seconds"),
        options=options.model_dump(mode="json"),
        classes=tuple(classes),
        notes=tuple(notes),
        skipped=tuple((entry.name, entry.reason) for entry in skipped[: own.LISTED]),
        skipped_count=len(skipped),
        others=others,
        seconds=round(time.monotonic() - began, 2),
    )


def _judge(writer: Writer, classes: Sequence[str], skipped: Sequence[Skipped], source: Path) -> None:
    if not writer.count("train"):
        first = f"{skipped[0].name}: {skipped[0].reason}" if skipped else "no pictures"
        raise DataError(
            f"Not one picture in {source.name} could be read.",
            received=f"{len(skipped):,} files left out; the first: {first}",
            remedy="Choose a folder whose sub-folders are the classes, with pictures in them.",
        )
    if not writer.count("test"):
        raise DataError(
            f"{source.name} leaves no image to test on.",
            received=f"{writer.count('train'):,} images of {len(classes):,} classes",
            remedy="Give it more images a class, a larger test share, or a test/ folder of its own.",
        )


# -- the work ----------------------------------------------------------------------------------------------------------


def _decoded(
    listing: Listing, plan: Plan, workers: int, cancelled: Asked
) -> Iterator[tuple[str, int, np.ndarray, list[int], list[Skipped]]]:
    """Chunks in order: (part, number of the first item, images that could be read, their places, what could not)."""
    workers = workers or max(1, min(4, os.cpu_count() or 1))
    waiting: deque[tuple[str, int, Future]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="cvlab-import") as pool:
        try:
            for part, first, last in _chunks(plan.items):
                waiting.append((part, first, pool.submit(_decode_chunk, listing, plan, first, last, cancelled)))
                if len(waiting) > 2 * workers:
                    part, first, future = waiting.popleft()
                    yield part, first, *future.result()
            while waiting:
                part, first, future = waiting.popleft()
                yield part, first, *future.result()
        finally:
            for *_, future in waiting:
                future.cancel()


def _chunks(items: Sequence[Item]) -> Iterator[tuple[str, int, int]]:
    """(part, first, last) of at most _CHUNK items of one part."""
    first = 0
    while first < len(items):
        last = first
        while last < min(first + _CHUNK, len(items)) and items[last].part == items[first].part:
            last += 1
        yield items[first].part, first, last
        first = last


def _decode_chunk(
    listing: Listing, plan: Plan, first: int, last: int, cancelled: Asked
) -> tuple[np.ndarray, list[int], list[Skipped]]:
    images = np.empty((last - first, *plan.target.shape), np.uint8)
    kept: list[int] = []
    failed: list[Skipped] = []
    for place in range(last - first):
        if cancelled():
            raise Cancelled
        item = plan.items[first + place]
        try:
            images[len(kept)] = decode(listing.read(item), plan.target)
            kept.append(place)
        except CorruptData as error:
            failed.append(Skipped(item.name, error.what))
    return images[: len(kept)], kept, failed


class _Meter:
    """Counts of pictures as reports: at most ten a second, with what is left."""

    def __init__(self, title: str, total: int, report: Report) -> None:
        self._title, self._total, self._report = title, total, report
        self._done, self._said, self._began = 0, 0.0, time.monotonic()

    def move(self, count: int) -> None:
        self._done += count
        now = time.monotonic()
        if now - self._said < _REPORT and self._done < self._total:
            return
        self._said = now
        rate = self._done / max(now - self._began, 1e-6)
        stage = f"Importing {self._title}: {self._done:,} of {self._total:,} images, {rate:,.0f} a second"
        self._report(Progress(stage, self._done, self._total, None, (self._total - self._done) / rate))


def _bring_arrays(
    source: Path, root: Path, options: Options, report: Report, cancelled: Asked, began: float
) -> Manifest:
    plan = array_plan(array_files.read(source, cancelled), options)
    total = sum(map(len, plan.labels.values()))
    meter = _Meter(plan.title, total, report)
    with Writer(root, plan.images["train"].shape[1:]) as writer:
        for part in own.PARTS:
            for first in range(0, len(plan.labels[part]), 1000):
                if cancelled():
                    raise Cancelled
                images = plan.images[part][first : first + 1000]
                names = [f"{part} {number + 1}" for number in range(first, first + len(images))]
                writer.add(part, images, plan.labels[part][first : first + 1000].tolist(), names)
                meter.move(len(images))
        _judge(writer, plan.classes, (), source)
        return _finish(writer, plan.title, plan.classes, plan.notes, (), 0, source, options, began)
