"""The builder's two dialogs, loaded when they are first asked for: the window comes first."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from cvlab.engine.nets.architecture import Architecture

if TYPE_CHECKING:
    from cvlab.ui.panels.builder.builder import BuilderPanel
    from cvlab.ui.panels.builder.convert_dialog import Converter


class Dialogs(QObject):
    """Opens them over the panel."""

    def __init__(self, panel: BuilderPanel) -> None:
        super().__init__(panel)
        self._panel = panel

    def open_pattern(self) -> None:
        """The net as N, M, K and widths, and as text."""
        from cvlab.ui.panels.builder.pattern_dialog import PatternDialog

        panel = self._panel
        image, classes = panel.adviser.data()
        PatternDialog(panel, panel.lab.project.architecture, image or (3, 32, 32), classes or 10, self._use).open()

    def _use(self, net: Architecture) -> None:
        self._panel.open_net(net, "Use the pattern")

    def convert(self, node_id: int) -> None:
        """A layer shown as its fully-connected or convolutional twin."""
        self.converter.convert(node_id)

    @cached_property
    def converter(self) -> Converter:
        from cvlab.ui.panels.builder.convert_dialog import Converter

        return Converter(self._panel.lab, self._panel.edits, self._panel)
