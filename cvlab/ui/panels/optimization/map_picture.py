"""What stays on the map from frame to frame: ground, rulers, known minima and paths, to which only new pieces are added."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPen, QPixmap

from cvlab.engine.race import Race
from cvlab.engine.surfaces import Surface
from cvlab.ui.panels.optimization.looks import RACERS
from cvlab.ui.panels.optimization.projection import Projection
from cvlab.ui.panels.optimization.relief import Relief
from cvlab.ui.panels.optimization.rulers import paint_rulers
from cvlab.ui.theme import theme

_ROUND = 6.0


def outline(size: QSize) -> QPainterPath:
    """The map's rounded frame."""
    path = QPainterPath()
    path.addRoundedRect(QRectF(0, 0, size.width(), size.height()), _ROUND, _ROUND)
    return path


class MapPicture:
    """pixmap: opaque, the card's colour at its rounded corners. `bring_up` before it is painted."""

    def __init__(self) -> None:
        self.pixmap = QPixmap()
        self._ground: tuple[Relief, QPixmap] | None = None
        self._drawn = (-1, 0)  # revision and step of the paths
        self._ends: dict[str, int] = {}  # the step where each path ends in the picture

    def forget(self) -> None:
        """Nothing that is drawn holds any more."""
        self._drawn = (-1, 0)

    def take(self, relief: Relief) -> None:
        rgb = np.ascontiguousarray(relief.rgb)
        image = QImage(rgb.data, rgb.shape[1], rgb.shape[0], 3 * rgb.shape[1], QImage.Format.Format_RGB888)
        self._ground = relief, QPixmap.fromImage(image.copy())
        self.forget()

    def bring_up(
        self,
        projection: Projection,
        ratio: float,
        surface: Surface,
        race: Race | None,
        revision: int,
        names: Sequence[str],
        chosen: str,
    ) -> None:
        """Adds what was run since; draws all of it again only where the past has changed.

        revision: another one for other paths. names: of the paths, from below to the top; the chosen one's is thicker.
        """
        t, size = 0 if race is None else race.t, QSize(projection.width, projection.height)
        drawn, since = self._drawn
        is_new = self.pixmap.size() != size * ratio or drawn != revision or since > t
        if not is_new and since == t:
            return
        if is_new:
            self._ends = dict.fromkeys(names, 0)
            self.pixmap = QPixmap(size * ratio)
            self.pixmap.setDevicePixelRatio(ratio)
            self.pixmap.fill(theme().colour("raised"))
        painter = QPainter(self.pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(outline(size))
        if is_new:
            self._paint_ground(painter, projection, surface)
        for name in names if t else ():
            self._extend(painter, projection, race, name, 3.0 if name == chosen else 1.8)
        painter.end()
        self._drawn = (revision, t)

    def _extend(self, painter: QPainter, projection: Projection, race: Race, name: str, width: float) -> None:
        """The new piece of one path, once it is a pixel long: less would be drawn over and over. The head covers it."""
        piece = projection.pixels(race.path(name)[self._ends[name] :])
        box = piece.boundingRect()
        if max(box.width(), box.height()) < 1.0:
            return
        pen = QPen(theme().colour(RACERS[name]), width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline(piece)
        self._ends[name] = race.t

    def _paint_ground(self, painter: QPainter, projection: Projection, surface: Surface) -> None:
        everything = QRectF(0, 0, projection.width, projection.height)
        painter.fillRect(everything, theme().colour("sunken"))
        if self._ground is not None and self._ground[0].surface is surface:
            relief, ground = self._ground  # of another part, until this one's is made
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(projection.area(relief.view), ground, QRectF(ground.rect()))
        paint_rulers(painter, projection)
        for x, y, _ in surface.minima:
            at = projection.pixel(x, y)
            for width, role in ((4.0, "raised"), (2.0, "ink")):
                painter.setPen(QPen(theme().colour(role), width))
                painter.drawLine(at + QPointF(-5, 0), at + QPointF(5, 0))
                painter.drawLine(at + QPointF(0, -5), at + QPointF(0, 5))
