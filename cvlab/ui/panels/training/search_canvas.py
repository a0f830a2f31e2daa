"""Where the trials of a search are drawn, and what stands there while there are none."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import SMALL
from cvlab.ui.widgets.bars import tabular

_EMPTY = "Each trial of a search is drawn here when it ends."


class SearchCanvas(QWidget):
    """Its heirs say whether there are trials (`is_empty`) and how they look (`paint`)."""

    def __init__(self, name: str, tip: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.words = _EMPTY
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(420, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 150)

    @property
    def is_empty(self) -> bool:
        raise NotImplementedError

    def paint(self, painter: QPainter) -> None:
        """The trials, of which there is at least one."""
        raise NotImplementedError

    def show_words(self, words: str) -> None:
        """What stands here while there are no trials; "" for what a search will bring."""
        self.words = words or _EMPTY
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = tabular(self.font())
        font.setPixelSize(SMALL - 1)
        painter.setFont(font)
        if self.is_empty:
            font.setPixelSize(SMALL)
            painter.setFont(font)
            painter.setPen(theme().colour("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRect(self.rect()).adjusted(24, 0, -24, 0), int(flags), self.words)
        else:
            self.paint(painter)
        painter.end()
