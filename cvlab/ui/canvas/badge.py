"""What is advised on a block, on the block itself: a button that mends an error, a small mark for other advice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QTransform

from cvlab.ui.canvas.layout import BLOCK_HEIGHT, BLOCK_WIDTH
from cvlab.ui.canvas.lettering import elided, width_of, write
from cvlab.ui.canvas.stamp import Put
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import glyph_path

if TYPE_CHECKING:
    from cvlab.engine.nets.advice import Advice

BUTTON = QRectF(14, BLOCK_HEIGHT - 27, BLOCK_WIDTH - 24, 20)
MARK = QRectF(BLOCK_WIDTH - 12, -9, 20, 20)
_SIGNS = {"error": ("error", "negative"), "warning": ("warning", "warning"), "note": ("advice", "accent")}
_GLYPH, _PIXELS = 12.0, 11


class Badge(NamedTuple):
    """level: "error", "warning" or "note". words: of the button, "" for a mark. tip: what is wrong and why."""

    level: str
    words: str
    tip: str

    @property
    def area(self) -> QRectF:
        """Where it is pressed, in the block's pixels."""
        return BUTTON if self.words else MARK

    def paint(self, painter: QPainter, put: Put, is_hovered: bool) -> None:
        if self.words:
            self._paint_button(painter, is_hovered)
        else:
            put(("mark", self.level, is_hovered), MARK, partial(_paint_mark, self.level, is_hovered))

    def _paint_button(self, painter: QPainter, is_hovered: bool) -> None:
        look = theme()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("accent", 1.0 if is_hovered else 0.88))
        painter.drawRoundedRect(BUTTON, 5, 5)
        words = elided(self.words, _PIXELS, BUTTON.width() - _GLYPH - 18)
        left = BUTTON.left() + (BUTTON.width() - _GLYPH - 5 - width_of(words, _PIXELS)) / 2
        mark = QTransform().translate(left, BUTTON.center().y() - _GLYPH / 2).scale(_GLYPH, _GLYPH)
        painter.fillPath(mark.map(glyph_path("mend")), look.colour("accent_ink"))
        painter.setPen(look.colour("accent_ink"))
        write(painter, BUTTON.adjusted(left + _GLYPH + 5 - BUTTON.left(), 0, 0, 0), words, _PIXELS)


def _paint_mark(level: str, is_hovered: bool, painter: QPainter) -> None:
    look, (sign, role) = theme(), _SIGNS[level]
    painter.setPen(QPen(look.colour(role), 1.8 if is_hovered else 1.2))
    painter.setBrush(look.colour("raised"))
    painter.drawEllipse(MARK.adjusted(1.5, 1.5, -1.5, -1.5))
    middle = MARK.center()
    mark = QTransform().translate(middle.x() - _GLYPH / 2, middle.y() - _GLYPH / 2).scale(_GLYPH, _GLYPH)
    painter.fillPath(mark.map(glyph_path(sign)), look.colour(role))


def badge_of(advice: Sequence[Advice], *, has_error: bool) -> Badge | None:
    """The badge of a block with this advice on it, the gravest first. has_error: the block says itself what is wrong."""
    if not advice:
        return None
    first = advice[0]
    if has_error and first.level == "error":
        tip = f"{first.change}. One step: undo takes it back."
        return Badge("error", first.change, tip) if first.apply is not None else None
    return Badge(first.level, "", "\n".join(f"{each.what} {each.why}" for each in advice))
