"""The output against one input, with the tangent that the gradient gives. Drag in it to turn the input."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.circuit.explore import Sweep
from cvlab.engine.circuit.passes import Evaluation
from cvlab.ui.panels.circuits.face import number
from cvlab.ui.panels.circuits.fonts import font
from cvlab.ui.theme import theme

# Joined once: a sign between flags costs more than the text that it places.
_AT_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_AT_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 26, 34


class AlongPlot(QWidget):
    """turned(value): the person drags the point. released: they let go."""

    turned = Signal(float)
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("circuits.plot")
        self.setAccessibleName("The output against one input")
        self.setToolTip(
            "Green: the output for every value of this input. Red, dashed: the tangent. Drag to turn the input."
        )
        self.setMinimumSize(180, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self._sweep: Sweep | None = None
        self._evaluation: Evaluation | None = None
        self._low, self._high = 0.0, 1.0
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(280, 200)

    def show_sweep(self, sweep: Sweep | None, evaluation: Evaluation) -> None:
        """None: there is no input to plot along."""
        self._sweep, self._evaluation = sweep, evaluation
        if sweep is not None:
            self._low, self._high = _span(sweep.y, evaluation.output)
        self.update()

    # -- Qt ----------------------------------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        return QRectF(_LEFT, _TOP, self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM)

    def _place(self, x: float, y: float) -> QPointF:
        area, xs = self._area(), self._sweep.x
        across = (x - xs[0]) / (xs[-1] - xs[0])
        up = (y - self._low) / (self._high - self._low)
        return QPointF(area.left() + across * area.width(), area.bottom() - up * area.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._sweep is None:
            painter.setPen(theme().colour("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No input to turn")
        else:
            self._paint_axes(painter)
            self._paint_curves(painter)
            if not np.isfinite(self._sweep.y).any():
                painter.setPen(theme().colour("warning"))
                painter.drawText(self._area(), Qt.AlignmentFlag.AlignCenter, "No value anywhere along it")
        painter.end()

    def _paint_axes(self, painter: QPainter) -> None:
        look, area, sweep = theme(), self._area(), self._sweep
        painter.setFont(font(11))
        for value in _ticks(self._low, self._high, max(2, int(area.height() // 34))):
            y = self._place(0, value).y()
            painter.setPen(QPen(look.colour("faint"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(look.colour("muted"))
            painter.drawText(QRectF(0, y - 8, _LEFT - 6, 16), _AT_RIGHT,
                             number(value))  # fmt: skip
        for value in _ticks(float(sweep.x[0]), float(sweep.x[-1]), max(2, int(area.width() // 50))):
            x = self._place(value, 0).x()
            painter.setPen(QPen(look.colour("faint"), 1))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(look.colour("muted"))
            painter.drawText(QRectF(x - 24, area.bottom() + 2, 48, 14), Qt.AlignmentFlag.AlignHCenter, number(value))
        circuit = self._evaluation.circuit
        painter.drawText(
            QRectF(area.left(), area.bottom() + 16, area.width(), 16), Qt.AlignmentFlag.AlignHCenter, sweep.name
        )
        slope = self._evaluation.by_input[sweep.name]
        painter.setFont(font(12, bold=True))
        name = circuit.nodes[circuit.output].name
        top = QRectF(8, 2, self.width() - 16, 20)
        painter.setPen(look.colour("positive"))
        painter.drawText(top, _AT_LEFT, f"{name} against {sweep.name}")
        painter.setPen(look.colour("negative"))
        # Where the output is no number it has no slope, whatever the chain rule hands back.
        has_slope = math.isfinite(self._evaluation.output)
        painter.drawText(top, _AT_RIGHT, f"slope ∇ {number(slope)}" if has_slope else f"no slope: {name} is not finite")

    def _paint_curves(self, painter: QPainter) -> None:
        look, sweep, evaluation = theme(), self._sweep, self._evaluation
        painter.setClipRect(self._area().adjusted(-6, -2, 6, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look.colour("positive"), 2))
        painter.drawPath(self._path(sweep.x, sweep.y))
        at = evaluation.inputs[sweep.name]
        if not math.isfinite(evaluation.output):
            return
        here = self._place(at, evaluation.output)
        slope = evaluation.by_input[sweep.name]
        if math.isfinite(slope):
            ends = [
                self._place(float(x), float(y))
                for x, y in zip(sweep.x[[0, -1]], sweep.tangent(evaluation)[[0, -1]], strict=True)
            ]
            # A steep tangent ends far outside: painters dislike such coordinates.
            if all(abs(end.y()) < 1e5 for end in ends):
                painter.setPen(QPen(look.colour("negative"), 1.5, Qt.PenStyle.DashLine))
                painter.drawLine(*ends)
        painter.setPen(QPen(look.colour("raised"), 2))
        painter.setBrush(look.colour("positive"))
        painter.drawEllipse(here, 5.5, 5.5)

    def _path(self, xs: np.ndarray, ys: np.ndarray) -> QPainterPath:
        path, is_down, area = QPainterPath(), False, self._area()
        margin = 4 * (self._high - self._low)
        is_near = (ys > self._low - margin) & (ys < self._high + margin)
        across = area.left() + (xs - xs[0]) / (xs[-1] - xs[0]) * area.width()
        down = area.bottom() - (ys - self._low) / (self._high - self._low) * area.height()
        for near, x, y in zip(is_near.tolist(), across.tolist(), down.tolist(), strict=True):
            if near:
                path.lineTo(x, y) if is_down else path.moveTo(x, y)
            is_down = near
        return path

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._drag(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._drag(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.released.emit()

    def _drag(self, event: QMouseEvent) -> None:
        if self._sweep is None:
            return
        area, xs = self._area(), self._sweep.x
        share = min(max((event.position().x() - area.left()) / area.width(), 0.0), 1.0)
        value = xs[0] + share * (xs[-1] - xs[0])
        self.turned.emit(float(f"{value:.3g}"))


def _span(ys: np.ndarray, output: float) -> tuple[float, float]:
    """What the axis shows: all of the curve but its wildest tenth, and the present point."""
    finite = ys[np.isfinite(ys)]
    ordered = np.sort(finite)
    known = (
        ordered[[round(0.04 * (len(ordered) - 1)), round(0.96 * (len(ordered) - 1))]].tolist() if len(finite) else []
    )
    known += [output] if math.isfinite(output) else []
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    room = max(0.08 * (high - low), 1e-9 * max(abs(low), abs(high)), 1e-12)
    if high - low < 1e-12 * max(abs(high), 1.0):
        room = max(abs(high), 1.0) * 0.5
    return low - room, high + room


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Round values between two ends, at most so many."""
    rough = (high - low) / max(most, 1)
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(decade * m for m in (1, 2, 5, 10) if decade * m >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]
