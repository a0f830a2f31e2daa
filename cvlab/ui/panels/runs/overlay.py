"""The curves of the chosen runs, laid over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QVBoxLayout, QWidget
from superqt import QFlowLayout

from cvlab.core.panels.runs import AGAINST, CURVES, MOST_CHOSEN, RunsState
from cvlab.core.run_list import RunCurves, RunRow
from cvlab.ui.bind import bind, bind_choice, bind_toggle
from cvlab.ui.panels.runs.names import short_names
from cvlab.ui.widgets.controls import label, named
from cvlab.ui.widgets.figures import loss_text, share_text, share_tick_text, tick_text
from cvlab.ui.widgets.number import number_text
from cvlab.ui.widgets.plot import CurvePlot

_TITLES = {
    "held_out_accuracy": "Held-out accuracy", "held_out_loss": "Held-out loss", "epoch_accuracy": "Training accuracy",
    "epoch_loss": "Training loss", "accuracy": "Accuracy, each batch", "loss": "Loss, each batch",
    "learning_rate": "Learning rate",
}  # fmt: skip
_AXES = {"epoch": "epochs", "step": "steps", "seconds": "seconds"}
EPOCH_CURVES = ("held_out_accuracy", "held_out_loss", "epoch_accuracy", "epoch_loss")
_EMPTY = "Choose runs in the table: Ctrl and a click adds one, up to eight lie over each other."


class Overlay(QFrame):
    """One plot, one curve a run, in the run's colour."""

    def __init__(self, state: RunsState, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._state = state
        self._rows: Sequence[RunRow] = ()
        self._curves: Mapping[str, RunCurves] = {}
        self._keys: dict[CurvePlot, QWidget] = {}
        self.curve = named(
            QComboBox(self), "runs.curve", "Curve", "What is drawn of each run. Runs are chosen by the held-out split."
        )
        self.against = named(
            QComboBox(self), "runs.against", "Against",
            "What runs along. Epochs compare what was learned from the data; seconds what it cost.",
        )  # fmt: skip
        self.log = named(
            QCheckBox("Log", self), "runs.log", "Logarithmic axis", "Late, small differences become visible."
        )
        for name in CURVES:
            self.curve.addItem(_TITLES[name], name)
        for name in AGAINST:
            self.against.addItem(f"over {_AXES[name]}", name)
        for combo in (self.curve, self.against):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(12)
        self.note = label(self)
        controls = QHBoxLayout()
        controls.setContentsMargins(16, 10, 16, 0)
        controls.setSpacing(8)
        for widget in (self.curve, self.against, self.log):
            controls.addWidget(widget)
        controls.addStretch(1)
        controls.addWidget(self.note)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 6)
        self._column.setSpacing(0)
        self._column.addLayout(controls)
        self.losses = self._plot(loss_text, tick_text, "0.0000", None)
        self.shares = self._plot(share_text, share_tick_text, "100.0 %", 1.0)
        self.rates = self._plot(number_text, tick_text, "0.00001", None)
        bind_choice(self.curve, state, "curve")
        bind_choice(self.against, state, "against")
        bind_toggle(self.log, state, "log")
        for name in ("curve", "against", "log"):
            bind(self, state, name, self._draw)

    def _plot(self, text, tick, widest: str, top: float | None) -> CurvePlot:
        keys = QWidget(self)
        flow = QFlowLayout(keys)
        flow.setContentsMargins(20, 8, 16, 0)
        flow.setSpacing(12)
        self._column.addWidget(keys)
        plot = CurvePlot("", text=text, tick=tick, widest=widest, top=top, from_zero=False, keys=flow, parent=self)
        for slot in range(MOST_CHOSEN):
            plot.add_series(str(slot), "", f"class-{slot}", "points")
        plot.set_live(False)
        plot.hide()
        self._keys[plot] = keys
        self._column.addWidget(plot, 1)
        return plot

    @property
    def plot(self) -> CurvePlot:
        """The plot with the right axis for the curve."""
        name = self._state.curve
        return self.rates if name == "learning_rate" else self.shares if name.endswith("accuracy") else self.losses

    def show_runs(self, rows: Sequence[RunRow], curves: Mapping[str, RunCurves], waiting: bool) -> None:
        """rows: the chosen ones, in the order of their colours. curves: those read so far. waiting: for the others."""
        self._rows, self._curves = rows, curves
        self.note.setText("reading the metrics…" if waiting else "")
        self._draw()

    def _draw(self, _: object = None) -> None:
        state, plot = self._state, self.plot
        for other in (self.losses, self.shares, self.rates):
            other.setVisible(other is plot)
            self._keys[other].setVisible(other is plot and bool(self._rows))
        plot.set_log(state.log)
        plot.show_x(
            _AXES[state.against],
            whole=state.against == "step" or (state.against == "epoch" and state.curve in EPOCH_CURVES),
        )
        end = 0.0
        names = short_names(self._rows)
        for slot in range(MOST_CHOSEN):
            x = y = np.empty(0)
            if slot < len(self._rows):
                curves = self._curves.get(self._rows[slot].id)
                if curves is not None:
                    x, y = curves.over(state.against, state.curve)
                    end = max(end, float(x[-1]) if len(x) else 0.0)
            plot.show_series(str(slot), x, y)
            plot.show_key(str(slot), names[slot] if slot < len(self._rows) else "")
        plot.show_message("" if self._rows else _EMPTY)
        if self._rows and not end and all(row.id in self._curves for row in self._rows):
            plot.show_message("These runs have no such figures: nothing was held out, or no epoch was finished.")
        plot.refresh(end)
