"""The numbers of a vector or matrix as a table, each with its gradient below; they can be typed over where that is allowed."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from cvlab.engine.circuit.tensors import Shape, Value, cell
from cvlab.ui.panels.circuits.face import number, short
from cvlab.ui.panels.circuits.fonts import font, tint

_CELL = QSize(60, 36)
_Index = QModelIndex | QPersistentModelIndex


class TensorModel(QAbstractTableModel):
    """turned(name, value): the person typed another number; name is the place's, "W[0,1]"."""

    turned = Signal(str, float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.is_editable = False
        self._name = ""
        self._shape: Shape = ()
        self._value = self._gradient = np.zeros((0, 0))

    def show_value(self, name: str, value: Value, gradient: Value) -> None:
        """Value and gradient, of one shape. A vector lies in one row."""
        shape = value.shape if isinstance(value, np.ndarray) else ()
        value, gradient = np.atleast_2d(value), np.atleast_2d(gradient)
        if (name, shape) != (self._name, self._shape):
            self.beginResetModel()
            self._name, self._shape, self._value, self._gradient = name, shape, value, gradient
            self.endResetModel()
            return
        self._name, self._value, self._gradient = name, value, gradient
        self.dataChanged.emit(self.index(0, 0), self.index(value.shape[0] - 1, value.shape[1] - 1))

    def name_at(self, index: _Index) -> str:
        place = (index.row(), index.column())[2 - len(self._shape) :] if self._shape else ()
        return cell(self._name, place)

    def index_of(self, name: str) -> QModelIndex:
        """Where a place stands; no index if it is none of these."""
        if name == self._name and not self._shape:
            return self.index(0, 0)
        if not name.startswith(f"{self._name}["):
            return QModelIndex()
        place = [int(i) for i in name[len(self._name) + 1 : -1].split(",")]
        return self.index(*([0] * (2 - len(place))), *place)

    def numbers_at(self, index: _Index) -> tuple[float, float]:
        at = index.row(), index.column()
        return float(self._value[at]), float(self._gradient[at])

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else self._value.shape[0]

    def columnCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else self._value.shape[1]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        return str(section) if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        value, gradient = self.numbers_at(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return short(value, 7)
        if role == Qt.ItemDataRole.EditRole:
            return repr(value)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{self.name_at(index)} = {number(value)}, gradient {number(gradient)}"
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if self.is_editable else flags

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        try:
            typed = float(str(value).replace("−", "-").replace(",", ".").strip())
        except ValueError:
            return False  # the number that was there stays
        if not math.isfinite(typed) or not self.is_editable:
            return False
        self.turned.emit(self.name_at(index), typed)
        return True


class _Delegate(QStyledItemDelegate):
    """The value, and below it the gradient in red with its sign."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        value, gradient = index.model().numbers_at(index)
        area: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area.adjusted(1, 1, -1, -1), tint("accent_soft"))
        painter.setFont(font(13))
        painter.setPen(tint("ink"))
        half = area.height() // 2
        painter.drawText(area.adjusted(2, 1, -4, -half + 2), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                         short(value, 7))  # fmt: skip
        painter.setFont(font(11))
        painter.setPen(tint("negative"))
        painter.drawText(area.adjusted(2, half, -4, -1), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                         f"∇ {short(gradient)}")  # fmt: skip

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName(index.model().name_at(index))
        editor.setAlignment(Qt.AlignmentFlag.AlignRight)
        return editor


class TensorGrid(QTableView):
    """turned(name, value) when a number was typed over; chosen(name) when the place is another."""

    turned = Signal(str, float)
    chosen = Signal(str)

    def __init__(self, parent: QWidget, *, editable: bool, most_rows: int = 0) -> None:
        """most_rows: it is as tall as its rows, this many at most; 0: as tall as it may be."""
        super().__init__(parent)
        self._most_rows = most_rows
        self.table = TensorModel(self)
        self.table.is_editable = editable
        self.setModel(self.table)
        self.setItemDelegate(_Delegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("role", "page")
        self.setShowGrid(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        for header, length in ((self.horizontalHeader(), _CELL.width()), (self.verticalHeader(), _CELL.height())):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setDefaultSectionSize(length)
            header.setMinimumSectionSize(16)
            header.setHighlightSections(False)
            header.hide()
        self.setTabKeyNavigation(False)
        self.table.turned.connect(self.turned)
        self.selectionModel().currentChanged.connect(self._choose)
        self._is_showing = False

    def show_value(self, name: str, value: Value, gradient: Value, along: str) -> None:
        """along: the place that is chosen, if it is one of these."""
        self._is_showing = True
        self.table.show_value(name, value, gradient)
        index = self.table.index_of(along)
        if index.isValid():
            self.setCurrentIndex(index)
        else:
            self.clearSelection()
        self._is_showing = False
        if self._most_rows:
            rows = min(self.table.rowCount(), self._most_rows)
            is_wide = self.table.columnCount() * _CELL.width() > max(self.viewport().width(), 230)
            self.setMaximumWidth(self.table.columnCount() * _CELL.width() + 2)
            self.setFixedHeight(rows * _CELL.height() + 2 + (14 if is_wide else 0))

    def _choose(self, now: QModelIndex, before: QModelIndex) -> None:
        if now.isValid() and not self._is_showing:
            self.chosen.emit(self.table.name_at(now))
