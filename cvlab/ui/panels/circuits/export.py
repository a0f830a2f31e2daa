"""The picture of a circuit as a file: SVG for print, PNG for slides, with the numbers that are shown."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFileDialog, QWidget

from cvlab.core.notices import Notices
from cvlab.engine.errors import CannotWrite
from cvlab.ui.panels.circuits.scene import CircuitScene
from cvlab.ui.theme import theme
from cvlab.ui.widgets import picture_file

_MARGIN = 24.0


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

    def paint(painter: QPainter, target: QRectF) -> None:
        painter.fillRect(target, theme().colour("sunken"))
        scene.render(painter, target, area)

    picture_file.save_picture(path, area.size(), "A circuit", paint, "sunken")
