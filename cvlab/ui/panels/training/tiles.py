"""The run in four figures: training, held out, the best so far, and whether it began where it should."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from cvlab.core.runs import Run
from cvlab.engine.training.guessing import Guess
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.figures import NO_FIGURE, loss_text, share_text
from cvlab.ui.widgets.room import roomed

_FAR = 0.25
"""A first loss this share above what guessing costs is worth a word."""

_WILD = 2.0
"""A batch whose loss is so many times what guessing costs: the steps are too long, or the net has died."""

_BEFORE = "after the first batch"


class Tile(QFrame):
    """A caption, a figure, and a line that says what it means."""

    def __init__(self, caption: str, tooltip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setToolTip(tooltip)
        self.caption = QLabel(caption, self)
        self.caption.setProperty("role", "small muted")
        self.figure = QLabel(NO_FIGURE, self)
        self.figure.setProperty("role", "number")
        self.words = QLabel(self)
        self.words.setProperty("role", "small muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 8, 8)
        column.setSpacing(1)
        self.caption.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for part in (self.caption, roomed(self.figure), roomed(self.words)):
            column.addWidget(part)

    def show_figure(self, figure: str, words: str, role: str = "small muted") -> None:
        if figure != self.figure.text():
            self.figure.setText(figure)
        if words != self.words.text():
            self.words.setText(words)
        set_role(self.words, role)


class Tiles(QWidget):
    """Four tiles of equal width."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[str, int, Guess] | None = None
        self.train = Tile(
            "Training",
            "This batch: how much of it is read rightly, and its loss. Noisy by nature; wild where it is twice as bad as "
            "guessing: the learning rate is too high, or the net has died.",
            self,
        )
        self.held_out = Tile("Held out", "Images that the net never trains on. The honest figure.", self)
        self.best = Tile("Best held out", "The best epoch so far. If later ones are worse, the net overfits.", self)
        self.first = Tile(
            "First loss",
            "A net that knows nothing scores all classes alike: its softmax loss begins near ln C, hinge near (C - 1) Δ.",
            self,
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for tile in (self.train, self.held_out, self.best, self.first):
            row.addWidget(tile, 1)

    def show_run(self, run: Run | None, guess: Guess) -> None:
        """The run's figures; None shows what to expect."""
        key = (run.id if run is not None else "", run.state.revision if run is not None else 0, guess)
        if key == self._shown:
            return
        self._shown = key
        expected = _expected(guess)
        if run is None:
            self.train.show_figure(NO_FIGURE, _BEFORE)
            self.held_out.show_figure(NO_FIGURE, "after each epoch")
            self.best.show_figure(NO_FIGURE, "of all epochs")
            self.first.show_figure(NO_FIGURE, f"expect {expected}")
            return
        state = run.state
        wild = state.train_loss is not None and state.train_loss > _WILD * guess.loss
        words = f"{'wild ' * wild}loss {loss_text(state.train_loss)}" if state.train_loss is not None else _BEFORE
        self.train.show_figure(share_text(state.train_accuracy), words, "small warning" if wild else "small muted")
        if run.recipe.held_out == 0:
            self.held_out.show_figure("None", "nothing is held out")
        elif state.held_out_accuracy is None:
            self.held_out.show_figure(NO_FIGURE, "after this epoch")
        else:
            self.held_out.show_figure(share_text(state.held_out_accuracy), f"loss {loss_text(state.held_out_loss)}")
        self._show_best(run)
        self._show_first(run, guess)

    def _show_best(self, run: Run) -> None:
        x, y = run.curves["held_out_accuracy"].points()
        if run.recipe.held_out == 0:
            self.best.show_figure("None", "nothing is held out")
            return
        if not len(y):
            self.best.show_figure(NO_FIGURE, "of all epochs")
            return
        best = int(np.argmax(y))
        epoch = round(run.line.at(x[best])) if run.line is not None else best + 1
        self.best.show_figure(share_text(float(y[best])), f"at epoch {epoch:,}")

    def _show_first(self, run: Run, guess: Guess) -> None:
        curve, expected = run.curves["loss"], _expected(guess)
        _, y = curve.points()
        if not len(y):
            self.first.show_figure(NO_FIGURE, f"expect {expected}")
            return
        # A thinned curve keeps the lowest and the highest of its first few: the first is near the highest.
        first = float(y[0] if curve.is_exact else y[1])
        if first <= guess.loss * (1 + _FAR):
            self.first.show_figure(loss_text(first), f"near {expected}", "small success")
        else:
            self.first.show_figure(loss_text(first), f"far above {expected}", "small warning")


def _expected(guess: Guess) -> str:
    return f"{guess.formula} ≈ {guess.loss:.2f}"
