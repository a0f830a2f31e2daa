"""What differs between the chosen runs: settings in rows, runs in columns."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from cvlab.core.panels.runs import RunsState
from cvlab.core.run_list import RunRow, Setting, settings_of
from cvlab.ui.bind import bind, bind_toggle
from cvlab.ui.panels.runs.names import short_names
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.controls import label, named
from cvlab.ui.widgets.legend import Swatch

_LONGEST = {1: 30, 2: 14, 3: 8}
"""Characters of a value, by the number of runs side by side; the rest is in its tool tip."""
_LEAST = 8
_NARROW = 3
"""The number of runs from which a run's name stands below its colour."""


class Comparison(QWidget):
    """The settings of one run, or of several side by side with what differs in bold."""

    def __init__(self, state: RunsState, parent: QWidget) -> None:
        super().__init__(parent)
        self._state = state
        self._rows: Sequence[RunRow] = ()
        self.words = label(self, wraps=True)
        self.all = named(
            QCheckBox("All settings", self),
            "runs.all_settings",
            "All settings",
            "Shows what the chosen runs have in common, too.",
        )
        self.scroll = named(QScrollArea(self), "runs.settings", "Settings compared", "Settings of the chosen runs")
        self.scroll.setWidgetResizable(True)
        self.scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll.setProperty("role", "plain")
        head = QHBoxLayout()
        head.addWidget(self.words, 1)
        head.addWidget(self.all, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.scroll, 1)
        bind_toggle(self.all, state, "all_settings")
        bind(self, state, "all_settings", self._show)

    def show_runs(self, rows: Sequence[RunRow]) -> None:
        if [row.id for row in rows] != [row.id for row in self._rows]:
            self._rows = rows
            self._show()

    def _show(self, _: object = None) -> None:
        rows = self._rows
        settings = settings_of(rows) if rows else []
        differing = [setting for setting in settings if setting.differs]
        self.all.setVisible(len(rows) > 1)
        self.words.setText(self._sentence(len(rows), len(differing)))
        shown = settings if self._state.all_settings or len(rows) == 1 else differing
        self.scroll.setWidget(self._page(shown))

    def _sentence(self, runs: int, differing: int) -> str:
        if runs == 0:
            return "Choose a run to see its recipe, or several to see what differs between them."
        if runs == 1:
            return "The whole recipe. Choose a second run to see what differs."
        if differing == 0:
            return "The same recipe, net and data: on one machine with one thread, the same figures."
        return f"{differing} setting{'s differ' if differing > 1 else ' differs'}."

    def _page(self, settings: Sequence[Setting]) -> QWidget:
        page = QWidget(self.scroll)
        page.setProperty("role", "page")
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(12 if len(self._rows) < _NARROW else 10)
        grid.setVerticalSpacing(6)
        if len(self._rows) > 1:
            for n, name in enumerate(short_names(self._rows)):
                head = QHBoxLayout() if len(self._rows) < _NARROW else QVBoxLayout()
                head.setSpacing(5 if len(self._rows) < _NARROW else 0)
                head.addStretch(1)
                head.addWidget(Swatch(f"class-{n}", "points", page), 0, Qt.AlignmentFlag.AlignRight)
                head.addWidget(label(page, name), 0, Qt.AlignmentFlag.AlignRight)
                grid.addLayout(head, 0, n + 1)
        for i, setting in enumerate(settings, 1):
            title = label(page, setting.title)
            title.setToolTip(setting.name)
            grid.addWidget(title, i, 0)
            for n, value in enumerate(setting.values):
                cell = label(page, self._shortened(value), "small")
                cell.setAlignment(Qt.AlignmentFlag.AlignRight)
                cell.setToolTip(value)
                if setting.differs:
                    set_role(cell, "small accent")
                grid.addWidget(cell, i, n + 1, Qt.AlignmentFlag.AlignRight)
        grid.setRowStretch(len(settings) + 1, 1)
        grid.setColumnStretch(len(self._rows) + 1, 1)
        return page

    def _shortened(self, value: str) -> str:
        """A value as there is room for it: one that was changed while the run trained in lines, if few runs share the width."""
        longest = _LONGEST.get(len(self._rows), _LEAST)
        if " at step " in value and len(self._rows) < _NARROW:
            return value.replace(" → ", "\n→ ")
        return value if len(value) <= longest + 2 else f"{value[: longest - 1]}…"
