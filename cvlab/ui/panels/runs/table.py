"""The table of runs: sorted by any column, narrowed by words, several chosen at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache

from PySide6.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QIcon, QKeyEvent, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from cvlab.core.locked_test_set import reads_words
from cvlab.core.panels.runs import MOST_CHOSEN
from cvlab.core.run_list import RunRow, best_of, changed_words
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panels.runs.columns import BY_ID, COLUMNS, Column
from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
KEY = Qt.ItemDataRole.UserRole
"""The role under which a cell gives what it is sorted by."""


@cache
def _dot_in(colour: str) -> QIcon:
    pixmap = QPixmap(20, 20)
    pixmap.setDevicePixelRatio(2.0)
    pixmap.fill(Qt.GlobalColor.transparent)
    if colour:
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawEllipse(0, 0, 10, 10)
        painter.end()
    # The same when its row is selected: it is a colour of the key, not a glyph.
    made = QIcon(pixmap)
    made.addPixmap(pixmap, QIcon.Mode.Selected)
    return made


def dot(role: str) -> QIcon:
    """A dot in the colour of a role of the theme; a clear one for ""."""
    return _dot_in(theme().colour(role).name() if role else "")


class RunsModel(QAbstractTableModel):
    """A row a run, as they were read. active: the id of the run that trains now."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[RunRow] = []
        self.chosen: tuple[str, ...] = ()
        self._best: set[str] = set()
        self.active = ""
        self.order = ("when", True)

    def show_rows(self, rows: Sequence[RunRow]) -> None:
        self.beginResetModel()
        self.rows, self._best = list(rows), best_of(rows)
        self.endResetModel()

    def put(self, row: RunRow) -> None:
        """The same run with other notes."""
        for i, each in enumerate(self.rows):
            if each.id == row.id:
                self.rows[i] = row
                self.dataChanged.emit(self.index(i, 0), self.index(i, len(COLUMNS) - 1))

    def show_chosen(self, chosen: tuple[str, ...]) -> None:
        self.chosen = chosen
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(COLUMNS) - 1))

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation == Qt.Orientation.Horizontal:
            column = COLUMNS[section]
            if role == Qt.ItemDataRole.DisplayRole:
                sign = "" if column.id != self.order[0] else " ↓" if self.order[1] else " ↑"
                return f"{column.title}{sign}"
            if role == Qt.ItemDataRole.ToolTipRole:
                return column.tip
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return LEFT if column.is_text else RIGHT
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return "training" if column.id == "status" and row.id == self.active else column.text(row)
        if role == KEY:
            return column.key(row)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return LEFT if column.is_text else RIGHT
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._ink(row, column)
        if role == Qt.ItemDataRole.DecorationRole and column.id == "title":
            return self._dot(row)
        if role == Qt.ItemDataRole.FontRole:
            return self._font(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            when = row.record.created.replace("T", " ")[:16]
            lines = (row.title, f"{when}, {row.status}", *_facts(row), row.notes.text[:300])
            return "\n".join(line for line in lines if line)
        return None

    def _ink(self, row: RunRow, column: Column) -> object:
        if column.id == "star":
            return theme().colour("warning" if row.notes.starred else "muted")
        if column.id == "status" and row.status == "failed":
            return theme().colour("negative")
        return None

    def _dot(self, row: RunRow) -> QIcon:
        """The run's colour among the curves; clear for those that are not drawn, so that names stand in line."""
        return dot(f"class-{self.chosen.index(row.id)}" if row.id in self.chosen else "")

    def _font(self, row: RunRow, column: Column) -> QFont:
        font = tabular(self.parent().font())
        is_best = column.id == "held_out" and row.id in self._best
        is_heavy = is_best or (column.id == "title" and row.id in self.chosen)
        font.setWeight(QFont.Weight.DemiBold if is_heavy else QFont.Weight.Normal)
        return font


def _facts(row: RunRow) -> Iterator[str]:
    """What the row of a run has no room for: settings that were changed while it trained, and the test set."""
    recipe = row.record.recipe
    for setting in dict.fromkeys(Recipe.canonical(change.setting) for change in row.live_changes):
        words = changed_words(recipe.look_up(setting), row.changes_of(setting))
        yield f"{Recipe.field(setting).title}: {words}"
    reads = row.record.times_test_read
    if row.test_is_hidden:
        yield f"Test set locked. {reads_words(reads)}"
    elif reads:
        yield reads_words(reads)


class _Narrowed(QSortFilterProxyModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.words = ""
        self.setSortRole(KEY)

    def filterAcceptsRow(self, row: int, parent: QModelIndex) -> bool:
        return self.sourceModel().rows[row].has(self.words)

    def lessThan(self, left: QModelIndex, right: QModelIndex) -> bool:
        return left.data(KEY) < right.data(KEY)


class RunsTable(QTableView):
    """chose(ids): the person selected these, in the order of the table. starred(id). sorted_by(column id, descending).
    delete_requested: by the Delete key."""

    chose = Signal(tuple)
    starred = Signal(str)
    sorted_by = Signal(str, bool)
    opened = Signal(str)
    delete_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("runs.table")
        self.setAccessibleName("Runs")
        self.setToolTip("")
        self.rows = RunsModel(self)
        self._narrowed = _Narrowed(self)
        self._narrowed.setSourceModel(self.rows)
        self.setModel(self._narrowed)
        self._is_showing = False
        self.setProperty("role", "plain")
        self.setIconSize(QSize(10, 10))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(30)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setMinimumSectionSize(30)
        for n, column in enumerate(COLUMNS):
            if column.width:
                header.setSectionResizeMode(n, QHeaderView.ResizeMode.Fixed)
                header.resizeSection(n, column.width)
            else:
                header.setSectionResizeMode(n, QHeaderView.ResizeMode.Stretch)
        header.sectionClicked.connect(self._sort)
        self.clicked.connect(self._click)
        self.doubleClicked.connect(self._open)
        self.selectionModel().selectionChanged.connect(self._select)

    # -- showing -----------------------------------------------------------------------------------------------------------

    def show_rows(self, rows: Sequence[RunRow], chosen: tuple[str, ...]) -> None:
        self._is_showing = True
        self.rows.show_rows(rows)
        self._is_showing = False
        self._lay_out_columns()
        self.show_chosen(chosen)

    def show_order(self, column_id: str, descending: bool) -> None:
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.rows.order = (column_id if column_id in BY_ID else "when", descending)
        self._narrowed.sort(BY_ID[self.rows.order[0]], order)
        self.rows.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)

    def show_found(self, words: str) -> None:
        self._is_showing = True  # what is narrowed away stays chosen
        self._narrowed.words = words
        self._narrowed.invalidate()
        self._is_showing = False
        self.show_chosen(self.rows.chosen)

    def show_chosen(self, chosen: tuple[str, ...]) -> None:
        self._is_showing = True
        self.rows.show_chosen(chosen)
        selection = QItemSelection()
        for i, row in enumerate(self.rows.rows):
            if row.id in chosen:
                index = self._narrowed.mapFromSource(self.rows.index(i, 0))
                if index.isValid():
                    selection.select(index, index.siblingAtColumn(len(COLUMNS) - 1))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        indexes = selection.indexes()
        if indexes and not self.currentIndex().isValid():  # the rows were read again; arrow keys go on from there
            current = indexes[0].siblingAtColumn(BY_ID["title"])
            self.selectionModel().setCurrentIndex(current, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollTo(current)
        self._is_showing = False

    def count(self) -> int:
        """How many runs are listed."""
        return self._narrowed.rowCount()

    def after(self, gone: Collection[str]) -> tuple[str, ...]:
        """The id of the run that takes the place of these in the table: the next one below, else the nearest above; () if there
        is none."""
        listed = [self._row(self._narrowed.index(i, 0)).id for i in range(self.count())]
        places = [i for i, each in enumerate(listed) if each in gone]
        if not places:
            return ()
        below = [each for each in listed[places[-1] + 1 :] if each not in gone]
        above = [each for each in listed[: places[-1]] if each not in gone]
        return tuple(below[:1] or above[-1:])

    # -- what a person does --------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_requested.emit()
        else:
            super().keyPressEvent(event)

    def _row(self, index: QModelIndex) -> RunRow:
        return self.rows.rows[self._narrowed.mapToSource(index).row()]

    def _sort(self, section: int) -> None:
        # The first click shows the best or the newest on top, the second turns the order round.
        column = COLUMNS[section]
        is_same = column.id == self.rows.order[0]
        self.sorted_by.emit(column.id, not self.rows.order[1] if is_same else not column.is_text)

    def _click(self, index: QModelIndex) -> None:
        if COLUMNS[index.column()].id == "star":
            self.starred.emit(self._row(index).id)

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(self._row(index).id)

    def _select(self) -> None:
        if self._is_showing:
            return
        selected = [self._row(index).id for index in self.selectionModel().selectedRows()]
        # Those that were chosen keep their place, and with it their colour.
        kept = [each for each in self.rows.chosen if each in selected]
        self.chose.emit(tuple((kept + [each for each in selected if each not in kept])[:MOST_CHOSEN]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out_columns()

    def _lay_out_columns(self) -> None:
        """Shows the columns that there is room for."""
        room = self.viewport().width() - 220
        for rank in (1, 2, 3):
            for n, column in enumerate(COLUMNS):
                if column.rank == rank and column.width:
                    width = column.width
                    if column.id == "rate":
                        width = max(width, min(self._rate_width(), room + 40))  # the title can spare some
                    self.horizontalHeader().resizeSection(n, width)
                    self.setColumnHidden(n, rank > 1 and room < width)
                    room -= width

    def _rate_width(self) -> int:
        """Wide enough for the rates of a run whose rate was changed, within reason."""
        column = COLUMNS[BY_ID["rate"]]
        longest = max((len(text), text) for text in ("", *map(column.text, self.rows.rows)))[1]
        return max(column.width, min(self.fontMetrics().horizontalAdvance(longest) + 18, 2 * column.width))
