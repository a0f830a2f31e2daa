"""A bar for each class: how sure a net is. It only shows numbers; where they come from is not its business."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cvlab.ui.theme import theme

_GAP = 12.0
_THICKEST, _TALLEST_ROW = 18.0, 36.0


class ProbabilityBars(QWidget):
    """Rows of label, bar and percentage. Nothing moves but the bars: labels and figures keep their places.

    Three states: values, a message over empty tracks ("Draw a digit"), and the same message in the colour of failure.
    painted: emitted after the bars have been painted.
    """

    painted = Signal()

    def __init__(self, labels: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels = tuple(labels)
        self._values: np.ndarray | None = None
        self._scores: np.ndarray | None = None
        self._message, self._failed = "", False
        self._looks: list[tuple[str, int, bool]] = []
        self._font, self._bold = QFont(), QFont()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self._set_fonts()
        theme().changed.connect(self.update)

    # -- for the owner -----------------------------------------------------------------------------------------------

    def set_values(self, probabilities: np.ndarray, scores: np.ndarray | None = None) -> None:
        """probabilities: (K,) in 0..1. scores: (K,) what the softmax was taken of, shown under the pointer."""
        was_empty = self._values is None
        self._values, self._scores, self._message = probabilities, scores, ""
        winner = int(probabilities.argmax())
        self.setAccessibleDescription(f"{self._labels[winner]}, {percentage(float(probabilities[winner]))}")
        width = self._track(0).width()
        before = self._looks
        self._looks = [(percentage(p), round(4 * width * p), i == winner) for i, p in enumerate(probabilities.tolist())]
        if was_empty or len(before) != len(self._looks):
            self.update()
            return
        # Under a moving pen most classes stay at nothing: only what looks different is painted, and always the winner.
        for index, (old, new) in enumerate(zip(before, self._looks, strict=True)):
            if old != new or index == winner:
                self.update(self._row(index).toAlignedRect())

    def set_labels(self, labels: Sequence[str]) -> None:
        """Other classes; the values go."""
        if tuple(labels) != self._labels:
            self._labels, self._values, self._scores = tuple(labels), None, None
            self._set_fonts()
            self.updateGeometry()
            self.update()

    def show_message(self, message: str, *, failed: bool = False) -> None:
        """Words in place of values."""
        self._values = self._scores = None
        self._message, self._failed = message, failed
        self.setAccessibleDescription(message)
        self.update()

    @property
    def values(self) -> np.ndarray | None:
        """What is shown, (K,), or None."""
        return self._values

    @property
    def winner(self) -> str:
        """The label of the longest bar; "" without values."""
        return "" if self._values is None else self._labels[int(self._values.argmax())]

    @property
    def message(self) -> str:
        return self._message

    def sizeHint(self) -> QSize:
        return QSize(240, 18 * len(self._labels))

    def minimumSizeHint(self) -> QSize:
        return QSize(140, 15 * len(self._labels))

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        winner = -1 if self._values is None else int(self._values.argmax())
        for index in range(len(self._labels)):
            if event.region().intersects(self._row(index).toAlignedRect()):
                self._paint_row(painter, index, index == winner)
        if self._message:
            self._paint_message(painter)
        painter.end()
        self.painted.emit()

    def _paint_row(self, painter: QPainter, index: int, wins: bool) -> None:
        colours, row, track = theme(), self._row(index), self._track(index)
        value = None if self._values is None else float(self._values[index])
        painter.setFont(self._bold if wins else self._font)
        painter.setPen(colours.colour("ink" if wins else "muted"))
        label = QRectF(row.left(), row.top(), self._label_width, row.height())
        painter.drawText(label, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), self._labels[index])
        _bar(painter, track, colours.colour("sunken"))
        if value is None:
            return
        if value >= 0.0005:
            filled = QRectF(track.left(), track.top(), max(track.width() * value, 2.0), track.height())
            _bar(painter, filled, colours.colour("accent") if wins else colours.colour("muted", 0.55))
        painter.setPen(colours.colour("ink" if wins else "muted"))
        figure = QRectF(track.right() + _GAP, row.top(), self._figure_width, row.height())
        painter.drawText(figure, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), percentage(value))

    def _paint_message(self, painter: QPainter) -> None:
        colours = theme()
        painter.setFont(self._bold)
        room = QRectF(self.rect()).adjusted(_GAP, 0, -_GAP, 0)
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        text = QFontMetricsF(self._bold).boundingRect(room, flags, self._message)
        plate = text.adjusted(-16, -10, 16, 10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.colour("raised", 0.94))
        painter.drawRoundedRect(plate, 8, 8)
        painter.setPen(colours.colour("negative" if self._failed else "muted"))
        painter.drawText(room, flags, self._message)

    def _row(self, index: int) -> QRectF:
        height = min(self.height() / max(1, len(self._labels)), _TALLEST_ROW)
        top = (self.height() - height * len(self._labels)) / 2
        return QRectF(0, top + index * height, self.width(), height)

    def _track(self, index: int) -> QRectF:
        row = self._row(index)
        thickness = min(_THICKEST, row.height() * 0.62)
        left = self._label_width + _GAP
        width = max(8.0, row.width() - left - _GAP - self._figure_width)
        return QRectF(left, row.center().y() - thickness / 2, width, thickness)

    def _set_fonts(self) -> None:
        self._font, self._bold = tabular(self.font()), tabular(self.font(), QFont.Weight.DemiBold)
        metrics = QFontMetricsF(self._bold)
        self._figure_width = metrics.horizontalAdvance("100.0 %") + 2
        self._label_width = max((metrics.horizontalAdvance(label) for label in self._labels), default=0) + 2

    # -- Qt ----------------------------------------------------------------------------------------------------------

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._set_fonts()
            self.update()
        super().changeEvent(event)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._values is not None:
            QToolTip.showText(event.globalPos(), self.explanation(event.pos()) or self.toolTip(), self)
            return True
        return super().event(event)

    def explanation(self, place: QPoint) -> str:
        """What the pointer is on: the class, its probability in full, and its score."""
        for index, label in enumerate(self._labels):
            if self._values is not None and self._row(index).contains(QPointF(place)):
                text = f"{label}: probability {self._values[index]:.6f}"
                return text if self._scores is None else f"{text}\nscore (before softmax) {self._scores[index]:+.2f}"
        return ""


def percentage(share: float) -> str:
    """0.9731 -> "97.3 %". Only certainty itself is "100.0 %"."""
    return f"{min(share, 0.999) if share < 1 else share:.1%}".replace("%", " %")


def tabular(font: QFont, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The font with figures of equal width, so that changing numbers stay in their columns."""
    made = QFont(font)
    made.setWeight(weight)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def _bar(painter: QPainter, area: QRectF, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    radius = min(area.width(), area.height()) / 2
    painter.drawRoundedRect(area, radius, radius)
