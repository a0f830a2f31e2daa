"""Runs handed on: as a PyTorch script that trains one anew, as files that TensorBoard opens, as a table. Jobs with progress."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvlab.core.jobs import JobControl
from cvlab.core.locked_test_set import EVERYTHING, ShownFigures, reads_words
from cvlab.core.run import load_recorded
from cvlab.core.run_list import RunRow
from cvlab.core.storage.run_folder import MAX_WEIGHTS, WEIGHTS, RunFolder
from cvlab.engine.disk import write_whole
from cvlab.engine.files import read_bounded
from cvlab.engine.training.events import Event, RunFinished, RunStarted
from cvlab.engine.training.recipe import Recipe

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset

SCRIPT = "train.py"


@dataclass(frozen=True)
class ScriptExport:
    """Writes train.py, data.npz and, where the run has them, the weights that it began and ended with into a folder; returns the
    files. What is reported is the share that is done, 0..1. Raises `NotOurFile`, `DataError`, `CannotWrite`, `Cancelled`: then no
    file is left half."""

    run_folder: Path
    target: Path
    load_data: Callable[[str], Dataset]

    def run(self, control: JobControl) -> list[Path]:
        from cvlab.engine.nets.weights import refuse_non_finite
        from cvlab.engine.training.checkpoint import read_weights
        from cvlab.engine.training.script import DATA, FIRST_WEIGHTS, data_file, first_weights_file, script

        folder = RunFolder.open(self.run_folder)
        record, preprocessing, begun = folder.record, folder.preprocessing(), folder.first_weights()
        text = script(
            record.architecture, record.recipe, preprocessing, folder.title, tuple(_remarks(folder)), record.begins_with,
            next((event.threads for event in folder.events() if isinstance(event, RunStarted)), 0),
        )  # fmt: skip

        def packed(share: float) -> None:
            control.check()
            control.report(share)

        packed(0.0)
        data = load_recorded(record, lambda: self.load_data(record.recipe.data))
        files = {SCRIPT: text.encode(), DATA: data_file(data, preprocessing, packed)}
        if begun is not None:
            files[FIRST_WEIGHTS] = first_weights_file(begun)
        if (folder.path / WEIGHTS).exists():
            files[WEIGHTS] = read_bounded(folder.path / WEIGHTS, MAX_WEIGHTS)
            refuse_non_finite(read_weights(files[WEIGHTS]))
        for name, content in files.items():
            write_whole(self.target / name, content)
        return [self.target / name for name in files]


@dataclass(frozen=True)
class BoardExport:
    """TensorBoard's files of these runs, written for those that have none; returns how many were. What is reported is the share
    of the runs that are done. shown: test figures that may not be shown are not written. Raises `NotOurFile`, `CannotWrite`,
    `Cancelled`."""

    run_folders: tuple[Path, ...]
    shown: ShownFigures = EVERYTHING

    def run(self, control: JobControl) -> int:
        written = 0
        for i, path in enumerate(self.run_folders):
            control.check()
            control.report(i / len(self.run_folders))
            folder = RunFolder.open(path)
            if not folder.board.is_there and folder.lock.owner() is None:
                events = folder.tail().read()
                if not self.shown.of(folder.record.id):
                    events = map(_untested, events)
                folder.board.write_past(events, _began(folder))
                written += 1
        return written


def board_folder(run_folders: tuple[Path, ...]) -> Path:
    """What to give to `tensorboard --logdir`: the files of the run, or the folder of all runs for several."""
    return RunFolder.open(run_folders[0]).board.path if len(run_folders) == 1 else run_folders[0].parent


def _began(folder: RunFolder) -> float:
    """When a run was started, in seconds since 1970; where its record does not say it, when its folder was last written to."""
    try:
        return datetime.fromisoformat(folder.record.created).timestamp()
    except ValueError:
        return folder.path.stat().st_mtime


def _untested(event: Event) -> Event:
    """The event without what was measured on the test set."""
    return replace(event, test_loss=None, test_accuracy=None) if isinstance(event, RunFinished) else event


def _remarks(folder: RunFolder) -> Iterator[str]:
    """What a script cannot repeat, and how often the test set was read for the run."""
    record = folder.record
    if record.parent is not None and record.parent.step:
        yield f"the run went on from step {record.parent.step} of {record.parent.run}; this script begins at the beginning."
    for change in folder.live_changes:
        yield (
            f"{change.setting} was changed from {change.old:g} to {change.new:g} before step {change.step}; this script keeps it."
        )
    yield reads_words(record.times_test_read, "for this run when the script was written")


@dataclass(frozen=True)
class TableExport:
    """The table of runs as a .csv or a .json file, a row a run: figures, settings, and how often the test set was read. Test
    figures that may not be shown are empty, and `test_locked` is true. Raises `CannotWrite`."""

    rows: tuple[RunRow, ...]
    target: Path

    def run(self, control: JobControl) -> Path:
        found = [table_row(row) for row in self.rows]
        if self.target.suffix.lower() == ".json":
            text = json.dumps(found, indent=1)
        else:
            names = list(dict.fromkeys(name for row in found for name in row))
            buffer = io.StringIO()
            writer = csv.DictWriter(buffer, names, restval="")
            writer.writeheader()
            writer.writerows({name: _cell(value) for name, value in row.items()} for row in found)
            text = buffer.getvalue()
        write_whole(self.target, text.encode())
        return self.target


_FIGURES = (
    ("held_out_accuracy", "validation_accuracy"), ("held_out_loss", "validation_loss"), ("train_accuracy", "train_accuracy"),
    ("train_loss", "train_loss"), ("test_accuracy", "test_accuracy"), ("test_loss", "test_loss"), ("epoch", "epoch"),
    ("step", "step"), ("seconds", "seconds"),
)  # fmt: skip
"""What a run's result calls a figure, and what a table does."""


def table_row(row: RunRow) -> dict[str, Any]:
    """A run as one row of a table. Settings have their dotted names and the values that the run began with; `live_changes` says
    which were changed while it trained."""
    record, recipe = row.record, row.record.recipe
    return {
        "run": row.id, "title": row.title, "created": record.created, "status": row.status,
        "tags": list(row.notes.tags), "starred": row.notes.starred, "notes": row.notes.text,
        **{name: row.figure(key) for key, name in _FIGURES},
        "test_locked": row.test_is_hidden, "test_reads": record.times_test_read,
        "network": record.architecture.name, "parameters": row.parameters,
        "live_changes": [
            f"{Recipe.canonical(change.setting)}: {change.old:g} -> {change.new:g} at step {change.step}"
            for change in row.live_changes
        ],
        **{path: value for path, value in recipe.flat().items() if recipe.uses(path)},
    }  # fmt: skip


def _cell(value: Any) -> Any:
    """A value as it stands in a .csv file. Text that a spreadsheet would take for a formula is marked as text."""
    if isinstance(value, list | tuple):
        value = "; ".join(map(str, value))
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@"):
        return f"'{value}"
    return "" if value is None else value
