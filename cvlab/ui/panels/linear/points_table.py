"""A row for each point: its scores, its lead over the best wrong class, its loss, and whether the margin is met."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from cvlab.engine.classifier import LinearClassifier
from cvlab.ui.panels.linear.pieces import number
from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

SIGNS = "●■▲◆⬢"
_SCORES = 4
"""The column of the first score."""


class PointsModel(QAbstractTableModel):
    """Columns: class, met, lead, loss, s_0 .. s_{K-1}."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._classifier: LinearClassifier | None = None
        self._size = (0, 0)

    def show_classifier(self, classifier: LinearClassifier) -> None:
        size = (len(classifier.X), classifier.classes)
        if size != self._size:
            self.beginResetModel()
            self._classifier, self._size = classifier, size
            self.endResetModel()
            return
        self._classifier = classifier
        if size[0]:
            self.dataChanged.emit(self.index(0, 0), self.index(size[0] - 1, size[1] + 3))

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else self._size[0]

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() or not self._size[1] else self._size[1] + 4

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1)
        K = self._size[1]
        return ["class", "met", "lead", "loss", *(f"s{'₀₁₂₃₄'[k]}" for k in range(K))][section]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        now, i, column = self._classifier.now, index.row(), index.column()
        right = int(self._classifier.y[i])
        if role == Qt.ItemDataRole.DisplayRole:
            if column == 0:
                return f"{SIGNS[right]} {right}"
            if column >= _SCORES:
                return number(round(float(now.scores[i, column - _SCORES]), 2))
            return (
                "✓ yes" if now.met[i] else "✗ no",
                number(round(float(now.lead[i]), 2)),
                number(round(float(now.row_losses[i]), 2)),
            )[column - 1]
        if role == Qt.ItemDataRole.ForegroundRole:
            if column == 0:
                return theme().text(f"class-{right}")
            return theme().colour("positive" if now.met[i] else "negative") if column < _SCORES else None
        if role == Qt.ItemDataRole.BackgroundRole:
            return theme().colour("positive" if now.met[i] else "negative", 0.07)
        if role == Qt.ItemDataRole.FontRole:
            font = tabular(self.parent().font())
            font.setWeight(QFont.Weight.DemiBold if column == right + _SCORES else QFont.Weight.Normal)
            font.setPixelSize(12)
            return font
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None


class PointsTable(QTableView):
    """chosen(i): the person looks at the row of point i."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("linear.points")
        self.setAccessibleName("Points")
        self.setToolTip(
            "Bold: the score of the right class. Lead: that score less the best wrong one. A point counts as met when nothing "
            "of its loss is left; for softmax, which has no margin, when its class leads."
        )
        self.model_of_points = PointsModel(self)
        self.setModel(self.model_of_points)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setMinimumSectionSize(52)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(25)
        self.setMinimumHeight(110)
        self.clicked.connect(self._choose)

    def show_classifier(self, classifier: LinearClassifier) -> None:
        self.model_of_points.show_classifier(classifier)

    def select(self, i: int) -> None:
        """Marks the row of a point; -1 for none."""
        if i < 0:
            self.clearSelection()
        else:
            self.selectRow(i)

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(index.row())
