"""A confusion matrix: rows are what images are, columns what they were taken for. It knows only counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.theme.style import mix
from cvlab.ui.theme.tokens import SMALL
from cvlab.ui.widgets.bars import tabular

_HEAD, _GAP, _FIGURE = 22.0, 1.0, 46.0
_MOVES = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class ConfusionMatrix(QWidget):
    """Squares shaded by their share of the row, the diagonal in the colour of success, the rest in that of mistakes; each row
    ends with the share that is right.

    chosen(row, column): a cell was clicked, or Enter pressed on it. Arrow keys move from cell to cell.
    """

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts: np.ndarray | None = None
        self._classes: tuple[str, ...] = ()
        self._message = ""
        self._at: tuple[int, int] | None = None
        self._picked: tuple[int, int] | None = None
        self.setAccessibleName("Confusion matrix")
        self.setToolTip("Rows: what the images are. Columns: what they were taken for. Click a cell to see its images.")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    # -- for the owner -----------------------------------------------------------------------------------------------

    def show_counts(self, counts: np.ndarray, classes: Sequence[str]) -> None:
        """counts: (K, K) whole numbers, [true class, predicted class]. classes: K names."""
        counts = np.asarray(counts)
        if counts.shape != (len(classes), len(classes)):
            raise ValueError(f"{len(classes)} classes need a square of counts, not {counts.shape}")
        if tuple(classes) != self._classes:
            self._at = self._picked = None
        self._counts, self._classes, self._message = counts, tuple(classes), ""
        total, right = int(counts.sum()), int(np.trace(counts))
        self.setAccessibleDescription(f"{right:,} of {total:,} on the diagonal")
        self.update()

    def show_message(self, message: str) -> None:
        """Words in place of counts."""
        self._counts, self._message, self._at, self._picked = None, message, None, None
        self.setAccessibleDescription(message)
        self.update()

    def pick(self, cell: tuple[int, int] | None) -> None:
        """Frames the cell whose images are shown; None for none."""
        self._picked = cell
        self.update()

    @property
    def counts(self) -> np.ndarray | None:
        """What is shown, (K, K), or None."""
        return self._counts

    def sizeHint(self) -> QSize:
        return QSize(380, 340)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 200)

    # -- geometry ----------------------------------------------------------------------------------------------------

    def _font(self, *, bold: bool = False):
        made = tabular(self.font())
        made.setPixelSize(SMALL)
        made.setBold(bold)
        return made

    def _side(self) -> tuple[float, float]:
        """(width of the names, side of a cell)"""
        metrics = QFontMetricsF(self._font())
        names = max((metrics.horizontalAdvance(name) for name in self._classes), default=0.0) + 10
        names = min(names, self.width() * 0.3)
        count = max(1, len(self._classes))
        side = min((self.width() - names - _FIGURE) / count, (self.height() - 2 * _HEAD) / count)
        return names, max(side, 4.0)

    def cell(self, row: int, column: int) -> QRectF:
        """Where a cell is, in pixels."""
        names, side = self._side()
        return QRectF(names + column * side, 2 * _HEAD + row * side, side, side).adjusted(0, 0, -_GAP, -_GAP)

    def _under(self, place: QPointF) -> tuple[int, int] | None:
        names, side = self._side()
        column, row = int((place.x() - names) // side), int((place.y() - 2 * _HEAD) // side)
        inside = 0 <= row < len(self._classes) and 0 <= column < len(self._classes)
        return (row, column) if inside and self._counts is not None else None

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._counts is None:
            painter.setPen(theme().colour("muted"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._message)
        else:
            self._paint(painter, self._counts)
        painter.end()

    def _paint(self, painter: QPainter, counts: np.ndarray) -> None:
        look, (names, side) = theme(), self._side()
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        painter.setFont(self._font())
        self._paint_heads(painter, names, side)
        small = self._font()
        small.setPixelSize(max(8, min(SMALL, round(side * 0.34))))
        for row in range(len(counts)):
            top = 2 * _HEAD + row * side
            lit = self._at is not None and self._at[0] == row
            painter.setFont(self._font(bold=lit))
            painter.setPen(look.colour("ink" if lit else "muted"))
            name = QFontMetricsF(painter.font()).elidedText(self._classes[row], Qt.TextElideMode.ElideRight, names - 8)
            painter.drawText(
                QRectF(0, top, names - 8, side), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), name
            )
            for column in range(len(counts)):
                self._paint_cell(painter, row, column, int(counts[row, column]), float(shares[row, column]), small)
            painter.setFont(self._font(bold=lit))
            painter.setPen(look.colour("ink"))
            figure = f"{shares[row, row]:.0%}".replace("%", " %") if counts[row].sum() else "–"
            right = QRectF(names + len(counts) * side, top, _FIGURE - 4, side)
            painter.drawText(right, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), figure)

    def _paint_heads(self, painter: QPainter, names: float, side: float) -> None:
        look = theme()
        painter.setPen(look.colour("muted"))
        across = side * len(self._classes)
        painter.drawText(QRectF(names, 0, across, _HEAD), int(Qt.AlignmentFlag.AlignCenter), "taken for")
        painter.drawText(
            QRectF(0, _HEAD, names - 8, _HEAD), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), "is"
        )
        painter.drawText(
            QRectF(names + across, _HEAD, _FIGURE - 4, _HEAD),
            int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
            "right",
        )
        for column, name in enumerate(self._classes):
            lit = self._at is not None and self._at[1] == column
            painter.setFont(self._font(bold=lit))
            painter.setPen(look.colour("ink" if lit else "muted"))
            text = _shortened(name, QFontMetricsF(painter.font()), side - 2)
            painter.drawText(QRectF(names + column * side, _HEAD, side, _HEAD), int(Qt.AlignmentFlag.AlignCenter), text)
        painter.setFont(self._font())

    def _paint_cell(self, painter: QPainter, row: int, column: int, count: int, share: float, font) -> None:
        look, area = theme(), self.cell(row, column)
        role = "positive" if row == column else "negative"
        # The root lifts the few per cent in which mistakes come.
        ground = QColor(mix(look.tokens.sunken, getattr(look.tokens, role), 0.9 * share**0.5))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(area, 2, 2)
        if (row, column) in (self._at, self._picked):
            painter.setPen(QPen(look.colour("accent" if (row, column) == self._picked else "ink"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 2, 2)
        if count and area.width() > 15:
            painter.setFont(font)
            dark_ground = ground.lightnessF() < 0.5
            painter.setPen(look.colour("ink" if dark_ground == look.is_dark else "raised"))
            text = f"{count}" if count < 10_000 else f"{count / 1000:.0f}k"
            if QFontMetricsF(font).horizontalAdvance(text) <= area.width():
                painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), text)

    # -- pointer and keys --------------------------------------------------------------------------------------------

    def explanation(self, cell: tuple[int, int]) -> str:
        """What a cell says, in a sentence."""
        row, column = cell
        count, whole = int(self._counts[row, column]), int(self._counts[row].sum())
        share = f"{count / whole:.1%}".replace("%", " %") if whole else "–"
        what = "and were recognised" if row == column else f"but were taken for {self._classes[column]}"
        return f"{count:,} of {whole:,} ({share}) are {self._classes[row]}, {what}."

    def _point(self, cell: tuple[int, int] | None) -> None:
        if cell != self._at:
            self._at = cell
            if cell is not None:
                self.setAccessibleDescription(self.explanation(cell))
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point(self._under(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._under(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._point(cell)
            self.chosen.emit(*cell)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        keys = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
        if self._at is None and self._counts is not None and event.reason() in keys:
            self._point(self._picked or (0, 0))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._point(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._counts is None:
            super().keyPressEvent(event)
        elif event.key() in _MOVES and not event.modifiers() & Qt.KeyboardModifier.AltModifier:
            (row, column), (down, right), last = self._at or (0, 0), _MOVES[event.key()], len(self._classes) - 1
            self._point((min(max(row + down, 0), last), min(max(column + right, 0), last)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._at is not None:
            self.chosen.emit(*self._at)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._counts is not None:
            cell = self._under(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.explanation(cell) if cell else self.toolTip(), self)
            return True
        return super().event(event)


def _shortened(name: str, metrics: QFontMetricsF, room: float) -> str:
    """The name, or as many of its first letters as fit."""
    while name and metrics.horizontalAdvance(name) > room:
        name = name[:-1]
    return name
