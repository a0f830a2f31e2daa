"""Parts side by side or on top of each other, with a handle between them that can be dragged."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget


def splitter(orientation: Qt.Orientation, *parts: tuple[QWidget, int], parent: QWidget) -> QSplitter:
    """parts: each with its share of the room at first, in pixels. None of them can be squeezed away."""
    made = QSplitter(orientation, parent)
    for widget, _ in parts:
        made.addWidget(widget)
    made.setSizes([size for _, size in parts])
    made.setChildrenCollapsible(False)
    return made
