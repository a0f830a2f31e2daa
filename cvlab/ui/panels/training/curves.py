"""Loss and accuracy of one run, drawn as they grow: raw and smoothed training curves, held-out points, turned knobs."""

from __future__ import annotations

from time import monotonic

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from cvlab.core.epochs import EpochLine
from cvlab.core.panels.training import TrainingState
from cvlab.core.runs import Run
from cvlab.engine.training.events import KnobTurned
from cvlab.engine.training.guessing import Guess
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.bind import bind, bind_slider, bind_toggle
from cvlab.ui.widgets.figures import loss_text, share_text, share_tick_text, tick_text
from cvlab.ui.widgets.form import FieldFacts
from cvlab.ui.widgets.number import number_text
from cvlab.ui.widgets.plot import CurvePlot, Mark

_SHARE_OF_TIME = 0.03
"""Drawing may take at most this share of the time: a slow machine draws less often, never trains slower."""
_ROOMY = 460
"""Pixels of height from which each of the two plots has axes of its own."""
_EMPTY = "Press Start: the loss begins near the dashed line (guessing) and falls."
_EMPTY_ACCURACY = "It rises from guessing. Believe the held-out curve."


class Half:
    """One of the two plots, and which of a run's curves it shows."""

    def __init__(self, plot: CurvePlot, train: str, held_out: str) -> None:
        self.plot, self._train, self._held_out = plot, train, held_out
        self.shown: tuple[object, ...] = ()
        self.drawn_at = 0.0
        plot.add_series(train, "batch", "train", "raw")
        plot.add_series("smoothed", "smoothed", "train", "smooth")
        plot.add_series(held_out, "held out", "held_out", "points")

    def draw(self, run: Run, smoothing: int) -> None:
        plot, curves, state = self.plot, run.curves, run.state
        plot.show_message("" if state.step or not run.is_active else "Getting the data and the net ready…")
        plot.set_live(run.is_active)
        plot.show_epochs(run.line)
        plot.show_series(self._train, *curves[self._train].points())
        plot.show_series("smoothed", *curves[self._train].smoothed(smoothing))
        plot.show_series(self._held_out, *curves[self._held_out].points())
        plot.show_marks(marks_of(run.knobs))
        plot.refresh(shown_end(state.step, run.line, state.total_steps))


def _last_drawn(half: Half) -> float:
    return half.drawn_at


class CurvesView(QFrame):
    """Two plots over the same steps, with a smoothing slider and a switch to a logarithmic loss."""

    def __init__(self, state: TrainingState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "plain")
        self._state = state
        self._run: Run | None = None
        self._guess: Guess | None = None
        self._at: float | None = None  # the step that is pointed at
        self.loss = CurvePlot("Loss", text=loss_text, tick=tick_text, widest="0.000", parent=self)
        self.accuracy = CurvePlot(
            "Accuracy", text=share_text, tick=share_tick_text, widest="100 %", top=1.0, marks_at_top=False, parent=self
        )
        self._halves = (Half(self.loss, "loss", "held_out_loss"), Half(self.accuracy, "accuracy", "held_out_accuracy"))
        self.accuracy.view.setXLink(self.loss.view)
        self.loss.hovered.connect(self.accuracy.point_at)
        self.accuracy.hovered.connect(self.loss.point_at)
        for plot in (self.loss, self.accuracy):
            plot.hovered.connect(self._show_place)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 6)
        column.setSpacing(0)
        column.addLayout(self._make_controls())
        column.addWidget(self.loss, 1)
        column.addWidget(self.accuracy, 1)
        bind(self, state, "log_loss", self.loss.set_log)

    def _make_controls(self) -> QHBoxLayout:
        self.caption = QLabel(self)
        self.caption.setProperty("role", "small muted")
        smoothing = QLabel("Smoothing", self)
        smoothing.setProperty("role", "small muted")
        self.smoothing = QSlider(Qt.Orientation.Horizontal, self)
        self.smoothing.setRange(1, 200)
        self.smoothing.setFixedWidth(112)
        self.smoothing.setObjectName("training.smoothing")
        self.smoothing.setAccessibleName("Smoothing of the training curves, in steps")
        self.smoothing.setToolTip(
            "Steps averaged in the bold curve. Far left shows every batch; too far right hides what happens now."
        )
        self.span = QLabel(self)
        self.span.setProperty("role", "small muted")
        self.span.setMinimumWidth(self.span.fontMetrics().horizontalAdvance("500 steps"))
        smoothing.setBuddy(self.smoothing)
        self.log_loss = QCheckBox("Log loss", self)
        self.log_loss.setObjectName("training.log_loss")
        self.log_loss.setAccessibleName("Logarithmic loss axis")
        self.log_loss.setToolTip("Shows the loss on a logarithmic axis: late, small gains become visible.")
        bind_slider(self.smoothing, self._state, "smoothing")
        bind_toggle(self.log_loss, self._state, "log_loss")
        bind(self.span, self._state, "smoothing", self._show_span)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(self.caption, 1)
        for widget in (smoothing, self.smoothing, self.span, self.log_loss):
            row.addWidget(widget)
        return row

    def _show_span(self, steps: int) -> None:
        self.span.setText(f"{steps} steps" if steps > 1 else "off")

    # -- drawing ---------------------------------------------------------------------------------------------------

    def show_guess(self, guess: Guess) -> None:
        """Where a net that guesses stands."""
        if guess != self._guess:
            self._guess = guess
            self.loss.show_reference(guess.loss, f"guessing: {guess.formula} = {guess.loss:.3f}")
            self.accuracy.show_reference(guess.accuracy, f"guessing: {share_tick_text(guess.accuracy)}")

    def show_nothing(self, loss: str = _EMPTY, accuracy: str = _EMPTY_ACCURACY) -> None:
        """The axes alone, with a message in each: before the first run where to begin, and what to do."""
        self._run = None
        self._show_place(None)
        for half in self._halves:
            half.plot.clear()
            half.shown = ()
        self.loss.show_message(loss)
        self.accuracy.show_message(accuracy)

    def draw(self, run: Run, *, at_once: bool = False) -> bool:
        """Draws the plot that is longest out of date, or with `at_once` both; says whether it drew.

        One a call, and not before the last drawing's cost has been earned back: a tick stays short, and the training fast.
        """
        wanted = (run.id, run.state.revision, run.state.status, self._state.smoothing)
        another = self._run is not run
        behind = sorted((half for half in self._halves if another or half.shown != wanted), key=_last_drawn)
        if not behind:
            return False
        if another:
            self._begin(run)
        if not (at_once or another):
            cost = max(half.plot.cost for half in self._halves)
            if monotonic() - max(map(_last_drawn, self._halves)) < cost / _SHARE_OF_TIME:
                return False
            del behind[1:]
        for half in behind:
            half.draw(run, self._state.smoothing)
            half.shown, half.drawn_at = wanted, monotonic()
        if self._at is None:
            self._show_place(None)
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little height the two plots share their axes: epochs above the first, steps below the second."""
        super().resizeEvent(event)
        has_room = event.size().height() >= _ROOMY
        self.loss.show_axes(below=has_room, above=True)
        self.accuracy.show_axes(below=True, above=has_room)

    def mark(self, step: int | None) -> None:
        """Points at a step of the past in both plots; None takes the line away."""
        for plot in (self.loss, self.accuracy):
            plot.point_at(None if step is None else float(step))
        self._show_place(None if step is None else float(step))

    def _begin(self, run: Run) -> None:
        for plot in (self.loss, self.accuracy):
            plot.clear()
        self._run = run
        self._show_place(None)

    def _show_place(self, x: float | None) -> None:
        """Where the pointer is, or what is drawn and at which rate it learns."""
        run, self._at = self._run, x
        if x is None or run is None:
            rate = run.state.learning_rate if run is not None and run.is_active else 0.0
            now = f"learning rate {number_text(float(f'{rate:.3g}'))}  ·  " if rate else ""
            self.caption.setText(f"{now}{run.title}" if run is not None else "")
            return
        words = [f"step {x:,.0f}"]
        if run.line is not None:
            words.append(f"epoch {run.line.at(x):.2f}")
        steps, rates = run.curves["learning_rate"].points()
        at = int(np.searchsorted(steps, x, side="right")) - 1
        if at >= 0:
            words.append(f"learning rate {number_text(float(rates[at]))}")
        self.caption.setText("  ·  ".join(words))


def shown_end(step: int, line: EpochLine | None, total: int) -> float:
    """The last step on the axis: one epoch, then 2, 4, 8, ... of them, so that it jumps seldom; never past the run's end."""
    if line is None:
        return max(step, 1)
    epochs = 1
    while line.step_of(epochs) < step:
        epochs *= 2
    return min(line.step_of(epochs), max(total, step))


def marks_of(knobs: list[KnobTurned]) -> tuple[Mark, ...]:
    """A mark for each step at which knobs were turned; turns of one knob there (a slider dragged while paused) are one."""
    turned: dict[int, dict[str, str]] = {}
    for turn in knobs:
        name = FieldFacts.of(Recipe, turn.knob).inline
        turned.setdefault(turn.step, {})[turn.knob] = f"{name} {number_text(turn.new)}"
    return tuple(Mark(step, ", ".join(words.values())) for step, words in turned.items())
