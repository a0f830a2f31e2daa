"""The plane: decision regions, points that can be placed, dragged, painted and recoloured, and the neighbours of the pointer."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.core.panels.neighbors import PlaneDocument
from cvlab.engine.neighbors.points import SPAN, Verdict
from cvlab.engine.neighbors.regions import MAX_CLASSES
from cvlab.ui.panels.neighbors.marks import paint_mark
from cvlab.ui.theme import theme

_REACH, _STEP = 11.0, 0.02
_SPRITE = 20
_MOVES = {
    Qt.Key.Key_Left: (-_STEP, 0.0), Qt.Key.Key_Right: (_STEP, 0.0), Qt.Key.Key_Up: (0.0, _STEP), Qt.Key.Key_Down: (0.0, -_STEP),
}  # fmt: skip


class Plane(QWidget):
    """What the person does: added(places), moved(i, x, y), removed(i), recoloured(i), released(); chosen(i) and hovered(i), -1
    for none; pointed((x, y)) or None: where the pointer is; numbered(c): a digit key.

    tool: "point" (click adds, drag moves), "brush" (drag paints), "recolour" (drag gives the brush's class).
    """

    added = Signal(object)
    moved = Signal(int, float, float)
    removed = Signal(int)
    recoloured = Signal(int)
    released = Signal()
    chosen = Signal(int)
    hovered = Signal(int)
    pointed = Signal(object)
    numbered = Signal(int)
    painted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("neighbors.plane")
        self.setAccessibleName("Points and decision regions")
        self.setToolTip(
            "Click to add a point, drag to move one, right-click or Delete to remove it; arrows move the chosen one, digits give "
            "it a class. The ground has the colour that the vote gives there; white is a tie."
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.selected, self.tool, self.brush_size = -1, "point", 1
        self._document: PlaneDocument | None = None
        self._winner: np.ndarray | None = None
        self._verdict: Verdict | None = None
        self._place: tuple[float, float] | None = None
        self._under, self._dragged = -1, -1
        self._ground, self._sprites = QImage(), []
        self._random = np.random.default_rng(0)
        theme().changed.connect(self._recolour)

    def minimumSizeHint(self) -> QSize:
        return QSize(280, 280)

    # -- what it is given --------------------------------------------------------------------------------------------

    def show_document(self, document: PlaneDocument) -> None:
        self._document = document
        if self.selected >= len(document.points):
            self.select(-1)
        self.update()

    def show_regions(self, winner: np.ndarray) -> None:
        """(rows, columns) int8 classes, -1 for ties."""
        self._winner = winner
        rows, columns = winner.shape
        levels = np.ascontiguousarray(winner.view(np.uint8))
        image = QImage(levels.data, columns, rows, columns, QImage.Format.Format_Indexed8)
        tie = theme().colour("ink" if theme().is_dark else "raised")
        share = 0.30 if theme().is_dark else 0.26
        table = [theme().colour(f"class-{c}", share).rgba() for c in range(MAX_CLASSES)]
        table += [tie.rgba()] * (256 - len(table))
        image.setColorTable(table)
        self._ground = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        self.update()

    def show_verdict(self, verdict: Verdict | None) -> None:
        """The neighbours of the place that was pointed at."""
        self._verdict = verdict
        self.update()

    @property
    def is_dragging(self) -> bool:
        return self._dragged >= 0

    def select(self, i: int) -> None:
        if i != self.selected:
            self.selected = i
            self.chosen.emit(i)
            self.update()

    # -- places ------------------------------------------------------------------------------------------------------

    def field(self) -> QRectF:
        """The square that the plane fills."""
        side = float(max(1, min(self.width(), self.height())))
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def place(self, x: float, y: float) -> QPointF:
        """Where a point of the plane is, in pixels."""
        area = self.field()
        unit = area.width() / (2 * SPAN)
        return QPointF(area.center().x() + x * unit, area.center().y() - y * unit)

    def _at(self, place: QPointF) -> tuple[float, float]:
        area = self.field()
        unit = area.width() / (2 * SPAN)
        x, y = (place.x() - area.center().x()) / unit, (area.center().y() - place.y()) / unit
        return round(min(max(x, -SPAN), SPAN), 3), round(min(max(y, -SPAN), SPAN), 3)

    def _point_under(self, place: QPointF) -> int:
        if self._document is None or not self._document.points:
            return -1
        area = self.field()
        unit = area.width() / (2 * SPAN)
        X = self._document.X
        dx, dy = area.center().x() + X[:, 0] * unit - place.x(), area.center().y() - X[:, 1] * unit - place.y()
        far = dx * dx + dy * dy
        nearest = int(far.argmin())
        return nearest if far[nearest] <= _REACH**2 else -1

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = self.field()
        painter.fillRect(area, theme().colour("sunken"))
        if self._document is not None:
            if not self._ground.isNull():
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(area, self._ground)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_links(painter)
            self._paint_points(painter)
            self._paint_brush(painter)
            if not self._document.points:
                painter.setPen(theme().colour("muted"))
                painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), "No points: click to place one.")
        painter.setBrush(Qt.BrushStyle.NoBrush)
        focused = self.hasFocus()
        painter.setPen(QPen(theme().colour("accent" if focused else "faint"), 2 if focused else 1))
        painter.drawRect(area.adjusted(1, 1, -1, -1))
        painter.end()
        self.painted.emit()

    def _paint_links(self, painter: QPainter) -> None:
        if self._verdict is None or self._place is None or self._dragged >= 0:
            return
        here = self.place(*self._place)
        for i in self._verdict.neighbours[::-1]:
            painter.setPen(QPen(theme().colour(f"class-{self._document.labels[i]}"), 1.6))
            painter.drawLine(here, self.place(*self._document.points[i]))
        painter.setBrush(theme().colour("raised"))
        painter.setPen(QPen(theme().colour("ink"), 1.5))
        painter.drawEllipse(here, 4, 4)

    def _paint_points(self, painter: QPainter) -> None:
        if not self._sprites:
            self._sprites = self._make_sprites()
        half = _SPRITE / 2
        linked = set() if self._verdict is None or self._dragged >= 0 else set(self._verdict.neighbours.tolist())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().colour("ink"), 1.5))
        area, unit = self.field(), self.field().width() / (2 * SPAN)
        left, top = area.center().x() - half, area.center().y() - half
        for (x, y), label in zip(self._document.points, self._document.labels, strict=True):
            painter.drawPixmap(QPointF(left + x * unit, top - y * unit), self._sprites[label])
        for i in linked:
            painter.drawEllipse(self.place(*self._document.points[i]), 9, 9)
        if 0 <= self.selected < len(self._document.points):
            painter.setPen(QPen(theme().colour("accent"), 2.5))
            painter.drawEllipse(self.place(*self._document.points[self.selected]), 11, 11)

    def _make_sprites(self) -> list[QPixmap]:
        made, ratio = [], self.devicePixelRatioF()
        for label in range(MAX_CLASSES):
            pixmap = QPixmap(round(_SPRITE * ratio), round(_SPRITE * ratio))
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_mark(painter, label, QPointF(_SPRITE / 2, _SPRITE / 2))
            painter.end()
            made.append(pixmap)
        return made

    def _paint_brush(self, painter: QPainter) -> None:
        if self.tool == "brush" and self._place is not None:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme().colour("ink", 0.6), 1, Qt.PenStyle.DashLine))
            painter.drawEllipse(self.place(*self._place), *(self._radius(),) * 2)

    def _radius(self) -> float:
        """Of the brush in pixels: a dab of many points is wide."""
        return self.field().width() * (0.012 + 0.008 * self.brush_size)

    def _recolour(self) -> None:
        self._sprites = []
        if self._winner is not None:
            self.show_regions(self._winner)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._sprites = []

    # -- the pointer and the keys ------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self._point_under(event.position())
        if event.button() == Qt.MouseButton.RightButton:
            if found >= 0:
                self.removed.emit(found)
        elif event.button() == Qt.MouseButton.LeftButton and self._document is not None:
            if self.tool == "brush":
                self._dab(event.position())
            elif self.tool == "recolour":
                if found >= 0:
                    self.recoloured.emit(found)
            else:
                if found < 0:
                    self.added.emit([self._at(event.position())])
                    found = len(self._document.points) - 1
                self.select(found)
                self._dragged = found
                self.hovered.emit(found)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place, held = self._at(event.position()), bool(event.buttons() & Qt.MouseButton.LeftButton)
        self._place = place
        if held and self._dragged >= 0:
            self.moved.emit(self._dragged, *place)
        elif held and self.tool == "brush":
            self._dab(event.position())
        else:
            found = self._point_under(event.position())
            if held and self.tool == "recolour" and found >= 0:
                self.recoloured.emit(found)
            if found != self._under:
                self._under = found
                self.hovered.emit(found)
        if self._dragged < 0:
            self.pointed.emit(place)

    def _dab(self, place: QPointF) -> None:
        angle = self._random.uniform(0, 2 * np.pi, self.brush_size)
        far = self._radius() * np.sqrt(self._random.uniform(0, 1, self.brush_size))
        if self.brush_size == 1:
            far[:] = 0
        self.added.emit(
            [
                self._at(place + QPointF(float(r * np.cos(a)), float(r * np.sin(a))))
                for a, r in zip(angle, far, strict=True)
            ]
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = -1
        self.pointed.emit(self._at(event.position()))
        self.released.emit()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._place, self._under = None, -1
        self.pointed.emit(None)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chosen = self.selected if self._document is not None else -1
        step = _MOVES.get(Qt.Key(event.key()))
        if event.modifiers() & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier):
            super().keyPressEvent(event)
        elif step is not None and chosen >= 0:
            x, y = self._document.points[chosen]
            self.moved.emit(
                chosen, *(round(min(max(v + s, -SPAN), SPAN), 3) for v, s in zip((x, y), step, strict=True))
            )
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and chosen >= 0:
            self.removed.emit(chosen)
        elif event.key() in (Qt.Key.Key_N, Qt.Key.Key_P) and self._document and self._document.points:
            self.select((chosen + (1 if event.key() == Qt.Key.Key_N else -1)) % len(self._document.points))
        elif Qt.Key.Key_1 <= event.key() < Qt.Key.Key_1 + MAX_CLASSES:
            self.numbered.emit(event.key() - Qt.Key.Key_1)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat() and Qt.Key(event.key()) in _MOVES:
            self.released.emit()
