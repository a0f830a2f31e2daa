"""Ways out for the chosen runs: a script that repeats one, TensorBoard's files, the folder itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from cvlab.core.export import SCRIPT, BoardExport, ScriptExport, TableExport, board_folder
from cvlab.core.lab import Lab
from cvlab.core.notices import Remedy
from cvlab.core.run_list import RunRow
from cvlab.engine.errors import CvlabError
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import icon

_JOB = "runs.export"


class ExportMenu(QObject):
    """The menu and what it does, one thing at a time. busy(words): something is being written, "" when it is done; progress: the
    share of it, 0..1."""

    busy = Signal(str)
    progress = Signal(float)

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._parent = lab, parent
        self._rows: list[RunRow] = []
        self.menu = QMenu(parent)
        self.menu.setToolTipsVisible(True)
        self.script = self._action(
            "code",
            "As a script…",
            "PyTorch alone, with the data: running it prints the figures of this run.",
            self.ask_for_script,
        )
        self.board = self._action(
            "training", "TensorBoard files…", "Where they are; written now for runs that have none.", self.write_board
        )
        self.table = self._action(
            "runs", "The table as CSV or JSON…", "A row a run: figures, settings, and how often the test set was read.",
            self.ask_for_table,
        )  # fmt: skip
        self.menu.addSeparator()
        self.folder = self._action("folder", "Open the folder", "All that the run has kept.", self.open_folder)
        self.show_runs([])

    def _action(self, glyph: str, words: str, tip: str, deed) -> QAction:
        action = self.menu.addAction(icon(glyph, "muted"), words)
        action.setToolTip(tip)
        action.triggered.connect(deed)
        return action

    @property
    def is_busy(self) -> bool:
        return self._lab.jobs.is_busy(_JOB)

    def show_runs(self, rows: list[RunRow]) -> None:
        """The chosen ones."""
        self._rows = rows
        self.script.setEnabled(len(rows) == 1)
        self.board.setEnabled(bool(rows))
        self.table.setEnabled(bool(rows))
        self.folder.setEnabled(len(rows) == 1)

    # -- a script ----------------------------------------------------------------------------------------------------------

    def ask_for_script(self) -> None:
        """Asks for a folder; the script gets one of its own in it, called after the run."""
        dialog = QFileDialog(self._parent.window(), "Where should the script's folder go?", str(Path.home()))
        theme().style(dialog)
        dialog.setObjectName("runs.script_folder")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._write_script)
        dialog.open()

    def _write_script(self, chosen: str) -> None:
        if self._rows:
            self.write_script(Path(chosen) / self._rows[0].id)

    def write_script(self, target: Path) -> None:
        """train.py, data.npz and the weights, into this folder; it is made where there is none."""
        request = ScriptExport(self._rows[0].folder, target, self._lab.dataset)
        self._submit(request, "Packing the data…", self._script_written)

    def _script_written(self, files: list[Path]) -> None:
        self._rest()
        deeds = Deeds(files[0].parent, f"python {SCRIPT}")
        self._lab.notices.success(
            "The script is written.",
            f"`python {SCRIPT}` in {files[0].parent} trains the net anew and prints the figures of this run.",
            Remedy("Open the folder", deeds.open), Remedy("Copy the command", deeds.copy),
        )  # fmt: skip

    # -- the table ---------------------------------------------------------------------------------------------------------

    def ask_for_table(self) -> None:
        """Asks for a .csv or a .json file for the chosen runs."""
        dialog = QFileDialog(self._parent.window(), "Save the chosen runs as a table", str(Path.home() / "runs.csv"))
        dialog.setObjectName("runs.table_file")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(["CSV (*.csv)", "JSON (*.json)"])
        dialog.setDefaultSuffix("csv")
        dialog.fileSelected.connect(self._write_table)
        dialog.open()

    def _write_table(self, chosen: str) -> None:
        self.write_table(Path(chosen))

    def write_table(self, target: Path) -> None:
        """The chosen runs as a table, in the format that the file's name ends with."""
        if self._rows:
            self._submit(TableExport(tuple(self._rows), target), "Writing the table…", self._table_written)

    def _table_written(self, file: Path) -> None:
        self._rest()
        self._lab.notices.success(
            "The table is written.", str(file), Remedy("Open the folder", Deeds(file.parent).open)
        )

    # -- TensorBoard ---------------------------------------------------------------------------------------------------------

    def write_board(self) -> None:
        """Writes what is missing, then says how to look at it."""
        if self._rows:
            self._submit(
                BoardExport(tuple(row.folder for row in self._rows), self._lab.test_set.shown),
                "Writing TensorBoard's files…",
                self._board_written,
            )

    def _board_written(self, written: int) -> None:
        self._rest()
        try:
            folder = board_folder(tuple(row.folder for row in self._rows))
        except (CvlabError, IndexError) as error:
            self._lab.notices.error(error)
            return
        command = f'tensorboard --logdir "{folder}"'
        new = f"Written for {written} of {len(self._rows)} runs. " if written else ""
        deeds = Deeds(folder, command)
        self._lab.notices.success(
            "TensorBoard's files are there.", f"{new}To look at them: {command}",
            Remedy("Copy the command", deeds.copy), Remedy("Open the folder", deeds.open),
        )  # fmt: skip

    def open_folder(self) -> None:
        if self._rows:
            Deeds(self._rows[0].folder).open()

    # -- the job ---------------------------------------------------------------------------------------------------------------

    def _submit(self, request: ScriptExport | BoardExport | TableExport, words: str, done) -> None:
        self.busy.emit(words)
        self._lab.jobs.submit(_JOB, request, done=done, failed=self._failed, progress=self.progress.emit)

    def cancel(self) -> None:
        """No file is left half."""
        self._lab.jobs.cancel(_JOB)
        self._rest()

    def _failed(self, error: BaseException) -> None:
        self._rest()
        self._lab.notices.error(error)

    def _rest(self) -> None:
        self.busy.emit("")


@dataclass(frozen=True)
class Deeds:
    """What a notice offers to do with a folder."""

    path: Path
    command: str = ""

    def open(self) -> None:
        """Shows it in the system's file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.path)))

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self.command)
