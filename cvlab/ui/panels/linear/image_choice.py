"""Which images the templates learn from."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.bind import bind
from cvlab.ui.panels.linear.fetch_images import suitable
from cvlab.ui.panels.linear.pieces import named


class ImageChoice(QComboBox):
    """The sets that are on this machine; `fill` looks anew, for others may have come."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._state = lab, lab.project.linear
        named(
            self, "template_data", "Images",
            "What the classifier learns: sets on this machine with at most ten classes. The datasets panel gets more.",
        )  # fmt: skip
        self.setMinimumContentsLength(19)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.activated.connect(self._choose)
        bind(self, self._state, "template_data", self._show)

    def fill(self) -> None:
        blocker = QSignalBlocker(self)
        self.clear()
        for id, entry in suitable(self._lab).items():
            self.addItem(entry.title, id)
        blocker.unblock()
        self._show(self._state.template_data)

    def _show(self, data: str) -> None:
        self.setCurrentIndex(self.findData(data))

    def _choose(self, index: int) -> None:
        self._state.template_data = self.itemData(index)
