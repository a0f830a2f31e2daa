"""A painted picture as a file: SVG for print, PNG for slides, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QRectF, QSize, QSizeF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from cvlab.engine.disk import write_whole
from cvlab.ui.theme import theme

_PNG_SCALE = 2.0
_MAX_SIDE = 16_000


def save_picture(path: Path, size: QSizeF, title: str, paint: Callable[[QPainter, QRectF], None], ground: str) -> None:
    """Writes .svg or, for any other name, .png at twice life size. `paint` gets the area to fill, ground is its colour's role.

    Raises `CannotWrite`.
    """
    write_whole(path, _svg(size, title, paint) if path.suffix.lower() == ".svg" else _png(size, paint, ground))


def _svg(size: QSizeF, title: str, paint: Callable[[QPainter, QRectF], None]) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    area = QRectF(0, 0, size.width(), size.height())
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size.toSize())
    generator.setViewBox(area)
    generator.setTitle(title)
    painter = QPainter(generator)
    paint(painter, area)
    painter.end()
    buffer.close()
    return bytes(data.data())


def _png(size: QSizeF, paint: Callable[[QPainter, QRectF], None], ground: str) -> bytes:
    scale = min(_PNG_SCALE, _MAX_SIDE / max(size.width(), size.height()))
    pixels = QSize(round(size.width() * scale), round(size.height() * scale))
    image = QImage(pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(theme().colour(ground))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint(painter, QRectF(0, 0, pixels.width(), pixels.height()))
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    buffer.close()
    return bytes(data.data())
