"""The learning rate over the epochs, as the recipe says: a small curve under the schedule's settings."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.training.recipe import Recipe
from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import SMALL
from cvlab.ui.widgets.bars import tabular
from cvlab.ui.widgets.number import number_text

_POINTS = 160
_HEIGHT = 92


class SchedulePreview(QWidget):
    """Rates from 0 to the highest, epochs from 0 to the last; the first and the last rate are written out."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._recipe = Recipe()
        self.setAccessibleName("Learning rate over the epochs")
        self.setToolTip("The learning rate of every step, from the first to the last epoch of the recipe.")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT)

    def show_recipe(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self.update()

    def rates(self) -> list[float]:
        """The rate at evenly spaced epochs."""
        recipe = self._recipe
        base, epochs = recipe.optimizer.learning_rate, recipe.epochs
        return [recipe.schedule.rate(base, epochs * i / _POINTS, epochs) for i in range(_POINTS + 1)]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = tabular(self.font())
        font.setPixelSize(SMALL - 1)
        painter.setFont(font)
        area = QRectF(self.rect()).adjusted(2, 18, -2, -16)
        rates = self.rates()
        high = max(rates) or 1.0
        painter.setPen(QPen(theme().colour("faint"), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        points = [
            QPointF(area.left() + area.width() * i / _POINTS, area.bottom() - area.height() * rate / high)
            for i, rate in enumerate(rates)
        ]
        painter.setPen(QPen(theme().colour("accent"), 2))
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(theme().colour("muted"))
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        above = QRectF(0, 0, self.width(), 16)
        below = QRectF(0, self.height() - 15, self.width(), 15)
        painter.drawText(above, left | Qt.AlignmentFlag.AlignTop, f"rate {number_text(float(f'{rates[0]:.2g}'))}")
        painter.drawText(above, right | Qt.AlignmentFlag.AlignTop, number_text(float(f"{rates[-1]:.2g}")))
        painter.drawText(below, left | Qt.AlignmentFlag.AlignBottom, "epoch 0")
        painter.drawText(below, right | Qt.AlignmentFlag.AlignBottom, f"{self._recipe.epochs:,}")
        painter.end()
