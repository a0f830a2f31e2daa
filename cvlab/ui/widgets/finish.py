"""The finish of controls that a style sheet cannot give: tool tips that wrap, and spin boxes whose number has a margin."""

from __future__ import annotations

import textwrap

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit, QWidget

TIP_WIDTH = 64
"""Characters a line."""


def finish(widget: QWidget) -> None:
    """Finishes the widget and all in it. The window does it for a panel; a form that is rebuilt does it for itself."""
    for each in (widget, *widget.findChildren(QWidget)):
        tip = each.toolTip()
        if tip:
            each.setToolTip(wrapped(tip))
        if isinstance(each, QAbstractSpinBox) and not each.alignment() & Qt.AlignmentFlag.AlignRight:
            line = each.findChild(QLineEdit)
            if line is not None:
                line.setTextMargins(6, 0, 0, 0)


def wrapped(tip: str) -> str:
    """The tip in lines of at most 64 characters; rich text wraps by itself and stays as it is."""
    if tip.lstrip().startswith("<"):
        return tip
    return "\n".join(textwrap.fill(line, TIP_WIDTH) for line in tip.splitlines())
