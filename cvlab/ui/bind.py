"""Binding widgets to observable state, both ways: the state announces, the widget shows; the person edits, it changes.

Nothing here holds a widget alive: slots are kept weakly, and a binding ends with its widget.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

from psygnal import SignalInstance
from PySide6.QtCore import QObject, QSignalBlocker
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from cvlab.core.history import History, SetField


class Connection(QObject):
    """One psygnal signal to one bound method, for as long as `owner` lives."""

    def __init__(self, owner: QObject, signal: SignalInstance, slot: Callable[..., None]) -> None:
        super().__init__(owner)
        self._signal = signal
        self._slot = WeakMethod(slot)
        signal.connect(self._deliver)
        # The owner announces its end while its children, such as this, still live; a QObject cannot hear its own.
        owner.destroyed.connect(self.end)

    def _deliver(self, value: Any = None) -> None:
        slot = self._slot()
        if slot is not None:
            slot(value)

    def end(self) -> None:
        """Disconnect; harmless when done before."""
        self._signal.disconnect(self._deliver, missing_ok=True)


def listen(owner: QObject, signal: SignalInstance, slot: Callable[..., None]) -> Connection:
    """Connects a psygnal signal to a bound method that takes one value (None where the signal carries nothing).

    The connection is weak and ends with `owner`, so signals of the lab never call into a widget that is gone.
    """
    return Connection(owner, signal, slot)


def bind(owner: QObject, state: Any, field: str, slot: Callable[[Any], None]) -> Connection:
    """Calls `slot(value)` now, and after every change of `state.field`, until `owner` is destroyed."""
    connection = Connection(owner, getattr(state.events, field), slot)
    slot(getattr(state, field))
    return connection


class TwoWay(QObject):
    """A widget that shows and edits one field. With a history each edit can be undone, a whole drag at once."""

    def __init__(self, widget: QWidget, state: Any, field: str, history: History | None, label: str) -> None:
        super().__init__(widget)
        self._state, self._field, self._history = state, field, history
        self._label = label or f"Change {field.replace('_', ' ')}"
        self._merge_key = widget.objectName() or f"{type(state).__name__}.{field}"
        self._connect()
        bind(self, state, field, self._show_value)

    def widget(self) -> Any:
        return self.parent()

    def _connect(self) -> None:
        raise NotImplementedError

    def _show_value(self, value: Any) -> None:
        blocker = QSignalBlocker(self.widget())
        self._put(value)
        blocker.unblock()

    def _put(self, value: Any) -> None:
        raise NotImplementedError

    def _edit(self, value: Any) -> None:
        if value == getattr(self._state, self._field):
            return
        if self._history is None:
            setattr(self._state, self._field, value)
        else:
            self._history.push(SetField(self._state, self._field, value, self._label, self._merge_key))

    def _end_gesture(self) -> None:
        if self._history is not None:
            self._history.end_gesture()


class _Number(TwoWay):
    def _connect(self) -> None:
        self.widget().valueChanged.connect(self._edit)
        self.widget().editingFinished.connect(self._end_gesture)

    def _put(self, value: Any) -> None:
        self.widget().setValue(value)


class _Slider(TwoWay):
    def _connect(self) -> None:
        self.widget().valueChanged.connect(self._edit)
        self.widget().sliderReleased.connect(self._end_gesture)

    def _put(self, value: Any) -> None:
        self.widget().setValue(value)


class _Choice(TwoWay):
    def _connect(self) -> None:
        self.widget().activated.connect(self._choose)

    def _choose(self, index: int) -> None:
        self._edit(self.widget().itemData(index))
        self._end_gesture()

    def _put(self, value: Any) -> None:
        self.widget().setCurrentIndex(self.widget().findData(value))


class _Toggle(TwoWay):
    def _connect(self) -> None:
        self.widget().toggled.connect(self._toggle)

    def _toggle(self, checked: bool) -> None:
        self._edit(checked)
        self._end_gesture()

    def _put(self, value: Any) -> None:
        self.widget().setChecked(value)


class _Text(TwoWay):
    def _connect(self) -> None:
        self.widget().editingFinished.connect(self._finish)

    def _finish(self) -> None:
        self._edit(self.widget().text())
        self._end_gesture()

    def _put(self, value: Any) -> None:
        self.widget().setText(value)


def bind_number(
    box: QSpinBox | QDoubleSpinBox, state: Any, field: str, *, history: History | None = None, label: str = ""
) -> TwoWay:
    """A spin box and a number. Steps and keystrokes are one undo step until Enter, or until the box is left."""
    return _Number(box, state, field, history, label)


def bind_slider(
    slider: QAbstractSlider, state: Any, field: str, *, history: History | None = None, label: str = ""
) -> TwoWay:
    """A slider and a whole number. One drag is one undo step."""
    return _Slider(slider, state, field, history, label)


def bind_choice(combo: QComboBox, state: Any, field: str, *, history: History | None = None, label: str = "") -> TwoWay:
    """A combo box whose items carry the field's values as their data."""
    return _Choice(combo, state, field, history, label)


def bind_toggle(
    button: QAbstractButton, state: Any, field: str, *, history: History | None = None, label: str = ""
) -> TwoWay:
    """A check box, switch or checkable button and a boolean."""
    return _Toggle(button, state, field, history, label)


def bind_text(line: QLineEdit, state: Any, field: str, *, history: History | None = None, label: str = "") -> TwoWay:
    """A line edit and a string; taken when the field is left or Enter is pressed."""
    return _Text(line, state, field, history, label)
