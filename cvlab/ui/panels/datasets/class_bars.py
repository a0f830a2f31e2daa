"""How many images each class has, as bars that filter when they are clicked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

_ROW = 26


class ClassBars(QWidget):
    """toggled: the number of a class that was clicked (a plain click chooses it alone, with Ctrl it joins or leaves)."""

    toggled = Signal(int, bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._counts = np.zeros(0, np.int64)
        self._chosen: tuple[int, ...] = ()
        self._row = 0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme().changed.connect(self.update)

    def show_classes(self, names: Sequence[str], counts: np.ndarray) -> None:
        self._names, self._counts = tuple(names), counts
        self._row = min(self._row, max(0, len(names) - 1))
        self.setFixedHeight(self.sizeHint().height())
        self.updateGeometry()
        self.update()

    def show_chosen(self, chosen: tuple[int, ...]) -> None:
        """Those that the filter lets through; none means all."""
        self._chosen = chosen
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(190, max(1, len(self._names)) * _ROW)

    def minimumSizeHint(self) -> QSize:
        return QSize(150, _ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(tabular(self.font()))
        metrics = QFontMetricsF(painter.font())
        largest = max(1, int(self._counts.max(initial=1)))
        figure = metrics.horizontalAdvance(f"{largest:,}") + 4
        vertical = int(Qt.AlignmentFlag.AlignVCenter)
        first, last = event.rect().top() // _ROW, event.rect().bottom() // _ROW
        for number in range(first, min(last + 1, len(self._names))):
            area = QRectF(0, number * _ROW, self.width(), _ROW)
            passes = not self._chosen or number in self._chosen
            if number in self._chosen:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().colour("accent_soft"))
                painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 5, 5)
            room = area.adjusted(8, 0, -8, 0)
            painter.setPen(theme().colour("ink" if passes else "muted"))
            words = metrics.elidedText(self._names[number], Qt.TextElideMode.ElideRight, room.width() - figure - 8)
            painter.drawText(room, vertical | int(Qt.AlignmentFlag.AlignLeft), words)
            painter.setPen(theme().colour("muted"))
            painter.drawText(room, vertical | int(Qt.AlignmentFlag.AlignRight), f"{self._counts[number]:,}")
            track = QRectF(room.left(), area.bottom() - 5, room.width(), 3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour("faint"))
            painter.drawRoundedRect(track, 1.5, 1.5)
            track.setWidth(track.width() * self._counts[number] / largest)
            hue = f"class-{number}" if len(self._names) <= 10 else "accent"
            painter.setBrush(theme().colour(hue, 1.0 if passes else 0.35))
            painter.drawRoundedRect(track, 1.5, 1.5)
            if self.hasFocus() and number == self._row:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme().colour("accent"), 1.5))
                painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 5, 5)
        painter.end()

    def _at(self, place: QPointF) -> int:
        number = int(place.y() // _ROW)
        return number if 0 <= number < len(self._names) else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and number >= 0:
            self._row = number
            self.toggled.emit(number, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        if event.key() in (keys.Key_Up, keys.Key_Down) and self._names:
            self._row = min(max(self._row + (1 if event.key() == keys.Key_Down else -1), 0), len(self._names) - 1)
            self.update()
        elif event.key() in (keys.Key_Space, keys.Key_Return, keys.Key_Enter) and self._names:
            self.toggled.emit(self._row, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QEvent) -> None:
        self.update()

    def focusOutEvent(self, event: QEvent) -> None:
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = self._at(QPointF(event.pos()))
            words = f"{self._names[number]}: {self._counts[number]:,} images" if number >= 0 else self.toolTip()
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)
