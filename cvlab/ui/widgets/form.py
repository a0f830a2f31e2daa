"""A form made from a pydantic model's own fields: titles, help, ranges and choices come from there, never from here.

It holds no truth: it says what was edited, and shows the values, problems and notes that it is given.
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.number import NumberBox, NumberSlider, number_text

Captions = Mapping[str, Mapping[Any, str]]
LABEL_WIDTH = 92
"""Room for a field's title, so that the controls of several forms stand in one line."""


@dataclass(frozen=True)
class FieldFacts:
    """What a model says about one field. low, high: the range (infinite where open); open_low: the low end is out."""

    path: str
    title: str
    help: str
    kind: type | tuple[Any, ...]  # int, float, bool, str, or the choices of a Literal
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    log: bool = False
    only: tuple[tuple[str, tuple[Any, ...]], ...] = ()

    @property
    def inline(self) -> str:
        """The title inside a sentence: "learning rate", but "L1 strength"."""
        is_sign = self.title[1:2].isupper() or self.title[1:2].isdigit()
        return self.title if is_sign else self.title[:1].lower() + self.title[1:]

    @classmethod
    def of(cls, model: type[BaseModel], path: str) -> FieldFacts:
        """The facts of a field by its dotted path; raises KeyError for a path that the model has not."""
        *outer, name = path.split(".")
        for part in outer:
            model = model.model_fields[part].annotation
        info = model.model_fields[name]
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        before = "".join(f"{part}." for part in outer)
        return cls(
            path,
            info.title or name.replace("_", " ").capitalize(),
            info.description or "",
            _kind(info.annotation),
            **_range(info),
            log=extra.get("scale") == "log",
            only=tuple((before + other, tuple(values)) for other, values in extra.get("only", {}).items()),
        )

    @property
    def control(self) -> str:
        """The last part of the control's permanent name: the field's, or its parent's for a field called "kind"."""
        *outer, name = self.path.split(".")
        return outer[-1] if name == "kind" and outer else name

    @property
    def tooltip(self) -> str:
        if isinstance(self.kind, tuple) or not (math.isfinite(self.low) and math.isfinite(self.high)):
            return self.help
        above = "above " if self.open_low else ""
        return f"{self.help}\nFrom {above}{number_text(self.low)} to {self.high:,.12g}.".strip()


def _kind(annotation: Any) -> type | tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        return _kind(next(part for part in get_args(annotation) if part is not type(None)))
    return annotation if isinstance(annotation, type) else str


def _range(info: FieldInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for limit in info.metadata:
        for name, key in (("ge", "low"), ("gt", "low"), ("le", "high"), ("lt", "high")):
            if getattr(limit, name, None) is not None:
                found[key] = float(getattr(limit, name))
                found.update({"open_low": True} if name == "gt" else {})
    return found


class Choice(QComboBox):
    """A combo that a scrolling wheel passes over, and that ends with dots where there is no room for its words."""

    def showPopup(self) -> None:
        view = self.view()
        view.setMinimumWidth(max(self.width(), view.sizeHintForColumn(0) + 28))  # its words are never cut
        super().showPopup()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        complex_, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(complex_, option, part, self).width() - 2
        option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room)
        painter.drawComplexControl(complex_, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class FieldRow(QWidget):
    """One field: its title, its control, a slider where its range is worth a drag, and a line of words beneath."""

    edited = Signal(str, object)
    released = Signal(str)

    def __init__(
        self, facts: FieldFacts, *, prefix: str, captions: Mapping[Any, str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.facts = facts
        self.slider: NumberSlider | None = None
        self._captions = captions
        self._shown: Any = None
        self._problem = self._note = ""
        self.title = QLabel(facts.title, self)
        self.title.setProperty("role", "muted")
        self.title.setMinimumWidth(LABEL_WIDTH)
        self.title.setToolTip(facts.tooltip)
        self.editor = self._make_editor()
        self.editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._name(self.editor, f"{prefix}.{facts.control}", facts.title)
        self.title.setBuddy(self.editor)
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.title, 0, 0)
        grid.addWidget(self.editor, 0, 1)
        if self.slider is not None:
            self._name(self.slider, f"{prefix}.{facts.control}.slider", f"{facts.title}, slider")
            grid.addWidget(self.slider, 1, 0, 1, 2)
        grid.addWidget(self.words, 2, 0, 1, 2)

    def _name(self, widget: QWidget, name: str, spoken: str) -> None:
        widget.setObjectName(name)
        widget.setAccessibleName(spoken)
        widget.setAccessibleDescription(self.facts.help)
        widget.setToolTip(self.facts.tooltip)

    def _make_editor(self) -> QWidget:
        facts = self.facts
        if isinstance(facts.kind, tuple):
            combo = Choice(self)
            for value in facts.kind:
                combo.addItem(self._captions.get(value, str(value).replace("_", " ").capitalize()), value)
            combo.setSizeAdjustPolicy(combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(6)
            combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            combo.activated.connect(self._chosen)
            return combo
        if facts.kind is bool:
            box = QCheckBox(self)
            box.clicked.connect(self._ticked)
            return box
        if facts.kind in (int, float):
            if facts.log or (facts.kind is float and math.isfinite(facts.low) and math.isfinite(facts.high)):
                self.slider = NumberSlider(facts.low, facts.high, log=facts.log, parent=self)
                self.slider.allow_zero(facts.low == 0 and not facts.open_low)
                self.slider.moved.connect(self._dragged)
                self.slider.sliderReleased.connect(self._let_go)
            box = NumberBox(facts.low, facts.high, whole=facts.kind is int, log=facts.log, parent=self)
            box.valueChanged.connect(self._typed)
            box.editingFinished.connect(self._let_go)
            return box
        line = QLineEdit(self)
        line.editingFinished.connect(self._written)
        return line

    # -- from the person -------------------------------------------------------------------------------------------

    def _chosen(self, index: int) -> None:
        self._tell(self.editor.itemData(index))
        self._let_go()

    def _ticked(self, on: bool) -> None:
        self._tell(on)
        self._let_go()

    def _typed(self, value: float) -> None:
        self._tell(int(value) if self.facts.kind is int and value.is_integer() else value)

    def _dragged(self, value: float) -> None:
        self._tell(value)

    def _written(self) -> None:
        self._tell(self.editor.text())
        self._let_go()

    def _tell(self, value: Any) -> None:
        if value != self._shown or self._problem:
            self.edited.emit(self.facts.path, value)

    def _let_go(self) -> None:
        self.released.emit(self.facts.path)

    # -- to the person ---------------------------------------------------------------------------------------------

    def show_value(self, value: Any) -> None:
        """Shows the value in force; emits nothing. What was typed and refused stays until the next value or edit."""
        self._shown = value
        if self._problem:
            self.show_problem("")
        blocked = self.editor.blockSignals(True)
        if isinstance(self.editor, QComboBox):
            self.editor.setCurrentIndex(self.editor.findData(value))
        elif isinstance(self.editor, QCheckBox):
            self.editor.setChecked(value)
        elif isinstance(self.editor, NumberBox):
            self.editor.setValue(value)
        else:
            self.editor.setText(str(value))
        self.editor.blockSignals(blocked)
        if self.slider is not None and not self.slider.isSliderDown():
            self.slider.show_number(value)

    def show_problem(self, sentence: str) -> None:
        self._problem = sentence
        self._show_words()

    def show_note(self, sentence: str) -> None:
        self._note = sentence
        self._show_words()

    def _show_words(self) -> None:
        words, role = (self._problem, "small error") if self._problem else (self._note, "small muted")
        set_role(self.words, role)
        set_role(self.editor, "error" if self._problem else "")
        self.words.setText(words)
        self.words.setVisible(bool(words))


class Form(QWidget):
    """Rows for the fields of a pydantic model.

    edited(path, value): the person wants this value ("optimizer.learning_rate", 0.01); it may be out of range.
    released(path): a drag or a typed edit has ended: the next edit is another undo step.
    Controls are named "<prefix>.<field>".
    """

    edited = Signal(str, object)
    released = Signal(str)

    def __init__(
        self,
        model: type[BaseModel],
        fields: Sequence[str] = (),
        *,
        prefix: str,
        captions: Captions | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """fields: dotted paths in the order wanted; all top-level fields if none. captions: words for the choices."""
        super().__init__(parent)
        self.rows: dict[str, FieldRow] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        for path in fields or tuple(model.model_fields):
            facts = FieldFacts.of(model, path)
            row = FieldRow(facts, prefix=prefix, captions=(captions or {}).get(path, {}), parent=self)
            row.edited.connect(self.edited)
            row.released.connect(self.released)
            layout.addWidget(row)
            self.rows[path] = row

    def show_values(self, values: BaseModel) -> None:
        """Shows a model's values; rows that do not apply (a momentum for plain SGD) step aside."""
        for path, row in self.rows.items():
            row.show_value(_look_up(values, path))
            row.setVisible(all(_look_up(values, other) in wanted for other, wanted in row.facts.only))
        # A title that is wider than most would push its control out of the line of the others.
        titles = [row.title for row in self.rows.values() if not row.isHidden()]
        widest = max((title.sizeHint().width() for title in titles), default=0)
        for title in titles:
            title.setMinimumWidth(max(LABEL_WIDTH, widest))

    def show_problem(self, path: str, sentence: str) -> None:
        """Why the last edit of a field was refused; the old value stays in force. "" takes it away."""
        self.rows[path].show_problem(sentence)

    def show_note(self, path: str, sentence: str) -> None:
        """A small line under a field. "" takes it away."""
        self.rows[path].show_note(sentence)


def _look_up(values: BaseModel, path: str) -> Any:
    for part in path.split("."):
        values = getattr(values, part)
    return values
