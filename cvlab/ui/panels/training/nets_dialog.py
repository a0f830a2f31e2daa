"""The trained nets that were imported: other names for them, and deleting them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from cvlab.core.imported_nets import DiscardNet, FindImported, ImportedNet, RenameNet
from cvlab.core.lab import Lab
from cvlab.ui.bind import listen
from cvlab.ui.panels.training.deed_dialog import DeedDialog
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.controls import label, named
from cvlab.ui.widgets.figures import megabytes_text
from cvlab.ui.widgets.finish import finish

NAME = "training.nets"
_JOB = "training.imported_nets"
_ROW = Qt.ItemDataRole.UserRole
_ABOUT = (
    "Trained nets that were brought in from files, with their weights. Runs begin with them, Digits draws for them."
)
_EMPTY = "No trained net has been imported. The Builder brings them in: its Import menu reads PyTorch source, ONNX and weights."


class NetsDialog(DeedDialog):
    """A row each. Renaming and deleting are steps that can be undone."""

    def __init__(self, lab: Lab, parent: QWidget, begin_with: str = "") -> None:
        super().__init__(lab, parent, NAME, "Imported nets")
        self._wanted = begin_with
        self.words = label(self, _ABOUT, "muted", wraps=True)
        self.words.setMinimumWidth(460)
        self.list = named(
            QListWidget(self), f"{NAME}.list", "Imported nets", "Newest first. F2 or a double-click gives another name."
        )
        self.list.setFixedHeight(184)
        self.list.setEditTriggers(
            QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.DoubleClicked
        )
        self.list.currentItemChanged.connect(self._show_chosen)
        self.list.itemChanged.connect(self._rename)
        self.facts = label(self, "Looking for them…", wraps=True)
        self.facts.setMinimumHeight(36)
        self.facts.setAlignment(Qt.AlignmentFlag.AlignTop)
        for widget in (self.words, self.list, self.facts):
            self.body.addWidget(widget)
        self.rename = self.add_button("rename", "Rename", "Gives the chosen net another name (F2). It can be undone.")
        self.delete = self.add_button(
            "delete", "Delete", "Puts the chosen net into the trash. Undo brings it back.", "danger"
        )
        self.add_button("close", "Close", "Closes this (Esc).", "primary").clicked.connect(self.close)
        for button in (self.rename, self.delete):
            button.setAutoDefault(False)
        self.rename.clicked.connect(self._edit)
        self.delete.clicked.connect(self.discard)
        finish(self)
        self._show_chosen()
        self.facts.setText("Looking for them…")
        listen(self, lab.models.changed, self._find)
        self._find()
        self.list.setFocus()

    def _find(self, _: object = None) -> None:
        self._lab.jobs.submit(_JOB, FindImported(self._lab.models), done=self._found)

    def _found(self, rows: list[ImportedNet]) -> None:
        wanted = self.chosen.id if self.chosen is not None else self._wanted
        said = self.facts.text() if self.facts.property("role") != "small muted" else ""
        self.list.blockSignals(True)
        self.list.clear()
        for row in rows:
            item = QListWidgetItem(row.title, self.list)
            item.setData(_ROW, row)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setToolTip(_about(row))
        ids = [row.id for row in rows]
        self.list.setCurrentRow(ids.index(wanted) if wanted in ids else 0)
        self.list.blockSignals(False)
        self._show_chosen()
        if said:
            self._say(said, "small success")

    @property
    def chosen(self) -> ImportedNet | None:
        item = self.list.currentItem()
        return None if item is None else item.data(_ROW)

    def _show_chosen(self, *_: object) -> None:
        chosen = self.chosen
        for button in (self.rename, self.delete):
            button.setEnabled(chosen is not None)
        self._say(_EMPTY if chosen is None else _about(chosen))

    def _say(self, words: str, role: str = "small muted") -> None:
        set_role(self.facts, role)
        self.facts.setText(words)

    # -- what a person does --------------------------------------------------------------------------------------------

    def _edit(self) -> None:
        self.list.editItem(self.list.currentItem())

    def _rename(self, item: QListWidgetItem) -> None:
        row: ImportedNet = item.data(_ROW)
        title = " ".join(item.text().split())
        if title == row.title:
            return
        if not self._push(RenameNet(self._lab.models, row, title)):
            self.list.blockSignals(True)
            item.setText(row.title)
            self.list.blockSignals(False)

    def discard(self) -> None:
        """The chosen one goes into the trash, unless a waiting run needs it."""
        chosen = self.chosen
        if chosen is not None and self._push(DiscardNet(self._lab.models, self._lab.runs, chosen)):
            self._say(f"{chosen.title} is deleted. Undo brings it back.", "small success")

    def done(self, result: int) -> None:
        self._lab.jobs.cancel(_JOB)
        super().done(result)


def _about(row: ImportedNet) -> str:
    when = f", imported on {row.created:%d %B %Y}" if row.created is not None else ""
    return f"{row.net}: {row.layers} layers, {row.parameters:,} parameters, {megabytes_text(row.bytes)}{when}."
