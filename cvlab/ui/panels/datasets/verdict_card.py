"""Who still recognises the image: its nearest neighbour among the training images, and a trained net."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.bind import listen
from cvlab.ui.panels.datasets.pieces import label, named
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.bars import ProbabilityBars
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.image_tiles import ImageTiles

MOST_BARS = 10
_BARS_HEIGHT = 132
"""Tight for ten bars, but then the page fits the smallest window."""


class VerdictCard(Card):
    """metric_choice, model_choice: the owner's to bind. It shows what it is told and asks nobody."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__("Who still recognises it?", parent)
        self._lab = lab
        self._classes: tuple[str, ...] = ()
        self.metric_choice = named(
            QComboBox(self),
            "challenge_metric",
            "Metric of the nearest neighbour",
            "How two images are compared: L1 sums the differences of their pixels, L2 their squares.",
        )
        self.metric_choice.addItem("L2", "l2")
        self.metric_choice.addItem("L1", "l1")
        self.model_choice = named(
            QComboBox(self),
            "challenge_model",
            "Net that is asked",
            "A trained net beside the nearest neighbour. It has to read images of this size; train one on this set.",
        )
        self.model_choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.model_choice.setMinimumContentsLength(12)
        self.neighbour = ImageTiles(1, most=96, parent=self)
        self.neighbour.set_caption_lines(0)
        self.neighbour.setFixedSize(64, 64)
        self.answer, self.detail = label(self, "", "subheading"), label(self, "", "small muted", wraps=True)
        self.bars = ProbabilityBars((), self)
        self.bars.setMinimumHeight(_BARS_HEIGHT)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(self, "Nearest neighbour", "muted"))
        words.addWidget(self.answer)
        words.addWidget(self.detail)
        words.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.neighbour)
        row.addLayout(words, 1)
        net = QHBoxLayout()
        net.setSpacing(8)
        net.addWidget(label(self, "Trained net", "muted"))
        net.addWidget(self.model_choice, 1)
        self.header.addStretch(1)
        self.header.addWidget(self.metric_choice)
        self.body.addLayout(row)
        self.body.addLayout(net)
        self.body.addWidget(self.bars, 1)
        listen(self, lab.models.changed, self.list_models)
        self.list_models()

    def list_models(self, _: object = None) -> None:
        """The nets that there are, in the combo; the chosen one stays chosen."""
        chosen = self.model_choice.currentData()
        self.model_choice.clear()
        for choice in self._lab.models.choices():
            self.model_choice.addItem(choice.title, choice.id)
            self.model_choice.setItemData(self.model_choice.count() - 1, choice.detail, Qt.ItemDataRole.ToolTipRole)
        self.show_model(chosen)

    def show_model(self, model_id: str | None) -> None:
        """Chooses a net in the combo, or none if it is gone."""
        self.model_choice.setCurrentIndex(self.model_choice.findData(model_id))

    def show_classes(self, classes: tuple[str, ...]) -> None:
        self._classes = classes
        self.bars.set_labels(classes[:MOST_BARS])
        self.show_waiting()

    def show_waiting(self) -> None:
        """Nobody has looked yet."""
        self.neighbour.show_message("…")
        self.answer.setText("")
        self.detail.setText("")

    def show_neighbour(self, image: np.ndarray, found: int, wanted: int, distance: float) -> None:
        """image (C, H, W) of the class `found`, where `wanted` is right."""
        right = found == wanted
        self.neighbour.show_images(image[None], roles=("positive" if right else "negative",))
        set_role(self.answer, "subheading success" if right else "subheading error")
        self.answer.setText(f"{self._classes[found]}: {'right' if right else 'wrong'}")
        self.detail.setText(f"distance {distance:,.0f}")

    def show_probabilities(self, probabilities: np.ndarray) -> None:
        """(K,): all classes, or the likeliest ten where there are more."""
        if len(self._classes) > MOST_BARS:
            best = np.argsort(-probabilities)[:MOST_BARS]
            self.bars.set_labels([self._classes[i] for i in best])
            probabilities = probabilities[best]
        self.bars.set_values(probabilities)

    def show_no_net(self, words: str, *, failed: bool = False) -> None:
        self.bars.show_message(words, failed=failed)
