"""Runs handed on: as a PyTorch script that trains one anew, and as files that TensorBoard opens. Jobs with progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.core.jobs import JobControl
from cvlab.core.run import load_recorded
from cvlab.core.storage.files import read_bounded
from cvlab.core.storage.run_folder import MAX_WEIGHTS, WEIGHTS, RunFolder
from cvlab.engine.disk import write_whole
from cvlab.engine.training.events import KnobTurned, RunStarted

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
    of the runs that are done. Raises `NotOurFile`, `CannotWrite`, `Cancelled`."""

    run_folders: tuple[Path, ...]

    def run(self, control: JobControl) -> int:
        written = 0
        for i, path in enumerate(self.run_folders):
            control.check()
            control.report(i / len(self.run_folders))
            folder = RunFolder.open(path)
            if not folder.board.is_there and folder.lock.owner() is None:
                folder.board.write_past(folder.tail().read(), _began(folder))
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


def _remarks(folder: RunFolder) -> Iterator[str]:
    """What a script cannot repeat."""
    record = folder.record
    if record.parent is not None and record.parent.step:
        yield f"the run went on from step {record.parent.step} of {record.parent.run}; this script begins at the beginning."
    for event in folder.events():
        if isinstance(event, KnobTurned):
            yield f"{event.knob} was changed from {event.old:g} to {event.new:g} before step {event.step}; this script keeps it."
