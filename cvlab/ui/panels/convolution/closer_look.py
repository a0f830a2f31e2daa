"""The sum under the workbench's window: pixels, kernel and products as three boards, and what they add up to."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.panels.convolution.board import Board
from cvlab.ui.panels.convolution.pieces import number
from cvlab.ui.panels.convolution.tile import signed_colour, sized
from cvlab.ui.theme import theme

_SIGN, _SUM = 28.0, 44.0
"""Room for a sign, and for the sum's."""
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)


class CloserLook(QWidget):
    """Patch × kernel = products, Σ = the pixel of the result."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("The sum under the window")
        self.setToolTip(
            "Pixels from 0 (black) to 1 (white), times the kernel's numbers; the products' sum is the pixel of the result."
        )
        self._patch = self._kernel = np.zeros((3, 3))
        self._total, self._channel = 0.0, ""
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(600, 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(420, 130)

    def show_sum(self, patch: np.ndarray, kernel: np.ndarray, channel: str) -> None:
        """patch, kernel: (F, F). channel: which one of a colour picture, or ""."""
        self._patch, self._kernel, self._channel = patch, kernel, channel
        self._total = float((patch * kernel).sum())
        self.setAccessibleDescription(f"The sum is {number(self._total)}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), theme().colour("raised"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint(painter)
        painter.end()

    def _paint(self, painter: QPainter) -> None:
        look, F = theme(), len(self._kernel)
        products = self._patch * self._kernel
        high = self.height() - 20.0
        last = 84.0
        signs = 2 * _SIGN + _SUM
        wide = min((self.width() - signs - last) / 3, high * 1.7, 56.0 * F)
        wide, high = wide // F * F, high // F * F
        left = (self.width() - 3 * wide - signs - last) // 2
        largest = float(np.abs(self._kernel).max()) or 1.0
        shown = (
            (self._patch, f"pixels{self._channel}", "grey", 1.0, "×", _SIGN),
            (self._kernel, "kernel", "signed", largest, "=", _SIGN),
            (products, "products", "signed", largest, "Σ =", _SUM),
        )
        for values, caption, kind, strongest, sign, room in shown:
            area = QRectF(left, 18, wide, high)
            Board("", (), values, area, caption, kind, strongest).paint(painter)
            painter.setFont(sized(self.font(), 15))
            painter.setPen(look.colour("muted"))
            painter.drawText(QRectF(area.right(), 18, room, high), _CENTRE, sign)
            left += wide + room
        chip = QRectF(left + 4, 18 + high / 2 - 18, last - 8, 36)
        painter.setPen(QPen(look.colour("accent"), 2))
        painter.setBrush(signed_colour(self._total, max(largest * F, 1e-9)))
        painter.drawRoundedRect(chip, 6, 6)
        painter.setFont(sized(self.font(), 15, bold=True))
        painter.setPen(look.colour("ink"))
        painter.drawText(chip, _CENTRE, number(self._total))
