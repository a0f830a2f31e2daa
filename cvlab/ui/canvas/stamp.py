"""Shapes that many blocks share, painted once for a zoom and then copied: a card, the glyph of a volume, a line of figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from cvlab.ui.theme import theme

Draw = Callable[[QPainter], None]
Put = Callable[[Hashable, QRectF, Draw], None]

KEPT = 320
"""Pictures remembered, of some ten kilobytes each."""

_pictures: dict[Hashable, QImage] = {}
_AS_IT_IS = QTransform()


class Stamp:
    """Puts pictures with one painter, as long as its transform stays as it is. For the screen, where nothing is rotated.

    `stamp(what, area, draw)` paints what `draw` paints within `area`, in the painter's coordinates: a copy where the same has
    been painted before. what: all that it depends on, but for the zoom and the theme.
    """

    def __init__(self, painter: QPainter) -> None:
        self._painter = painter
        self._at = at = painter.worldTransform()
        # Not asked of painter.device(): its wrapper would outlive the pixmap that Qt made for a block, and crash.
        self._scale = at.m11()
        self._ratio = painter.deviceTransform().m11() / self._scale
        self._right, self._down = at.dx(), at.dy()
        self._seen_as = round(self._scale, 4), round(self._ratio, 3), theme().tokens.name

    def __call__(self, what: Hashable, area: QRectF, draw: Draw) -> None:
        key = what, self._seen_as
        picture = _pictures.pop(key, None)
        if picture is None:
            picture = _painted(area, self._scale, self._ratio, draw)
            if len(_pictures) >= KEPT:
                del _pictures[next(iter(_pictures))]
        _pictures[key] = picture  # the newest last
        ratio, scale = self._ratio, self._scale
        left, top = area.x() * scale + self._right, area.y() * scale + self._down
        painter = self._painter
        painter.setWorldTransform(_AS_IT_IS)
        # Halves go the same way wherever the painter's pixels begin: `round` would send them to the even neighbour.
        across, along = (math.floor(side * ratio + 0.5 + 1e-6) / ratio for side in (left, top))
        painter.drawImage(QPointF(across, along), picture)
        painter.setWorldTransform(self._at)


class Anew:
    """In place of `Stamp`, for files: in an SVG lines stay lines."""

    def __init__(self, painter: QPainter) -> None:
        self._painter = painter

    def __call__(self, what: Hashable, area: QRectF, draw: Draw) -> None:
        draw(self._painter)


def _painted(area: QRectF, scale: float, ratio: float, draw: Draw) -> QImage:
    factor = scale * ratio
    wide, high = (math.ceil(side * factor) + 1 for side in (area.width(), area.height()))
    picture = QImage(wide, high, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(scale, scale)
    painter.translate(-area.topLeft())
    draw(painter)
    painter.end()
    return picture
