"""The map: relief, paths and the arrows of one step. It shows a race, and says where somebody clicked."""

from __future__ import annotations

from math import hypot

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from cvlab.engine.race import Race
from cvlab.engine.surfaces import Surface
from cvlab.ui.panels.optimization.arrows import draw_arrow
from cvlab.ui.panels.optimization.looks import PARTS, RACERS, is_direction
from cvlab.ui.panels.optimization.map_picture import MapPicture, outline
from cvlab.ui.panels.optimization.names import named
from cvlab.ui.panels.optimization.projection import Projection
from cvlab.ui.panels.optimization.relief import Relief, ReliefRequest, View, view_of
from cvlab.ui.theme import theme
from cvlab.ui.theme.style import mix

_SLOPE_LENGTH = 64.0
"""Pixels of an arrow that has a direction only."""
_SHIFTS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
}  # fmt: skip


CLOSEST = 32
"""Times: closer, paths would reach further beyond the edge than Qt can draw."""
_ZOOMS = {Qt.Key.Key_Plus: 1.5, Qt.Key.Key_Equal: 1.5, Qt.Key.Key_Minus: 1 / 1.5}


class Map(QWidget):
    """wanted(ReliefRequest): draw it, and hand it to `show_relief`. placed(x, y): a start. let_go: it is held no more."""

    wanted = Signal(object)
    placed = Signal(float, float)
    let_go = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("optimization.map")
        self.setAccessibleName("Map of the surface with the racers' paths")
        self.setToolTip(
            "Click, drag or use the arrow keys to set the start (the ring). Turn the wheel, or press + and −, to look closer; "
            "drag with the right button to look beside; 0 shows all again. Strong colour is low, pale is high; each line is one "
            "height, and a cross marks a minimum that is known."
        )
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else every frame paints the card below, too
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.relief: Relief | None = None
        self.lowest: float | None = None  # height of the whole map, once it is known
        self.part: View | None = None  # the part that is looked at; None for all
        self._pushed_at: QPointF | None = None
        self.whole = named(
            QPushButton("Show all", self), "whole", "Show the whole map", "Back from the part that is looked at (0)."
        )
        self.whole.setProperty("role", "chip")
        self.whole.hide()
        self.whole.clicked.connect(self.show_all)
        self._surface: Surface | None = None
        self.picture = MapPicture()
        self._race: Race | None = None
        self._names: tuple[str, ...] = ()
        self._chosen, self._start = "", (0.0, 0.0)
        self._revision, self._message = 0, ""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(40)
        self._later.timeout.connect(self._ask)
        theme().changed.connect(self._ask)

    def sizeHint(self) -> QSize:
        return QSize(480, 200)

    # -- what it is given --------------------------------------------------------------------------------------------

    def show_surface(self, surface: Surface) -> None:
        if surface is not self._surface:
            self._surface, self.lowest = surface, None
            self._look_at(None)

    def show_relief(self, relief: Relief) -> None:
        """A finished picture; one of another surface came too late."""
        if relief.surface is not self._surface:
            return
        self.relief = relief
        if relief.is_whole:
            self.lowest = relief.lowest
        self.picture.take(relief)
        self.update()

    def show_race(self, race: Race | None, revision: int, names: tuple[str, ...], chosen: str) -> None:
        """names: who is drawn, the chosen one on top."""
        if names != self._names or chosen != self._chosen:
            self.picture.forget()
        self._race, self._revision, self._names, self._chosen = race, revision, names, chosen
        self.update()

    def show_start(self, start: tuple[float, float]) -> None:
        self._start = start
        self.update()

    def show_message(self, sentence: str) -> None:
        """Why nobody runs; "" takes it away."""
        self._message = sentence
        self.update()

    # -- from place to pixel -----------------------------------------------------------------------------------------

    @property
    def projection(self) -> Projection:
        width, height = max(self.width(), 1), max(self.height(), 1)
        return Projection(self.part or view_of(self._surface, width, height), width, height)

    def _look_at(self, part: View | None) -> None:
        self.part = part
        self.whole.setVisible(part is not None)
        self.picture.forget()
        self.update()
        self._later.start() if part is not None else self._ask()

    def show_all(self) -> None:
        """Back to the whole map."""
        if self.part is not None:
            self._look_at(None)

    def zoom(self, at: QPointF, factor: float) -> None:
        """Closer by a factor above 1, further by one below, around a pixel; out to the whole map, in to `CLOSEST`."""
        whole = view_of(self._surface, max(self.width(), 1), max(self.height(), 1))
        part = self.projection.zoomed(at, factor)
        share = (part[1] - part[0]) / (whole[1] - whole[0])
        if share >= 0.999:
            self.show_all()
        elif share >= 1 / CLOSEST:
            self._look_at(part)

    def pixel(self, x: float, y: float) -> QPointF:
        return self.projection.pixel(x, y)

    def place(self, pixel: QPointF) -> tuple[float, float]:
        return self.projection.place(pixel)

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._surface is None:
            painter.fillRect(self.rect(), theme().colour("raised"))
        else:
            self._paint(painter, self.projection)
        painter.end()

    def _paint(self, painter: QPainter, projection: Projection) -> None:
        names = self._ordered()
        self.picture.bring_up(
            projection, self.devicePixelRatioF(), self._surface, self._race, self._revision, names, self._chosen
        )
        painter.drawPixmap(0, 0, self.picture.pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._race is not None:
            self._paint_heads(painter, projection, names)
            with np.errstate(all="ignore"):  # a slope may be as long as a number can be; arrows are cut
                self._paint_step(painter, projection)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, role in ((4.0, "raised"), (2.0, "ink")):
            painter.setPen(QPen(theme().colour(role), width))
            painter.drawEllipse(projection.pixel(*self._start), 7, 7)
        if self._message:
            painter.setPen(theme().colour("negative"))
            box = QRectF(self.rect()).adjusted(48, 24, -48, -24)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._message)
        if self.hasFocus():
            painter.setPen(QPen(theme().colour("accent"), 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(outline(self.size()))

    def _ordered(self) -> list[str]:
        return sorted(self._names, key=self._chosen.__eq__)

    def _paint_heads(self, painter: QPainter, projection: Projection, names: list[str]) -> None:
        painter.setPen(QPen(theme().colour("raised"), 1.5))
        for name in names:
            radius = 6.0 if name == self._chosen else 4.5
            painter.setBrush(theme().colour(RACERS[name]))
            painter.drawEllipse(projection.pixel(*self._race.path(name)[-1].tolist()), radius, radius)

    def _paint_step(self, painter: QPainter, projection: Projection) -> None:
        step = self._race.last_step(self._chosen) if self._chosen in self._names else None
        if step is None:
            return
        kind = next(racer.optimizer.kind for racer in self._race.racers if racer.name == self._chosen)
        for arrow in step.arrows:
            tail, tip = projection.pixel(*arrow.tail), projection.pixel(*(arrow.tail + arrow.shift))
            slope = is_direction(arrow, kind)
            length = hypot(*arrow.shift)
            if slope and length > 0:
                ux, uy = arrow.shift / length * _SLOPE_LENGTH
                tip = QPointF(tail.x() + ux, tail.y() - uy)
            draw_arrow(painter, tail, tip, PARTS[arrow.role], 2.5 if arrow.role == "step" else 2.0, dashed=slope)

    # -- events ------------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        self.picture.forget()
        if self._surface is None or not self.isVisible():
            return
        tokens = theme().tokens
        share = 0.34 if theme().is_dark else 0.42
        low, high = (
            mix(tokens.sunken, tokens.accent, share),
            mix(tokens.raised, tokens.muted, 0.16 if theme().is_dark else 0.0),
        )
        colours = (_channels(colour) for colour in (low, high, tokens.ink, tokens.sunken))
        size = max(self.width(), 2), max(self.height(), 2)
        self.wanted.emit(ReliefRequest(self._surface, *size, *colours, self.part))
        self.update()

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._ask()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.whole.adjustSize()
        self.whole.move(self.width() - self.whole.width() - 8, 8)
        if self.part is not None:  # its sides are in the proportion of the old size
            self._look_at(None)
        self._later.start()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pushed_at = event.position() if event.button() == Qt.MouseButton.RightButton else None
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.RightButton and self._pushed_at is not None and self.part is not None:
            at = event.position()
            self._look_at(self.projection.moved(at - self._pushed_at))
            self._pushed_at = at
        elif event.buttons() & Qt.MouseButton.LeftButton and self._surface is not None:
            self.placed.emit(*self.place(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.let_go.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._surface is not None and event.angleDelta().y():
            self.zoom(event.position(), 1.25 ** (event.angleDelta().y() / 120))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ZOOMS and self._surface is not None:
            self.zoom(QPointF(self.rect().center()), _ZOOMS[event.key()])
            return
        if event.key() == Qt.Key.Key_0:
            self.show_all()
            return
        shift = _SHIFTS.get(event.key())
        if shift is None or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
            return
        gap = (self.projection.view[1] - self.projection.view[0] if self.part else self._surface.extent) / 100
        self.placed.emit(self._start[0] + shift[0] * gap, self._start[1] + shift[1] * gap)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            self.let_go.emit()


def _channels(colour: str) -> tuple[int, int, int]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
