"""Numbers that people type, step or drag: a box that lets any number through to whoever judges it, and its slider."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QSlider, QWidget

_ANYTHING = 1e15
_SLIDER_STEPS = 400
_DECADES = 8
"""A logarithmic slider spans so many decades below its upper end."""


def number_text(value: float) -> str:
    """250, 0.001, 1e-05: as short as it can be without losing a digit that was typed."""
    if float(value).is_integer() and abs(value) < _ANYTHING:
        return f"{value:.0f}"
    return f"{value:.6g}"


class NumberBox(QDoubleSpinBox):
    """Accepts every number, in any notation; the owner says whether it is in range.

    Emits `valueChanged` on Enter, on leaving, and at every step. low, high: where stepping stops (typing does not).
    whole: steps by one. log: steps go along 1, 2, 5, 10, 20, ...
    """

    def __init__(
        self, low: float, high: float, *, whole: bool = False, log: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._low, self._high, self._whole, self._log = low, high, whole, log
        self.setDecimals(12)
        self.setRange(-_ANYTHING, _ANYTHING)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)

    def sizeHint(self) -> QSize:
        # As wide as a number that people read, not as the widest that could be typed.
        hint = super().sizeHint()
        return QSize(self.fontMetrics().horizontalAdvance("0.00001") + 40, hint.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def textFromValue(self, value: float) -> str:
        return number_text(value).replace("-", "−")  # a true minus, as everywhere else; typed, either is taken

    def valueFromText(self, text: str) -> float:
        return float(_plain(text))

    def validate(self, text: str, position: int) -> object:
        plain = _plain(text)
        try:
            state = QValidator.State.Acceptable if math.isfinite(float(plain)) else QValidator.State.Invalid
        except ValueError:
            partial = all(letter in "0123456789.eE+-" for letter in plain)
            state = QValidator.State.Intermediate if partial else QValidator.State.Invalid
        return state, text, position

    def stepBy(self, steps: int) -> None:
        value = self.value()
        for _ in range(abs(steps)):
            value = _stepped(value, steps > 0) if self._log else value + math.copysign(self._step(), steps)
        self.setValue(min(max(value, self._low), self._high))
        self.selectAll()

    def _step(self) -> float:
        return 1.0 if self._whole else (self._high - self._low) / 20 if math.isfinite(self._high) else 0.1

    def stepEnabled(self) -> QDoubleSpinBox.StepEnabledFlag:
        flags = QDoubleSpinBox.StepEnabledFlag.StepNone
        if self.value() < self._high:
            flags |= QDoubleSpinBox.StepEnabledFlag.StepUpEnabled
        if self.value() > self._low:
            flags |= QDoubleSpinBox.StepEnabledFlag.StepDownEnabled
        return flags

    def wheelEvent(self, event: QWheelEvent) -> None:
        # Scrolling past a form must not change what is under the pointer.
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def _plain(text: str) -> str:
    text = text.strip().replace("−", "-")
    return text if "." in text else text.replace(",", ".")


def _stepped(value: float, up: bool) -> float:
    """The neighbour of `value` in 1, 2, 5, 10, 20, 50, ...; from 0, the smallest that is worth having."""
    if value <= 0:
        return 1e-6 if up else 0.0
    decade = 10.0 ** math.floor(math.log10(value) + 1e-9)
    ladder = [decade * m for m in (0.5, 1, 2, 5, 10)]
    close = 1e-6 * value
    found = next(x for x in ladder if x > value + close) if up else max(x for x in ladder if x < value - close)
    return float(f"{found:.6g}")


class NumberSlider(QSlider):
    """A slider over a range of real numbers, linear or logarithmic; `moved` gives round values (two digits).

    With `log` and low <= 0 the far left stands for 0; a logarithmic range is cut to eight decades.
    """

    moved = Signal(float)

    def __init__(self, low: float, high: float, *, log: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._log = log
        self._low = max(low, high * 10.0**-_DECADES) if log else low
        self._high = high
        self._has_zero = log and low <= 0
        self.setRange(0, _SLIDER_STEPS)
        self.setPageStep(_SLIDER_STEPS // 8)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.valueChanged.connect(self._tell)

    def allow_zero(self, allowed: bool) -> None:
        self._has_zero = self._log and allowed

    def number(self) -> float:
        """The value at the knob."""
        share = self.value() / _SLIDER_STEPS
        if not self._log:
            value = self._low + share * (self._high - self._low)
        elif self.value() == 0 and self._has_zero:
            return 0.0
        else:
            value = self._low * (self._high / self._low) ** share
        return float(f"{value:.2g}")

    def show_number(self, number: float) -> None:
        """Put the knob there without `moved`; a number outside goes to the nearer end."""
        if self._log:
            share = math.log(max(number, self._low) / self._low) / math.log(self._high / self._low)
        else:
            share = (number - self._low) / (self._high - self._low)
        blocked = self.blockSignals(True)
        self.setValue(round(min(max(share, 0.0), 1.0) * _SLIDER_STEPS))
        self.blockSignals(blocked)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def _tell(self) -> None:
        self.moved.emit(self.number())
