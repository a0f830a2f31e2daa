"""What is wrong with the net, in words, under the canvas, with buttons that lead to the layer or mend it at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from cvlab.engine.errors import NetError
from cvlab.ui.widgets.finish import wrapped
from cvlab.ui.widgets.sign import Sign

if TYPE_CHECKING:
    from cvlab.engine.nets.advice import Advice


class ProblemStrip(QFrame):
    """Hidden while all is well. show_asked(node id): take me to that layer. advised(advice): mend it so."""

    show_asked = Signal(int)
    advised = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._node: int | None = None
        self._mend: Advice | None = None
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setAccessibleName("What is wrong with the net")
        self.go = self._button("problem", "Show it", "Selects the layer that cannot take its input.")
        self.mend = self._button("mend", "Mend it", "Changes the net so that this is no longer wrong.")
        self.go.clicked.connect(self._go)
        self.mend.clicked.connect(self._take)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(Sign("error", "negative", 18, self))
        row.addWidget(self.words, 1)
        row.addWidget(self.mend)
        row.addWidget(self.go)
        self.hide()

    def _button(self, name: str, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(f"builder.{name}")
        button.setAccessibleName(text)
        button.setToolTip(tip)
        return button

    def show_errors(self, errors: tuple[NetError, ...], node: int | None) -> None:
        """node: the layer that the first of them is about, if it is about one."""
        self.setVisible(bool(errors))
        self._mend = None
        self.mend.hide()
        if not errors:
            return
        first = errors[0]
        more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
        self.words.setText(" ".join(filter(None, (first.what, first.remedy))) + more)
        self._node = node
        self.go.setVisible(self._node is not None)

    def show_advice(self, advice: Sequence[Advice]) -> None:
        """The mends among the advice: the first that is about the layer shown, else the first of all."""
        mends = [each for each in advice if each.level == "error" and each.apply is not None]
        own = [each for each in mends if each.node == self._node]
        self._mend = next(iter(own or mends), None)
        self.mend.setVisible(self._mend is not None and not self.isHidden())
        if self._mend is not None:
            self.mend.setText(self._mend.change)
            self.mend.setToolTip(wrapped(self._mend.why or self._mend.what))

    def _go(self) -> None:
        self.show_asked.emit(self._node)

    def _take(self) -> None:
        self.advised.emit(self._mend)
