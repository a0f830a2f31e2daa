"""Distributions over time as one picture: a column a look, darker where more of the numbers lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.theme.style import mix
from cvlab.ui.theme.tokens import SMALL
from cvlab.ui.widgets.bars import tabular
from cvlab.ui.widgets.finish import wrapped
from cvlab.ui.widgets.number import number_text

if TYPE_CHECKING:
    from cvlab.engine.training.views import Distribution

KEPT = 160
"""Columns kept; when they are full, every second one goes, so that the picture always begins at the run's start."""
ROWS = 48


class HistogramStrip(QWidget):
    """Values upwards, looks to the right, zero as a line. The scale is symmetric where values have both signs; σ is the standard
    deviation of the newest look, whose mean the tool tip tells, too."""

    def __init__(self, role: str, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._role = role
        self._past: list[Distribution] = []
        self._steps: list[int] = []
        self._words = f"{words}. Each column is one look; darker: more of the numbers lie there."
        self.setAccessibleName(words)
        self.setToolTip(wrapped(self._words))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(150, 56)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, 56)

    def clear(self) -> None:
        self._past.clear()
        self._steps.clear()
        self.update()

    def show_look(self, step: int, distribution: Distribution | None) -> None:
        """The next look, to the right of those before it. None leaves all as it is."""
        if distribution is None or (self._steps and step <= self._steps[-1]):
            return
        self._past.append(distribution)
        self._steps.append(step)
        if len(self._past) > KEPT:
            self._past, self._steps = self._past[::2], self._steps[::2]
        last = distribution
        now = f"mean {number_text(float(f'{last.mean:.3g}'))}, deviation {number_text(float(f'{last.std:.3g}'))}"
        self.setAccessibleDescription(now)
        self.setToolTip(wrapped(f"{self._words} Now: {now}."))
        self.update()

    @property
    def looks(self) -> int:
        """Columns shown."""
        return len(self._past)

    def scale(self) -> tuple[float, float]:
        """(low, high) of the picture: what all looks have in common, without the rarest thousandth of each."""
        spans = [_span(each) for each in self._past]
        low, high = min(a for a, _ in spans), max(b for _, b in spans)
        if low < 0 < high:
            high = max(-low, high)
            low = -high
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def picture(self) -> np.ndarray:
        """(ROWS, looks) shares of the fullest bin of each look, 0..1, the highest value on top."""
        low, high = self.scale()
        edges = np.linspace(low, high, ROWS + 1)
        columns = []
        for each in self._past:
            own = np.linspace(each.low, max(each.high, each.low + 1e-12), len(each.counts) + 1)
            below = np.concatenate([[0], np.cumsum(each.counts)])
            column = np.diff(np.interp(edges, own, below))
            columns.append(column / max(column.max(), 1e-12))
        return np.stack(columns, axis=1)[::-1]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = QRectF(self.rect()).adjusted(0, 0, -54, 0)
        tokens = theme().tokens
        painter.fillRect(area, QColor(tokens.sunken))
        if self._past:
            levels = np.ascontiguousarray((self.picture() ** 0.5 * 255).astype(np.uint8))
            wide = np.zeros((ROWS, -(-levels.shape[1] // 4) * 4), np.uint8)
            wide[:, : levels.shape[1]] = levels
            image = QImage(wide.data, levels.shape[1], ROWS, wide.shape[1], QImage.Format.Format_Indexed8)
            ink = theme().colour(self._role).name()
            image.setColorTable([QColor(mix(tokens.sunken, ink, i / 255)).rgba() for i in range(256)])
            painter.drawImage(area, image)
            self._draw_scale(painter, area)
        painter.end()

    def _draw_scale(self, painter: QPainter, area: QRectF) -> None:
        low, high = self.scale()
        font = tabular(self.font())
        font.setPixelSize(SMALL - 1)
        painter.setFont(font)
        painter.setPen(theme().colour("muted"))
        right = QRectF(area.right() + 6, 0, 48, area.height())
        painter.drawText(right, Qt.AlignmentFlag.AlignTop, _short(high))
        painter.drawText(right, Qt.AlignmentFlag.AlignBottom, _short(low))
        painter.setPen(theme().colour("ink"))
        painter.drawText(right, Qt.AlignmentFlag.AlignVCenter, f"σ {_short(self._past[-1].std)}")
        if low < 0 < high:
            y = area.top() + area.height() * high / (high - low)
            painter.setPen(QPen(theme().colour("muted", 0.5), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))


def _span(each: Distribution) -> tuple[float, float]:
    """Between which values all but the rarest thousandth at either end lie."""
    total = each.counts.sum()
    if not total:
        return each.low, each.high
    share = np.cumsum(each.counts) / total
    width = (each.high - each.low) / len(each.counts)
    first, last = int(np.searchsorted(share, 0.001)), int(np.searchsorted(share, 0.999))
    return each.low + first * width, each.low + (last + 1) * width


def _short(value: float) -> str:
    return number_text(float(f"{value:.2g}"))
