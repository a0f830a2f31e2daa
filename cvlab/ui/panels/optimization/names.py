"""The controls of this panel by name."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget


def named(widget: QWidget, name: str, words: str, tip: str) -> QWidget:
    """The control with its permanent name, its spoken name and what it teaches."""
    widget.setObjectName(f"optimization.{name}")
    widget.setAccessibleName(words)
    widget.setToolTip(tip)
    return widget
