"""Type on the canvas: fonts by size, and words cut to the room there is. Measured once: the same few words come again."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QStaticText
from PySide6.QtWidgets import QApplication

_SHARE = {"left": 0.0, "right": 1.0, "middle": 0.5}


@lru_cache(maxsize=32)
def font(pixels: int, *, bold: bool = False) -> QFont:
    """The application's font in this size; not to be changed."""
    made = QFont(QApplication.font())
    made.setPixelSize(pixels)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return made


@lru_cache(maxsize=32)
def metrics(pixels: int, *, bold: bool = False) -> QFontMetricsF:
    return QFontMetricsF(font(pixels, bold=bold))


@lru_cache(maxsize=4096)
def width_of(words: str, pixels: int, *, bold: bool = False) -> float:
    return metrics(pixels, bold=bold).horizontalAdvance(words)


@lru_cache(maxsize=2048)
def _laid(words: str, pixels: int, bold: bool) -> tuple[QStaticText, float, float]:
    """The line laid out, its width and its height."""
    laid = QStaticText(words)
    laid.setTextFormat(Qt.TextFormat.PlainText)
    laid.prepare(font=font(pixels, bold=bold))
    return laid, width_of(words, pixels, bold=bold), metrics(pixels, bold=bold).height()


def write(
    painter: QPainter,
    area: QRectF,
    words: str,
    pixels: int,
    *,
    bold: bool = False,
    align: Literal["left", "right", "middle"] = "left",
) -> None:
    """One line, in the middle of the area's height; laid out once, which is most of the work."""
    if words:
        laid, width, height = _laid(words, pixels, bold)
        left, top = area.left() + _SHARE[align] * (area.width() - width), area.center().y() - height / 2
        painter.setFont(font(pixels, bold=bold))
        painter.drawStaticText(QPointF(left, top), laid)


@lru_cache(maxsize=4096)
def elided(words: str, pixels: int, width: float, *, bold: bool = False) -> str:
    """The words, or as much of them as fits the width and an ellipsis."""
    if width_of(words, pixels, bold=bold) <= width:
        return words
    return metrics(pixels, bold=bold).elidedText(words, Qt.TextElideMode.ElideRight, max(width, 0))


@lru_cache(maxsize=1024)
def cut(words: str, pixels: int, width: float, height: float) -> str:
    """As many whole words as fit the area, wrapped; the rest becomes an ellipsis."""
    pieces = words.split()
    for count in range(len(pieces), 0, -1):
        shown = " ".join(pieces[:count]) + ("" if count == len(pieces) else "…")
        needed = metrics(pixels).boundingRect(QRectF(0, 0, width, 1000), Qt.TextFlag.TextWordWrap, shown)
        if needed.height() <= height and needed.width() <= width + 1:
            return shown
    return elided(words, pixels, width)
