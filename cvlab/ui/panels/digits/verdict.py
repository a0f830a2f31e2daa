"""The card that says what the net reads: in a sentence, and as ten probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtWidgets import QWidget

from cvlab.ui.panels.digits.card import Card, Line
from cvlab.ui.panels.digits.reading import Reading
from cvlab.ui.widgets.bars import ProbabilityBars, percentage

DIGITS = tuple("0123456789")


class Verdict(Card):
    """Has four faces: a reading, clean paper, waiting, and failure."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("What it reads", parent)
        self.sentence, self.detail = Line("heading", self), Line("muted small", self)
        self.bars = ProbabilityBars(DIGITS, self)
        self.bars.setObjectName("digits.probabilities")
        self.bars.setAccessibleName("Probabilities of the ten digits")
        self.bars.setToolTip("The softmax of the ten scores. They add up to one, so one can only rise if others fall.")
        self.body.addWidget(self.sentence)
        self.body.addWidget(self.detail)
        self.body.addWidget(self.bars, 1)

    def set_classes(self, classes: Sequence[str]) -> None:
        self.bars.set_labels(classes)

    def show_reading(self, reading: Reading, classes: Sequence[str]) -> None:
        self.bars.set_values(reading.probabilities, reading.scores)
        self._say(*in_words(reading.probabilities, classes))

    def show_clean(self) -> None:
        """Nothing is drawn."""
        self.bars.show_message("Draw a digit")
        self._say("Clean paper", "Ten probabilities follow your pen.")

    def show_waiting(self, what: str, detail: str) -> None:
        self.bars.show_message(what)
        self._say("One moment", detail)

    def show_failure(self, what: str, detail: str) -> None:
        self.bars.show_message(what, failed=True)
        self._say("Not read", detail)

    def _say(self, sentence: str, detail: str) -> None:
        self.sentence.say(sentence)
        self.detail.say(detail)


def in_words(probabilities: np.ndarray, classes: Sequence[str]) -> tuple[str, str]:
    """The winner and how sure the net is of it, and what comes next."""
    order = np.argsort(-probabilities, kind="stable")
    first, second = int(order[0]), int(order[1])
    sure = float(probabilities[first])
    if sure >= 0.9:
        sentence = f"It reads {classes[first]}"
    elif sure >= 0.5:
        sentence = f"Probably {classes[first]}"
    else:
        sentence = f"Unsure: {classes[first]} or {classes[second]}"
    runner_up = f"; next is {classes[second]} with {percentage(float(probabilities[second]))}"
    return sentence, f"{percentage(sure)} sure{runner_up if probabilities[second] >= 0.0005 else ''}."
