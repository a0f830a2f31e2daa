"""While the test set is locked, no text of the window says what a run did on it; unlocked, or asked for, it does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from cvlab.core.export import BoardExport, TableExport, board_folder
from cvlab.core.jobs import JobControl
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import EpochEnd, RunFinished, RunStarted, StepEnd
from cvlab.engine.training.recipe import Recipe

ACCURACY, LOSS = 0.8437219, 0.6218453
"""Test figures that no other number of the program has."""
TRACES = ("84.37", "84.4 %", "84.3", "0.8437", "0.844", "0.6218", "0.622")
"""How they may be written."""
ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole,
         Qt.ItemDataRole.AccessibleDescriptionRole, Qt.ItemDataRole.StatusTipRole, Qt.ItemDataRole.WhatsThisRole,
         Qt.ItemDataRole.EditRole)  # fmt: skip


def old_run(root, *, held_out: float = 0.1, title: str = "Old run") -> RunFolder:
    """A run as older versions left it: with its test figures in its record and its metrics."""
    recipe = Recipe.read({"epochs": 1, "held_out": held_out, "data": "mnist-mini"})
    folder = RunFolder.create(root, zoo.lenet(), recipe, title)
    folder.record.classes = tuple("0123456789")
    folder.log(RunStarted("CPU", 1, 900, 100, 1, 2, 10))
    for step in (1, 2):
        folder.log(StepEnd(step, 1, 2.0 / step, 0.5, 0.001, 450, float(step)))
    held = (0.5, 0.71) if held_out else (None, None)
    folder.log(EpochEnd(1, 2, 1.5, 0.55, *held, 0.001, 2.0, 450.0))
    folder.log(RunFinished(2, 1, 2.5, False, LOSS, ACCURACY))
    from cvlab.engine.nets.build import build
    from cvlab.engine.training.checkpoint import weights_bytes

    state = build(zoo.lenet(), seed=0).state_dict()
    (folder.path / "weights-final.safetensors").write_bytes(weights_bytes({k: v.numpy() for k, v in state.items()}))
    folder.close()
    return folder


def texts(window: QWidget) -> Iterator[str]:
    """Everything that the widgets and models below a window can say."""
    for widget in (window, *window.findChildren(QWidget)):
        yield from (widget.toolTip(), widget.statusTip(), widget.whatsThis(), widget.windowTitle())
        yield from (widget.accessibleName(), widget.accessibleDescription())
        match widget:
            case QLabel() | QAbstractButton() | QLineEdit():
                yield widget.text()
            case QPlainTextEdit() | QTextEdit():
                yield widget.toPlainText()
            case QComboBox():
                yield from of_model(widget.model())
            case QAbstractItemView() if widget.model() is not None:
                yield from of_model(widget.model())
    for action in window.findChildren(QAction):
        yield from (action.text(), action.toolTip(), action.statusTip())


def of_model(model: QAbstractItemModel, parent: QModelIndex = QModelIndex()) -> Iterator[str]:
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(parent)
    for row in range(model.rowCount(parent)):
        for column in range(columns):
            index = model.index(row, column, parent)
            yield from (str(model.data(index, role) or "") for role in ROLES)
    for section in range(columns):
        yield str(model.headerData(section, Qt.Orientation.Horizontal) or "")


def found_in(window: QWidget) -> list[str]:
    return [text for text in texts(window) if any(trace in text for trace in TRACES)]


@pytest.fixture
def visit(window, lab, qtbot):
    """A function that shows the panels that speak of runs, one after the other, and yields after each."""

    def quiet() -> bool:
        lab.pump()
        window._ticked()
        return not lab.jobs.is_busy()

    def settle() -> None:
        qtbot.waitUntil(quiet, timeout=20_000)
        quiet()

    def go(run_id: str, panels: tuple[str, ...] = ("training", "runs", "digits", "datasets")) -> Iterator[str]:
        lab.project.training.run = run_id
        lab.project.runs.chosen = (run_id,)
        lab.project.datasets.page = "splits"
        for panel_id in panels:
            window.go(panel_id)
            settle()
            for page in ("search", "curves") if panel_id == "training" else ("",):
                panel = window.panel(panel_id)
                if page:
                    panel.inside.turn_to(page)
                if panel_id == "runs":
                    lab.project.runs.all_settings = True
                settle()
                yield f"{panel_id} {page}".strip()

    return go


def test_no_text_says_the_test_figure_of_a_run_while_the_test_set_is_locked(window, lab, visit, tmp_path):
    folder = old_run(lab.runs.root)
    old_run(lab.runs.root, held_out=0.0, title="Nothing held out")
    for place in visit(folder.record.id):
        assert not found_in(window), place
    rows = window.panel("runs").chosen_rows()
    assert [row.id for row in rows] == [folder.record.id]
    for name in ("runs.csv", "runs.json"):
        text = TableExport(tuple(rows), tmp_path / name).run(JobControl()).read_text()
        assert not any(trace in text for trace in TRACES) and "test_reads" in text
    (folder.path / "tensorboard").exists() and [each.unlink() for each in folder.board.path.iterdir()]
    BoardExport((folder.path,), lab.test_set.shown).run(JobControl())
    written = b"".join(path.read_bytes() for path in board_folder((folder.path,)).iterdir())
    assert b"accuracy/held_out" in written and b"accuracy/test" not in written

    # The scan finds what it looks for: unlocked, every panel that shows runs says it.
    lab.test_set.unlock()
    said = {place.split()[0] for place in visit(folder.record.id) if found_in(window)}
    assert said >= {"training", "runs", "digits"}
    text = TableExport(tuple(window.panel("runs").chosen_rows()), tmp_path / "open.json").run(JobControl()).read_text()
    assert json.loads(text)[0]["test_accuracy"] == ACCURACY

    # Locked again while it is on the screen: gone at once, from hidden panels too.
    window.go("runs")
    lab.test_set.lock()
    lab.pump()
    assert not found_in(window.panel("runs"))
    for place in visit(folder.record.id, ("runs",)):
        assert not found_in(window), place


def test_a_figure_that_was_asked_for_is_shown_counted_and_saved_with_the_project(window, lab, visit, tmp_path):
    folder = old_run(lab.runs.root)
    runs = ("runs",)
    list(visit(folder.record.id, runs))
    window.panel("runs").evaluate_on_test()
    list(visit(folder.record.id, runs))
    assert found_in(window)
    assert RunFolder.open(folder.path).record.times_test_read == 2  # at its end, and now
    assert lab.test_set.reads_of("mnist-mini") == 1 and not lab.test_set.is_unlocked
    list(visit(folder.record.id, ("datasets",)))
    assert "The test set was read once in this project." in " ".join(texts(window.panel("datasets")))
    lab.save(tmp_path / "lab.cvlab")
    lab.new()
    list(visit(folder.record.id, runs))
    assert not found_in(window)
    lab.open(tmp_path / "lab.cvlab")
    list(visit(folder.record.id, runs))
    assert found_in(window) and lab.test_set.reads_of("mnist-mini") == 1
    lab.test_set.lock()
    list(visit(folder.record.id, runs))
    assert not found_in(window)


def test_order_setting_and_a_run_without_validation_images(window, lab, visit):
    first, second = old_run(lab.runs.root), old_run(lab.runs.root, held_out=0.0)
    second.record.result["test_accuracy"] = 0.99
    second.write_record()
    list(visit(second.record.id, ("runs", "training")))
    strip = window.panel("training").result
    assert "No validation images. Training accuracy 55.0 %" in strip.words.text()
    assert strip.evaluate.isVisible() and strip.evaluate.isEnabled()

    # The hidden figure moves no row.
    table, orders = window.panel("runs").table, []
    for figure in (0.99, 0.01):
        second.record.result["test_accuracy"] = figure
        second.write_record()
        list(visit(second.record.id, ("runs",)))
        table.show_order("test", True)
        orders.append([table.model().index(row, 1).data() for row in range(2)])
    assert orders[0] == orders[1]

    # The setting shows it in a locked project.
    lab.test_set.show_always(True)
    list(visit(first.record.id, ("runs",)))
    assert found_in(window) and not lab.project.test_unlocked
    lab.test_set.show_always(False)
    assert not found_in(window.panel("runs"))
    list(visit(first.record.id, ("runs",)))
    assert not found_in(window)


def test_what_is_hidden_never_reaches_the_rows(lab):
    folder = old_run(lab.runs.root)
    shown = lab.test_set.shown
    kept = shown.record(folder.record)
    assert "test_accuracy" not in kept.result and "test_loss" not in kept.result
    assert kept.times_test_read == folder.record.times_test_read == 1
    assert replace(shown, runs=frozenset({folder.record.id})).record(folder.record) is folder.record
    assert np.isclose(folder.record.result["test_accuracy"], ACCURACY)
