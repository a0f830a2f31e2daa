"""What is done to the images, what it was fitted on, and the way into the recipe; and what it does in figures."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QWidget

from cvlab.engine.data.preprocessing import KINDS, TITLES
from cvlab.engine.formula import Formula
from cvlab.ui.panels.datasets.pieces import button, label, named
from cvlab.ui.panels.datasets.preprocess_work import Figures, Preprocessed
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.figures import percent_text
from cvlab.ui.widgets.formula import FormulaLabel
from cvlab.ui.widgets.number import NumberSlider, number_text

FORMULAS = {
    kind: Formula(TITLES[kind], tex, compute)
    for kind, tex, compute in (
        ("unit", r"b = x / 255", lambda x: x / 255),
        ("signed", r"2b - 1, \quad b = x / 255", lambda x: 2 * x / 255 - 1),
        ("standardize", r"(b - \mu_c) / \sigma_c, \quad b = x / 255", lambda x, mean, std: (x / 255 - mean) / std),
        ("mean-channel", r"b - \mu_c, \quad b = x / 255", lambda x, mean: x / 255 - mean),
        ("mean-image", r"b - \bar{b}, \quad b = x / 255", lambda x, mean: x / 255 - mean),
        ("contrast", r"(x - m_i) / \sqrt{v_i + 10}", lambda x: (x - x.mean()) / np.sqrt(x.var() + 10)),
        ("decorrelate", r"U^T (b - \bar{b}), \quad b = x / 255", lambda x, mean, U: U.T @ (x / 255 - mean)),
        (
            "whiten",
            r"U \, (s + \epsilon)^{-1/2} \, U^T (b - \bar{b}), \quad b = x / 255",
            lambda x, mean, U, s, epsilon: U @ np.diag((s + epsilon) ** -0.5) @ U.T @ (x / 255 - mean),
        ),
    )
}
"""By kind. x: the bytes of an image, for the last two as a column; μ, σ: of a channel c; U, s: axes and variances."""

_SOURCES = (("train", "The training split"), ("test", "The test split"), ("shown", "These six images"))
_FITTED = ("standardize", "mean-channel", "mean-image", "decorrelate", "whiten")


class RuleCard(Card):
    """kind, source, epsilon, use: controls for the owner to connect. It shows what it is told."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("What a net is fed with", parent)
        self.kind_choice = named(
            QComboBox(self),
            "preprocess_kind",
            "Preprocessing",
            "What becomes of the bytes before a net sees them. Whitening centres, turns and stretches.",
        )
        for kind in KINDS:
            self.kind_choice.addItem(TITLES[kind], kind)
        self.source_choice = named(
            QComboBox(self),
            "preprocess_source",
            "Fitted on",
            "Where mean and axes come from. Only the training split is right; the others show what goes wrong.",
        )
        for source, words in _SOURCES:
            self.source_choice.addItem(words, source)
        for combo in (self.kind_choice, self.source_choice):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(10)
        self.formula = FormulaLabel(FORMULAS["whiten"], self)
        self.epsilon = named(
            NumberSlider(1e-7, 1.0, log=True, parent=self),
            "preprocess_epsilon",
            "Whitening ε",
            "Added to every variance before the division: small lets noise grow to the size of the signal.",
        )
        self.epsilon_title, self.epsilon_text = label(self, "ε", "muted"), label(self, "", "small")
        self.epsilon_text.setFixedWidth(52)
        self.words = label(self, "", "small muted", wraps=True)
        self.words.setMinimumHeight(66)
        self.use = button(
            self,
            "preprocess_use",
            "Use in the recipe",
            "The next training feeds its net just this way, fitted on its own training images. Can be undone.",
            role="primary",
        )
        self.in_use = label(self, "", "small muted", wraps=True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.epsilon_title)
        row.addWidget(self.epsilon, 1)
        row.addWidget(self.epsilon_text)
        self.body.addWidget(self.kind_choice)
        self.body.addWidget(self.formula)
        self.body.addLayout(row)
        fitted = QHBoxLayout()
        fitted.setSpacing(8)
        fitted.addWidget(label(self, "fitted on", "muted"))
        fitted.addWidget(self.source_choice, 1)
        self.body.addLayout(fitted)
        self.body.addWidget(self.words)
        self.body.addStretch(1)
        self.body.addWidget(self.use)
        self.body.addWidget(self.in_use)

    def show_rule(self, kind: str, epsilon: float, source: str) -> None:
        self.kind_choice.setCurrentIndex(self.kind_choice.findData(kind))
        self.source_choice.setCurrentIndex(self.source_choice.findData(source))
        self.source_choice.setEnabled(kind in _FITTED)
        self.formula.show_formula(FORMULAS[kind])
        if not self.epsilon.isSliderDown():
            self.epsilon.show_number(epsilon)
        self.epsilon_text.setText(number_text(epsilon))
        for part in (self.epsilon, self.epsilon_title, self.epsilon_text):
            part.setEnabled(kind == "whiten")

    def show_in_use(self, kind: str, is_same: bool) -> None:
        """What the recipe has now."""
        self.use.setEnabled(not is_same)
        self.in_use.setText("The recipe does just this." if is_same else f"The recipe now has: {TITLES[kind]}.")

    def show_outcome(self, kind: str, source: str, found: Preprocessed) -> None:
        """In words: whether it was fitted where it should be, and what is wrong otherwise."""
        if kind not in _FITTED:
            set_role(self.words, "small muted")
            self.words.setText("Nothing is fitted here: the same rule for any image of any set.")
        elif source == "train":
            set_role(self.words, "small success")
            self.words.setText(
                f"Found on {found.fitted_on:,} training images, then used for every other image as it is. So the net meets "
                "at test time what it has learned from."
            )
        else:
            set_role(self.words, "small error")
            why = (
                "Looking at the test split to prepare it is peeking, and the net was trained on other numbers."
                if source == "test"
                else "Alone, a few images are their own mean: the same image becomes something else in other company."
            )
            self.words.setText(f"{why} These differ from the right ones by {percent_text(found.away)} of their spread.")

    def show_waiting(self, words: str, *, failed: bool = False) -> None:
        set_role(self.words, "small error" if failed else "small muted")
        self.words.setText(words)


class FiguresCard(Card):
    """Figures over a sample of test images, before and after."""

    _ROWS = (
        ("mean", "Mean", "Over all numbers of 1,000 test images."),
        ("std", "Std. dev.", "Standard deviation over all numbers of 1,000 test images."),
        ("reach", "Largest", "The largest number, its sign left off."),
        ("correlation", "Correlation", "How far two features go together: mean |r| between 48 of them."),
    )

    def __init__(self, parent: QWidget) -> None:
        super().__init__("In figures", parent)
        self.header.addStretch(1)
        for words in ("before", "after"):
            column = label(self, words)
            column.setFixedWidth(60)
            self.header.addWidget(column)
        self.header.setSpacing(12)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        self.cells: dict[tuple[str, str], QWidget] = {}
        for row, (name, title, tip) in enumerate(self._ROWS):
            caption = label(self, title, "muted")
            caption.setToolTip(tip)
            grid.addWidget(caption, row, 0)
            for column, when in enumerate(("before", "after"), start=1):
                cell = label(self, "", "")
                cell.setFixedWidth(60)
                cell.setToolTip(tip)
                self.cells[name, when] = cell
                grid.addWidget(cell, row, column)
        self.body.addLayout(grid)

    def show_figures(self, before: Figures, after: Figures) -> None:
        for when, figures in (("before", before), ("after", after)):
            for name, *_ in self._ROWS:
                self.cells[name, when].setText(f"{getattr(figures, name):.3g}".replace("-", "−"))
