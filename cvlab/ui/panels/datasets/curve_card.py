"""The robustness curve: accuracy of both judges against the dial, growing while it is measured."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QWidget

from cvlab.engine.data.robustness import AMOUNTS, Measured
from cvlab.ui.panels.datasets.challenge_work import NEAREST, NET
from cvlab.ui.panels.datasets.pieces import button
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.dial_plot import DialLine, DialPlot
from cvlab.ui.widgets.legend import Key

_ROLES = {NEAREST: "held_out", NET: "train"}


class CurveCard(Card):
    """measure: a button for the owner, who does the work."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Accuracy against the dial", parent)
        self._here = 0.0
        self.points: tuple[Measured, ...] = ()
        self.is_busy = False
        self.keys = {name: Key(name, role, "points", "100.0 %", self) for name, role in _ROLES.items()}
        self.progress = QProgressBar(self)
        kept = self.progress.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # the plot does not jump when it is measured
        self.progress.setSizePolicy(kept)
        self.progress.hide()
        self.measure = button(
            self,
            "challenge_measure",
            "Measure",
            "Asks both judges about a sample of the test images at nine amounts, in the background.",
            role="chip",
        )
        self.plot = DialPlot("amount of the challenge", "accuracy", self)
        self.plot.setObjectName("datasets.challenge_curve")
        self.plot.setAccessibleName("Accuracy against the amount of the challenge")
        self.plot.setToolTip("Press or drag in the plot to put the dial there.")
        for key in self.keys.values():
            self.header.addWidget(key)
        self.header.addStretch(1)
        self.header.addWidget(self.measure)
        self.body.addWidget(self.progress)
        self.body.addWidget(self.plot, 1)

    def show_here(self, amount: float) -> None:
        self._here = amount
        self.plot.show_here(amount)
        self._show_values()

    def show_points(self, points: tuple[Measured, ...], classes: int, message: str = "") -> None:
        """What has been measured so far; message: words in place of nothing."""
        self.points = points
        lines = []
        for name, role in _ROLES.items():
            own = [point for point in points if point.judge == name]
            lines.append(DialLine(name, role, tuple(p.amount for p in own), tuple(p.accuracy for p in own)))
        self.plot.show_lines(tuple(lines), 1 / max(1, classes))
        self.plot.show_message("" if points else message)
        self.progress.setRange(0, points[0].total if points else 2 * len(AMOUNTS))
        self.progress.setValue(len(points))
        self._show_values()

    def show_busy(self, busy: bool) -> None:
        """Whether it is being measured: the button then stops it."""
        self.is_busy = busy
        self.progress.setVisible(busy)
        self.measure.setText("Stop" if busy else "Measure again" if self.points else "Measure")

    def _show_values(self) -> None:
        for line in self.plot.lines:
            value = line.at(self._here)
            self.keys[line.name].show_value("" if value is None else f"{value:.1%}".replace("%", " %"))
