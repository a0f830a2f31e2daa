"""One curve in a plot, painted in pixels: what can be seen of it, and of that two values a column."""

from __future__ import annotations

import numpy as np
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from cvlab.ui.widgets.polyline import polyline, thinned
from cvlab.ui.widgets.scales import Scales

_FAR = 30_000.0
"""Pixels above or below the plot at which a value is held: Qt's painter loses its way beyond."""


class CurveLine:
    """x rising, y in the axis' units; where y is NaN or infinite, the line has a gap.

    It is no item of a scene: the plot paints its curves in turn. An item that is written in Python costs Qt a dozen questions a
    painting (where it is, which shape, what it hides), and each of them more than a curve's line takes to be drawn.
    """

    def __init__(self) -> None:
        self.x, self.y = np.empty(0), np.empty(0)
        self.pen = QPen()
        self.is_smooth = False
        self.dots: tuple[QPen, float] | None = None
        self._pieces = PrimitiveArray(QLineF, 4)

    def show_points(self, x: np.ndarray, y: np.ndarray) -> None:
        """Other values, x and y (N,)."""
        self.x, self.y = x, y

    def show_line(self, pen: QPen, *, smooth: bool) -> None:
        """The line's pen, in pixels, and whether it is antialiased."""
        self.pen, self.is_smooth = pen, smooth

    def show_dots(self, rim: QPen | None, diameter: float = 7.0) -> None:
        """A dot of the line's colour at each value, with this rim; None for none."""
        self.dots = None if rim is None else (rim, diameter)

    def paint(self, painter: QPainter, scales: Scales) -> None:
        """What lies within the scales; the painter clips it to their area."""
        # One more on each side: the line comes from there.
        first = max(int(self.x.searchsorted(scales.left)) - 1, 0)
        last = int(self.x.searchsorted(scales.right, side="right")) + 1
        y = self.y[first:last]
        if not len(y):
            return
        x = scales.across(self.x[first:last])
        is_there = np.isfinite(y)
        y = scales.up(y)
        y.clip(-_FAR, _FAR, out=y)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self.is_smooth)
        painter.setPen(self.pen)
        breadth = max(self.pen.widthF(), 1.0)  # a low and a high for each breadth of the line are all that can be seen
        for begin, stop in _unbroken(is_there):
            columns, heights = thinned(x[begin:stop] / breadth, y[begin:stop])
            self._paint_line(painter, columns * breadth, heights)
        if self.dots is not None:
            self._paint_dots(painter, x[is_there], y[is_there])

    def _paint_line(self, painter: QPainter, x: np.ndarray, y: np.ndarray) -> None:
        if self.pen.widthF() <= 1 or self.pen.color().alpha() < 255:
            painter.drawPolyline(polyline(x, y))
            return
        # A wide line piece by piece, which takes Qt half of the time that it needs for the outline of all. (Where pieces lie over
        # each other, what can be seen through would be seen.)
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
        painter.setBrush(Qt.BrushStyle.NoBrush)


def _unbroken(is_there: np.ndarray) -> list[tuple[int, int]]:
    """Where each piece without a gap begins, and after which value it ends."""
    if is_there.all():
        return [(0, len(is_there))]
    return np.flatnonzero(np.diff(is_there, prepend=False, append=False)).reshape(-1, 2).tolist()
