"""The circuit picture's fonts and colours, kept: hundreds of items ask for them thousands of times a second."""

from __future__ import annotations

from functools import cache

from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QApplication

from cvlab.ui.theme import theme


@cache
def font(pixels: int, *, bold: bool = False) -> QFont:
    made = QFont(QApplication.font())
    made.setPixelSize(pixels)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return made


@cache
def _tint(theme_name: str, role: str, alpha: float) -> QColor:
    return theme().colour(role, alpha)


def tint(role: str, alpha: float = 1.0) -> QColor:
    """The theme's colour."""
    return _tint(theme().tokens.name, role, alpha)
