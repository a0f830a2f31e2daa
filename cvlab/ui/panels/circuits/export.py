"""The picture of a circuit as a file: SVG for print, PNG for slides, with the numbers that are shown."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QRectF, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QFileDialog, QWidget

from cvlab.core.notices import Notices
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import CannotWrite
from cvlab.ui.panels.circuits.scene import CircuitScene
from cvlab.ui.theme import theme

_MARGIN = 24.0
_PNG_SCALE = 2.0
_MAX_SIDE = 16_000


def ask_and_save(parent: QWidget, scene: CircuitScene, notices: Notices) -> None:
    """Asks for a file name and saves the picture; says what became of it."""
    name, kind = QFileDialog.getSaveFileName(parent, "Save the picture", "circuit.svg", "SVG (*.svg);;PNG (*.png)")
    if not name:
        return
    path = Path(name) if Path(name).suffix else Path(name).with_suffix(".png" if "PNG" in kind else ".svg")
    try:
        save_picture(scene, path)
    except CannotWrite as error:
        notices.error(error)
    else:
        notices.success("The picture is saved.", path.name)


def save_picture(scene: CircuitScene, path: Path) -> None:
    """Writes .svg or, for any other name, .png at twice life size. Raises `CannotWrite`."""
    area = scene.content().adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
    if path.suffix.lower() == ".svg":
        _save_svg(scene, path, area)
    else:
        _save_png(scene, path, area)


def _save_svg(scene: CircuitScene, path: Path, area: QRectF) -> None:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(area.size().toSize())
    generator.setViewBox(QRectF(0, 0, area.width(), area.height()))
    generator.setTitle("A circuit")
    painter = QPainter(generator)
    _paint(scene, painter, area, QRectF(0, 0, area.width(), area.height()))
    painter.end()
    buffer.close()
    write_whole(path, bytes(data.data()))


def _save_png(scene: CircuitScene, path: Path, area: QRectF) -> None:
    scale = min(_PNG_SCALE, _MAX_SIDE / max(area.width(), area.height()))
    size = QSize(round(area.width() * scale), round(area.height() * scale))
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(theme().colour("sunken"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint(scene, painter, area, QRectF(0, 0, size.width(), size.height()))
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    buffer.close()
    write_whole(path, bytes(data.data()))


def _paint(scene: CircuitScene, painter: QPainter, area: QRectF, target: QRectF) -> None:
    painter.fillRect(target, theme().colour("sunken"))
    scene.render(painter, target, area)
