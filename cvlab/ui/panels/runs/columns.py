"""The columns of the table of runs: what stands in each, and what it is sorted by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cvlab.core.run_list import RunRow
from cvlab.ui.widgets.figures import NO_FIGURE, loss_text, share_text
from cvlab.ui.widgets.number import number_text


@dataclass(frozen=True)
class Column:
    """id: permanent, kept in the state. text, key: of a row. width: in pixels, 0 to share what is left. rank: 1 always, 2
    and 3 only where there is room."""

    id: str
    title: str
    tip: str
    text: Callable[[RunRow], str]
    key: Callable[[RunRow], object]
    width: int
    rank: int = 1
    is_text: bool = False


def _rate(row: RunRow) -> float:
    return row.record.recipe.optimizer.learning_rate


def _share(name: str) -> tuple[Callable[[RunRow], str], Callable[[RunRow], object]]:
    return (lambda row: share_text(row.figure(name))), (lambda row: _number(row.figure(name)))


def _number(value: float | None) -> float:
    return float("-inf") if value is None else value


def when_text(row: RunRow) -> str:
    """The time of a run of today, the day of an older one."""
    created = row.created
    if created is None:
        return NO_FIGURE
    return f"{created:%H:%M}" if created.date() == datetime.now(created.tzinfo).date() else f"{created:%d %b}"


def _epochs(row: RunRow) -> str:
    done, all_ = row.figure("epoch") or 0, row.record.recipe.epochs
    return f"{done:.0f}/{all_}" if all_ < 1000 else f"{done:.0f}/{all_ / 1000:.3g}k"


def _rates(row: RunRow) -> str:
    """All the rates that were set, in order."""
    changes = row.changes_of("optimizer.learning_rate")
    return " → ".join(number_text(rate) for rate in (_rate(row), *(change.new for change in changes)))


def _test(row: RunRow) -> str:
    return "locked" if row.test_is_hidden else share_text(row.figure("test_accuracy"))


def _title(row: RunRow) -> str:
    tags = "  ".join(f"#{tag}" for tag in row.notes.tags)
    return f"{row.title}   {tags}" if tags else row.title


COLUMNS: tuple[Column, ...] = (
    Column("star", "★", "Your mark. Click to set it.", lambda r: "★" if r.notes.starred else "☆", lambda r: r.notes.starred, 34),
    Column("title", "Run", "The net and the data. Tags stand behind.", lambda r: _title(r),
           lambda r: r.title.casefold(), 0, is_text=True),
    Column("when", "When", "When it was started.", when_text, lambda r: r.record.created, 68),
    Column("status", "Status", "How it ended. A stopped run can go on.", lambda r: r.status,
           lambda r: r.status, 82, is_text=True),
    Column("held_out", "Held out", "Accuracy on the held-out split: what runs are chosen by. Bold: the best on its data.",
           *_share("held_out_accuracy"), 84),
    Column("test", "Test", "Accuracy on the test set: for the one run that is chosen in the end. Hidden while the test set is "
           "locked (Datasets, Splits).", _test, lambda r: _number(r.figure("test_accuracy")), 74),
    Column("loss", "Held-out loss", "Loss on the held-out split after the last epoch.",
           lambda r: loss_text(r.figure("held_out_loss")), lambda r: -_number(r.figure("held_out_loss")), 108, 2),
    Column("epochs", "Epochs", "Epochs finished, of those in the recipe.",
           _epochs, lambda r: r.figure("epoch") or 0.0, 74, 2),
    Column("rate", "Rate", "The learning rate at the start, and what it was changed to while the run trained.",
           _rates, lambda r: _rate(r), 74, 2),
    Column("optimizer", "Optimizer", "How gradients became steps.", lambda r: r.record.recipe.optimizer.kind,
           lambda r: r.record.recipe.optimizer.kind, 92, 3, is_text=True),
    Column("batch", "Batch", "Images averaged for one step.", lambda r: f"{r.record.recipe.batch_size:,}",
           lambda r: r.record.recipe.batch_size, 66, 3),
    Column("parameters", "Parameters", "Learned numbers of the net.", lambda r: f"{r.parameters:,}",
           lambda r: r.parameters, 96, 3),
    Column("test_reads", "Test reads", "How often the test set was read for this run: each look makes its figure less of a test.",
           lambda r: f"{r.record.times_test_read:,}", lambda r: r.record.times_test_read, 88, 3),
)  # fmt: skip
BY_ID = {column.id: n for n, column in enumerate(COLUMNS)}
