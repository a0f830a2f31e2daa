"""The runs panel: the table above, the curves of the chosen runs and what differs between them below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.core.run_list import RunRow
from cvlab.core.runs import Run
from cvlab.core.storage.record import Notes
from cvlab.core.storage.run_folder import RunFolder
from cvlab.core.storage.trash import KEPT_DAYS, Trash
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind, listen
from cvlab.ui.panel import Panel, Stop
from cvlab.ui.panels.runs import deeds
from cvlab.ui.panels.runs.actions import actions_of
from cvlab.ui.panels.runs.aside import Aside
from cvlab.ui.panels.runs.bar import RunsBar
from cvlab.ui.panels.runs.export_menu import ExportMenu
from cvlab.ui.panels.runs.fork_dialog import Forks
from cvlab.ui.panels.runs.lesson import RUNS
from cvlab.ui.panels.runs.listing import CurveStore, ListRuns, ReadCurves
from cvlab.ui.panels.runs.overlay_place import OverlayPlace
from cvlab.ui.panels.runs.table import RunsTable
from cvlab.ui.panels.runs.tour import walk
from cvlab.ui.widgets.controls import label
from cvlab.ui.widgets.focus import set_successors
from cvlab.ui.widgets.splitter import splitter

if TYPE_CHECKING:
    from cvlab.ui.panels.runs.overlay import Overlay

_LIST, _READ = "runs.list", "runs.curves"
_EVERY = 2.0
"""Seconds between two looks at a run that trains."""
_NAMED = 5
"""Runs that a question names."""


class RunsPanel(Panel):
    """Reads run folders in jobs; the run that trains is looked at again every two seconds."""

    lesson = RUNS

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(lab, parent)
        self._state = lab.project.runs
        self._store = CurveStore()
        self._rows: dict[str, RunRow] = {}
        self._looked = 0.0
        self.table = RunsTable(self)
        self._place = OverlayPlace(lab.jobs, self._state, self)
        self._place.came.connect(self._read)
        self.aside = Aside(lab, self)
        self.notes = self.aside.notes
        self.bar = RunsBar(self._state, self)
        self.export = ExportMenu(lab, self)
        self.bar.buttons["export"].setMenu(self.export.menu)
        self.export.busy.connect(self.bar.show_busy)
        self.export.progress.connect(self.bar.show_progress)
        self.bar.cancelled.connect(self.export.cancel)
        self.forks = Forks(lab, self)
        self.forks.begun.connect(self._forked)
        self._is_read = False
        self._deleting: tuple[str, ...] = ()
        self._lay_out()
        self.first_control = self.table
        self.table.chose.connect(self._choose)
        self.table.starred.connect(self._star)
        self.table.sorted_by.connect(self._sort)
        self.table.opened.connect(self._open)
        self.table.delete_requested.connect(self.throw_away)
        set_successors(self.table, self.bar.find)
        self.notes.written.connect(self._write)
        for name, deed in {
            "take_up": self.take_up, "fork": self.fork, "resume": self.resume, "draw": self.draw_digit,
            "throw_away": self.throw_away, "evaluate_test": self.evaluate_on_test,
        }.items():  # fmt: skip
            self.bar.buttons[name].clicked.connect(deed)
        listen(self, lab.runs.started, self._run_changed)
        listen(self, lab.runs.ended, self._run_changed)
        listen(self, lab.test_set.changed, self._test_set_changed)
        bind(self, self._state, "find", self._show_found)
        bind(self, self._state, "sort_by", self._show_order)
        bind(self, self._state, "descending", self._show_order)
        bind(self, self._state, "chosen", self._show_chosen)

    @property
    def overlay(self) -> Overlay:
        return self._place.widget

    def _lay_out(self) -> None:
        above = QFrame(self)
        above.setProperty("role", "card")
        inner = QVBoxLayout(above)
        inner.setContentsMargins(8, 6, 8, 8)
        self.empty = label(above, "", "muted", wraps=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inner.addWidget(self.table, 1)
        inner.addWidget(self.empty, 1)
        below = splitter(Qt.Orientation.Horizontal, (self._place, 560), (self.aside, 440), parent=self)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 24)
        column.setSpacing(12)
        column.addWidget(self.bar)
        column.addWidget(splitter(Qt.Orientation.Vertical, (above, 300), (below, 420), parent=self), 1)

    # -- the panel's promises ----------------------------------------------------------------------------------------------

    def actions_offered(self) -> Sequence[Action]:
        return actions_of(self)

    def shown(self) -> None:
        self.refresh()

    def hidden(self) -> None:
        self.notes.save()
        self.lab.jobs.cancel(_READ)

    def tick(self) -> None:
        run = self.lab.runs.current
        if run is not None and run.is_active and run.id in self._state.chosen and monotonic() - self._looked > _EVERY:
            self._looked = monotonic()
            self._store.forget(run.id)
            self._read()

    def refresh(self) -> None:
        """Reads the list anew, in the background."""
        self.lab.jobs.submit(_LIST, ListRuns(self.lab.runs.root, self.lab.test_set.shown), done=self._show_rows)

    def tour(self) -> Iterator[Stop]:
        return walk(self)

    # -- the list ------------------------------------------------------------------------------------------------------------

    def _show_rows(self, rows: list[RunRow]) -> None:
        self._rows = {row.id: row for row in rows}
        if not self._is_read and rows and not self._state.chosen:  # the panel opens on something
            self._state.chosen = (rows[0].id,)
        self._is_read = True
        run = self.lab.runs.current
        self.table.rows.active = run.id if run is not None and run.is_active else ""
        self.table.show_rows(rows, self._state.chosen)
        self._show_chosen(self._state.chosen)
        self._show_count()

    def _show_found(self, words: str) -> None:
        self.table.show_found(words)
        self._show_count()

    def _show_count(self) -> None:
        count, listed = len(self._rows), self.table.count()
        self.bar.show_count(listed, count)
        none = listed == 0 and self._is_read  # before that it keeps the focus
        self.table.setVisible(not none)
        self.empty.setVisible(none)
        self.empty.setText(
            "No run has these words."
            if count
            else "No runs yet. Train a net in Training or with `cvlab train`: it will be listed here."
        )

    def _run_changed(self, run: Run) -> None:
        self._store.forget(run.id)
        if self.isVisible():
            self.refresh()

    def _test_set_changed(self, _: object = None) -> None:
        """Other figures may be shown now, or no longer: at once, for those that are hidden."""
        self._show_rows([row.hiding(self.lab.test_set.shown) for row in self._rows.values()])
        if self.isVisible():
            self.refresh()

    def chosen_rows(self) -> list[RunRow]:
        return [self._rows[each] for each in self._state.chosen if each in self._rows]

    def _show_chosen(self, chosen: tuple[str, ...]) -> None:
        rows = self.chosen_rows()
        self.table.show_chosen(chosen)
        self.aside.comparison.show_runs(rows)
        self.aside.ensemble.show_runs(rows)
        self.notes.show_run(rows[-1] if rows else None)
        self.export.show_runs(rows)
        is_one, is_any = self.is_one(), self.is_any()
        can = {"take_up": is_one, "draw": is_one, "export": is_any, "throw_away": is_any}
        can |= {"resume": self.can_go_on(), "fork": self.may_fork(), "evaluate_test": self.can_evaluate()}
        for name, may in can.items():
            self.bar.buttons[name].setEnabled(may)
        self._read()

    def _read(self) -> None:
        rows = self.chosen_rows()
        missing = tuple(row.folder for row in rows if self._store.get(row.id) is None)
        self._show_curves(bool(missing))
        if missing:
            self.lab.jobs.submit(_READ, ReadCurves(missing), done=self._curves_read, failed=self.lab.notices.error)

    def _curves_read(self, curves: dict) -> None:
        self._store.put(curves)
        self._show_curves(False)

    def _show_curves(self, waiting: bool) -> None:
        rows = self.chosen_rows()
        known = {row.id: curves for row in rows if (curves := self._store.get(row.id)) is not None}
        self._place.show_runs(rows, known, waiting)

    def _show_order(self, _: object = None) -> None:
        self.table.show_order(self._state.sort_by, self._state.descending)

    # -- what a person does ----------------------------------------------------------------------------------------------------

    def _choose(self, chosen: tuple[str, ...]) -> None:
        self._state.chosen = chosen

    def _sort(self, column_id: str, descending: bool) -> None:
        self._state.sort_by, self._state.descending = column_id, descending

    def _star(self, run_id: str) -> None:
        row = self._rows.get(run_id)
        if row is not None:
            self._write(run_id, row.notes.model_copy(update={"starred": not row.notes.starred}))

    def star_chosen(self) -> None:
        for row in self.chosen_rows():
            self._star(row.id)

    def _write(self, run_id: str, notes: Notes) -> None:
        row = self._rows.get(run_id)
        if row is None or not deeds.write_notes(self.lab, row, notes):
            return
        self._rows[run_id] = replace(row, notes=notes)
        self.table.rows.put(self._rows[run_id])
        self.notes.show_run(next(iter(self.chosen_rows()[-1:]), None))

    def take_up(self) -> None:
        """The run's net and recipe become the project's; both can be undone."""
        if self.is_one():
            deeds.take_up(self.lab, self.chosen_rows()[0])
            self.go_to.emit("training")

    def fork(self) -> None:
        """Asks for the one thing that is to be changed, and trains the run anew."""
        if self.may_fork():
            self.forks.ask(self.chosen_rows()[0])

    def _forked(self) -> None:
        self.go_to.emit("training")

    def resume(self) -> None:
        if self.can_go_on() and deeds.go_on(self.lab, self.chosen_rows()[0]):
            self.go_to.emit("training")

    def draw_digit(self) -> None:
        if self.is_one():
            self.lab.project.digits.model = self._state.chosen[0]
            self.go_to.emit("digits")

    def evaluate_on_test(self) -> None:
        """Measures the chosen run on the test set, and shows the figure."""
        if self.can_evaluate():
            self.lab.evaluate_on_test(self.chosen_rows()[0].folder)
            self.bar.buttons["evaluate_test"].setEnabled(False)

    def can_evaluate(self) -> bool:
        """Whether one run is chosen that has ended and whose test figure is not shown yet."""
        return self.is_one() and deeds.can_evaluate(self.lab, self.chosen_rows()[0])

    def throw_away(self) -> None:
        """Moves the chosen runs into the trash; asks first where they are several."""
        rows = deeds.deletable(self.lab, self.chosen_rows())
        self._deleting = tuple(row.id for row in rows)
        if len(rows) > 1:
            self._confirm(rows)
        else:
            self._delete()

    def _confirm(self, rows: Sequence[RunRow]) -> None:
        from cvlab.ui.dialogs import Question

        named = "\n".join(row.title for row in rows[:_NAMED])
        more = f"\nand {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
        Question(
            self.window(), "runs.confirm_delete", f"Delete {len(rows)} runs?",
            f"{named}{more}\n\nUndo brings them back. They are kept for {KEPT_DAYS} days.",
            (
                ("delete", "Delete", "Moves these runs into the trash.", "danger", self._delete),
                ("cancel", "Cancel", "Deletes nothing (Esc).", "", self._keep),
            ),
        ).open()  # fmt: skip

    def _keep(self) -> None:
        self.table.setFocus()

    def _delete(self) -> None:
        rows = [self._rows[each] for each in self._deleting if each in self._rows]
        if not rows:
            return
        self.notes.save()  # what was typed about a run goes with it, and comes back with it
        gone = {row.id for row in rows}
        left = [each for each in self._state.chosen if each not in gone]
        if deeds.delete(self.lab, rows, left or self.table.after(gone), self.refresh):
            self.table.setFocus()

    def restore(self) -> None:
        """The run that was deleted last comes back, even one that was deleted before the program was started."""
        restored = deeds.restore(self.lab)
        if restored:
            self._state.chosen = (restored,)
            self.refresh()

    def can_restore(self) -> bool:
        return bool(Trash(self.lab.runs.root).names())

    def _open(self, run_id: str) -> None:
        self.lab.project.training.run = run_id
        self.go_to.emit("training")

    def is_any(self) -> bool:
        return bool(self.chosen_rows())

    def is_one(self) -> bool:
        return len(self.chosen_rows()) == 1

    def may_fork(self) -> bool:
        current = self.lab.runs.current
        return self.is_one() and (current is None or not current.is_active)

    def can_go_on(self) -> bool:
        row = self.chosen_rows()[0] if self.may_fork() else None
        return row is not None and row.record.status != "finished" and RunFolder(row.folder, row.record).can_resume

    def is_listed(self) -> bool:
        """Whether the list is as the disk has it."""
        return not self.lab.jobs.is_busy(_LIST)

    def is_drawn(self) -> bool:
        return self.is_listed() and not self.lab.jobs.is_busy(_READ) and bool(self.chosen_rows())
