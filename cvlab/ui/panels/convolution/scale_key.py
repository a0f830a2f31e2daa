"""The key of the colours: orange below 0, blue above, the same in the whole panel; signs are written, too."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from cvlab.ui.panels.convolution.tile import signed_colour, sized
from cvlab.ui.theme import theme

_STEPS = 7


class ScaleKey(QWidget):
    """Seven swatches from − to +."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(QSize(96, 16))
        self.setAccessibleName("Key of the colours")
        self.setToolTip(
            "Blue is above 0, orange below, and the deeper the larger. The sign is written in every cell, too."
        )
        theme().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(sized(self.font(), 12))
        painter.setPen(theme().colour("muted"))
        painter.drawText(QRectF(0, 0, 16, 16), int(Qt.AlignmentFlag.AlignCenter), "−")
        painter.drawText(QRectF(80, 0, 16, 16), int(Qt.AlignmentFlag.AlignCenter), "+")
        painter.setPen(Qt.PenStyle.NoPen)
        for step in range(_STEPS):
            painter.setBrush(signed_colour(step - _STEPS // 2, _STEPS // 2))
            painter.drawRoundedRect(QRectF(17 + step * 8.8, 3, 7.8, 10), 2, 2)
        painter.end()
