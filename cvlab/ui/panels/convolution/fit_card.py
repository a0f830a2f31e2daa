"""What fits and what does not: the formula with its numbers, the windows or stamps along one row, and a sentence."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cvlab.ui.panels.convolution.fit_strip import FitStrip, Row
from cvlab.ui.panels.convolution.fit_words import (
    GROWTH_FORMULA,
    fit_formula,
    fit_numbers,
    growth_numbers,
    growth_sentence,
    sentence,
    sizes,
)
from cvlab.ui.panels.convolution.pieces import label, named
from cvlab.ui.panels.convolution.scene import Scene, SlidingScene, StampingScene
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.formula import FormulaLabel
from cvlab.ui.widgets.room import Room

WIDTH = 230
"""Pixels for its words."""


class FitCard(Card):
    """Shows one scene. It changes with every step of a slider, so that what changes lays out nothing around it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("What fits", parent)
        self.formula = FormulaLabel(fit_formula(1), self)
        self.grown = FormulaLabel(GROWTH_FORMULA, self)
        self.numbers = label(self, "", "")
        self.numbers.setFixedSize(WIDTH, 2 * self.numbers.fontMetrics().lineSpacing())
        self.numbers.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.numbers.setWordWrap(True)
        below = QWidget(self)
        self.strip = FitStrip(below)
        self.words = named(
            label(below, wraps=True),
            "slide.fit",
            "What fits",
            "How many windows fit along one side, or how stamps overlap along it.",
        )
        self.sizes = label(below, wraps=True)
        said = QVBoxLayout(below)
        said.setContentsMargins(0, 0, 0, 0)
        said.setSpacing(8)
        said.addWidget(self.strip)
        said.addWidget(self.words)
        said.addWidget(self.sizes)
        said.addStretch(1)
        room = Room(self)
        room.hold(below)
        self.body.addWidget(self.formula)
        self.body.addWidget(self.grown)
        self.body.addWidget(self.numbers)
        self.body.addWidget(room, 1)

    def show_scene(self, scene: Scene) -> None:
        grows = isinstance(scene, StampingScene)
        if self.grown.isHidden() == grows or self.formula.isHidden() != grows:
            self.title.setText("How it grows" if grows else "What fits")
            self.grown.setVisible(grows)
            self.formula.setVisible(not grows)
        if isinstance(scene, StampingScene):
            growth = scene.growths[1]
            said, words, row = growth_numbers(growth), growth_sentence(growth), Row.of_growth(growth)
            role = "error" if not growth.count else "" if growth.is_even else "warning"
        elif isinstance(scene, SlidingScene):
            fit = scene.fits[1]
            self.formula.show_formula(fit_formula(fit.dilation))
            said, words, row = fit_numbers(fit), sentence(fit), Row.of_fit(fit)
            role = "" if fit.is_whole else "error" if not fit.count else "warning"
        self.numbers.setText(said)
        set_role(self.numbers, role)
        self.words.setText(words)
        self.strip.show_row(row)
        self.sizes.setText(sizes(scene))
