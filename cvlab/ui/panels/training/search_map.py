"""Every trial of a search as a line across the settings to its score: what the good ones have in common can be seen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from cvlab.engine.training.search import Axis, Trial, best_of
from cvlab.ui.panels.training.search_canvas import SearchCanvas
from cvlab.ui.panels.training.search_heat import title_of
from cvlab.ui.theme import theme
from cvlab.ui.theme.style import mix
from cvlab.ui.widgets.figures import share_text
from cvlab.ui.widgets.number import number_text

_TOP, _FOOT, _SIDE = 34, 22, 58


class SearchMap(SearchCanvas):
    """Parallel coordinates: one upright axis a setting, the last one the held-out accuracy. pointed(trial number or -1)."""

    pointed = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            "Trials",
            "Each line is a trial: where it crosses an axis is its value there. Darker: better on held-out images.",
            parent,
        )
        self._axes: tuple[Axis, ...] = ()
        self._trials: list[Trial] = []
        self._under = -1

    def show_trials(self, axes: tuple[Axis, ...], trials: Sequence[Trial]) -> None:
        self._axes, self._trials = axes, [trial for trial in trials if trial.score is not None]
        self._under = -1
        self.update()

    # -- geometry --------------------------------------------------------------------------------------------------------

    def _scores(self) -> tuple[float, float]:
        scores = [trial.score for trial in self._trials]
        low, high = min(scores), max(scores)
        return (low, high) if high > low else (low - 0.01, high + 0.01)

    def _x(self, i: int) -> float:
        return _SIDE + (self.width() - 2 * _SIDE) * i / max(len(self._axes), 1)

    def _y(self, share: float) -> float:
        return self.height() - _FOOT - (self.height() - _TOP - _FOOT) * share

    def points(self, trial: Trial) -> list[QPointF]:
        """Where the line of a trial crosses the axes."""
        low, high = self._scores()
        crossed = [self._y(axis.share(trial.values[axis.path])) for axis in self._axes]
        crossed.append(self._y((trial.score - low) / (high - low)))
        return [QPointF(self._x(i), y) for i, y in enumerate(crossed)]

    def trial_at(self, place: QPointF) -> int:
        """The number of the trial whose line passes within six pixels; -1 for none."""
        nearest, best = 6.0, -1
        for trial in self._trials:
            points = self.points(trial)
            for a, b in itertools.pairwise(points):
                if a.x() <= place.x() <= b.x() and b.x() > a.x():
                    y = a.y() + (b.y() - a.y()) * (place.x() - a.x()) / (b.x() - a.x())
                    if abs(y - place.y()) < nearest:
                        nearest, best = abs(y - place.y()), trial.number
        return best

    # -- painting ----------------------------------------------------------------------------------------------------------

    @property
    def is_empty(self) -> bool:
        return not self._trials

    def paint(self, painter: QPainter) -> None:
        low, high = self._scores()
        tokens = theme().tokens
        best = best_of(self._trials)
        for trial in sorted(self._trials, key=lambda each: each.score):
            share = (trial.score - low) / (high - low)
            is_chosen = trial.number == self._under or trial is best
            colour = QColor(tokens.accent if is_chosen else mix(tokens.raised, tokens.ink, 0.12 + 0.5 * share))
            painter.setPen(QPen(colour, 2.4 if is_chosen else 1.2))
            painter.drawPolyline(QPolygonF(self.points(trial)))
        for i, axis in enumerate(self._axes):
            high_text, low_text = (
                (str(axis.values[-1]), str(axis.values[0])) if axis.values else map(_text, (axis.high, axis.low))
            )
            self._axis(painter, i, title_of(axis), high_text, low_text)
        self._axis(painter, len(self._axes), "held out", share_text(high), share_text(low))

    def _axis(self, painter: QPainter, i: int, title: str, high: str, low: str) -> None:
        x = self._x(i)
        painter.setPen(QPen(theme().colour("line"), 1))
        painter.drawLine(QPointF(x, self._y(0)), QPointF(x, self._y(1)))
        middle = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(theme().colour("ink"))
        painter.drawText(QRectF(x - _SIDE, 0, 2 * _SIDE, 16), middle, title)
        painter.setPen(theme().colour("muted"))
        painter.drawText(QRectF(x - _SIDE, 16, 2 * _SIDE, 15), middle, high)
        painter.drawText(QRectF(x - _SIDE, self.height() - _FOOT + 4, 2 * _SIDE, 15), middle, low)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        under = self.trial_at(event.position()) if self._trials else -1
        if under != self._under:
            self._under = under
            self.pointed.emit(under)
            self.update()


def _text(value: float | None) -> str:
    return number_text(float(f"{value:.3g}")) if value is not None else ""
