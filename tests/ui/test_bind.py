"""Bindings: both ways, one undo step a gesture, and nothing left when the widget is gone."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSlider, QSpinBox, QWidget

from cvlab.core.history import History
from cvlab.core.state import observable
from cvlab.ui.bind import bind, bind_choice, bind_number, bind_slider, bind_text, bind_toggle


@observable
class Knobs:
    width: int = 8
    rate: float = 0.1
    kind: str = "adam"
    is_log: bool = False
    name: str = "LeNet"


class Listener(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list = []

    def hear(self, value) -> None:
        self.heard.append(value)


def number(state, history):
    box = QSpinBox()
    bind_number(box, state, "width", history=history)
    return box, "width", box.setValue, box.value, 20


def real(state, history):
    box = QDoubleSpinBox()
    bind_number(box, state, "rate", history=history)
    return box, "rate", box.setValue, box.value, 0.5


def slider(state, history):
    bar = QSlider(Qt.Orientation.Horizontal)
    bind_slider(bar, state, "width", history=history)
    return bar, "width", bar.setValue, bar.value, 33


def toggle(state, history):
    box = QCheckBox()
    bind_toggle(box, state, "is_log", history=history)
    return box, "is_log", box.setChecked, box.isChecked, True


ALL = pytest.mark.parametrize("make", [number, real, slider, toggle])


@ALL
def test_the_widget_shows_the_state_and_edits_it(qtbot, qapp, make):
    state = Knobs()
    widget, field, put, shown, other = make(state, None)
    qtbot.addWidget(widget)
    assert shown() == getattr(state, field)
    put(other)
    assert getattr(state, field) == other
    setattr(state, field, getattr(Knobs(), field))
    assert shown() == getattr(Knobs(), field)


@ALL
def test_an_edit_is_a_command(qtbot, qapp, make):
    state, history = Knobs(), History()
    widget, field, put, shown, other = make(state, history)
    qtbot.addWidget(widget)
    put(other)
    assert history.can_undo
    history.undo()
    assert shown() == getattr(state, field) == getattr(Knobs(), field)
    assert not history.can_undo, "showing the old value is not an edit"
    history.redo()
    assert shown() == other


def test_one_drag_is_one_undo_step_and_the_next_another(qtbot, qapp):
    state, history = Knobs(), History()
    bar = QSlider(Qt.Orientation.Horizontal)
    qtbot.addWidget(bar)
    bind_slider(bar, state, "width", history=history, label="Change width")
    for drag in ((10, 20, 30), (40, 50)):
        for value in drag:
            bar.setValue(value)
        bar.sliderReleased.emit()
    assert history.undo_label == "Change width"
    history.undo()
    assert state.width == 30
    history.undo()
    assert state.width == 8


def test_a_choice_carries_data_and_a_text_waits_for_enter(qtbot, qapp):
    state = Knobs()
    combo, line = QComboBox(), QLineEdit()
    qtbot.addWidget(combo)
    qtbot.addWidget(line)
    combo.addItem("Plain SGD", "sgd")
    combo.addItem("Adam", "adam")
    bind_choice(combo, state, "kind")
    bind_text(line, state, "name")
    assert combo.currentText() == "Adam"
    qtbot.keyClick(combo, Qt.Key.Key_Up)
    assert state.kind == "sgd"
    line.selectAll()
    qtbot.keyClicks(line, "Mine")
    assert state.name == "LeNet"
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert state.name == "Mine"


def test_a_slot_hears_the_value_now_and_later_until_its_widget_is_gone(qapp, flush):
    state, listener = Knobs(), Listener()
    bind(listener, state, "width", listener.hear)
    state.width = 9
    heard = listener.heard
    assert heard == [8, 9]
    listener.deleteLater()
    flush()
    state.width = 10
    assert heard == [8, 9]
    assert len(state.events.width) == 0


def test_a_dropped_widget_is_collected(qapp):
    state = Knobs()
    for _ in range(20):
        bind_number(QSpinBox(), state, "width")
    gc.collect()
    assert len(state.events.width) == 0
