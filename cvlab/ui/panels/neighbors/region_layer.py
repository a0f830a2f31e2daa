"""The map behind the points, always up to date: at once where a point is held, coarse then fine in the background elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.core.panels.neighbors import PlaneDocument
from cvlab.engine.neighbors.points import SPAN
from cvlab.engine.neighbors.regions import Grid, Held, regions

SIDE, COARSE = 256, 48
_MAP, _HOLD = "neighbors.map", "neighbors.hold"


def grid(side: int) -> Grid:
    return Grid(-SPAN, SPAN, -SPAN, SPAN, side, side)


@dataclass(frozen=True)
class MapRequest:
    document: PlaneDocument

    def run(self, control: JobControl) -> tuple[PlaneDocument, np.ndarray]:
        made = self.document
        winner = regions(made.X, made.y, made.classes, made.rule, grid(SIDE), cancelled=control.cancelled)
        return made, winner


@dataclass(frozen=True)
class HoldRequest:
    """Prepares for point i to be moved."""

    document: PlaneDocument
    point: int

    def run(self, control: JobControl) -> tuple[PlaneDocument, Held]:
        made = self.document
        held = Held(made.X, made.y, made.classes, made.rule, grid(SIDE), self.point, cancelled=control.cancelled)
        return made, held


class RegionLayer(QObject):
    """drawn: a map (rows, columns) int8 is there. `is_exact`: whether the last one was of the full size."""

    drawn = Signal(object)

    def __init__(self, lab: Lab, parent: QObject) -> None:
        super().__init__(parent)
        self._lab = lab
        self._document: PlaneDocument | None = None
        self._held: tuple[PlaneDocument, Held] | None = None
        self._rough: tuple[PlaneDocument, Held] | None = None
        self._wanted: int = -1
        self.is_exact = False

    def show_document(self, document: PlaneDocument) -> None:
        """Draws this document, now or in two steps."""
        if document == self._document and self.is_exact:
            return
        self._document = document
        held = self._fitting(self._held)
        if held is not None:
            self._lab.jobs.cancel(_MAP)
            self.is_exact = True
            self.drawn.emit(held.moved(*document.points[held.held]))
            return
        self.is_exact = False
        rough = self._fitting(self._rough)
        if rough is not None:
            self.drawn.emit(rough.moved(*document.points[rough.held]))
        else:
            self.drawn.emit(regions(document.X, document.y, document.classes, document.rule, grid(COARSE)))
        if rough is None or not self._lab.jobs.is_busy(_HOLD):  # else what is being prepared will draw it
            self._submit_map()

    def _submit_map(self) -> None:
        request = MapRequest(self._document)
        self._lab.jobs.submit(_MAP, request, done=self._have_map, failed=self._lab.notices.error)

    def hold(self, point: int) -> None:
        """This point may be moved next; -1 for none. A coarse map is prepared at once (10 ms), the fine one in the background."""
        if point < 0 or self._document is None:
            self._wanted = -1
            return
        fitting = self._fitting(self._held)
        if (fitting is not None and fitting.held == point) or (self._wanted == point and self._lab.jobs.is_busy(_HOLD)):
            return
        self._wanted, made = point, self._document
        self._rough = made, Held(made.X, made.y, made.classes, made.rule, grid(COARSE), point)
        request = HoldRequest(self._document, point)
        self._lab.jobs.submit(_HOLD, request, done=self._have_held, failed=self._lab.notices.error)

    @property
    def is_ready(self) -> bool:
        """Whether the point that was to be held can be moved at once."""
        fitting = self._fitting(self._held)
        return fitting is not None and fitting.held == self._wanted

    def _fitting(self, prepared: tuple[PlaneDocument, Held] | None) -> Held | None:
        """What was prepared, if the document differs from then only in where the held point is."""
        if prepared is None or self._document is None:
            return None
        then, held = prepared
        i = held.held
        if i >= len(self._document.points) or then.moved(i, *self._document.points[i]) != self._document:
            return None
        return held

    def _have_held(self, result: tuple[PlaneDocument, Held]) -> None:
        self._held = result
        if self.is_exact or self._document is None:
            return
        if self._fitting(result) is not None:
            document, self._document = self._document, None
            self.show_document(document)
        elif not self._lab.jobs.is_busy(_MAP):
            self._submit_map()

    def _have_map(self, result: tuple[PlaneDocument, np.ndarray]) -> None:
        document, winner = result
        if document == self._document:
            self.is_exact = True
            self.drawn.emit(winner)
