"""The navigation rail: one button a panel, and the window's own switches at its foot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QButtonGroup, QFrame, QLabel, QToolButton, QVBoxLayout, QWidget

from cvlab.core import paths
from cvlab.ui.theme.icons import icon

WIDTH = 76


class Rail(QFrame):
    """`chosen` carries the id of the panel whose button was pressed."""

    chosen = Signal(str)

    def __init__(self, entries: Sequence[tuple[str, str, str, str]], parent: QWidget | None = None) -> None:
        """entries: id, title, summary and icon of each panel, in order."""
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAccessibleName("Panels")
        self.setFixedWidth(WIDTH)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(6, 12, 6, 12)
        self._column.setSpacing(6)
        logo = QLabel(self)
        logo.setPixmap(QIcon(str(paths.resources() / "icons" / "cvlab.svg")).pixmap(QSize(34, 34)))
        logo.setAccessibleName("cvlab")
        self._column.addWidget(logo, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addSpacing(10)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        for number, (panel_id, title, summary, glyph) in enumerate(entries, 1):
            button = self._button(f"rail.{panel_id}", title, f"{summary} (Ctrl+{number})")
            button.setIcon(icon(glyph, "muted", "accent"))
            button.setCheckable(True)
            self._group.addButton(button)
            self._buttons[panel_id] = button
            self._column.addWidget(button)
        self._group.buttonClicked.connect(self._choose)
        self._column.addStretch()

    def add_switch(self, action: QAction, caption: str) -> None:
        """A button at the foot that performs a command of the window."""
        button = self._button(f"rail.{action.objectName().split('.')[-1]}", caption, action.toolTip())
        button.setIcon(icon(action.spec.icon, "muted", "accent"))
        button.setCheckable(action.isCheckable())
        button.setChecked(action.isChecked())
        button.clicked.connect(action.trigger)
        if action.isCheckable():
            action.toggled.connect(button.setChecked)
        self._column.addWidget(button)

    def mark(self, panel_id: str) -> None:
        """Shows which panel is in front."""
        self._buttons[panel_id].setChecked(True)

    def _button(self, name: str, caption: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setProperty("role", "rail")
        button.setText(caption)
        button.setAccessibleName(caption)
        button.setToolTip(tip)
        # Reached by Tab; a click leaves the focus in the panel, where the keys are wanted.
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setIconSize(QSize(22, 22))
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setFixedSize(QSize(WIDTH - 13, 54))
        return button

    def _choose(self, button: QToolButton) -> None:
        self.chosen.emit(button.objectName().removeprefix("rail."))
