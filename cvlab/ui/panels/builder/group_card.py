"""The inspector's page for a group: its name, how often it repeats, what it costs, and folding it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QSpinBox, QVBoxLayout, QWidget

from cvlab.engine.errors import CvlabError
from cvlab.engine.nets.architecture import MAX_TIMES, Group
from cvlab.engine.nets.shapes import NetReport
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.face import count_text


class GroupCard(QWidget):
    """Shows one group; edits go to `NetEdits`."""

    left = Signal()

    def __init__(self, edits: NetEdits, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edits = edits
        self._group: Group | None = None
        title = QLabel("Group", self)
        title.setProperty("role", "subheading")
        words = QLabel(
            "A named block of layers. Repeated, its copies run one after the other, each with its own weights.", self
        )
        words.setWordWrap(True)
        words.setProperty("role", "muted")
        self.name = QLineEdit(self)
        self.name.setObjectName("builder.group.name")
        self.name.setAccessibleName("Name of the group")
        self.name.setToolTip("Its layers are called after it in weight files: block1_2_conv1 is the second copy's.")
        self.name.editingFinished.connect(self._rename)
        self.problem = QLabel(self)
        self.problem.setProperty("role", "error small")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.times = QSpinBox(self)
        self.times.setObjectName("builder.group.times")
        self.times.setAccessibleName("Repetitions")
        self.times.setToolTip(
            "How often the block runs, one copy after the other. It needs one way in and one way out."
        )
        self.times.setRange(1, MAX_TIMES)
        self.times.valueChanged.connect(self._repeat)
        self.times.editingFinished.connect(self._edits.end_gesture)
        self.figures = QLabel(self)
        self.figures.setWordWrap(True)
        self.figures.setAccessibleName("What the group costs")
        self.fold = self._button(
            "fold", "Fold into one block", "Draws the group as one block. Double-click does it, too."
        )
        self.ungroup = self._button("ungroup", "Ungroup", "Takes the frame away; the layers stay, once.")
        self.unroll = self._button("unroll", "Write out the copies", "Every repetition becomes layers of its own.")
        self.fold.clicked.connect(self._fold)
        self.ungroup.clicked.connect(self._ungroup)
        self.unroll.clicked.connect(self._unroll)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        for row, (caption, widget) in enumerate((("Name", self.name), ("Times", self.times))):
            label = QLabel(caption, self)
            label.setProperty("role", "muted")
            label.setBuddy(widget)
            grid.addWidget(label, 2 * row, 0)
            grid.addWidget(widget, 2 * row, 1)
        grid.addWidget(self.problem, 1, 0, 1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(title)
        column.addWidget(words)
        column.addLayout(grid)
        column.addWidget(self.figures)
        for button in (self.fold, self.unroll, self.ungroup):
            column.addWidget(button)
        column.addStretch()

    def _button(self, name: str, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(f"builder.group.{name}")
        button.setAccessibleName(text)
        button.setToolTip(tip)
        return button

    def show_group(self, group: Group, report: NetReport) -> None:
        other = self._group is None or group.id != self._group.id
        self._group = group
        if other or not self.name.hasFocus():
            self.name.setText(group.name)
            self.problem.hide()
        blocked = self.times.blockSignals(True)
        self.times.setValue(group.times)
        self.times.blockSignals(blocked)
        self.fold.setText("Open it" if group.collapsed else "Fold into one block")
        self.unroll.setVisible(group.times > 1)
        parameters = sum(report.layers[i].parameters for i in group.members)
        work = sum(report.layers[i].multiply_adds for i in group.members)
        copies = f" in {group.times} copies" if group.times > 1 else ""
        self.figures.setText(
            f"{len(group.members)} layers{copies}: {parameters:,} parameters, {count_text(work)} multiply-adds an image."
        )

    def _rename(self) -> None:
        if self._group is None:
            return
        try:
            self._edits.rename_group(self._group.id, self.name.text())
        except CvlabError as error:
            self.problem.setText(f"{error.what} {error.remedy}".strip())
            self.problem.show()
        else:
            self.problem.hide()

    def _repeat(self, times: int) -> None:
        self._edits.repeat(self._group.id, times)

    def _fold(self) -> None:
        self._edits.fold(self._group.id)

    def _ungroup(self) -> None:
        self._edits.ungroup(self._group.id)

    def _unroll(self) -> None:
        self._edits.unroll(self._group.id)
