"""The circuit picture's fonts and colours, kept: hundreds of items ask for them thousands of times a second."""

from __future__ import annotations

from functools import cache, lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QStaticText, QTransform
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


@lru_cache(maxsize=8192)
def _static(text: str, pixels: int, bold: bool) -> tuple[QStaticText, float, float]:
    laid_out = QStaticText(text)
    laid_out.setTextFormat(Qt.TextFormat.PlainText)
    laid_out.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    laid_out.prepare(QTransform(), font(pixels, bold=bold))
    size = laid_out.size()
    return laid_out, size.width(), size.height()


def width_of(text: str, pixels: int, *, bold: bool = False) -> float:
    return _static(text, pixels, bold)[1]


def draw_text(
    painter: QPainter,
    area: QRectF,
    text: str,
    pixels: int,
    *,
    bold: bool = False,
    across: float = 0.5,
    down: float = 0.5,
) -> None:
    """Text in an area, its layout kept for the next time. across, down: 0 at the left or top, 0.5 in the middle, 1 at the end."""
    laid_out, width, height = _static(text, pixels, bold)
    painter.setFont(font(pixels, bold=bold))
    painter.drawStaticText(
        QPointF(area.left() + across * (area.width() - width), area.top() + down * (area.height() - height)), laid_out
    )
