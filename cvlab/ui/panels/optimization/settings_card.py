"""The chosen racer's settings, one form a rule, made from the rule's own fields."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from cvlab.engine.errors import RecipeError
from cvlab.engine.optimizers import OPTIMIZERS, Optimizer
from cvlab.ui.panels.optimization.names import named
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.form import Form


class SettingsCard(Card):
    """turned(optimizer): other settings of the same rule. released: an undo step is over. reset_asked: the usual ones again."""

    turned = Signal(object)
    released = Signal()
    reset_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Settings", parent)
        self._optimizer: Optimizer | None = None
        self.reset = QPushButton("Reset", self)
        self.reset.setProperty("role", "link")
        named(
            self.reset,
            "reset",
            "Usual settings",
            "Back to the settings that suit this surface: a rate at which the rule neither flies off nor sleeps.",
        )
        self.reset.clicked.connect(self.reset_asked)
        self.header.addStretch(1)
        self.header.addWidget(self.reset)
        self.forms: dict[str, Form] = {}
        for kind, rule in OPTIMIZERS.items():
            fields = tuple(name for name in rule.model_fields if name != "kind")
            form = self.forms[kind] = Form(rule, fields, prefix=f"optimization.{kind}", parent=self)
            form.edited.connect(self._edit)
            form.released.connect(self.released)
            form.hide()
        self.remark = QLabel(self)
        self.remark.setProperty("role", "small muted")
        self.remark.setWordWrap(True)
        page = QWidget(self)
        page.setProperty("role", "page")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 8, 0)
        for form in self.forms.values():
            column.addWidget(form)
        column.addWidget(self.remark)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        self.body.addWidget(scroll, 1)

    def show_optimizer(self, name: str, optimizer: Optimizer, *, is_usual: bool) -> None:
        self._optimizer = optimizer
        self.title.setText(name)
        self.reset.setVisible(not is_usual)
        form = self.forms[optimizer.kind]
        form.show_values(optimizer)
        for other in self.forms.values():
            other.setVisible(other is form)
        self.remark.setText(optimizer.remark)
        self.remark.setVisible(bool(optimizer.remark))

    def _edit(self, field: str, value: object) -> None:
        form = self.forms[self._optimizer.kind]
        try:
            optimizer = self._optimizer.changed(**{field: value})
        except RecipeError as error:
            form.show_problem(field, f"{error.what} {error.remedy}".strip())
            return
        self.turned.emit(optimizer)
