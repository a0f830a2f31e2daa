"""The card that says what is made small: the loss, its margin, the penalty and its strengths, and how they add up."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QPushButton, QWidget

from cvlab.engine.classifier import Objective
from cvlab.engine.losses import LOSSES, PENALTIES
from cvlab.ui.panels.linear.pieces import label, named
from cvlab.ui.panels.linear.split_bars import SplitBars
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.formula import FormulaLabel
from cvlab.ui.widgets.number import NumberSlider

_USES = {
    "none": (),
    "l2": ("lambda_2",),
    "half-l2": ("lambda_2",),
    "l1": ("lambda_1",),
    "elastic": ("lambda_1", "lambda_2"),
}


class Strength(QWidget):
    """A named slider with its value at the right. moved(field, value), released()."""

    moved = Signal(str, object)
    released = Signal()

    def __init__(
        self, field: str, sign: str, tip: str, low: float, high: float, log: bool, parent: QWidget, words: str = ""
    ) -> None:
        super().__init__(parent)
        self._field = field
        self.sign = label(self, sign)
        self.sign.setFixedWidth(52)
        self.slider = named(NumberSlider(low, high, log=log, parent=self), field, words or field, tip)
        self.value = label(self, "", "small")
        self.value.setFixedWidth(52)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.sign)
        row.addWidget(self.slider, 1)
        row.addWidget(self.value)
        self.slider.moved.connect(self._tell)
        self.slider.sliderReleased.connect(self.released)

    def show_number(self, value: float) -> None:
        self.slider.show_number(value)
        self.value.setText(f"{value:.3g}")

    def _tell(self, value: float) -> None:
        self.moved.emit(self._field, value)


class ObjectiveCard(Card):
    """changed(field, value): another setting. released: one drag is over. check_asked: the gradient is to be checked."""

    changed = Signal(str, object)
    released = Signal()
    check_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Loss", parent)
        about = Objective.model_fields
        self.body.setSpacing(6)
        self.check = named(
            QPushButton("Check gradient", self),
            "check",
            "Check the gradient",
            "Compares every number of the gradient with a centred difference, which knows no formula. A kink of max(0, ·) may "
            "make the two differ without a mistake: it says so.",
        )
        self.check.setProperty("role", "chip")
        self.header.addStretch(1)
        self.header.addWidget(self.check)
        self.loss = named(QComboBox(self), "loss", "Loss", about["loss"].description)
        self.penalty = named(QComboBox(self), "penalty", "Penalty", about["penalty"].description)
        for combo, choices in ((self.loss, LOSSES), (self.penalty, PENALTIES)):
            for choice in choices.values():
                combo.addItem(choice.title, choice.id)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.addWidget(self.loss, 0, 0)
        grid.addWidget(self.penalty, 0, 1)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        self.body.addLayout(grid)
        self.formula = FormulaLabel(LOSSES["hinge"].formula, self)
        self.penalty_formula = FormulaLabel(PENALTIES["l2"].formula, self)
        self.formula.setMinimumHeight(44)
        self.body.addWidget(self.formula)
        self.body.addWidget(self.penalty_formula)
        self.strengths = {
            "delta": Strength("delta", "margin Δ", about["delta"].description, 0.0, 5.0, False, self, "Margin"),
            "lambda_1": Strength("lambda_1", "λ₁", about["lambda_1"].description, 0.0, 10.0, True, self, "L1 strength"),
            "lambda_2": Strength("lambda_2", "λ₂", about["lambda_2"].description, 0.0, 10.0, True, self, "L2 strength"),
        }
        self.body.addWidget(self.strengths["delta"])
        lambdas = QHBoxLayout()
        lambdas.setSpacing(8)
        self.body.addLayout(lambdas)
        for field, strength in self.strengths.items():
            if field != "delta":
                strength.sign.setFixedWidth(20)
                lambdas.addWidget(strength)
            strength.moved.connect(self.changed)
            strength.released.connect(self.released)
        self.bars = SplitBars(self)
        self.body.addWidget(self.bars, 1)
        self.scale = Strength(
            "scale",
            "W, b ×",
            "Looks at W and b times this, without changing them. No line moves: where the hinge loss is 0 it stays 0 for every "
            "factor above 1, so only a penalty can choose the scale.",
            0.1,
            10.0,
            True,
            self,
            "Scale of W and b",
        )
        self.body.addWidget(self.scale)
        self.scaled = label(self, wraps=True)
        self.body.addWidget(self.scaled)
        self.verdict = label(self, wraps=True)
        self.verdict.setObjectName("linear.verdict")
        self.verdict.hide()
        self.body.addWidget(self.verdict)
        self.loss.activated.connect(self._choose_loss)
        self.penalty.activated.connect(self._choose_penalty)
        self.check.clicked.connect(self.check_asked)

    def show_objective(self, objective: Objective) -> None:
        self.loss.setCurrentIndex(self.loss.findData(objective.loss))
        self.penalty.setCurrentIndex(self.penalty.findData(objective.penalty))
        self.formula.show_formula(LOSSES[objective.loss].formula)
        self.penalty_formula.show_formula(PENALTIES[objective.penalty].formula)
        self.penalty_formula.setVisible(objective.penalty != "none")
        for field, strength in self.strengths.items():
            strength.show_number(getattr(objective, field))
            used = LOSSES[objective.loss].has_margin if field == "delta" else field in _USES[objective.penalty]
            strength.setVisible(used)

    def show_verdict(self, words: str, passed: bool) -> None:
        """ "" takes the last verdict away: it was about other numbers."""
        self.verdict.setText(("✓ " if passed else "✗ ") + words.replace("e-", "e−") if words else "")
        set_role(self.verdict, "small success" if passed else "small error")
        self.verdict.setVisible(bool(words))

    def _choose_loss(self, index: int) -> None:
        self.changed.emit("loss", self.loss.itemData(index))
        self.released.emit()

    def _choose_penalty(self, index: int) -> None:
        self.changed.emit("penalty", self.penalty.itemData(index))
        self.released.emit()
