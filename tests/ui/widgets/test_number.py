from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtTest import QTest

from cvlab.ui.widgets.number import NumberBox, NumberSlider, number_text


@pytest.fixture
def box(qtbot):
    made = NumberBox(0.0, 100.0, log=True)
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize(
    ("value", "text"), [(250.0, "250"), (0.001, "0.001"), (1e-05, "1e-05"), (2147483647.0, "2147483647"), (0.0, "0")]
)
def test_a_number_is_written_as_short_as_it_can_be(value, text):
    assert number_text(value) == text


@given(st.floats(min_value=1e-9, max_value=1e9).map(lambda value: float(f"{value:.6g}")))
def test_writing_a_number_of_six_digits_loses_nothing(value):
    assert float(number_text(value)) == value


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("1e-3", QValidator.State.Acceptable),
        ("0,5", QValidator.State.Acceptable),
        ("-7", QValidator.State.Acceptable),
        ("1e-", QValidator.State.Intermediate),
        ("", QValidator.State.Intermediate),
        ("ten", QValidator.State.Invalid),
        ("inf", QValidator.State.Invalid),
    ],
)
def test_any_number_may_be_typed_and_nothing_else(box, text, state):
    assert box.validate(text, 0)[0] == state


def test_a_value_out_of_range_gets_through_to_whoever_judges_it(box, qtbot):
    box.lineEdit().selectAll()
    QTest.keyClicks(box.lineEdit(), "1000")
    with qtbot.waitSignal(box.valueChanged) as caught:
        QTest.keyClick(box.lineEdit(), Qt.Key.Key_Return)
    assert caught.args == [1000.0]


def test_steps_of_a_logarithmic_box_go_along_one_two_five(box):
    box.setValue(0.001)
    seen = []
    for _ in range(4):
        box.stepUp()
        seen.append(box.value())
    assert seen == [0.002, 0.005, 0.01, 0.02]
    box.stepDown()
    assert box.value() == 0.01


def test_steps_stop_at_the_range(box):
    box.setValue(70.0)
    box.stepBy(5)
    assert box.value() == 100.0
    box.stepBy(-100)
    assert box.value() == 0.0


def test_the_wheel_passes_over_a_box_without_focus(box):
    box.setValue(1.0)
    box.clearFocus()
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    box.wheelEvent(wheel)
    assert box.value() == 1.0
    assert not wheel.isAccepted()


@given(st.floats(min_value=-5.9, max_value=1.9))
def test_a_logarithmic_slider_finds_back_to_the_number_it_shows(qapp, exponent):
    slider = NumberSlider(0.0, 100.0, log=True)
    slider.show_number(10**exponent)
    # Half a stop of 400 over 8 decades is 2.3 %, and rounding to two digits at most 4.8 %.
    assert slider.number() == pytest.approx(10**exponent, rel=0.072)
    slider.deleteLater()


@given(st.floats(min_value=0, max_value=0.9))
def test_a_linear_slider_finds_back_to_the_number_it_shows(qapp, value):
    slider = NumberSlider(0.0, 0.9)
    slider.show_number(value)
    # Half a stop of 400 is 0.0011, and rounding to two digits 0.005.
    assert slider.number() == pytest.approx(value, abs=0.0062)
    slider.deleteLater()


def test_far_left_is_zero_only_where_zero_is_allowed(qtbot):
    slider = NumberSlider(0.0, 100.0, log=True)
    qtbot.addWidget(slider)
    slider.allow_zero(False)
    assert slider.number() == pytest.approx(1e-6)
    slider.allow_zero(True)
    assert slider.number() == 0.0


def test_showing_a_number_moves_the_knob_in_silence(qtbot):
    slider = NumberSlider(0.0, 1.0)
    qtbot.addWidget(slider)
    with qtbot.assertNotEmitted(slider.moved):
        slider.show_number(0.5)
    with qtbot.waitSignal(slider.moved) as caught:
        slider.setValue(slider.maximum())
    assert caught.args == [1.0]
    assert math.isclose(slider.number(), 1.0)
