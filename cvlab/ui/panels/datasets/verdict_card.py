"""Who still recognises the image: its nearest neighbour among the training images, and a trained net."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from cvlab.core.models import ModelChoice
from cvlab.ui.panels.datasets.pieces import button, label, named
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.bars import ProbabilityBars
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.image_tiles import ImageTiles

MOST_BARS = 10
_BARS_HEIGHT, _TALLEST_BARS = 132, 380
"""Tight for ten bars, but then the page fits the smallest window."""


class VerdictCard(Card):
    """metric_choice, model_choice, train: the owner's to bind. It shows what it is told and asks nobody."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Who still recognises it?", parent)
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
        self.neighbour.setFixedSize(52, 52)
        self.answer, self.detail = label(self, "", "subheading"), label(self, "", "small muted", wraps=True)
        self.learned = label(self, "", "small muted")
        self.train = button(
            self,
            "challenge_train",
            "Train one",
            "Trains a small net that suits these images, in the background, with a recipe of its own: the project's net and "
            "recipe stay as they are.",
            glyph="training",
            role="chip",
        )
        self.train.hide()
        self.bars = ProbabilityBars((), self)
        self.bars.setMinimumHeight(_BARS_HEIGHT)
        self.bars.setMaximumHeight(_TALLEST_BARS)
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
        net.addWidget(self.learned, 1)
        net.addWidget(self.train)
        self.header.addStretch(1)
        self.header.addWidget(self.metric_choice)
        self.body.addLayout(row)
        asked = QVBoxLayout()
        asked.setSpacing(3)
        asked.addLayout(net)
        asked.addWidget(self.model_choice)
        self.body.addLayout(asked)
        self.body.addWidget(self.bars, 100)
        self.body.addStretch(1)

    def list_models(self, reading: Sequence[ModelChoice], others: Sequence[ModelChoice]) -> None:
        """The nets that read the set, and, so that nobody looks for them in vain, those that do not: they cannot be chosen."""
        self.model_choice.clear()
        for choice in (*reading, *others):
            self.model_choice.addItem(choice.title, choice.id)
            item = self.model_choice.model().item(self.model_choice.count() - 1)
            item.setEnabled(choice in reading)
            item.setToolTip(_about(choice, reads=choice in reading))

    def show_model(self, choice: ModelChoice | None) -> None:
        """The net that is asked; None: no net reads the set, and one can be trained."""
        self.model_choice.setVisible(choice is not None)
        self.train.setVisible(choice is None)
        self.model_choice.setCurrentIndex(-1 if choice is None else self.model_choice.findData(choice.id))
        self.learned.setText("" if choice is None or not choice.detail else f"{_percent(choice.detail)} images right")
        self.learned.setToolTip("" if choice is None else _about(choice, reads=True))

    def show_training(self, running: bool) -> None:
        """Whether a net is learning the set now: the button then stops it."""
        self.train.setText("Stop" if running else "Train one")

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


def _about(choice: ModelChoice, *, reads: bool) -> str:
    """Which images a net knows, and how well, for the tip over its name."""
    shape = " × ".join(map(str, (*choice.reads[1:], choice.reads[0]))) if choice.reads else "nothing"
    known = ", ".join(choice.classes[:10]) + (" …" if len(choice.classes) > 10 else "")
    judged = f" {_percent(choice.detail)} images right." if choice.detail else ""
    return f"{'' if reads else 'Cannot be asked here: '}it reads {shape} numbers and tells apart {known}.{judged}"


def _percent(detail: str) -> str:
    """A run's figure as it is said here: "99.56 % of its test"."""
    return detail.replace(" % ", " % of its ")
