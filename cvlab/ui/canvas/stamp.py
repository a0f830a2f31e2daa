"""Shapes that many blocks share, painted once for a zoom and then copied: a card, the glyph of a volume."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from cvlab.ui.theme import theme

Draw = Callable[[QPainter], None]
Put = Callable[[QPainter, Hashable, QRectF, Draw], None]

KEPT = 160
"""Pictures remembered, of some ten kilobytes each."""

_pictures: dict[Hashable, QImage] = {}


def stamp(painter: QPainter, what: Hashable, area: QRectF, draw: Draw) -> None:
    """Paints what `draw` paints within `area`, in the painter's coordinates: a copy where the same has been painted before.

    For the screen, where nothing is rotated. what: all that it depends on, but for the zoom and the theme.
    """
    at = painter.worldTransform()
    # Not asked of painter.device(): its wrapper would outlive the pixmap that Qt made for a block, and crash.
    scale, ratio = at.m11(), painter.deviceTransform().m11() / at.m11()
    key = what, area.width(), area.height(), round(scale, 4), round(ratio, 3), theme().tokens.name
    picture = _pictures.pop(key, None) or _painted(area, scale, ratio, draw)
    _pictures[key] = picture  # the newest last
    if len(_pictures) > KEPT:
        del _pictures[next(iter(_pictures))]
    corner = at.map(area.topLeft())
    painter.setWorldTransform(QTransform())
    painter.drawImage(QPointF(round(corner.x() * ratio) / ratio, round(corner.y() * ratio) / ratio), picture)
    painter.setWorldTransform(at)


def anew(painter: QPainter, what: Hashable, area: QRectF, draw: Draw) -> None:
    """In place of `stamp`, for files: in an SVG lines stay lines."""
    draw(painter)


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
