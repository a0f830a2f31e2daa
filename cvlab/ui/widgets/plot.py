"""A plot of curves that grow while one looks: fast, calm, and readable at every moment. It knows nothing of runs.

One item a series, made once; lines without antialiasing while they grow; peaks kept when thinned; ranges that grow in
jumps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QVBoxLayout, QWidget

from cvlab.core.epochs import EpochLine
from cvlab.ui.theme import theme
from cvlab.ui.widgets.axes import SMALLEST, EpochAxis, StepAxis, ValueAxis, value_range
from cvlab.ui.widgets.curve_item import CurveItem
from cvlab.ui.widgets.legend import Key, Kind
from cvlab.ui.widgets.plot_canvas import Canvas
from cvlab.ui.widgets.series import Series

_AXIS_WIDTH, _LINE_OF_TEXT = 52, 22
_ROOM = 1.012
"""A little more than the last step, so that its dot is whole."""
_MANY_POINTS = 150
"""Above so many points a line is drawn without its dots."""


@dataclass(frozen=True)
class Mark:
    """Something that happened at x, in a few words."""

    x: float
    text: str


class CurvePlot(QWidget):
    """Curves over steps. Give it values with `show_series`; it draws, scales, and reads out.

    hovered(x): the pointer is at step x, or left (None); connect it to `point_at` of a plot with the same x axis.
    """

    hovered = Signal(object)

    def __init__(
        self,
        title: str,
        *,
        text: Callable[[float], str],
        tick: Callable[[float], str],
        widest: str,
        top: float | None = None,
        from_zero: bool = True,
        keys: QLayout | None = None,
        marks_at_top: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        """text: writes a value ("0.312", "98.4 %"); widest: its longest text; tick: writes it on the axis ("0.5").

        top: a fixed upper end, or None to follow the values. from_zero: the axis begins at zero; else close to the values.
        keys: where the legend goes, if not behind the title. marks_at_top: where the words of marks stand; else at the foot, for
        curves that rise.
        """
        super().__init__(parent)
        self._text, self._tick, self._widest, self._top = text, tick, widest, top
        self._bends: tuple[float, ...] = ()
        self.series: dict[str, Series] = {}
        self.marks: tuple[Mark, ...] = ()
        self._log, self._is_following, self._is_live = False, True, True
        self._reference: tuple[float, str] | None = None
        self._is_whole, self._from_zero, self._marks_at_top = True, from_zero, marks_at_top
        self._x_end, self._y_range = 0.0, (0.0, 1.0)
        self._set_seconds = self._cost_so_far = 0.0
        self._make_header(title, keys)
        self._make_canvas(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 10, 12, 6)
        layout.setSpacing(2)
        layout.addLayout(self._header)
        layout.addWidget(self.canvas, 1)
        theme().changed.connect(self._show_colours)
        self._show_colours()
        self.fit()

    def _make_header(self, title: str, keys: QLayout | None) -> None:
        self.title = QLabel(title, self)
        self.title.setProperty("role", "subheading")
        self._header = QHBoxLayout()
        self._header.setSpacing(20)
        self._header.addWidget(self.title)
        self.title.setVisible(bool(title))
        self._keys = keys
        if keys is None:
            self._keys = QHBoxLayout()
            self._keys.setSpacing(14)
            self._header.addLayout(self._keys)
        self._header.addStretch(1)

    def _make_canvas(self, title: str) -> None:
        self.canvas = Canvas(self)
        self.canvas.setAccessibleName(f"{title} plot")
        self.canvas.setToolTip(
            "Point at a step to read its values. Wheel or drag to look closer; double-click to see it all."
        )
        self.view = pg.ViewBox(enableMenu=False)
        self.steps, self.epochs, self.values = StepAxis("bottom"), EpochAxis("top"), ValueAxis(self._tick)
        grid = self.canvas.ci
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        for axis, row, column in ((self.epochs, 0, 1), (self.values, 1, 0), (self.steps, 2, 1)):
            axis.linkToView(self.view)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=0, tickTextOffset=6)
            grid.addItem(axis, row, column)
        grid.addItem(self.view, 1, 1)
        self.values.setWidth(_AXIS_WIDTH)
        self.values.setGrid(255)
        self.values.setZValue(-1000)  # its grid lies behind the curves
        self.steps.setLabel("step")
        self.epochs.setHeight(20)
        self._line = pg.InfiniteLine(angle=0, movable=False)
        self._line_text = pg.TextItem(anchor=(1, 1))
        self._pointer = pg.InfiniteLine(angle=90, movable=False)
        self._mark_lines = pg.PlotDataItem(connect="pairs")
        self._mark_texts: list[pg.TextItem] = []
        for item in (self._line, self._line_text, self._pointer, self._mark_lines):
            self.view.addItem(item, ignoreBounds=True)
            item.hide()
        self.message = QLabel(self.canvas)
        self.message.setProperty("role", "muted")
        self.message.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
        self.message.setWordWrap(True)
        self.message.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.canvas.pointed.connect(self._point)
        self.canvas.left.connect(self._leave)
        self.canvas.asked_all.connect(self.fit)
        self.canvas.resized.connect(self._place_message)
        self.view.sigRangeChangedManually.connect(self._stop_following)
        self.view.sigRangeChanged.connect(self._place_words)
        self.view.sigXRangeChanged.connect(self._follow_view)

    # -- what it shows ---------------------------------------------------------------------------------------------

    def add_series(self, name: str, caption: str, role: str, kind: Kind) -> None:
        """A curve, drawn over those added before it. role: a colour role of the theme."""
        item = CurveItem()
        self.view.addItem(item, ignoreBounds=True)
        key = Key(caption, role, kind, self._widest, self)
        self._keys.addWidget(key)
        self.series[name] = Series(role, kind, item, key)
        self._show_colours()

    def show_series(self, name: str, x: np.ndarray, y: np.ndarray) -> None:
        """The whole curve as it is now: x rising, y may hold NaN or infinity. Call `refresh` after the last one."""
        start = perf_counter()
        series = self.series[name]
        series.take(x, y)
        self._ink(series)
        self._draw(series)
        self._cost_so_far += perf_counter() - start

    def _draw(self, series: Series) -> None:
        """Hands the series to its item: whole, or what can be seen of a long one."""
        x, y = series.window(*self.view.viewRange()[0])
        series.item.show_points(x, self._at_height(y))

    def _follow_view(self) -> None:
        for series in self.series.values():
            if series.is_long:
                self._draw(series)

    def refresh(self, x_end: float) -> None:
        """Ranges and read-out after the series; x_end: the last step that the x axis should show."""
        start = perf_counter() - self._cost_so_far
        self._cost_so_far = 0.0
        if self._is_following and (x_end != self._x_end or self._wanted_range() != self._y_range):
            self._x_end = x_end
            self.fit()
        self._x_end = x_end
        if not self._pointer.isVisible():
            self._show_values(None)
        self._set_seconds = perf_counter() - start

    def show_marks(self, marks: Sequence[Mark]) -> None:
        """Vertical lines with words, where something was changed."""
        if tuple(marks) == self.marks:
            return
        self.marks = tuple(marks)
        while len(self._mark_texts) < len(self.marks):
            text = pg.TextItem(anchor=(0, 0 if self._marks_at_top else 1))
            self._mark_texts.append(text)
            self.view.addItem(text, ignoreBounds=True)
        self._show_colours()
        self._place_words()

    def show_reference(self, value: float | None, words: str = "") -> None:
        """A dashed level line to compare with, or None."""
        self._reference = None if value is None else (value, words)
        for item in (self._line, self._line_text):
            item.setVisible(value is not None)
        self._show_colours()
        self.fit()

    def show_epochs(self, line: EpochLine | None) -> None:
        """Where the epochs lie among the steps; None if that is not known."""
        bends = () if line is None else line.bends
        if bends != self._bends:
            self.epochs.line, self._bends = line, bends
            self.epochs.picture = None
            self.epochs.update()

    def show_axes(self, *, below: bool, above: bool) -> None:
        """Which of the two axes of steps and epochs are drawn: where two plots share them, one of each will do."""
        self.steps.setVisible(below)
        self.epochs.setVisible(above)

    def show_x(self, words: str, *, whole: bool) -> None:
        """What runs along the axis below, and whether it is counted in whole numbers."""
        self._is_whole = self.steps.is_whole = whole
        self.steps.setLabel(words)

    def show_key(self, name: str, caption: str) -> None:
        """Another caption for a curve in the key; "" takes it out of the key."""
        key = self.series[name].key
        key.caption.setText(caption)
        key.setVisible(bool(caption))

    def show_message(self, sentence: str) -> None:
        """Words in the middle of the axes while there is nothing to draw; "" takes them away."""
        if sentence == self.message.text() and self.message.isHidden() != bool(sentence):
            return  # said at every drawing: to set the grid again would paint the axis anew
        self.message.setText(sentence)
        self.values.setGrid(False if sentence else 255)
        self.message.setVisible(bool(sentence))
        self._place_message()

    def set_log(self, on: bool) -> None:
        """A logarithmic value axis, or a linear one."""
        if on != self._log:
            self._log = self.values.is_log = on
            for series in self.series.values():
                self._draw(series)
            self.fit()

    def set_live(self, live: bool) -> None:
        """Whether the curves still grow: those at rest are drawn smoother."""
        if live != self._is_live:
            self._is_live = live
            for series in self.series.values():
                self._ink(series)

    def clear(self) -> None:
        """Empty axes: of every curve, of the marks, and of any zoom."""
        for name in self.series:
            self.show_series(name, np.empty(0), np.empty(0))
        self.show_marks(())
        self._x_end, self._y_range = 0.0, (0.0, 1.0)
        self.fit()

    @property
    def cost(self) -> float:
        """Seconds that the last values and the last painting took."""
        return self._set_seconds + self.canvas.paint_seconds

    # -- ranges ----------------------------------------------------------------------------------------------------

    def fit(self) -> None:
        """See everything, and follow the curves as they grow."""
        self._is_following = True
        self._y_range = self._wanted_range()
        self.view.setRange(
            xRange=(0, _ROOM * max(self._x_end, 1)), yRange=self._y_range, padding=0, disableAutoRange=True, update=True
        )
        self._place_words()

    def _wanted_range(self) -> tuple[float, float]:
        """(low, high) in the axis' own units, on round values so that it seldom changes."""
        return value_range(
            [(s.outline, s.kind == "raw") for s in self.series.values()],
            self._reference[0] if self._reference else None,
            top=self._top,
            log=self._log,
            from_zero=self._from_zero,
        )

    def _stop_following(self) -> None:
        self._is_following = False

    def _at_height(self, y: np.ndarray) -> np.ndarray:
        if not self._log:
            return y
        with np.errstate(invalid="ignore"):
            return np.log10(np.maximum(y, SMALLEST))

    # -- looks -----------------------------------------------------------------------------------------------------

    def _show_colours(self) -> None:
        colour = theme().colour
        self.canvas.setBackground(colour("raised"))
        for axis in (self.steps, self.epochs, self.values):
            axis.setPen(pg.mkPen(colour("faint")))
            axis.setTextPen(pg.mkPen(colour("muted")))
        self._line.setPen(pg.mkPen(colour("muted"), style=Qt.PenStyle.DashLine))
        self._pointer.setPen(pg.mkPen(colour("muted")))
        self._mark_lines.setPen(pg.mkPen(colour("warning"), style=Qt.PenStyle.DotLine))
        for series in self.series.values():
            self._ink(series)
        if self._reference is not None:
            self._line_text.setText(self._reference[1], color=colour("muted"))
        for mark, text in zip(self.marks, self._mark_texts, strict=False):
            text.setText(mark.text, color=colour("warning"))

    def _ink(self, series: Series) -> None:
        """Its pen and its dots, in its colour."""
        ink = theme().colour(series.role, 0.4 if series.kind == "raw" else 1.0)
        series.item.show_line(pg.mkPen(ink, width=series.width), smooth=series.is_smooth(self._is_live))
        if series.kind == "points":
            series.item.show_dots(pg.mkPen(theme().colour("raised")) if len(series.x) <= _MANY_POINTS else None)

    def _place_words(self) -> None:
        """Words and marks keep to the edges of what is in view."""
        # Else the view would move its items while it is painted, and all would be painted once more.
        self.view.prepareForPaint()
        (left, right), (low, high) = self.view.viewRange()
        if self._reference is not None:
            y = float(self._at_height(np.array([self._reference[0]]))[0])
            self._line.setPos(y)
            room = (high - y) / max(high - low, 1e-9) * self.view.height()
            self._line_text.setAnchor((1, 1 if room > _LINE_OF_TEXT else 0))
            self._line_text.setPos(right, y)
        self._mark_lines.setVisible(bool(self.marks))
        if self.marks:
            self._mark_lines.setData(
                np.repeat([mark.x for mark in self.marks], 2), np.tile([low, high], len(self.marks)), connect="pairs"
            )
        taken = -math.inf
        for i, text in enumerate(self._mark_texts):
            x = self.marks[i].x if i < len(self.marks) else math.inf
            fits = left <= x <= right and x >= taken
            text.setVisible(fits)
            if fits:
                text.setPos(x, high if self._marks_at_top else low)
                taken = x + text.boundingRect().width() * (right - left) / max(self.view.width(), 1)
        for text in (self._line_text, *self._mark_texts):
            text.updateTransform()

    def _place_message(self) -> None:
        area = self.canvas.rect().adjusted(_AXIS_WIDTH + 16, 24, -16, -64)
        self.message.setGeometry(area)

    # -- reading out -----------------------------------------------------------------------------------------------

    def _point(self, scene: QPointF) -> None:
        inside = self.view.sceneBoundingRect().contains(scene)
        x = max(self.view.mapSceneToView(scene).x(), 0.0) if inside else None
        if x is not None and self._is_whole:
            x = float(round(x))
        if x is not None and not any(len(series.x) for series in self.series.values()):
            x = None
        self.point_at(x)
        self.hovered.emit(x)

    def _leave(self) -> None:
        self.point_at(None)
        self.hovered.emit(None)

    def point_at(self, x: float | None) -> None:
        """The crosshair at step x and the values there; None takes it away and shows the latest."""
        if x is not None:
            self._pointer.setPos(x)
        self._pointer.setVisible(x is not None)
        self._show_values(x)

    def _show_values(self, x: float | None) -> None:
        for series in self.series.values():
            value = series.at(math.inf if x is None else x)
            series.key.show_value("" if value is None else self._text(value))
