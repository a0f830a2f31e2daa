"""What is written over the curves of a plot: a level to compare with, steps at which something happened, the pointer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from cvlab.ui.theme import theme
from cvlab.ui.widgets.scales import Scales
from cvlab.ui.widgets.words import Words

_LINE_OF_TEXT, _AIR = 22, 4
"""Pixels that a line of words needs, and those between it and what it belongs to."""


@dataclass(frozen=True)
class Mark:
    """Something that happened at x, in a few words."""

    x: float
    text: str


class Notes:
    """reference: (height in the axis' units, words) of a dashed level line. marks: dotted lines with words. pointer: a step."""

    def __init__(self, *, marks_at_top: bool) -> None:
        """marks_at_top: where the words of marks stand; else at the foot, for curves that rise."""
        self.reference: tuple[float, str] | None = None
        self.marks: tuple[Mark, ...] = ()
        self.pointer: float | None = None
        self._marks_at_top = marks_at_top
        self.show_colours()

    def show_colours(self) -> None:
        colour = theme().colour
        self._muted, self._warning = colour("muted"), colour("warning")
        self._dashes = QPen(self._muted, 1, Qt.PenStyle.DashLine)
        self._dots = QPen(self._warning, 1, Qt.PenStyle.DotLine)

    def paint(self, painter: QPainter, scales: Scales, words: Words) -> None:
        """Lines run through the area of the scales, words keep to its edges."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        area = scales.area
        if self.reference is not None:
            self._paint_reference(painter, scales, words, *self.reference)
        painter.setPen(self._dots)
        for mark in self.marks:
            self._paint_upright(painter, scales, mark.x)
        painter.setPen(self._warning)
        top = area.top() + _AIR if self._marks_at_top else area.bottom() - _AIR - words.height
        for x, text in self.told(scales, words):
            words.paint(painter, x + _AIR, top, text)
        if self.pointer is not None:
            painter.setPen(self._muted)
            self._paint_upright(painter, scales, self.pointer)

    @staticmethod
    def _paint_upright(painter: QPainter, scales: Scales, x: float) -> None:
        if scales.left <= x <= scales.right:
            at = scales.across(x)
            painter.drawLine(QPointF(at, scales.area.top()), QPointF(at, scales.area.bottom()))

    def _paint_reference(self, painter: QPainter, scales: Scales, words: Words, height: float, text: str) -> None:
        if not scales.low <= height <= scales.high:
            return
        area, y = scales.area, scales.up(height)
        painter.setPen(self._dashes)
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(self._muted)
        has_room = y - area.top() > _LINE_OF_TEXT
        words.paint(
            painter, area.right() - _AIR - words.width(text), y - _AIR - words.height if has_room else y + _AIR, text
        )

    def told(self, scales: Scales, words: Words) -> Iterator[tuple[float, str]]:
        """(pixel, text) of the marks whose words have room: those that begin where the words before them have ended."""
        taken = scales.area.left()
        for mark in self.marks:
            x = scales.across(mark.x)
            if taken <= x <= scales.area.right():
                taken = x + words.width(mark.text) + 2 * _AIR
                yield x, mark.text
