"""One curve in a plot, painted in pixels: what can be seen of it, and of that two values a column."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from cvlab.ui.widgets.polyline import polyline, thinned

_FAR = 30_000.0
"""Pixels above or below the plot at which a value is held: Qt's painter loses its way beyond."""


class CurveItem(pg.GraphicsObject):
    """x rising, y in the view's units; where y is NaN or infinite, the line has a gap.

    pyqtgraph's own item keeps account of bounds, symbols and thinned copies whenever the view moves; this one only paints. It
    takes no part in the view's automatic ranges: the plot sets them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.x, self.y = np.empty(0), np.empty(0)
        self.pen = QPen()
        self.is_smooth = False
        self.dots: tuple[QPen, float] | None = None
        self._pieces = PrimitiveArray(QLineF, 4)

    def show_points(self, x: np.ndarray, y: np.ndarray) -> None:
        """Other values, x and y (N,)."""
        self.x, self.y = x, y
        self.update()

    def show_line(self, pen: QPen, *, smooth: bool) -> None:
        """The line's pen, in pixels, and whether it is antialiased."""
        self.pen, self.is_smooth = pen, smooth
        self.update()

    def show_dots(self, rim: QPen | None, diameter: float = 7.0) -> None:
        """A dot of the line's colour at each value, with this rim; None for none."""
        self.dots = None if rim is None else (rim, diameter)
        self.update()

    def boundingRect(self) -> QRectF:
        view = self.getViewBox()
        return QRectF() if view is None else view.viewRect()

    def dataBounds(self, axis: int, frac: float = 1.0, orthoRange: object = None) -> tuple[None, None]:
        return None, None

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        (start, end), _ = self.getViewBox().viewRange()
        # One more on each side: the line comes from there.
        first = max(int(np.searchsorted(self.x, start)) - 1, 0)
        last = int(np.searchsorted(self.x, end, side="right")) + 1
        y = self.y[first:last]
        if not len(y):
            return
        there = painter.transform()  # axes are parallel to the screen's
        x = self.x[first:last] * there.m11() + there.dx()
        is_there = np.isfinite(y)
        y = np.clip(y * there.m22() + there.dy(), -_FAR, _FAR)
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.is_smooth)
        painter.setPen(self.pen)
        edges = np.flatnonzero(
            np.diff(is_there, prepend=False, append=False)
        )  # where each unbroken piece begins and ends
        breadth = max(self.pen.widthF(), 1.0)  # a low and a high for each breadth of the line are all that can be seen
        for begin, stop in edges.reshape(-1, 2):
            columns, heights = thinned(x[begin:stop] / breadth, y[begin:stop])
            self._paint_line(painter, columns * breadth, heights)
        if self.dots is not None:
            self._paint_dots(painter, x[is_there], y[is_there])

    def _paint_line(self, painter: QPainter, x: np.ndarray, y: np.ndarray) -> None:
        if self.is_smooth or self.pen.widthF() <= 1:
            painter.drawPolyline(polyline(x, y))
            return
        # A wide line that is not smooth: piece by piece, which takes Qt half of the time that it needs for the outline of all.
        self._pieces.resize(max(len(x) - 1, 0))
        numbers = self._pieces.ndarray()
        numbers[:, 0], numbers[:, 1], numbers[:, 2], numbers[:, 3] = x[:-1], y[:-1], x[1:], y[1:]
        painter.drawLines(*self._pieces.drawargs())

    def _paint_dots(self, painter: QPainter, x: np.ndarray, y: np.ndarray) -> None:
        rim, diameter = self.dots
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(rim)
        painter.setBrush(self.pen.color())
        for place in zip(x.tolist(), y.tolist(), strict=True):
            painter.drawEllipse(QPointF(*place), diameter / 2, diameter / 2)


def _unbroken(is_there: np.ndarray) -> np.ndarray:
    """(P, 2): where each piece without a gap begins, and after which value it ends."""
    if is_there.all():
        return np.array([(0, len(is_there))])
    return np.flatnonzero(np.diff(is_there, prepend=False, append=False)).reshape(-1, 2)
