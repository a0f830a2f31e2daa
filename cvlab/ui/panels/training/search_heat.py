"""The trials of a search on two of its settings: each cell as dark as its best trial is good, so that a ridge can be seen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from cvlab.engine.training.search import Axis, Trial, table
from cvlab.ui.panels.training.search_canvas import SearchCanvas
from cvlab.ui.theme import theme
from cvlab.ui.theme.style import contrast
from cvlab.ui.widgets.figures import share_text
from cvlab.ui.widgets.image_grid import colour_table
from cvlab.ui.widgets.number import number_text

_LEFT, _FOOT, _TOP, _RIGHT = 74, 40, 22, 92
_GAP = 2


class SearchHeat(SearchCanvas):
    """pointed(words): what lies in the cell under the pointer; "" for none."""

    pointed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            "Trials on two settings",
            "A cell is as dark as its best trial is good on held-out images; an empty one was not tried.",
            parent,
        )
        self._across: Axis | None = None
        self._up: Axis | None = None
        self._cells: list[list[list[Trial]]] = []
        self._under: tuple[int, int] | None = None

    def show_trials(self, across: Axis | None, up: Axis | None, trials: Sequence[Trial]) -> None:
        """across, up: the two settings; without `up` the cells are one row."""
        self._across, self._up, self._under = across, up, None
        self._cells = table(across, up, trials) if across is not None else []
        self.update()

    # -- geometry --------------------------------------------------------------------------------------------------------

    def cell(self, row: int, column: int) -> QRectF:
        """Where a cell is; row 0, the low end of `up`, lies at the bottom."""
        rows, columns = len(self._cells), len(self._cells[0])
        wide, high = (self.width() - _LEFT - _RIGHT) / columns, (self.height() - _TOP - _FOOT) / rows
        area = QRectF(_LEFT + column * wide, _TOP + (rows - 1 - row) * high, wide, high)
        return area.adjusted(0, 0, -_GAP, -_GAP)

    def cell_at(self, place: QPointF) -> tuple[int, int] | None:
        for row, cells in enumerate(self._cells):
            for column in range(len(cells)):
                if self.cell(row, column).contains(place):
                    return row, column
        return None

    # -- painting ----------------------------------------------------------------------------------------------------------

    def _scores(self) -> tuple[float, float] | None:
        scores = [cell[0].score or 0.0 for row in self._cells for cell in row if cell]
        return (min(scores), max(scores)) if scores else None

    @property
    def is_empty(self) -> bool:
        return self._scores() is None

    def paint(self, painter: QPainter) -> None:
        low, high = self._scores() or (0.0, 1.0)
        colours = colour_table(signed=False)
        for row, cells in enumerate(self._cells):
            for column, trials in enumerate(cells):
                area = self.cell(row, column)
                if not trials:
                    painter.setPen(QPen(theme().colour("faint"), 1))
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
                    continue
                share = ((trials[0].score or 0.0) - low) / (high - low) if high > low else 1.0
                ground = colours[round(254 * (0.08 + 0.92 * share))]
                is_lit = self._under == (row, column)
                painter.setPen(QPen(theme().colour("ink"), 2) if is_lit else Qt.PenStyle.NoPen)
                painter.setBrush(ground)
                painter.drawRoundedRect(area, 3, 3)
                text = share_text(trials[0].score)
                if QFontMetricsF(painter.font()).horizontalAdvance(text) + 6 <= area.width() and area.height() >= 16:
                    painter.setPen(_readable_on(ground))
                    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), text)
        self._paint_axes(painter)
        self._paint_key(painter, colours, low, high)

    def _paint_axes(self, painter: QPainter) -> None:
        assert self._across is not None
        bottom, middle = self.height() - _FOOT + 2, int(Qt.AlignmentFlag.AlignCenter)
        painter.setPen(theme().colour("muted"))
        columns = len(self._cells[0])
        for column in range(columns):
            area = self.cell(0, column)
            _write(
                painter, QRectF(area.x(), bottom, area.width(), 15), middle, _piece_text(self._across, column, columns)
            )
        painter.setPen(theme().colour("ink"))
        painter.drawText(QRectF(_LEFT, bottom + 17, self.width() - _LEFT - _RIGHT, 16), middle, title_of(self._across))
        if self._up is None:
            return
        side = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(theme().colour("muted"))
        for row in range(len(self._cells)):
            area = self.cell(row, 0)
            _write(
                painter,
                QRectF(0, area.y(), _LEFT - 8, area.height()),
                side,
                _piece_text(self._up, row, len(self._cells)),
            )
        painter.setPen(theme().colour("ink"))
        painter.drawText(QRectF(8, 0, self.width(), 18), int(Qt.AlignmentFlag.AlignLeft), title_of(self._up))

    def _paint_key(self, painter: QPainter, colours: list[QColor], low: float, high: float) -> None:
        """The scale at the right: which shade is which accuracy."""
        left, top, tall = self.width() - _RIGHT + 18, _TOP, self.height() - _TOP - _FOOT - _GAP
        for i in range(24):
            painter.fillRect(
                QRectF(left, top + tall * (23 - i) / 24, 12, tall / 24 + 1),
                colours[round(254 * (0.08 + 0.92 * i / 23))],
            )
        painter.setPen(theme().colour("muted"))
        near = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(left + 18, top - 2, 60, 16), near, share_text(high))
        painter.drawText(QRectF(left + 18, top + tall - 14, 60, 16), near, share_text(low))

    # -- pointer -----------------------------------------------------------------------------------------------------------

    def words_of(self, row: int, column: int) -> str:
        """What a cell says."""
        assert self._across is not None
        trials, columns, rows = self._cells[row][column], len(self._cells[0]), len(self._cells)
        place = f"{title_of(self._across)} {_piece_text(self._across, column, columns)}"
        if self._up is not None:
            place += f", {title_of(self._up)} {_piece_text(self._up, row, rows)}"
        if not trials:
            return f"Around {place}: not tried."
        count = f"the best of {len(trials)} trials" if len(trials) > 1 else "one trial"
        return f"Around {place}: {share_text(trials[0].score)}, {count}."

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        under = self.cell_at(event.position())
        if under != self._under:
            self._under = under
            self.pointed.emit(self.words_of(*under) if under is not None else "")
            self.update()


def title_of(axis: Axis) -> str:
    """The setting without the section that it belongs to: "learning rate"."""
    return axis.path.rpartition(".")[2].replace("_", " ")


def _piece_text(axis: Axis, piece: int, count: int) -> str:
    """The value in the middle of a piece of the range."""
    value = axis.at((piece + 0.5) / count)
    return number_text(float(f"{value:.2g}")) if isinstance(value, float) else str(value)


def _write(painter: QPainter, area: QRectF, where: int, text: str) -> None:
    metrics = QFontMetricsF(painter.font())
    painter.drawText(area, where, metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width()))


def _readable_on(ground: QColor) -> QColor:
    tokens = theme().tokens
    return QColor(max((tokens.ink, tokens.raised), key=lambda ink: contrast(ink, ground.name())))
