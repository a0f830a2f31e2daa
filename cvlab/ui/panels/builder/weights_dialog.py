"""With which weights a net goes out: those of a run that trained this very net, of a file, first ones, or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QLabel, QListWidget, QListWidgetItem, QWidget

from cvlab.core.models import ModelChoice
from cvlab.core.weights import FIRST, NONE
from cvlab.engine.nets.architecture import Architecture
from cvlab.ui.dialogs import Dialog
from cvlab.ui.widgets.finish import finish

_ROLE, _ROW, _ROWS = 256, 30, 4

_WORDS = {
    "onnx": "An ONNX file holds the net with its weights. With those of a run go its preprocessing and the names of its "
    "classes, as metadata.",
    "source": "The source stands on its own. Weights go into a .safetensors file beside it; the source then gets a function "
    "that loads them, and one that prepares images as the run did.",
}


class WeightsDialog(Dialog):
    """kind: "onnx" or "source". chosen(kind, which): what `find_weights` takes, or `NONE`."""

    chosen = Signal(str, str)

    def __init__(self, parent: QWidget, net: Architecture, kind: str) -> None:
        super().__init__(parent, "builder.weights", f"{net.name} as {'ONNX' if kind == 'onnx' else 'PyTorch source'}")
        self._kind, self._net_name = kind, net.name
        words = QLabel(_WORDS[kind], self)
        words.setWordWrap(True)
        words.setMinimumWidth(440)
        words.setProperty("role", "muted")
        caption = QLabel("Weights", self)
        caption.setProperty("role", "subheading")
        self.list = QListWidget(self)
        self.list.setObjectName("builder.weights.list")
        self.list.setAccessibleName("Weights")
        self.list.setToolTip("The weights that go with the net. Double-click saves with them.")
        self.list.setUniformItemSizes(True)
        self.list.setFixedHeight(_ROWS * _ROW + 6)  # the dialog does not grow when the runs come
        self.list.itemActivated.connect(self._save)
        caption.setBuddy(self.list)
        self.note = QLabel(f"Looking for runs of {net.name} …", self)
        self.note.setWordWrap(True)
        self.note.setProperty("role", "muted small")
        self.note.setMinimumHeight(34)
        for widget in (words, caption, self.list, self.note):
            self.body.addWidget(widget)
        self.file = self.add_button("file", "From a file…", "Takes weights from a .safetensors file.")
        self.file.clicked.connect(self._ask_file)
        self.add_button("cancel", "Cancel", "Writes nothing.").clicked.connect(self.close)
        self.save = self.add_button("save", "Save as…", "Asks for the file's name.", "primary")
        self.save.clicked.connect(self._save)
        self.save.setDefault(True)
        finish(self)
        self._show(())

    def show_runs(self, found: Sequence[ModelChoice], proposed: str = "") -> None:
        """The runs that trained this net have come, and its like that were imported; the one of this id is proposed, else the
        first."""
        self._show(found)
        self.list.setCurrentRow(next((row for row, each in enumerate(found) if each.id == proposed), 0))
        self.note.setText(
            f"Listed is what trained {self._net_name} as it is on the canvas, here or elsewhere: the same layers, by name."
            if found
            else f"No run has trained {self._net_name} as it is on the canvas yet. “Train this” does."
        )

    def _show(self, found: Sequence[ModelChoice]) -> None:
        self.list.clear()
        for each in found:
            self._add(each.id, f"{each.title}   {each.detail}".rstrip())
        if self._kind == "source":
            self._add(NONE, "None: the source alone")
        self._add(FIRST, "First weights, not trained")
        self.list.setCurrentRow(0)
        self.list.setFocus()

    def _add(self, which: str, words: str) -> None:
        item = QListWidgetItem(words, self.list)
        item.setData(_ROLE, which)
        item.setToolTip(which)

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Weights", "", "Weights (*.safetensors)")
        if path:
            self.add_file(Path(path))

    def add_file(self, path: Path) -> None:
        """Another choice, at the top: this file's weights. Whether they are this net's is found when it is saved."""
        item = QListWidgetItem(path.name)
        item.setData(_ROLE, str(path))
        item.setToolTip(str(path))
        self.list.insertItem(0, item)
        self.list.setCurrentRow(0)

    def _save(self, *_: object) -> None:
        item = self.list.currentItem()
        if item is not None:
            which = item.data(_ROLE)
            self.close()
            self.chosen.emit(self._kind, which)
