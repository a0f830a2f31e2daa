"""Runs that wait for their turn: what comes next, and a way to change one's mind."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.bind import listen
from cvlab.ui.widgets.controls import button, icon_button, label

_SHOWN = 3


class QueueStrip(QFrame):
    """Shown while a run trains or others wait. queue_asked: the net and the recipe of now, please, when their turn comes."""

    queue_asked = Signal()

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._runs, self._notices = lab.runs, lab.notices
        self._tickets: dict[QPushButton, int] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 8, 8, 8)
        self._column.setSpacing(2)
        self.title = label(self, "", "subheading")
        self.add = button(
            self, "training.queue", "Queue this",
            "Trains the net and the recipe as they are now when the running one has ended.", role="link",
        )  # fmt: skip
        self.add.clicked.connect(self.queue_asked)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.add)
        self._column.addLayout(head)
        self._rows: list[QWidget] = []
        listen(self, lab.runs.queue_changed, self._show)
        listen(self, lab.runs.refused, self._tell)
        listen(self, lab.runs.started, self._show)
        listen(self, lab.runs.ended, self._show)
        self._show()

    def _show(self, _: object = None) -> None:
        for row in self._rows:
            row.deleteLater()
        self._rows, self._tickets = [], {}
        waiting = self._runs.waiting
        more = f", {_SHOWN} shown" if len(waiting) > _SHOWN else ""
        self.title.setText(f"Waiting: {len(waiting)}{more}" if waiting else "Nothing waits")
        for n, each in enumerate(waiting[:_SHOWN], 1):
            row = QWidget(self)
            line = QHBoxLayout(row)
            line.setContentsMargins(0, 0, 0, 0)
            words = label(row, each.title, "small")
            words.setToolTip(each.title)
            line.addWidget(words, 1)
            remove = icon_button(
                row, f"training.unqueue{n}", "close", f"Remove {each.title}", "It will not be trained."
            )
            remove.setFixedSize(28, 24)
            remove.clicked.connect(self._remove)
            self._tickets[remove] = each.id
            line.addWidget(remove)
            self._column.addWidget(row)
            self._rows.append(row)
        current = self._runs.current
        self.add.setVisible(current is not None and current.is_active)
        self.setVisible(bool(waiting) or not self.add.isHidden())

    def _tell(self, title: str) -> None:
        self._notices.info(
            f"{title} could not begin", "Its turn came, but it cannot be trained. Start it by hand to see why."
        )

    def _remove(self) -> None:
        self._runs.unqueue(self._tickets[self.sender()])
