"""A picture of what the view shows, kept while the eye moves: shifted or scaled, and painted anew only where it has nothing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter, QPixmap, QRegion, QTransform
from PySide6.QtWidgets import QWidget

from cvlab.ui.panels.circuits.fonts import tint

Paint = Callable[[QPainter, QRectF], None]
"""Paints what lies in an area of the scene."""

LEAST_SCALE, MOST_SCALE = 0.45, 2.3
"""How far a picture is shrunk or blown up while the eye moves before it is made anew."""


class Shot:
    """The pixels of a view at one place and scale. transform: from the scene to the pixels of the view, without turning.

    content: the area of the scene that there is to paint. Where it is little larger than the view, all of it is kept.
    """

    def __init__(
        self, widget: QWidget, transform: QTransform, hints: QPainter.RenderHint, content: QRectF, paint: Paint
    ) -> None:
        self._view, self._ratio = QRect(widget.rect()), widget.devicePixelRatioF()
        self._transform, self._hints, self._content = QTransform(transform), hints, content
        whole = transform.mapRect(content).toAlignedRect()
        room = self._view.adjusted(-self._view.width() // 3, -self._view.height() // 3,
                                   self._view.width() // 3, self._view.height() // 3)  # fmt: skip
        self._area = self._view.united(whole) if room.contains(whole) else self._view
        self._pixmap = QPixmap(self._area.size() * self._ratio)
        self._pixmap.setDevicePixelRatio(self._ratio)
        # No pixel of it shines through: words are smoothed as they are on the screen itself.
        self._pixmap.fill(tint("sunken"))
        self._paint_into(QRegion(self._area), paint)

    def fits(self, widget: QWidget, transform: QTransform) -> bool:
        """It is of this view, near enough in scale, and shows most of what the view shows now."""
        scale = transform.m11() / self._transform.m11()
        if self._view != widget.rect() or self._ratio != widget.devicePixelRatioF():
            return False
        missing = sum(area.width() * area.height() for area in self._missing(transform))
        return LEAST_SCALE <= scale <= MOST_SCALE and missing < 0.35 * self._view.width() * self._view.height()

    def _covered(self, transform: QTransform) -> QRectF:
        """Where its pixels lie in the view."""
        scale = transform.m11() / self._transform.m11()
        left = transform.dx() + scale * (self._area.left() - self._transform.dx())
        top = transform.dy() + scale * (self._area.top() - self._transform.dy())
        return QRectF(left, top, scale * self._area.width(), scale * self._area.height())

    def _missing(self, transform: QTransform) -> QRegion:
        """Where the view shows content that it has not."""
        content = transform.mapRect(self._content).toAlignedRect() & self._view
        return QRegion(content) - QRegion(self._covered(transform).toAlignedRect().adjusted(1, 1, -1, -1))

    def draw(self, painter: QPainter, transform: QTransform, paint: Paint) -> None:
        """The view as `transform` has it now: exact if only shifted by whole pixels, else as near as it comes."""
        if transform.m11() == self._transform.m11():
            self._shift(transform, paint)
            painter.drawPixmap(self._area.topLeft(), self._pixmap)
            return
        painter.fillRect(self._view, tint("sunken"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawPixmap(self._covered(transform), self._pixmap, QRectF(self._pixmap.rect()))
        _paint_region(painter, self._missing(transform), transform, paint)

    def _shift(self, transform: QTransform, paint: Paint) -> None:
        at = self._covered(transform)
        across, down = round(at.left()) - self._area.left(), round(at.top()) - self._area.top()
        self._transform = QTransform(transform)
        if not (across or down):
            return
        # Scrolling counts in the pixels of the screen.
        self._pixmap.scroll(round(across * self._ratio), round(down * self._ratio), self._pixmap.rect())
        whole = QRegion(self._area)
        self._paint_into(whole - whole.translated(across, down), paint)

    def _paint_into(self, region: QRegion, paint: Paint) -> None:
        painter = QPainter(self._pixmap)
        painter.setRenderHints(self._hints)
        painter.translate(-self._area.topLeft())
        for area in region:
            painter.fillRect(area, tint("sunken"))
        _paint_region(painter, region, self._transform, paint)
        painter.end()


def _paint_region(painter: QPainter, region: QRegion, transform: QTransform, paint: Paint) -> None:
    """Piece by piece, so that each paints only what lies in it."""
    back = transform.inverted()[0]
    for area in region:
        painter.save()
        painter.setClipRect(area)
        painter.setWorldTransform(transform, True)
        paint(painter, back.mapRect(QRectF(area)))
        painter.restore()
