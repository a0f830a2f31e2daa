"""The navigation rail: one button a panel, and the window's own switches at its foot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QLabel, QToolButton, QVBoxLayout, QWidget

from cvlab.core import paths
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import icon
from cvlab.ui.theme.style import set_role

ToolButtonStyle = Qt.ToolButtonStyle

WIDTH = 76
TALLEST, SHORTEST = 54, 33
"""Height of a panel's button, where there is room, and at the least: the icon and its caption just fit."""
SWITCH = 30
"""Height of a switch at the foot where it is an icon only."""
ROOMY = 52
"""From this height on, buttons have their full icons and air; below, the switches at the foot are icons only."""


def panel_shortcut(number: int) -> str:
    """The keys that open panel 1, 2, ...: Ctrl and its digit, 0 for the tenth; "" beyond."""
    return f"Ctrl+{number % 10}" if number <= 10 else ""


class Rail(QFrame):
    """`chosen` carries the id of the panel whose button was pressed."""

    chosen = Signal(str)

    def __init__(self, entries: Sequence[tuple[str, str, str, str]], parent: QWidget | None = None) -> None:
        """entries: id, title, summary and icon of each panel, in order."""
        super().__init__(parent)
        theme().style(self)
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
        self._switches: list[QToolButton] = []
        for number, (panel_id, title, summary, glyph) in enumerate(entries, 1):
            keys = panel_shortcut(number)
            button = self._button(f"rail.{panel_id}", title, f"{summary} ({keys})" if keys else summary)
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
        self._switches.append(button)
        self._column.addWidget(button)
        self._fit()

    def mark(self, panel_id: str) -> None:
        """Shows which panel is in front."""
        self._buttons[panel_id].setChecked(True)

    def _button(self, name: str, caption: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(caption)
        button.setAccessibleName(caption)
        button.setToolTip(tip)
        # Reached by Tab; a click leaves the focus in the panel, where the keys are wanted.
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._size(button, TALLEST, QSize(22, 22), ToolButtonStyle.ToolButtonTextUnderIcon)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Gives the buttons the height that the rail has for them, so that all can be seen in the smallest window."""
        margins, count = 24 + 34 + 10, len(self._buttons) + len(self._switches)
        each = (self.height() - margins) // max(count, 1) - 6
        is_roomy, spacing = each >= ROOMY, 6
        if not is_roomy:
            spacing = 2
            left = self.height() - margins - len(self._switches) * (SWITCH + spacing)
            each = left // max(len(self._buttons), 1) - spacing
        self._column.setSpacing(spacing)
        height = max(SHORTEST, min(TALLEST, each))
        glyph = QSize(22, 22) if is_roomy else QSize(16, 16)
        for button in self._buttons.values():
            self._size(button, height, glyph, ToolButtonStyle.ToolButtonTextUnderIcon)
        for button in self._switches:
            style = ToolButtonStyle.ToolButtonTextUnderIcon if is_roomy else ToolButtonStyle.ToolButtonIconOnly
            self._size(button, height if is_roomy else SWITCH, glyph, style)

    def _size(self, button: QToolButton, height: int, glyph: QSize, style: Qt.ToolButtonStyle) -> None:
        set_role(button, "rail" if height >= ROOMY else "rail tight")
        button.setIconSize(glyph)
        button.setToolButtonStyle(style)
        button.setFixedSize(QSize(WIDTH - 13, height))

    def _choose(self, button: QToolButton) -> None:
        self.chosen.emit(button.objectName().removeprefix("rail."))
