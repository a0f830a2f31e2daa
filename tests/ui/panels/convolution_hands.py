"""Where a person points on a stage of the convolution panel."""

from __future__ import annotations

from PySide6.QtCore import QPoint


def cell(stage, name, place) -> QPoint:
    return stage.area(name, place).center().toPoint()
