"""The tools above the plane: what a click does, with which class; and where new points come from."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from cvlab.core.panels.neighbors import PlaneDocument
from cvlab.engine.neighbors.points import PRESETS
from cvlab.engine.neighbors.regions import MAX_CLASSES, MAX_POINTS
from cvlab.ui.panels.neighbors.marks import NAMES, Mark
from cvlab.ui.panels.neighbors.pieces import chip, choice, icon_button, label, named
from cvlab.ui.widgets.number import NumberBox

_TOOLS = (
    ("point", "Points", "Click adds a point of the chosen class, drag moves one, right-click removes it."),
    ("brush", "Brush", "Drag paints a cloud of points of the chosen class; the slider says how many a dab."),
    ("recolour", "Recolour", "Click or drag over points to give them the chosen class."),
)


class PointsBar(QWidget):
    """tool_chosen(id). class_chosen(c). size_chosen(n). classes_asked(n). fresh_asked(). count_asked(n)."""

    tool_chosen = Signal(str)
    class_chosen = Signal(int)
    size_chosen = Signal(int)
    classes_asked = Signal(int)
    preset_asked = Signal(str)
    count_asked = Signal(int)
    fresh_asked = Signal()
    clear_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._tools, self._classes = QButtonGroup(self), QButtonGroup(self)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(8)
        outer.addLayout(self._make_tools())
        outer.addLayout(self._make_source())

    def _make_tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        for number, (id, words, tip) in enumerate(_TOOLS):
            made = chip(self, f"tool.{id}", words, tip, checkable=True)
            made.setChecked(not number)
            self._tools.addButton(made, number)
            row.addWidget(made)
        brush = [id for id, *_ in _TOOLS].index("brush")
        self.dab = named(
            QSlider(Qt.Orientation.Horizontal, self),
            "brush_size",
            "Points a dab",
            "How many points the brush leaves at once; more also spread wider.",
        )
        self.dab.setRange(1, 12)
        self.dab.setFixedWidth(44)
        row.insertWidget(brush + 1, self.dab)  # beside the tool that it belongs to
        row.addStretch(1)
        self.class_buttons: list[QPushButton] = []
        for c in range(MAX_CLASSES):
            made = chip(
                self, f"class.{c}", NAMES[c], f"New points are of class {NAMES[c]}. Key {c + 1}.", checkable=True
            )
            made.setFixedWidth(42)
            mark = Mark(c, made)
            mark.move(6, 4)
            mark.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            made.setText(f"   {NAMES[c]}")
            self._classes.addButton(made, c)
            self.class_buttons.append(made)
            row.addWidget(made)
        self._tools.idClicked.connect(self._choose_tool)
        self._classes.idClicked.connect(self.class_chosen)
        self.dab.valueChanged.connect(self.size_chosen)
        return row

    def _make_source(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self.preset = choice(
            self,
            "preset",
            "Preset",
            "\n".join(f"{preset.title}: {preset.lesson}" for preset in PRESETS.values()),
            [(preset.title, preset.id) for preset in PRESETS.values()],
        )
        self.classes = choice(
            self,
            "classes",
            "Number of classes",
            "How many classes there are. Points of a class that is taken away go to the last one.",
            [(f"{n} classes", n) for n in range(2, MAX_CLASSES + 1)],
        )
        self.count = named(
            NumberBox(3, MAX_POINTS, whole=True, parent=self),
            "count",
            "How many points",
            f"Points of a preset, 3 to {MAX_POINTS}.",
        )
        self.count.setFixedWidth(72)
        self.fresh = icon_button(
            self, "fresh", "replay", "New points", "Draws the preset's points anew, with another seed."
        )
        self.clear = icon_button(self, "clear", "clear", "Clear", "Takes all points away. Undo brings them back.")
        self.total = label(self)
        for widget in (self.preset, self.classes, self.count, self.fresh, self.clear):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.total)
        self.preset.activated.connect(self._choose_preset)
        self.classes.activated.connect(self._choose_classes)
        self.count.valueChanged.connect(self._choose_count)
        self.fresh.clicked.connect(self.fresh_asked)
        self.clear.clicked.connect(self.clear_asked)
        return row

    # -- showing -----------------------------------------------------------------------------------------------------

    def show_document(self, document: PlaneDocument) -> None:
        self.classes.setCurrentIndex(self.classes.findData(document.classes))
        for c, made in enumerate(self.class_buttons):
            made.setVisible(c < document.classes)
        n = len(document.points)
        self.total.setText(f"{n} of {MAX_POINTS} points" if n >= MAX_POINTS else f"{n} points" if n != 1 else "1 point")
        self.clear.setEnabled(n > 0)

    def show_class(self, c: int) -> None:
        self.class_buttons[c].setChecked(True)

    def show_preset(self, preset: str) -> None:
        self.preset.setCurrentIndex(self.preset.findData(preset))

    def show_count(self, count: int) -> None:
        blocked = self.count.blockSignals(True)
        self.count.setValue(count)
        self.count.blockSignals(blocked)

    def show_size(self, size: int) -> None:
        blocked = self.dab.blockSignals(True)
        self.dab.setValue(size)
        self.dab.blockSignals(blocked)

    def show_tool(self, tool: str) -> None:
        self._tools.button([id for id, *_ in _TOOLS].index(tool)).setChecked(True)
        self.dab.setEnabled(tool == "brush")

    # -- what a person does ------------------------------------------------------------------------------------------

    def _choose_tool(self, number: int) -> None:
        self.tool_chosen.emit(_TOOLS[number][0])

    def _choose_preset(self, index: int) -> None:
        self.preset_asked.emit(self.preset.itemData(index))

    def _choose_classes(self, index: int) -> None:
        self.classes_asked.emit(self.classes.itemData(index))

    def _choose_count(self, count: float) -> None:
        self.count_asked.emit(min(max(round(count), 3), MAX_POINTS))
