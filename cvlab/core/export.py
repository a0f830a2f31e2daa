"""A run handed on: as a PyTorch script that trains it anew, with its data and weights beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.core.storage.run_folder import WEIGHTS, RunFolder
from cvlab.engine.disk import write_whole
from cvlab.engine.training.events import KnobTurned

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset


def export_script(folder: RunFolder, target: Path, load_data: Callable[[str], Dataset]) -> list[Path]:
    """Writes train.py, data.npz and, where the run has them, the weights into a folder; returns the files.

    Raises `NotOurFile`, `DataError`, `CannotWrite`.
    """
    from cvlab.engine.training.script import DATA, data_file, script

    record = folder.record
    preprocessing = folder.preprocessing()
    text = script(record.architecture, record.recipe, preprocessing, folder.title, tuple(_remarks(folder)))
    files = {"train.py": text.encode(), DATA: data_file(load_data(record.recipe.data), preprocessing)}
    if (folder.path / WEIGHTS).exists():
        files[WEIGHTS] = (folder.path / WEIGHTS).read_bytes()
    for name, content in files.items():
        write_whole(target / name, content)
    return [target / name for name in files]


def _remarks(folder: RunFolder):
    """What a script cannot repeat."""
    record = folder.record
    if record.parent is not None and record.parent.step:
        yield f"the run went on from step {record.parent.step} of {record.parent.run}; this script begins at the beginning."
    for event in folder.events():
        if isinstance(event, KnobTurned):
            yield f"{event.knob} was changed from {event.old:g} to {event.new:g} before step {event.step}; this script keeps it."
