"""How the neighbours vote: a bar a class in the class's colour, and what follows, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.panels.neighbors.marks import paint_mark
from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

_ROW, _NAME, _FIGURE = 22.0, 40.0, 56.0


class VoteBars(QWidget):
    """Rows keep their places, whatever the numbers are."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Votes")
        self.setToolTip("The votes of the neighbours for each class. With weights, each counts 1 / distance.")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._names: tuple[str, ...] = ()
        self._votes: np.ndarray | None = None
        self._whole = True
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, round(_ROW * max(1, len(self._names))))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def show_classes(self, names: Sequence[str]) -> None:
        if tuple(names) != self._names:
            self._names, self._votes = tuple(names), None
            self.updateGeometry()
            self.update()

    def show_votes(self, votes: np.ndarray | None, *, whole: bool = True) -> None:
        """votes: (C,), None for none. whole: they are counts, not weights."""
        self._votes, self._whole = votes, whole
        said = (
            ""
            if votes is None
            else ", ".join(f"{n} {self._figure(float(v))}" for n, v in zip(self._names, votes, strict=True))
        )
        self.setAccessibleDescription(said)
        self.update()

    def _figure(self, vote: float) -> str:
        """Counts as they are; weights as shares, since 1 / d may be anything."""
        if self._whole:
            return f"{vote:.0f}"
        total = float(self._votes.sum())
        return f"{vote / total:.0%}".replace("%", " %") if total else "0 %"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, look = QPainter(self), theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        most = 0.0 if self._votes is None else float(self._votes.max(initial=0))
        total = 0.0 if self._votes is None else float(self._votes.sum())
        for c, name in enumerate(self._names):
            top, vote = c * _ROW, 0.0 if self._votes is None else float(self._votes[c])
            leads = most > 0 and vote >= most * (1 - 1e-12)
            paint_mark(painter, c, QPointF(9, top + _ROW / 2), 0.8)
            font = tabular(self.font())
            font.setBold(leads)
            painter.setFont(font)
            painter.setPen(look.colour("ink" if leads else "muted"))
            painter.drawText(QRectF(22, top, _NAME - 22, _ROW), int(Qt.AlignmentFlag.AlignVCenter), name)
            track = QRectF(_NAME, top + 6, max(8.0, self.width() - _NAME - _FIGURE), _ROW - 12)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("sunken"))
            painter.drawRoundedRect(track, 5, 5)
            if vote > 0:
                painter.setBrush(look.colour(f"class-{c}"))
                painter.drawRoundedRect(
                    QRectF(track.left(), track.top(), max(4.0, track.width() * vote / total), track.height()), 5, 5
                )
            painter.setPen(look.colour("ink" if leads else "muted"))
            area = QRectF(self.width() - _FIGURE, top, _FIGURE, _ROW)
            figure = "" if self._votes is None else self._figure(vote)
            painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), figure)
        painter.end()
