"""The plane of the 2-D lab: shaded regions, each class's line with its normal, and the points, which can be dragged."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.classifier import LinearClassifier
from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

SPAN = 2.0
"""The plane shows -SPAN..SPAN along its shorter side."""
_CELLS = 160
_REACH = 11.0


class Plane(QWidget):
    """added(x, y), moved(i, x, y), removed(i), released(): what the person does with points. chosen(i): -1 for none."""

    added = Signal(float, float)
    moved = Signal(int, float, float)
    removed = Signal(int)
    released = Signal()
    chosen = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("linear.plane")
        self.setAccessibleName("Points and class lines")
        self.setToolTip(
            "Click to add a point of the chosen class, drag to move one, right-click to delete it. Along a class's line its "
            "score is 0; the arrow shows where it grows."
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.selected = -1
        self._classifier: LinearClassifier | None = None
        self._dragged = -1
        theme().changed.connect(self.update)

    def minimumSizeHint(self) -> QSize:
        return QSize(300, 220)

    def show_classifier(self, classifier: LinearClassifier) -> None:
        self._classifier = classifier
        if self.selected >= len(classifier.X):
            self.selected = -1
        self.update()

    def select(self, i: int) -> None:
        if i != self.selected:
            self.selected = i
            self.chosen.emit(i)
            self.update()

    # -- places ------------------------------------------------------------------------------------------------------

    def _unit(self) -> float:
        return max(1.0, min(self.width(), self.height()) / (2 * SPAN))

    def place(self, x: float, y: float) -> QPointF:
        """Where a point of the plane is, in pixels."""
        return QPointF(self.width() / 2 + x * self._unit(), self.height() / 2 - y * self._unit())

    def _at(self, place: QPointF) -> tuple[float, float]:
        x, y = (place.x() - self.width() / 2) / self._unit(), (self.height() / 2 - place.y()) / self._unit()
        return round(x, 3), round(y, 3)

    def _under(self, place: QPointF) -> int:
        """The point under a pixel, the topmost; -1 for none."""
        if self._classifier is None or not len(self._classifier.X):
            return -1
        X = self._classifier.X
        dx = self.width() / 2 + X[:, 0] * self._unit() - place.x()
        dy = self.height() / 2 - X[:, 1] * self._unit() - place.y()
        near = np.flatnonzero(dx**2 + dy**2 <= _REACH**2)
        return int(near[-1]) if len(near) else -1

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme().colour("sunken"))
        if self._classifier is not None:
            self._paint_regions(painter)
            self._paint_axes(painter)
            for k in range(self._classifier.classes):
                self._paint_line(painter, k)
            self._paint_points(painter)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        focused = self.hasFocus()
        painter.setPen(QPen(theme().colour("accent" if focused else "faint"), 2 if focused else 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_regions(self, painter: QPainter) -> None:
        made, unit = self._classifier, self._unit()
        columns, rows = _CELLS, max(2, round(_CELLS * self.height() / max(1, self.width())))
        x = ((np.arange(columns) + 0.5) / columns - 0.5) * self.width() / unit
        y = (0.5 - (np.arange(rows) + 0.5) / rows) * self.height() / unit
        scores = np.multiply.outer(made.W[:, 1], y)[:, :, None] + np.multiply.outer(made.W[:, 0], x)[:, None, :]
        winner = (scores + made.b[:, None, None]).argmax(axis=0).astype(np.uint8)  # (rows, columns)
        image = QImage(winner.tobytes(), columns, rows, columns, QImage.Format.Format_Indexed8)
        image.setColorTable([theme().colour(f"class-{k}", 0.20).rgba() for k in range(made.classes)])
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(self.rect()), image.convertToFormat(QImage.Format.Format_ARGB32))

    def _paint_axes(self, painter: QPainter) -> None:
        middle = self.place(0, 0)
        painter.setPen(QPen(theme().colour("line", 0.4), 1))
        painter.drawLine(QPointF(0, middle.y()), QPointF(self.width(), middle.y()))
        painter.drawLine(QPointF(middle.x(), 0), QPointF(middle.x(), self.height()))
        painter.setFont(self._font(11))
        painter.setPen(theme().colour("muted"))
        for value in (-1, 1):
            at = self.place(value, 0)
            painter.drawText(
                QRectF(at.x() - 16, at.y() + 2, 32, 14), Qt.AlignmentFlag.AlignHCenter, f"{value}".replace("-", "−")
            )
            at = self.place(0, value)
            painter.drawText(
                QRectF(at.x() + 5, at.y() - 8, 30, 16), Qt.AlignmentFlag.AlignVCenter, f"{value}".replace("-", "−")
            )
        painter.drawText(QRectF(self.width() - 22, middle.y() - 18, 16, 14), Qt.AlignmentFlag.AlignRight, "x")
        painter.drawText(QRectF(middle.x() + 6, 4, 16, 14), Qt.AlignmentFlag.AlignLeft, "y")

    def _paint_line(self, painter: QPainter, k: int) -> None:
        line = self._classifier.lines()[k]
        if line.point is None or not np.abs(line.point).max() < 1e4:
            return
        normal = line.normal / np.linalg.norm(line.normal)
        along = np.array([-normal[1], normal[0]]) * 4 * SPAN
        colour = theme().colour(f"class-{k}")
        painter.setPen(QPen(colour, 1.75))
        painter.drawLine(self.place(*(line.point - along)), self.place(*(line.point + along)))
        # Short at first, never longer than half the plane: the length tells how steep the score is.
        length = float(min(np.linalg.norm(line.normal), 4.0)) * 0.18 + 0.12
        foot, tip = self.place(*line.point), self.place(*(line.point + normal * length))
        painter.setPen(QPen(colour, 2.5))
        painter.drawLine(foot, tip)
        ahead, aside = QPointF(normal[0], -normal[1]) * 9, QPointF(normal[1], normal[0]) * 5
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(QPolygonF([tip + ahead, tip + aside, tip - aside]))
        painter.setPen(theme().text(f"class-{k}"))
        painter.setFont(self._font(11, bold=True))
        centre = tip + ahead * 2
        painter.drawText(
            QRectF(centre.x() - 12, centre.y() - 8, 24, 16), Qt.AlignmentFlag.AlignCenter, f"s{'₀₁₂₃₄'[k]}"
        )

    def _paint_points(self, painter: QPainter) -> None:
        made, look = self._classifier, theme()
        met = made.now.met
        for i, (x, y) in enumerate(made.X):
            at = self.place(x, y)
            if i == self.selected:
                painter.setPen(QPen(look.colour("ink"), 1.5))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(at, 12.0, 12.0)
            painter.setPen(QPen(look.colour("raised"), 1.5))
            painter.setBrush(look.colour(f"class-{made.y[i]}"))
            painter.drawPolygon(mark(int(made.y[i]), at)) if made.y[i] else painter.drawEllipse(at, 6.0, 6.0)
            if not met[i]:
                painter.setPen(QPen(look.colour("negative"), 2))
                corner = at + QPointF(8, -8)
                painter.drawLine(corner + QPointF(-3, -3), corner + QPointF(3, 3))
                painter.drawLine(corner + QPointF(-3, 3), corner + QPointF(3, -3))

    def _font(self, size: int, *, bold: bool = False):
        made = tabular(self.font())
        made.setPixelSize(size)
        made.setBold(bold)
        return made

    # -- the pointer and the keys ------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._under(event.position())
        self.select(found)
        if event.button() == Qt.MouseButton.RightButton and found >= 0:
            self.removed.emit(found)
        elif event.button() == Qt.MouseButton.LeftButton:
            if found < 0:
                self.added.emit(*self._at(event.position()))
                found = len(self._classifier.X) - 1
                self.select(found)
            self._dragged = found

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged >= 0 and event.buttons() & Qt.MouseButton.LeftButton:
            inside = QPointF(
                min(max(event.position().x(), 4.0), self.width() - 4.0),
                min(max(event.position().y(), 4.0), self.height() - 4.0),
            )
            self.moved.emit(self._dragged, *self._at(inside))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = -1
        self.released.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.selected >= 0:
            self.removed.emit(self.selected)
        else:
            super().keyPressEvent(event)


def mark(label: int, at: QPointF) -> QPolygonF:
    """The sign of a class from 1 on: square, triangle, diamond, hexagon; class 0 is a round dot."""
    corners, turn, size = {1: (4, 45.0, 7.5), 2: (3, 90.0, 8.5), 3: (4, 0.0, 8.0), 4: (6, 0.0, 7.5)}[label]
    angles = np.deg2rad(turn + np.arange(corners) * 360 / corners)
    return QPolygonF([at + QPointF(np.cos(a) * size, -np.sin(a) * size) for a in angles])
