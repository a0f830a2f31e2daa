"""A square of paper for a mouse, a pen or a finger: smooth strokes, drawn as they are made. It reads nothing into them."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QEnterEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTabletEvent,
    QTouchEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import RADIUS
from cvlab.ui.widgets.ink import SIDE, Page, Stroke
from cvlab.ui.widgets.paper import Paper, Part, draw, paint_guide, piece, tail

_NEAREST = 1.0  # canvas pixels: nearer points carry the hand's tremor, not its path


class DrawingPad(QWidget):
    """Shows a `Page` and takes strokes; the owner decides what a finished stroke does to the page.

    inked:    the ink changed, also in the middle of a stroke. `inked_at`: when the first movement since the last `mask()`
              came in (by `perf_counter`), None if there was none.
    drawn:    a finished `Stroke`.
    offered:  a picture was dropped: a `Path` or a `QImage`.
    cleared:  Delete was pressed.

    Pen pressure widens a stroke between 0.5 and 1.3 times the brush. Escape takes the stroke under the pen back.
    """

    inked = Signal()
    drawn = Signal(object)
    offered = Signal(object)
    cleared = Signal()

    def __init__(self, parent: QWidget | None = None, *, invitation: str = "Draw here") -> None:
        super().__init__(parent)
        self._invitation = invitation
        self._page, self._brush = Page(), 44
        self._points: list[tuple[float, float, float]] = []
        self._fresh: Stroke | None = None
        self._is_marked = False
        self._pointer: QPointF | None = None
        self._paper = Paper()
        self.inked_at: float | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self._redraw_screen)

    # -- for the owner -----------------------------------------------------------------------------------------------

    def show_page(self, page: Page) -> None:
        """Puts the page on the pad; a stroke under way is dropped."""
        is_laid = self._fresh is not None and self._holds(page, self._fresh)
        self._page, self._points = page, []
        if is_laid:  # drawn point by point already: a long drawing must not be drawn again for each stroke
            self.update()
        else:
            self._redraw()

    @staticmethod
    def _holds(page: Page, stroke: Stroke) -> bool:
        return bool(page.strokes) and page.strokes[-1] is stroke

    def set_brush(self, width: int) -> None:
        """Width of the coming strokes in canvas pixels."""
        self._brush = width
        self.update()

    def mask(self) -> np.ndarray:
        """The ink, (SIDE, SIDE) uint8, white (255) on black: a copy. 0.05 ms."""
        self.inked_at = None
        return self._paper.mask()

    @property
    def is_drawing(self) -> bool:
        return bool(self._points)

    def field(self) -> QRectF:
        """Where the canvas lies in the widget: the largest square, in the middle."""
        side = float(max(1, min(self.width(), self.height())))
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def sizeHint(self) -> QSize:
        return QSize(200, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 160)

    # -- the stroke --------------------------------------------------------------------------------------------------

    def _begin(self, place: QPointF, pressure: float | None = None) -> None:
        if self._page.is_example:
            self._paper.wipe()
            self.update()
        self._points = [self._point(place, pressure)]
        self._lay(piece(self._points, 0))

    def _extend(self, place: QPointF, pressure: float | None = None) -> None:
        x, y, width = self._point(place, pressure)
        last_x, last_y, _ = self._points[-1]
        if abs(x - last_x) + abs(y - last_y) < _NEAREST:
            return
        self._points.append((x, y, width))
        self._lay(piece(self._points, len(self._points) - 1))

    def _finish(self) -> None:
        stroke = Stroke(tuple(self._points))
        self._lay(tail(self._points))
        self._points, self._fresh = [], stroke
        self.drawn.emit(stroke)
        self._fresh = None
        if not self._holds(self._page, stroke):
            self._redraw()

    def cancel(self) -> None:
        """Takes back the stroke under the pen."""
        if self._points:
            self._points = []
            self._redraw()

    def _point(self, place: QPointF, pressure: float | None) -> tuple[float, float, float]:
        field = self.field()
        scale = SIDE / field.width()
        width = self._brush if pressure is None else self._brush * (0.5 + 0.8 * pressure)
        return (place.x() - field.x()) * scale, (place.y() - field.y()) * scale, float(width)

    # -- ink ---------------------------------------------------------------------------------------------------------

    def _lay(self, part: Part) -> None:
        if self.inked_at is None:
            self.inked_at = perf_counter()
        area = self._paper.lay(part)
        field, scale = self.field(), self.field().width() / SIDE
        shown = QRectF(area.topLeft() * scale + field.topLeft(), area.size() * scale)
        self.update(shown.toAlignedRect().adjusted(-2, -2, 2, 2))
        self.inked.emit()

    def _redraw(self) -> None:
        self._paper.show(self._page)
        self._redraw_screen()
        self.inked.emit()

    def _redraw_screen(self) -> None:
        self._paper.resize(round(self.field().width() * self.devicePixelRatioF()), self._page, self._points)
        self.update()

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        field, colours = self.field(), theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPen(colours.colour("accent"), 2.0) if self._is_marked else QPen(colours.colour("faint"), 1.0)
        painter.setPen(outline)
        painter.setBrush(colours.colour("sunken"))
        inset = outline.widthF() / 2
        shape = field.adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(shape, RADIUS, RADIUS)
        clip = QPainterPath()
        clip.addRoundedRect(shape, RADIUS, RADIUS)
        painter.setClipPath(clip)
        paint_guide(painter, field, self._invitation if self._page.is_empty and not self._points else "")
        painter.drawPixmap(field, self._paper.screen, QRectF(self._paper.screen.rect()))
        self._paint_pointer(painter, field)
        painter.end()

    def _paint_pointer(self, painter: QPainter, field: QRectF) -> None:
        scale = field.width() / SIDE
        if len(self._points) > 1:  # the last half step has not been laid yet: the curve waits for the next point
            painter.translate(field.topLeft())
            painter.scale(scale, scale)
            draw(painter, tail(self._points), theme().colour("ink"))
            painter.resetTransform()
        elif self._pointer is not None and not self._points:
            radius = self._brush * scale / 2
            painter.setPen(QPen(theme().colour("accent", 0.8), 1.0))
            painter.setBrush(theme().colour("accent", 0.12))
            painter.drawEllipse(self._pointer, radius, radius)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._redraw_screen()

    # -- mouse, pen, touch, keys, drops ------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._begin(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._points:
            self._extend(event.position())
        self._point_at(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._points:
            self._extend(event.position())
            self._finish()

    def tabletEvent(self, event: QTabletEvent) -> None:
        event.accept()
        match event.type():
            case QEvent.Type.TabletPress:
                self._begin(event.position(), event.pressure())
            case QEvent.Type.TabletMove if self._points:
                self._extend(event.position(), event.pressure())
            case QEvent.Type.TabletRelease if self._points:
                self._finish()

    def event(self, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.TouchBegin | QEvent.Type.TouchUpdate | QEvent.Type.TouchEnd:
                return self._touch(event)
            case QEvent.Type.TouchCancel:
                self.cancel()
                return True
        return super().event(event)

    def _touch(self, event: QTouchEvent) -> bool:
        event.accept()
        place = event.points()[0].position() if event.points() else None
        if place is not None and event.type() == QEvent.Type.TouchBegin:
            self._begin(place)
        elif place is not None and self._points:
            self._extend(place)
        if event.type() == QEvent.Type.TouchEnd and self._points:
            self._finish()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._points:
            self.cancel()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.cleared.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        # Who came by keyboard needs to see where the focus is; who draws does not.
        keys = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
        self._is_marked = event.reason() in keys
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._is_marked = False
        self.update()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._point_at(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)

    def _point_at(self, place: QPointF | None) -> None:
        reach = self._brush * self.field().width() / SIDE / 2 + 3
        for spot in (self._pointer, place):
            if spot is not None:
                around = QRectF(spot.x() - reach, spot.y() - reach, 2 * reach, 2 * reach)
                self.update(around.toAlignedRect())
        self._pointer = place

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        data = event.mimeData()
        path = next((Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()), None)
        if path is not None:
            self.offered.emit(path)
        elif data.hasImage():
            self.offered.emit(QImage(data.imageData()))
        event.acceptProposedAction()
