"""A plot of curves that grow while one looks: fast, calm, and readable at every moment. It knows nothing of runs.

Painted in one go, from the grid to the pointer; lines without antialiasing while they grow; peaks kept when thinned; ranges
that grow in jumps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QVBoxLayout, QWidget

from cvlab.core.epochs import EpochLine
from cvlab.ui.theme import theme
from cvlab.ui.widgets.axes import AXIS_WIDTH, SMALLEST, EpochAxis, StepAxis, ValueAxis, value_range
from cvlab.ui.widgets.curve_line import CurveLine
from cvlab.ui.widgets.legend import Key, Kind
from cvlab.ui.widgets.notes import Mark, Notes
from cvlab.ui.widgets.plot_canvas import Canvas
from cvlab.ui.widgets.scales import Scales
from cvlab.ui.widgets.series import Series
from cvlab.ui.widgets.words import Words

_ROOM = 1.012
"""A little more than the last step, so that its dot is whole."""
_MANY_POINTS = 150
"""Above so many points a line is drawn without its dots."""


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
        self._log, self._is_following, self._is_live = False, True, True
        self._reference: tuple[float, str] | None = None
        self._is_whole, self._from_zero = True, from_zero
        self._words, self._notes = Words(), Notes(marks_at_top=marks_at_top)
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
        self.canvas = Canvas(self._paint, self)
        self.canvas.setAccessibleName(f"{title} plot")
        self.canvas.setToolTip(
            "Point at a step to read its values. Wheel or drag to look closer; double-click to see it all."
        )
        self.view = pg.ViewBox(enableMenu=False)
        self.steps, self.epochs = StepAxis(self.view), EpochAxis(self.view)
        self.values = ValueAxis(self.view, self._tick)
        grid = self.canvas.ci
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        for item, row, column in ((self.epochs, 0, 1), (self.values, 1, 0), (self.view, 1, 1), (self.steps, 2, 1)):
            grid.addItem(item, row, column)
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
        self.view.sigRangeChanged.connect(self.canvas.paint_soon)
        self.view.sigResized.connect(self.canvas.paint_soon)
        self.view.sigXRangeChanged.connect(self._follow_view)

    # -- what it shows ---------------------------------------------------------------------------------------------

    def add_series(self, name: str, caption: str, role: str, kind: Kind) -> None:
        """A curve, drawn over those added before it. role: a colour role of the theme."""
        key = Key(caption, role, kind, self._widest, self)
        self._keys.addWidget(key)
        self.series[name] = Series(role, kind, CurveLine(), key)
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
        """Hands the series to its line: whole, or what can be seen of a long one."""
        x, y = series.window(*self.view.viewRange()[0])
        series.line.show_points(x, self._at_height(y))
        self.canvas.paint_soon()

    def _follow_view(self) -> None:
        for series in self.series.values():
            if series.is_long:
                self._draw(series)

    def refresh(self, x_end: float) -> None:
        """Ranges and read-out after the series; x_end: the last step that the x axis should show."""
        start = perf_counter() - self._cost_so_far
        self._cost_so_far = 0.0
        is_longer = x_end != self._x_end
        self._x_end = x_end
        if self._is_following:
            wanted = self._wanted_range()
            if is_longer or wanted != self._y_range:
                self._show_all(wanted)
        if self._notes.pointer is None:
            self._show_values(None)
        self._set_seconds = perf_counter() - start

    def show_marks(self, marks: Sequence[Mark]) -> None:
        """Vertical lines with words, where something was changed."""
        if tuple(marks) != self._notes.marks:
            self._notes.marks = tuple(marks)
            self.canvas.paint_soon()

    @property
    def marks(self) -> tuple[Mark, ...]:
        return self._notes.marks

    def show_reference(self, value: float | None, words: str = "") -> None:
        """A dashed level line to compare with, or None."""
        self._reference = None if value is None else (value, words)
        self._place_reference()
        self.fit()

    @property
    def reference(self) -> float | None:
        """The value of the level line, if there is one."""
        return None if self._reference is None else self._reference[0]

    def _place_reference(self) -> None:
        if self._reference is None:
            self._notes.reference = None
        else:
            value, words = self._reference
            self._notes.reference = float(self._at_height(np.array([value]))[0]), words

    def show_epochs(self, line: EpochLine | None) -> None:
        """Where the epochs lie among the steps; None if that is not known."""
        bends = () if line is None else line.bends
        if bends != self._bends:
            self.epochs.line, self._bends = line, bends
            self.canvas.paint_soon()

    def show_axes(self, *, below: bool, above: bool) -> None:
        """Which of the two axes of steps and epochs are drawn: where two plots share them, one of each will do."""
        self.steps.setVisible(below)
        self.epochs.setVisible(above)

    def show_x(self, words: str, *, whole: bool) -> None:
        """What runs along the axis below, and whether it is counted in whole numbers."""
        self._is_whole = self.steps.is_whole = whole
        self.steps.label = words
        self.canvas.paint_soon()

    def show_key(self, name: str, caption: str) -> None:
        """Another caption for a curve in the key; "" takes it out of the key."""
        key = self.series[name].key
        key.caption.setText(caption)
        key.setVisible(bool(caption))

    def show_message(self, sentence: str) -> None:
        """Words in the middle of the axes while there is nothing to draw; "" takes them away."""
        if sentence == self.message.text() and self.message.isHidden() != bool(sentence):
            return  # said at every drawing
        self.message.setText(sentence)
        self.values.has_grid = not sentence
        self.canvas.paint_soon()
        self.message.setVisible(bool(sentence))
        self._place_message()

    def set_log(self, on: bool) -> None:
        """A logarithmic value axis, or a linear one."""
        if on != self._log:
            self._log = self.values.is_log = on
            self._place_reference()
            for series in self.series.values():
                self._draw(series)
            self.fit()

    def set_live(self, live: bool) -> None:
        """Whether the curves still grow: those at rest are drawn smoother."""
        if live != self._is_live:
            self._is_live = live
            for series in self.series.values():
                self._ink(series)
            self.canvas.paint_soon()

    def clear(self) -> None:
        """Empty axes: of every curve, of the marks, and of any zoom."""
        for name in self.series:
            self.show_series(name, np.empty(0), np.empty(0))
        self.show_marks(())
        self._show_values(None)
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
        self._show_all(self._wanted_range())

    def _show_all(self, y_range: tuple[float, float]) -> None:
        self._y_range = y_range
        self.view.setRange(xRange=(0, _ROOM * max(self._x_end, 1)), yRange=y_range, padding=0)
        self.canvas.paint_soon()

    def _wanted_range(self) -> tuple[float, float]:
        """(low, high) in the axis' own units, on round values so that it seldom changes."""
        return value_range(
            [(s.outline, s.kind == "raw") for s in self.series.values()],
            self.reference,
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
        for axis in (self.steps, self.epochs, self.values):
            axis.pen, axis.text_pen = QPen(colour("faint")), QPen(colour("muted"))
        self._notes.show_colours()
        for series in self.series.values():
            series.inked = None
            self._ink(series)
        self.canvas.show_ground(colour("raised"))

    def _ink(self, series: Series) -> None:
        """Its pen and its dots, in its colour. Asked for at every drawing, and seldom another than before."""
        look = series.width, series.is_smooth(self._is_live), len(series.x) <= _MANY_POINTS
        if look == series.inked:
            return
        series.inked = width, is_smooth, has_dots = look
        pen = QPen(theme().colour(series.role, 0.4 if series.kind == "raw" else 1.0), width)
        pen.setCosmetic(True)
        series.line.show_line(pen, smooth=is_smooth)
        if series.kind == "points":
            series.line.show_dots(QPen(theme().colour("raised")) if has_dots else None)

    @property
    def scales(self) -> Scales:
        """From its values to the canvas' pixels."""
        (left, right), (low, high) = self.view.state["viewRange"]
        return Scales(self.view.geometry(), left, right, low, high)

    def _paint(self, painter: QPainter) -> None:
        """Everything, from behind to the front."""
        scales, words = self.scales, self._words
        if scales.is_empty:
            return
        words.begin(painter)
        for axis in (self.values, self.steps, self.epochs):
            if axis.isVisible():
                axis.paint_on(painter, scales, words)
        painter.setClipRect(scales.area)
        for series in self.series.values():
            series.line.paint(painter, scales)
        self._notes.paint(painter, scales, words)

    def _place_message(self) -> None:
        area = self.canvas.rect().adjusted(AXIS_WIDTH + 16, 24, -16, -64)
        self.message.setGeometry(area)

    # -- reading out -----------------------------------------------------------------------------------------------

    def _point(self, scene: QPointF) -> None:
        scales = self.scales
        x = max(scales.x_at(scene.x()), 0.0) if scales.area.contains(scene) else None
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
        if x != self._notes.pointer:
            self._notes.pointer = x
            self.canvas.paint_soon()
        self._show_values(x)

    def _show_values(self, x: float | None) -> None:
        for series in self.series.values():
            value = series.at(math.inf if x is None else x)
            series.key.show_value("" if value is None else self._text(value))
