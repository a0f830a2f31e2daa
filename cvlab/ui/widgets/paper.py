"""Paper: what strokes leave behind, twice over: as bytes for the net, and in the theme's ink for the eye."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPixmap

from cvlab.ui.theme import theme
from cvlab.ui.widgets.ink import SIDE, Page

_WHITE = QColor(255, 255, 255)  # a byte of the mask, not a colour on the screen
BOX_SHARE = 20 / 28
"""The side of MNIST's box, as a share of the field."""
Points = Sequence[tuple[float, float, float]]


class Paper:
    """Two copies of the ink. Each piece of a stroke is laid once on both, so a long drawing is as quick as a short one."""

    def __init__(self) -> None:
        self._mask = QImage(SIDE, SIDE, QImage.Format.Format_Grayscale8)
        self._mask.fill(0)
        self.screen = QPixmap()

    def mask(self) -> np.ndarray:
        """(SIDE, SIDE) uint8, white ink (255) on black: a copy. 0.05 ms."""
        rows = np.frombuffer(self._mask.constBits(), np.uint8).reshape(SIDE, self._mask.bytesPerLine())
        return rows[:, :SIDE].copy()

    def wipe(self) -> None:
        self._mask.fill(0)
        self.screen.fill(Qt.GlobalColor.transparent)

    def lay(self, part: Part) -> QRectF:
        """Adds one piece; gives the part of the canvas that it touched."""
        painter = QPainter(self._mask)
        draw(painter, part, _WHITE)
        painter.end()
        painter = QPainter(self.screen)
        painter.scale(self.screen.width() / SIDE, self.screen.height() / SIDE)
        draw(painter, part, theme().colour("ink"))
        painter.end()
        path, width = part
        return path.controlPointRect().adjusted(-width, -width, width, width)

    def show(self, page: Page) -> None:
        """The whole page anew in the bytes; `resize` does the same for the eye."""
        self._mask.fill(0)
        painter = QPainter(self._mask)
        if page.picture is not None:
            ink = np.ascontiguousarray(page.picture)
            painter.drawImage(0, 0, QImage(ink.data, SIDE, SIDE, SIDE, QImage.Format.Format_Grayscale8))
        _draw_all(painter, page, _WHITE)
        painter.end()

    def resize(self, side: int, page: Page, points: Points) -> None:
        """The page, and the stroke under way, anew for a square of so many device pixels and the present theme."""
        self.screen = QPixmap(side, side)
        self.screen.fill(Qt.GlobalColor.transparent)
        ink = theme().colour("ink")
        painter = QPainter(self.screen)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.scale(side / SIDE, side / SIDE)
        if not (points and page.is_example):
            if page.picture is not None:
                painter.drawImage(0, 0, _coloured(page.picture, ink))
            _draw_all(painter, page, ink)
        for part in pieces(points)[:-1]:
            draw(painter, part, ink)
        painter.end()


def _draw_all(painter: QPainter, page: Page, colour: QColor) -> None:
    for stroke in page.strokes:
        for part in pieces(stroke.points):
            draw(painter, part, colour)


Part = tuple[QPainterPath, float]
"""A path and the width to stroke it with."""


def piece(points: Points, index: int) -> Part:
    """What the arrival of point `index` adds: a dot, a straight start, or a quadratic curve from midpoint to midpoint.

    The curve passes each midpoint in the direction of the two points beside it, so that the whole has no corner.
    """
    x, y, width = points[index]
    if index == 0:
        path = QPainterPath(QPointF(x, y))
        path.lineTo(x + 0.1, y)  # a line of no length would leave nothing
        return path, width
    near, nearest = points[index - 1], _middle(points[index - 1], points[index])
    if index == 1:
        path = QPainterPath(QPointF(near[0], near[1]))
        path.lineTo(nearest)
    else:
        path = QPainterPath(_middle(points[index - 2], near))
        path.quadTo(QPointF(near[0], near[1]), nearest)
    return path, near[2]


def tail(points: Points) -> Part:
    """The straight end, from the last midpoint to the last point."""
    if len(points) == 1:
        return piece(points, 0)
    path = QPainterPath(_middle(points[-2], points[-1]))
    path.lineTo(points[-1][0], points[-1][1])
    return path, points[-1][2]


def pieces(points: Points) -> list[Part]:
    """The whole stroke, in the order in which it was drawn."""
    if not points:
        return []
    return [piece(points, index) for index in range(len(points))] + [tail(points)]


def draw(painter: QPainter, part: Part, colour: QColor) -> None:
    """One piece, antialiased and round."""
    path, width = part
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.drawPath(path)


def _middle(a: tuple[float, float, float], b: tuple[float, float, float]) -> QPointF:
    return QPointF((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)


def _coloured(ink: np.ndarray, colour: QColor) -> QImage:
    """The picture's ink in this colour, transparent elsewhere."""
    ink = np.ascontiguousarray(ink)
    image = QImage(SIDE, SIDE, QImage.Format.Format_ARGB32)
    image.fill(colour)
    image.setAlphaChannel(QImage(ink.data, SIDE, SIDE, SIDE, QImage.Format.Format_Alpha8))
    return image


def paint_guide(painter: QPainter, field: QRectF, invitation: str) -> None:
    """The faint marks under the ink: MNIST's box, the centre, and words for clean paper."""
    muted, margin, arm = theme().colour("muted", 0.4), field.width() * (1 - BOX_SHARE) / 2, 5.0
    box, centre = field.adjusted(margin, margin, -margin, -margin), field.center()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(muted, 1.0, Qt.PenStyle.DashLine))
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(QPen(muted, 1.0))
    painter.drawLine(centre - QPointF(arm, 0), centre + QPointF(arm, 0))
    painter.drawLine(centre - QPointF(0, arm), centre + QPointF(0, arm))
    if invitation:
        painter.setPen(theme().colour("muted"))
        room = box.adjusted(8, 0, -8, -box.height() * 0.16)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom | Qt.TextFlag.TextWordWrap
        painter.drawText(room, int(flags), invitation)
