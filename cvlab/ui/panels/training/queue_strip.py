"""Runs that wait for their turn: what comes next, another order, and ways to change one's mind."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.core.runs import Unqueue
from cvlab.core.waiting import Waiting
from cvlab.engine.errors import CvlabError
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.bind import listen
from cvlab.ui.panels.training.sections import differences, plan_of
from cvlab.ui.widgets.controls import button, icon_button, label

_SHOWN = 3
_BUTTON = 28


class QueueStrip(QFrame):
    """Shown while a run trains or others wait. queue_asked: the net and the recipe of now, please, when their turn comes."""

    queue_asked = Signal()

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._lab, self._runs = lab, lab.runs
        self._tickets: dict[QPushButton, Waiting] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 8, 8, 8)
        self._column.setSpacing(0)
        self.title = label(self, "", "subheading")
        self.add = button(
            self, "training.queue", "Queue this",
            "Trains the net and the recipe as they are now when the running one has ended.", role="link",
        )  # fmt: skip
        self.add.clicked.connect(self.queue_asked)
        self.begin = button(
            self, "training.begin_queue", "Train them",
            "Trains those that wait, one after the other. Runs that were queued before the window was closed wait for this.",
            role="link",
        )  # fmt: skip
        self.begin.clicked.connect(self._begin)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.begin)
        head.addWidget(self.add)
        self._column.addLayout(head)
        self._rows: list[QWidget] = []
        listen(self, lab.runs.line.changed, self._show)
        listen(self, lab.runs.refused, self._tell)
        listen(self, lab.runs.started, self._show)
        listen(self, lab.runs.ended, self._show)
        self._show()

    def _show(self, _: object = None) -> None:
        for row in self._rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows, self._tickets = [], {}
        waiting, current = self._runs.waiting, self._runs.current
        more = f", {_SHOWN} shown" if len(waiting) > _SHOWN else ""
        self.title.setText(f"Waiting: {len(waiting)}{more}" if waiting else "Nothing waits")
        before = current.recipe if current is not None and current.is_active else Recipe()
        for n, each in enumerate(waiting[:_SHOWN], 1):
            self._column.addWidget(self._row(n, each, before))
            before = each.recipe
        self.begin.setVisible(any(each.held for each in waiting))
        self.add.setVisible(current is not None and current.is_active)
        self.setVisible(bool(waiting) or not self.add.isHidden())

    def _row(self, n: int, waiting: Waiting, before: Recipe) -> QWidget:
        row = QWidget(self)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        words = label(row, "", "small muted" if waiting.held else "small")
        words.ensurePolished()
        room = self.width() - 26 - (_BUTTON if n == 1 else 2 * _BUTTON)
        told = what_differs(waiting, before)
        words.setText(words.fontMetrics().elidedText(told, Qt.TextElideMode.ElideRight, room))
        words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        words.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        words.setToolTip(f"{told}\n{_told(waiting)}" if told != waiting.title else _told(waiting))
        words.setObjectName(f"training.waiting{n}")
        line.addWidget(words, 1)
        if n > 1:
            sooner = icon_button(
                row, f"training.sooner{n}", "up", f"{waiting.title} sooner", "One place nearer to its turn."
            )
            sooner.clicked.connect(self._sooner)
            self._tickets[sooner] = waiting
            sooner.setFixedWidth(_BUTTON)
            line.addWidget(sooner)
        remove = icon_button(
            row,
            f"training.unqueue{n}",
            "close",
            f"Remove {waiting.title}",
            "It will not be trained. Undo brings it back.",
        )
        remove.setFixedWidth(_BUTTON)
        remove.clicked.connect(self._remove)
        self._tickets[remove] = waiting
        line.addWidget(remove)
        self._rows.append(row)
        return row

    def _tell(self, title: str, error: CvlabError) -> None:
        self._lab.notices.info(f"{title} could not begin", f"{error} It waits on, until you let it begin.")

    def _begin(self) -> None:
        self._runs.let_begin()

    def _remove(self) -> None:
        self._lab.history.push(Unqueue(self._runs, self._tickets[self.sender()]))

    def _sooner(self) -> None:
        waiting = self._tickets[self.sender()]
        place = next((at for at, each in enumerate(self._runs.waiting) if each.id == waiting.id), 0)
        try:
            self._runs.line.move(waiting.id, max(place - 1, 0))
        except CvlabError as error:
            self._lab.notices.error(error)


def what_differs(waiting: Waiting, before: Recipe) -> str:
    """A waiting run in a few words: what it changes against the one before it, else its name."""
    words = differences(before, waiting.recipe)
    if waiting.begin_with:
        words.append(f"weights of {waiting.whose}")
    return ", ".join(words) if 0 < len(words) <= 3 else waiting.title


def _told(waiting: Waiting) -> str:
    plan = f"{waiting.title}\n{plan_of(waiting.recipe, {})}, seed {waiting.recipe.seed}"
    if waiting.begin_with:
        plan += f"\nIt begins with the weights of {waiting.whose}."
    return f"{plan}\nIt waits for your word: press Train them." if waiting.held else plan
