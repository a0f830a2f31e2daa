"""The 2-D lab: points one can move, the regions that follow at once, and the vote wherever one points."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.panels.neighbors import PlaneDocument
from cvlab.engine.neighbors.points import PRESETS, coincident, leave_one_out, verdict
from cvlab.ui.bind import bind
from cvlab.ui.panels.neighbors.plane import Plane
from cvlab.ui.panels.neighbors.points_bar import PointsBar
from cvlab.ui.panels.neighbors.region_layer import RegionLayer
from cvlab.ui.panels.neighbors.rule_card import RuleCard
from cvlab.ui.widgets.card import Card

_LATER = 60
"""Milliseconds until the leave-one-out error of a document that is still changing is worked out."""


class PlanePage(QWidget):
    """plane, bar, rule: the widgets. layer: the map behind the points."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._history = lab.project.neighbors, lab.history
        self._place: tuple[float, float] | None = None
        self._seed = 1
        self._told: object = None
        self._is_awake = False
        self.layer = RegionLayer(lab, self)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LATER)
        self._later.timeout.connect(self._show_error)
        card = Card("Points and decision regions", self)
        self.plane, self.bar, self.rule = Plane(card), PointsBar(card), RuleCard(self)
        card.body.addWidget(self.bar)
        card.body.addWidget(self.plane, 1)
        self.rule.setFixedWidth(300)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(card, 1)
        row.addWidget(self.rule)
        self._connect()

    def _connect(self) -> None:
        plane, bar, state = self.plane, self.bar, self._state
        plane.added.connect(self._add)
        plane.moved.connect(self._move)
        plane.removed.connect(self._remove)
        plane.recoloured.connect(self._recolour)
        plane.released.connect(self._history.end_gesture)
        plane.hovered.connect(self.layer.hold)
        plane.chosen.connect(self.layer.hold)
        plane.pointed.connect(self._point)
        plane.numbered.connect(self._number)
        self.layer.drawn.connect(plane.show_regions)
        bar.tool_chosen.connect(self._choose_tool)
        bar.class_chosen.connect(self._choose_class)
        bar.size_chosen.connect(self._choose_size)
        bar.classes_asked.connect(self._set_classes)
        bar.preset_asked.connect(self._choose_preset)
        bar.count_asked.connect(self._choose_count)
        bar.fresh_asked.connect(self.new_points)
        bar.clear_asked.connect(self.clear)
        self.rule.changed.connect(self._set_rule)
        self.rule.let_go.connect(self._history.end_gesture)
        bar.show_tool("point")
        bind(self, state, "brush", self._show_brush)
        bind(self, state, "brush_size", self._show_size)
        bind(self, state, "preset", bar.show_preset)
        bind(self, state, "count", bar.show_count)
        bind(self, state, "plane", self._show_plane)

    def wake(self) -> None:
        """Draws what was left undrawn while the page was behind."""
        self._is_awake = True
        self.layer.show_document(self._state.plane)
        self._later.start()

    def rest(self) -> None:
        self._is_awake = False
        self._later.stop()

    # -- showing -----------------------------------------------------------------------------------------------------

    def _show_plane(self, document: PlaneDocument) -> None:
        self.plane.show_document(document)
        told = document.rule, document.classes, document.labels
        if told != self._told:  # a point that only moves changes nothing there
            self._told = told
            self.bar.show_document(document)
            self.rule.show_document(document)
        if self._state.brush >= document.classes:
            self._state.brush = document.classes - 1
        if not self.plane.is_dragging:
            self._show_verdict()
        if self._is_awake:
            self.layer.show_document(document)
            if not self._later.isActive():
                self._later.start()

    def _show_error(self) -> None:
        made = self._state.plane
        self.rule.show_error(leave_one_out(made.X, made.y, made.classes, made.rule), coincident(made.X, made.y))

    def _show_verdict(self) -> None:
        made = self._state.plane
        told = None if self._place is None else verdict(made.X, made.y, made.classes, made.rule, self._place)
        self.plane.show_verdict(told)
        self.rule.show_verdict(told)

    def _show_brush(self, c: int) -> None:
        self.bar.show_class(c)

    def _show_size(self, size: int) -> None:
        self.plane.brush_size = size
        self.bar.show_size(size)

    def _point(self, place: tuple[float, float] | None) -> None:
        self._place = place
        self._show_verdict()

    # -- edits -------------------------------------------------------------------------------------------------------

    def _push(self, document: PlaneDocument, words: str, merge_key: str = "") -> None:
        if document == self._state.plane:
            return
        self._history.push(SetField(self._state, "plane", document, words, merge_key))
        if not merge_key:
            self._history.end_gesture()

    def _add(self, places: list[tuple[float, float]]) -> None:
        paints = self.plane.tool == "brush"
        document = self._state.plane.added(places, self._state.brush)
        self._push(document, "Paint points" if paints else "Add a point", "neighbors.paint" if paints else "")

    def _move(self, i: int, x: float, y: float) -> None:
        self._push(self._state.plane.moved(i, x, y), "Move a point", f"neighbors.point.{i}")

    def _remove(self, i: int) -> None:
        self.plane.select(-1)
        self._push(self._state.plane.without(i), "Delete a point")

    def _recolour(self, i: int) -> None:
        self._push(self._state.plane.recoloured(i, self._state.brush), "Recolour points", "neighbors.recolour")

    def _number(self, c: int) -> None:
        """A digit key: the chosen point gets this class, and so do the points to come."""
        if c >= self._state.plane.classes:
            return
        self._state.brush = c
        if self.plane.selected >= 0:
            self._push(self._state.plane.recoloured(self.plane.selected, c), "Recolour a point")

    def _set_rule(self, field: str, value: object) -> None:
        words = {"k": "Change k", "metric": "Change the metric", "weighted": "Change the vote"}[field]
        self._push(self._state.plane.ruled(**{field: value}), words, f"neighbors.rule.{field}")

    def _set_classes(self, classes: int) -> None:
        document = self._state.plane.of_classes(classes)
        if len(set(document.labels)) < classes:  # nothing shows a class without points: draw the preset with them
            document = self._drawn(classes)
        self._push(document, f"{classes} classes")

    def _drawn(self, classes: int) -> PlaneDocument:
        state = self._state
        return PlaneDocument.of(state.preset, classes, state.count, self._seed, state.plane.rule)

    def new_points(self) -> None:
        """The preset's points, drawn anew."""
        self._seed += 1
        self._push(self._drawn(self._state.plane.classes), f"New points: {PRESETS[self._state.preset].title}")

    def clear(self) -> None:
        """No points."""
        self._push(replace(self._state.plane, points=(), labels=()), "Clear the points")

    def _choose_preset(self, preset: str) -> None:
        self._state.preset = preset
        wanted = PRESETS[preset].classes or max(self._state.plane.classes, 3)
        self._push(self._drawn(wanted), f"New points: {PRESETS[preset].title}")

    def _choose_count(self, count: int) -> None:
        if count != self._state.count:
            self._state.count = count
            self._push(self._drawn(self._state.plane.classes), f"{count} points")
        self.bar.show_count(count)

    def _choose_tool(self, tool: str) -> None:
        self.plane.tool = tool
        self.bar.show_tool(tool)
        self.plane.update()

    def _choose_class(self, c: int) -> None:
        self._state.brush = c

    def _choose_size(self, size: int) -> None:
        self._state.brush_size = size
