"""Loss against step, both logarithmic: a line a racer. Grid and lines are one picture, to which only new pieces are added."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.race import Race
from cvlab.ui.panels.optimization.looks import RACERS
from cvlab.ui.panels.optimization.loss_scale import LossScale
from cvlab.ui.theme import theme
from cvlab.ui.widgets.polyline import polyline, thinned

_NOTHING = (np.inf, -np.inf)


class LossPlot(QWidget):
    """Heights above `floor`, the lowest known place, from step 1 on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("optimization.losses")
        self.setAccessibleName("Loss against step, both logarithmic")
        self.setToolTip(
            "A straight line down is progress by a constant factor in each tenfold of steps. Flat: it sleeps."
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 90)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._race: Race | None = None
        self._names: tuple[str, ...] = ()
        self._chosen, self._floor, self._revision = "", 0.0, 0
        self._range, self._seen = _NOTHING, -1  # smallest and largest loss above 0, up to which step
        self._picture = QPixmap()
        self._scale: LossScale | None = None
        self._drawn = 1  # the step up to which lines are in the picture
        theme().changed.connect(self._paint_anew)

    def sizeHint(self) -> QSize:
        return QSize(320, 140)

    def show_race(self, race: Race | None, revision: int, names: tuple[str, ...], chosen: str, floor: float) -> None:
        """revision: another one for other paths. names: who is drawn, the chosen one on top."""
        what = (revision, names, chosen, floor)
        if race is not self._race or what != (self._revision, self._names, self._chosen, self._floor):
            self._seen, self._scale = -1, None
        self._race = race
        self._revision, self._names, self._chosen, self._floor = what
        self.update()

    def _paint_anew(self) -> None:
        self._scale = None
        self.update()

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, race = QPainter(self), self._race
        if race is None or race.t < 1 or not self._names:
            painter.fillRect(self.rect(), theme().colour("raised"))
            painter.setFont(self._face())
            painter.setPen(theme().colour("muted"))
            words = "Press play: the losses appear here." if self._names else "Choose at least one racer."
            painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, words)
        else:
            self._bring_up(race.t)
            painter.drawPixmap(0, 0, self._picture)
            self._paint_ends(painter, race.t)
        painter.end()

    def _face(self) -> QFont:
        font = self.font()
        font.setPixelSize(11)
        return font

    def _bring_up(self, t: int) -> None:
        """Adds to the picture what was run since; draws all of it again where the scale or the past is another."""
        self._look(t)
        area = QRectF(self.rect()).adjusted(40, 6, -10, -22)
        scale, ratio = LossScale.around(area, t, *self._range), self.devicePixelRatioF()
        if scale != self._scale or t < self._drawn or self._picture.devicePixelRatio() != ratio:
            self._scale, self._drawn = scale, 1
            self._picture = QPixmap(self.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(theme().colour("raised"))
            painter = QPainter(self._picture)
            painter.setFont(self._face())
            scale.paint_grid(painter)
            painter.end()
        if (
            np.log10(t / self._drawn) * scale.width >= scale.across
        ):  # a pixel or more: less would be drawn over and over
            painter = QPainter(self._picture)
            self._paint_lines(painter, t)
            painter.end()
            self._drawn = t

    def _look(self, t: int) -> None:
        """Takes the losses since the last look into the range."""
        if t < self._seen:
            self._seen = -1
        if self._seen < 0:
            self._range = _NOTHING
        least, most = self._range
        for name in self._names:
            new = self._losses(name, slice(self._seen + 1, t + 1))
            new = new[(new > 0) & (new < np.inf)]
            if new.size:
                least, most = min(least, float(new.min())), max(most, float(new.max()))
        self._range, self._seen = (least, most), t

    def _paint_lines(self, painter: QPainter, t: int) -> None:
        """The pieces from what is drawn to step t."""
        scale, since = self._scale, self._drawn
        painter.setClipRect(scale.area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = scale.x(np.arange(since, t + 1))
        for name in self._ordered():
            y = scale.y(self._losses(name, slice(since, t + 1)))
            painter.setPen(QPen(theme().colour(RACERS[name]), 2.4 if name == self._chosen else 1.3))
            painter.drawPolyline(polyline(*thinned(x, y)))

    def _paint_ends(self, painter: QPainter, t: int) -> None:
        """A dot where each line ends; it covers the part of a pixel that is not in the picture yet."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().colour("raised"), 1))
        names = self._ordered()
        x = float(self._scale.x(np.array(t)))
        for name, y in zip(names, self._scale.y(np.array([self._losses(name, t) for name in names])), strict=True):
            radius = 4.5 if name == self._chosen else 3.5
            painter.setBrush(theme().colour(RACERS[name]))
            painter.drawEllipse(QPointF(x, float(y)), radius, radius)

    def _losses(self, name: str, t: int | slice) -> np.ndarray:
        with np.errstate(over="ignore"):
            return self._race.heights(name)[t] - self._floor

    def _ordered(self) -> list[str]:
        return sorted(self._names, key=self._chosen.__eq__)
