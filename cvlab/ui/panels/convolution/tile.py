"""One cell with its number as a small image, made once: hundreds of cells are drawn a frame, and most are alike."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage, QPainter, QPen

from cvlab.ui.theme import theme
from cvlab.ui.theme.style import mix
from cvlab.ui.widgets.bars import tabular

LEVELS = 48
"""Shades from 0 to the strongest."""
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)


def sized(font: QFont, pixels: float, *, bold: bool = False) -> QFont:
    """The font's family at a size, with figures of equal width; not to be changed, for it is handed out again."""
    return _sized(font.family(), max(8, round(pixels)), bold)


@lru_cache(maxsize=64)
def _sized(family: str, pixels: int, bold: bool) -> QFont:
    font = QGuiApplication.font()
    font.setFamily(family)
    made = tabular(font, QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setPixelSize(pixels)
    return made


def signed_colour(value: float, largest: float) -> QColor:
    """Of a cell with a number in it: the well's shade at 0, towards blue above and orange below, paler than a map's."""
    share = min(abs(value) / largest, 1.0) if largest > 0 else 0.0
    return _shade(theme().tokens.name, value >= 0, round(share * LEVELS))


@lru_cache(maxsize=4 * LEVELS + 8)
def _shade(theme_name: str, above: bool, level: int) -> QColor:
    tokens = theme().tokens
    return QColor(mix(tokens.sunken, tokens.accent if above else tokens.held_out, 0.62 * (level / LEVELS) ** 0.8))


def draw_words(
    painter: QPainter,
    area: QRectF,
    text: str,
    colour: QColor,
    pixels: float,
    flags: int = _CENTRE,
    *,
    bold: bool = False,
) -> None:
    """Words that stand there frame after frame: laid out once, then drawn as an image, a tenth of the time."""
    size = max(round(area.width()), 1), max(round(area.height()), 1)
    ratio = painter.device().devicePixelRatioF()
    painter.drawImage(area.topLeft().toPoint(), _words(text, colour.rgba(), round(pixels), bold, *size, flags, ratio))


@lru_cache(maxsize=1024)
def _words(text: str, ink: int, pixels: int, bold: bool, wide: int, high: int, flags: int, ratio: float) -> QImage:
    image = QImage(round(wide * ratio), round(high * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setFont(sized(QGuiApplication.font(), pixels, bold=bold))
    painter.setPen(QColor.fromRgba(ink))
    painter.drawText(QRectF(0, 0, wide, high), flags, text)
    painter.end()
    return image


def tile(
    text: str,
    fill: QColor | None,
    ink: QColor,
    size: tuple[int, int],
    face: tuple[int, bool],
    ratio: float,
    *,
    above: str = "",
    small: int = 0,
) -> QImage:
    """A rounded cell: the number in the middle, or below the small line of `above`. fill: None for dotted.

    size: width and height. face: pixels of the number, and whether it is bold. small: pixels of what stands above.
    """
    return _image(
        text, above, -1 if fill is None else fill.rgb(), ink.rgba(), *size, ratio, face, small, theme().tokens.name
    )


@lru_cache(maxsize=4096)
def _image(
    text: str,
    above: str,
    fill: int,
    ink: int,
    wide: int,
    high: int,
    ratio: float,
    face: tuple[int, bool],
    small: int,
    theme_name: str,
) -> QImage:
    font = QGuiApplication.font()
    image = QImage(round(wide * ratio), round(high * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    gap = 0.75 if min(wide, high) < 24 else 1.25
    area = QRectF(0, 0, wide, high).adjusted(gap, gap, -gap, -gap)
    if fill < 0:
        painter.setPen(QPen(theme().colour("line", 0.55), 1, Qt.PenStyle.DotLine))
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor.fromRgb(fill))
    painter.drawRoundedRect(area, 3, 3)
    painter.setPen(QColor.fromRgba(ink))
    painter.setFont(sized(font, face[0], bold=face[1]))
    if above and small:
        painter.drawText(area.adjusted(-2, high * 0.36, 2, -2), _CENTRE, text)
        painter.setFont(sized(font, small))
        faint = QColor.fromRgba(ink)
        faint.setAlphaF(0.74)
        painter.setPen(faint)
        painter.drawText(area.adjusted(-2, 2, 2, -high * 0.52), _CENTRE, above)
    else:
        painter.drawText(area.adjusted(-2, 0, 2, 0), _CENTRE, text)
    painter.end()
    return image
