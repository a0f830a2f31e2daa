"""Every product W_kd x_d of the worksheet with the running sum below it, and the scores at the end of each row."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.linear import Worksheet
from cvlab.ui.panels.linear.pieces import number
from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

_NAME, _SCORE, _HEAD, _GAP = 48.0, 112.0, 20.0, 6.0


class ProductsView(QWidget):
    """Tiles: the product large, what it was made of and the sum so far small. Blue raises a score, orange lowers it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Products and sums")
        self.setToolTip(
            "Each tile: weight times pixel, the product, and the sum up to here. Blue adds, orange takes away."
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMaximumHeight(400)
        self._sheet: Worksheet | None = None
        theme().changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        return QSize(480, 210)

    def show_sheet(self, sheet: Worksheet) -> None:
        self._sheet = sheet
        said = ", ".join(f"{name} {number(score)}" for name, score in zip(sheet.classes, sheet.scores, strict=True))
        self.setAccessibleDescription(f"Scores: {said}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._sheet is not None:
            self._paint(painter, self._sheet)
        painter.end()

    def _paint(self, painter: QPainter, sheet: Worksheet) -> None:
        products, sums = sheet.products, sheet.partial_sums  # (K, D)
        heads = [f"pixel {d + 1}" for d in range(len(sheet.x))] + ["the 1" if sheet.folds_bias else "bias"]
        if not sheet.folds_bias:
            products = np.column_stack([products, sheet.b])
            sums = np.column_stack([sums, sheet.scores])
        K, columns = products.shape
        width = (self.width() - _NAME - _SCORE) / columns
        height = min((self.height() - _HEAD) / K, 124.0)
        largest = float(np.abs(products).max()) or 1.0
        painter.setFont(self._font(12))
        painter.setPen(theme().colour("muted"))
        for d, head in enumerate([*heads, "score"]):
            left = _NAME + d * width
            painter.drawText(
                QRectF(left, 0, width if d < columns else _SCORE, _HEAD), Qt.AlignmentFlag.AlignCenter, head
            )
        best = int(np.argmax(sheet.scores))
        for k in range(K):
            top = _HEAD + k * height
            painter.setFont(self._font(13, bold=True))
            painter.setPen(theme().colour("ink"))
            painter.drawText(QRectF(0, top, _NAME, height), Qt.AlignmentFlag.AlignVCenter, sheet.classes[k])
            for d in range(columns):
                area = QRectF(_NAME + d * width, top, width, height).adjusted(_GAP / 2, _GAP / 2, -_GAP / 2, -_GAP / 2)
                self._paint_tile(painter, area, self._made_of(sheet, k, d), products[k, d], sums[k, d], largest)
            area = QRectF(_NAME + columns * width, top, _SCORE, height).adjusted(8, _GAP / 2, 0, -_GAP / 2)
            self._paint_score(painter, area, float(sheet.scores[k]), k == best)

    @staticmethod
    def _made_of(sheet: Worksheet, k: int, d: int) -> str:
        if d == len(sheet.x) and not sheet.folds_bias:
            return "+ b"
        return f"{number(sheet.weights[k, d])} × {number(sheet.inputs[d])}"

    def _paint_tile(
        self, painter: QPainter, area: QRectF, made_of: str, product: float, so_far: float, largest: float
    ) -> None:
        look = theme()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("sunken"))
        painter.drawRoundedRect(area, 6, 6)
        painter.setBrush(look.colour("accent" if product >= 0 else "held_out", 0.06 + 0.28 * abs(product) / largest))
        painter.drawRoundedRect(area, 6, 6)
        third = area.height() / 3
        for i, (text, size, role) in enumerate(
            ((made_of, 11, "muted"), (number(product), 15, "ink"), (f"Σ {number(so_far)}", 11, "muted"))
        ):
            painter.setFont(self._font(size, bold=size == 15))
            painter.setPen(look.colour(role))
            painter.drawText(
                QRectF(area.left(), area.top() + i * third, area.width(), third), Qt.AlignmentFlag.AlignCenter, text
            )

    def _paint_score(self, painter: QPainter, area: QRectF, score: float, wins: bool) -> None:
        look = theme()
        painter.setBrush(look.colour("accent_soft") if wins else Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look.colour("accent" if wins else "faint"), 1.5 if wins else 1))
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setFont(self._font(16, bold=True))
        painter.setPen(look.colour("accent" if wins else "ink"))
        painter.drawText(area.adjusted(0, 0, 0, -14 if wins else 0), Qt.AlignmentFlag.AlignCenter, number(score))
        if wins:
            painter.setFont(self._font(11))
            painter.drawText(area.adjusted(0, 22, 0, 0), Qt.AlignmentFlag.AlignCenter, "highest")

    def _font(self, size: int, *, bold: bool = False):
        made = tabular(self.font())
        made.setPixelSize(size)
        made.setBold(bold)
        return made
