from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel, Field
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit

from cvlab.ui.widgets.form import FieldFacts, Form
from cvlab.ui.widgets.number import NumberBox


class Inner(BaseModel):
    kind: Literal["plain", "fancy"] = Field("plain", title="Kind", description="Which one.")
    rate: float = Field(0.001, gt=0, le=100, title="Rate", description="How fast.", json_schema_extra={"scale": "log"})
    extra: float = Field(0.9, ge=0, lt=1, title="Extra", json_schema_extra={"only": {"kind": ["fancy"]}})


class Outer(BaseModel):
    inner: Inner = Inner()
    count: int = Field(5, ge=1, le=2000, title="Count", description="How many.")
    bias: bool = Field(True, title="Bias", description="An offset.")
    name: str = Field("a", title="Name", description="What it is called.")


PATHS = ("inner.kind", "inner.rate", "inner.extra", "count", "bias", "name")


@pytest.fixture
def form(qtbot):
    made = Form(Outer, PATHS, prefix="test", captions={"inner.kind": {"plain": "Quite plain"}})
    qtbot.addWidget(made)
    made.show_values(Outer())
    made.show()
    return made


def control(form: Form, name: str):
    found = form.findChild(object, name)
    assert found is not None, name
    return found


def test_every_kind_of_field_gets_its_control(form):
    kinds = {
        "test.inner": QComboBox, "test.rate": NumberBox, "test.extra": NumberBox, "test.count": NumberBox,
        "test.bias": QCheckBox, "test.name": QLineEdit,
    }  # fmt: skip
    for name, kind in kinds.items():
        assert isinstance(control(form, name), kind)


def test_titles_help_and_ranges_come_from_the_model():
    facts = FieldFacts.of(Outer, "inner.rate")
    assert (facts.title, facts.low, facts.high, facts.open_low, facts.log) == ("Rate", 0.0, 100.0, True, True)
    assert facts.tooltip == "How fast.\nFrom above 0 to 100."
    assert FieldFacts.of(Outer, "count").tooltip == "How many.\nFrom 1 to 2,000."


def test_an_unknown_field_is_refused():
    with pytest.raises(KeyError):
        FieldFacts.of(Outer, "nothing")


def test_every_control_speaks_and_teaches(form):
    for row in form.rows.values():
        assert row.editor.accessibleName() == row.facts.title
        assert row.editor.toolTip() == row.facts.tooltip


def test_choices_have_the_captions_given(form):
    combo = control(form, "test.inner")
    assert [combo.itemText(i) for i in range(combo.count())] == ["Quite plain", "Fancy"]


def test_a_choice_is_told_and_ends_its_gesture(form, qtbot):
    combo = control(form, "test.inner")
    with qtbot.waitSignal(form.edited) as edited, qtbot.waitSignal(form.released) as released:
        QTest.keyClick(combo, Qt.Key.Key_Down)
    assert edited.args == ["inner.kind", "fancy"]
    assert released.args == ["inner.kind"]


def test_a_typed_number_is_told_on_return_and_whole_where_the_field_is(form, qtbot):
    line = control(form, "test.count").lineEdit()
    line.selectAll()
    QTest.keyClicks(line, "12")
    with qtbot.waitSignal(form.edited) as caught:
        QTest.keyClick(line, Qt.Key.Key_Return)
    assert caught.args == ["count", 12]
    assert type(caught.args[1]) is int


def test_a_fraction_in_a_whole_field_is_passed_on_for_the_model_to_refuse(form, qtbot):
    with qtbot.waitSignal(form.edited) as caught:
        control(form, "test.count").setValue(2.5)
    assert caught.args == ["count", 2.5]


def test_the_slider_and_the_box_tell_the_same_field(form, qtbot):
    slider = control(form, "test.rate.slider")
    with qtbot.waitSignal(form.edited) as caught:
        slider.setValue(slider.maximum())
    assert caught.args == ["inner.rate", 100.0]


def test_a_tick_is_told(form, qtbot):
    with qtbot.waitSignal(form.edited) as caught:
        control(form, "test.bias").click()
    assert caught.args == ["bias", False]


def test_text_is_told_when_it_is_done(form, qtbot):
    line = control(form, "test.name")
    line.setText("b")
    with qtbot.waitSignal(form.edited) as caught:
        QTest.keyClick(line, Qt.Key.Key_Return)
    assert caught.args == ["name", "b"]


def test_showing_values_tells_nothing(form, qtbot):
    with qtbot.assertNotEmitted(form.edited):
        form.show_values(Outer(inner=Inner(kind="fancy", rate=1.0), count=7, bias=False, name="c"))
    assert control(form, "test.count").value() == 7
    assert control(form, "test.inner").currentData() == "fancy"
    assert not control(form, "test.bias").isChecked()
    assert control(form, "test.name").text() == "c"


def test_a_field_that_does_not_apply_steps_aside(form):
    assert not form.rows["inner.extra"].isVisible()
    form.show_values(Outer(inner=Inner(kind="fancy")))
    assert form.rows["inner.extra"].isVisible()


def test_a_problem_is_shown_under_its_field_until_a_value_is_shown(form):
    words = form.rows["count"].words
    form.show_note("count", "five of them")
    assert (words.text(), words.isVisible()) == ("five of them", True)
    form.show_problem("count", "Count is 0, but must be 1 or more.")
    assert words.text() == "Count is 0, but must be 1 or more."
    assert "error" in words.property("role")
    form.show_values(Outer())
    assert words.text() == "five of them"


def test_after_a_refusal_the_old_value_can_be_typed_again(form, qtbot):
    box = control(form, "test.count")
    box.setValue(0)
    form.show_problem("count", "too small")
    with qtbot.waitSignal(form.edited) as caught:
        box.setValue(5)
    assert caught.args == ["count", 5]
