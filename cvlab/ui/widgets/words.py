"""Short words that are painted again and again, as an axis has them: each is laid out once."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QGuiApplication, QPainter, QStaticText, QTransform

_MOST = 1024
"""Words kept: a hand that moves an axis for minutes would else leave a word for each of its marks."""


class Words:
    """Words in the application's font. Call `begin` before the first one of a painting."""

    def __init__(self) -> None:
        self._font: QFont | None = None
        self._laid: dict[str, tuple[QStaticText, float]] = {}
        self.height = self.ascent = 0.0

    def begin(self, painter: QPainter | None = None) -> None:
        """With a painter, that one's font is set, too."""
        font = QGuiApplication.font()
        if font != self._font:
            self._font = font
            self._laid.clear()
            metrics = QFontMetricsF(font)
            self.height, self.ascent = metrics.height(), metrics.ascent()
        if painter is not None:
            painter.setFont(font)

    def width(self, text: str) -> float:
        """In pixels."""
        return self._of(text)[1]

    def paint(self, painter: QPainter, left: float, top: float, text: str) -> None:
        """In the painter's pen."""
        painter.drawStaticText(QPointF(left, top), self._of(text)[0])

    def _of(self, text: str) -> tuple[QStaticText, float]:
        found = self._laid.get(text)
        if found is None:
            if len(self._laid) >= _MOST:
                self._laid.clear()
            laid = QStaticText(text)
            laid.setTextFormat(Qt.TextFormat.PlainText)
            laid.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
            laid.prepare(QTransform(), self._font)
            found = self._laid[text] = laid, laid.size().width()
        return found
