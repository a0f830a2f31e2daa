"""All runs on disk as a person wants to see them: a row each with its figures, what differs between recipes, and its curves."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cvlab.core.epochs import EpochLine
from cvlab.core.locked_test_set import EVERYTHING, ShownFigures
from cvlab.core.storage.record import Notes, RunRecord, SettingChange
from cvlab.core.storage.run_folder import RunFolder
from cvlab.core.storage.trash import Trash
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets.shapes import infer
from cvlab.engine.training.events import EpochEnd, StepEnd
from cvlab.engine.training.recipe import Recipe

if TYPE_CHECKING:
    from cvlab.core.panels.runs import RunsState


@dataclass(frozen=True)
class RunRow:
    """One run's record and notes, and the figures that tables are made of. status: as `RunFolder.status` when it was read.
    live_changes: the settings that were changed while it trained. test_is_hidden: its test figures are not in the record, as the
    test set is locked."""

    folder: Path
    record: RunRecord
    notes: Notes
    status: str = ""
    live_changes: tuple[SettingChange, ...] = ()
    test_is_hidden: bool = False

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def title(self) -> str:
        return self.notes.title or self.record.title

    @cached_property
    def parameters(self) -> int:
        return infer(self.record.architecture).parameters

    @cached_property
    def created(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.record.created)
        except ValueError:
            return None

    def figure(self, name: str) -> float | None:
        """A number of the result: test_accuracy, held_out_loss, ...; None where the run has none."""
        value = self.record.result.get(name)
        return float(value) if isinstance(value, int | float) else None

    def hiding(self, shown: ShownFigures) -> RunRow:
        """This row without what may no longer be shown; what may be shown again is read from the run's folder."""
        if shown.of(self.id) or self.test_is_hidden:
            return self
        return replace(self, record=shown.record(self.record), test_is_hidden=True)

    def changes_of(self, setting: str) -> tuple[SettingChange, ...]:
        """How one setting, by its dotted name, was changed while the run trained, in order."""
        return tuple(change for change in self.live_changes if Recipe.canonical(change.setting) == setting)

    def has(self, words: str) -> bool:
        """Whether every word is somewhere in the title, the tags, the notes, the data or the recipe."""
        text = " ".join(
            (
                self.title, self.record.id, self.status, self.record.recipe.data, *self.notes.tags,
                self.notes.text, *(str(value) for value in flat(self.record.recipe.model_dump()).values()),
            )
        ).casefold()  # fmt: skip
        return all(word in text for word in words.casefold().split())


def read_rows(
    root: Path, cancelled: Callable[[], bool] = lambda: False, shown: ShownFigures = EVERYTHING
) -> list[RunRow]:
    """A row for each readable run folder below `root`, newest first; what cannot be read is left out. shown: test figures that
    may not be shown are not in the rows."""
    rows = []
    for path in sorted(root.glob("[!.]*/run.json"), reverse=True):
        if cancelled():
            break
        with contextlib.suppress(CvlabError, OSError):
            folder = RunFolder.open(path.parent)
            folder.record.result = folder.result
            record = shown.record(folder.record)
            hidden = not shown.of(record.id)
            rows.append(RunRow(path.parent, record, folder.notes, folder.status, folder.live_changes, hidden))
    return rows


def tags_in(text: str) -> tuple[str, ...]:
    """Tags as a person types them, "good, deep  , good": in order, each once, without the spaces around; twenty at most."""
    words = (" ".join(word.split())[:40] for word in text.replace(";", ",").split(","))
    return tuple(dict.fromkeys(word for word in words if word))[:20]


def best_of(rows: Sequence[RunRow]) -> set[str]:
    """Ids of the runs with the highest held-out accuracy on each data set. Never by the test set: choosing by it would be tuning
    on it."""
    best: dict[str, RunRow] = {}
    for row in rows:
        value = row.figure("held_out_accuracy")
        if value is None:
            continue
        now = best.get(row.record.recipe.data)
        if now is None or value > (now.figure("held_out_accuracy") or 0.0):
            best[row.record.recipe.data] = row
    return {row.id for row in best.values()}


# -- what differs ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Setting:
    """One setting over several runs: its dotted name, its title, and the value that each run has. is_chosen: whether it was set
    before the run, and may make a difference; False for what was done with the run afterwards."""

    name: str
    title: str
    values: tuple[str, ...]
    is_chosen: bool = True

    @property
    def differs(self) -> bool:
        return self.is_chosen and len(set(self.values)) > 1


def settings_of(rows: Sequence[RunRow]) -> list[Setting]:
    """Every setting that one of these runs' recipes uses; then the net, its layers, the digest of the data that each saw, and how
    often the test set was read. A setting that was changed while a run trained has all its values."""
    recipes = [flat(row.record.recipe.model_dump(mode="json")) for row in rows]
    names = [
        name
        for name in dict.fromkeys(name for recipe in recipes for name in recipe)
        if any(row.record.recipe.uses(name) for row in rows)
    ]
    titles = _titles(type(rows[0].record.recipe)) if rows else {}
    found = [
        Setting(
            name,
            titles.get(name, name),
            tuple(changed_words(recipe.get(name, ""), row.changes_of(name)) for recipe, row in zip(recipes, rows, strict=True)),
        )
        for name in names
    ]  # fmt: skip
    nets = [row.record.architecture for row in rows]
    found.append(Setting("net", "Net", tuple(net.name for net in nets)))
    found.append(Setting("net.layers", "Layers", tuple(_layers(net) for net in nets)))
    found.append(Setting("net.parameters", "Parameters", tuple(f"{row.parameters:,}" for row in rows)))
    found.append(Setting("data_digest", "Data as seen", tuple(row.record.data_digest[:12] for row in rows)))
    reads = tuple(_times(row.record.times_test_read) for row in rows)
    found.append(Setting("test_reads", "Test set read", reads, is_chosen=False))
    return found


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count:,} times")


def _layers(net: Any) -> str:
    return " → ".join(f"{node.layer.title} {node.layer.label()}".strip() for node in net.nodes)


def flat(settings: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Nested settings by dotted names: {"optimizer": {"kind": "adam"}} -> {"optimizer.kind": "adam"}."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            found |= flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value
    return found


def _titles(spec: Any, before: str = "") -> dict[str, str]:
    titles = {}
    for name, info in spec.model_fields.items():
        titles[f"{before}{name}"] = info.title or name.replace("_", " ")
        inner = info.annotation
        if isinstance(inner, type) and hasattr(inner, "model_fields"):
            titles |= _titles(inner, f"{before}{name}.")
    return titles


def changed_words(value: Any, changes: Sequence[SettingChange]) -> str:
    """A setting's value; where it was changed while the run trained, all its values and from which step on:
    "0.001 → 0.01 at step 117"."""
    return _words(value) + "".join(f" → {_words(change.new)} at step {change.step:,}" for change in changes)


def _words(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


# -- curves ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RunCurves:
    """What a run's metrics hold, as arrays over its steps and its epochs.

    of_steps:  loss, accuracy, learning_rate, seconds, epoch; of_epochs: epoch_loss, epoch_accuracy, held_out_loss,
    held_out_accuracy, seconds, epoch; each with its `step`.
    """

    of_steps: dict[str, np.ndarray]
    of_epochs: dict[str, np.ndarray]
    _found: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def over(self, against: str, name: str) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) of the curve `name` over "step", "epoch" or "seconds"; points without a value are left out."""
        part = self.of_steps if name in self.of_steps else self.of_epochs
        if name not in part:
            return np.empty(0), np.empty(0)
        if (against, name) not in self._found:
            seen = np.isfinite(part[name])
            whole = seen.all()
            self._found[against, name] = (
                part[against] if whole else part[against][seen], part[name] if whole else part[name][seen]
            )  # fmt: skip
        return self._found[against, name]


_OF_STEPS = ("step", "seconds", "loss", "accuracy", "learning_rate")


def read_curves(folder: Path) -> RunCurves:
    """The metrics of a run: 0.5 s and 5 MB for 100,000 steps. Raises `NotOurFile`."""
    columns = {name: array("d") for name in _OF_STEPS}
    ends: list[EpochEnd] = []
    for event in RunFolder.open(folder).tail().read():
        if isinstance(event, StepEnd):
            for name, column in columns.items():
                column.append(getattr(event, name))
        elif isinstance(event, EpochEnd):
            ends.append(event)
    of_steps = {name: np.asarray(column, dtype=float) for name, column in columns.items()}
    line = EpochLine.through([(end.epoch, end.step) for end in ends], max(len(of_steps["step"]), 1))
    of_steps["epoch"] = line.all_at(of_steps["step"])
    of_epochs = {
        "step": _column(ends, "step"),
        "epoch": _column(ends, "epoch"),
        "seconds": _column(ends, "seconds"),
        "epoch_loss": _column(ends, "train_loss"),
        "epoch_accuracy": _column(ends, "train_accuracy"),
        "held_out_loss": _column(ends, "held_out_loss"),
        "held_out_accuracy": _column(ends, "held_out_accuracy"),
    }
    return RunCurves(of_steps, of_epochs)


def _column(events: Sequence[Any], name: str) -> np.ndarray:
    return np.array([np.nan if getattr(e, name) is None else getattr(e, name) for e in events], dtype=float)


# -- deleting ----------------------------------------------------------------------------------------------------------


class DeleteRuns:
    """Moves runs into the trash beside the others; undo moves them back and chooses what was chosen before.

    Args:
        folders: The runs, all in one folder.
        changed: Called after either.
        state: The runs panel's state; None where nothing is chosen.
        chosen: Ids of the runs that are chosen after the deletion.

    Raises:
        CannotWrite: By `do` and `undo`. Nothing is moved then.
        NotOurFile: By `undo`, where the trash has been emptied.
    """

    def __init__(
        self, folders: Sequence[Path], changed: Callable[[], None], state: RunsState | None = None, chosen: Sequence[str] = ()
    ) -> None:  # fmt: skip
        self._folders, self._changed, self._state = tuple(folders), changed, state
        self._before, self._after = state.chosen if state is not None else (), tuple(chosen)
        self._trash = Trash(self._folders[0].parent)
        self.label = "Delete a run" if len(self._folders) == 1 else f"Delete {len(self._folders)} runs"

    def do(self) -> None:
        done = []
        try:
            for folder in self._folders:
                self._trash.put(folder)
                done.append(folder)
        except CvlabError:
            for folder in done:
                self._trash.restore(folder.name)
            raise
        self._show(self._after)

    def undo(self) -> None:
        for folder in self._folders:
            self._trash.restore(folder.name)
        self._show(self._before)

    def _show(self, chosen: tuple[str, ...]) -> None:
        if self._state is not None:
            self._state.chosen = chosen
        self._changed()

    def merge(self, later: object) -> bool:
        return False


class RestoreRuns:
    """The opposite of a deletion, for when other steps were made since: undo deletes them again. Raises as `DeleteRuns`."""

    def __init__(self, deletion: DeleteRuns) -> None:
        self.do, self.undo = deletion.undo, deletion.do
        self.label = deletion.label.replace("Delete", "Restore", 1)

    def merge(self, later: object) -> bool:
        return False
