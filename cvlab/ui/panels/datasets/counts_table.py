"""How many images of each class are in each part, with the share of each class that validates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

_ROW, _COLUMN = 24, 72


class CountsTable(QWidget):
    """Rows of class, training, validation, test. A locked test column shows how many, never which."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._counts = np.zeros((0, 3), np.int64)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def show_counts(self, names: Sequence[str], counts: np.ndarray) -> None:
        """counts: (K, 3), images of each class to train on, validate and test on."""
        self._names, self._counts = tuple(names), counts
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    @property
    def counts(self) -> np.ndarray:
        return self._counts

    def sizeHint(self) -> QSize:
        return QSize(360, _ROW * (len(self._names) + 2))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        plain, bold = tabular(self.font()), tabular(self.font(), QFont.Weight.DemiBold)
        heads = ("Training", "Validation", "Test")
        columns = [self.width() - (2 - i) * _COLUMN - 4 for i in range(3)]
        vertical = int(Qt.AlignmentFlag.AlignVCenter)

        def row(number: int, name: str, values: Sequence[str], font: QFont, role: str) -> None:
            y = number * _ROW
            painter.setFont(font)
            painter.setPen(theme().colour(role))
            room = columns[0] - _COLUMN + 4
            words = QFontMetricsF(font).elidedText(name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRectF(2, y, room, _ROW), vertical | int(Qt.AlignmentFlag.AlignLeft), words)
            for right, value in zip(columns, values, strict=True):
                painter.drawText(
                    QRectF(right - _COLUMN, y, _COLUMN, _ROW), vertical | int(Qt.AlignmentFlag.AlignRight), value
                )

        row(0, "Class", heads, plain, "muted")
        painter.setPen(QPen(theme().colour("faint"), 1))
        painter.drawLine(0, _ROW - 1, self.width(), _ROW - 1)
        first = max(0, event.rect().top() // _ROW - 1)
        last = min(len(self._names), event.rect().bottom() // _ROW + 1)
        for number in range(first, last):
            row(number + 1, self._names[number], [f"{value:,}" for value in self._counts[number]], plain, "ink")
        foot = len(self._names) + 1
        painter.setPen(QPen(theme().colour("faint"), 1))
        painter.drawLine(0, foot * _ROW, self.width(), foot * _ROW)
        row(foot, "All", [f"{value:,}" for value in self._counts.sum(0)], bold, "ink")
        painter.end()
