"""Every command by typing a few of its letters: for hands that stay on the keyboard."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRect, QSize, Qt
from PySide6.QtGui import QAction, QFont, QFontMetrics, QIcon, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import SMALL
from cvlab.ui.widgets.search_list import SearchLine, SearchList
from cvlab.ui.widgets.sign import Sign

WIDTH, ROWS, ROW = 560, 9, 38


Entry = tuple[QAction, str]
"""A line of the palette: what it performs, and whose it is in words."""


def match(query: str, text: str) -> tuple[int, tuple[int, ...]] | None:
    """How well the letters of `query` are found in `text`, in order, and where; None if they are not.

    Higher is better: letters in a row and at the starts of words count most, a late start a little less.
    Cost: O(len(query) * len(text)^2) at worst; texts are a few words.
    """
    letters, hay = query.lower().replace(" ", ""), text.lower()
    if len(hay) != len(text):  # a few letters grow when lowered; places must stay places
        hay = text
    best: dict[int, tuple[int, tuple[int, ...]]] = {-1: (0, ())}
    for letter in letters:
        found: dict[int, tuple[int, tuple[int, ...]]] = {}
        for at, character in enumerate(hay):
            if character != letter:
                continue
            starts_word = at == 0 or not hay[at - 1].isalnum()
            options = [
                (
                    score + 1 + 4 * starts_word + 5 * (at == last + 1 and last >= 0) - (last < 0) * min(at, 3),
                    (*places, at),
                )
                for last, (score, places) in best.items()
                if last < at
            ]
            if options:
                found[at] = max(options)
        best = found
    return max(best.values(), default=None)


class EntryPainter(QStyledItemDelegate):
    """Icon, text with the found letters in the accent, the group, and the shortcut at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(option.rect.width(), ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        action, group, places = index.data(Qt.ItemDataRole.UserRole)
        is_current = bool(option.state & option.state.State_Selected)
        can = action.isEnabled()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = option.rect.adjusted(8, 1, -8, -1)
        if is_current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour("accent_soft"))
            painter.drawRoundedRect(rect, 6, 6)
        mode = QIcon.Mode.Normal if can else QIcon.Mode.Disabled
        action.icon().paint(painter, QRect(rect.left() + 10, rect.center().y() - 8, 18, 18), mode=mode)
        x = self._write(painter, rect, rect.left() + 40, action.text().replace("&", ""), places, option.font, can)
        small = QFont(option.font)
        small.setPixelSize(SMALL)
        painter.setFont(small)
        painter.setPen(theme().colour("muted"))
        painter.drawText(QRect(x + 12, rect.top(), 200, rect.height()), Qt.AlignmentFlag.AlignVCenter, group)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        painter.drawText(rect.adjusted(0, 0, -12, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, keys)
        painter.restore()

    @staticmethod
    def _write(
        painter: QPainter, rect: QRect, x: int, text: str, places: tuple[int, ...], font: QFont, can: bool
    ) -> int:
        strong = QFont(font)
        strong.setWeight(QFont.Weight.DemiBold)
        base = rect.center().y() + QFontMetrics(font).capHeight() // 2 + 1
        for at, character in enumerate(text):
            is_found = at in places
            painter.setFont(strong if is_found else font)
            painter.setPen(theme().colour("accent" if is_found else "ink" if can else "muted"))
            painter.drawText(x, base, character)
            x += painter.fontMetrics().horizontalAdvance(character)
        return x


class CommandPalette(QFrame):
    """Lies over the window. `open_with` shows it; Enter performs, Esc closes."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        theme().style(self)
        self.setObjectName("command_palette")
        self.setAccessibleName("Command palette")
        self._entries: Sequence[Entry] = ()
        self._back: QWidget | None = None
        self.line = SearchLine(self)
        self.line.setObjectName("command_palette.search")
        self.line.setAccessibleName("Search commands")
        self.line.setPlaceholderText("What would you like to do?")
        self.line.setToolTip('A few letters of a command, in order: "st tr" finds Start training.')
        self.line.setProperty("role", "plain")
        self.list = SearchList(self.line, EntryPainter, self)
        self.list.setObjectName("command_palette.list")
        self.list.setAccessibleName("Commands found")
        self.list.setToolTip("Enter performs the marked command.")
        self.none = QLabel("No command has these letters.", self)
        self.none.setProperty("role", "muted")
        self.none.setContentsMargins(24, 8, 24, 16)
        top = QHBoxLayout()
        top.setContentsMargins(18, 14, 16, 10)
        top.setSpacing(10)
        top.addWidget(Sign("search", "muted", 18, self))
        top.addWidget(self.line, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.list)
        column.addWidget(self.none)
        self.line.textChanged.connect(self._search)
        self.line.left.connect(self.leave)
        self.list.wanted.connect(self._perform)
        parent.installEventFilter(self)
        self.hide()

    def open_with(self, entries: Sequence[Entry]) -> None:
        """Shows the palette over these commands."""
        self._entries = entries
        self._back = self.window().focusWidget()
        self.line.clear()
        self._search("")
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave(self) -> None:
        """Closes it and gives the focus back."""
        if not self.isHidden():
            self.hide()
            if self._back is not None and self._back.isVisible():
                self._back.setFocus(Qt.FocusReason.OtherFocusReason)
            self._back = None
            self.list.clear()
            self._entries = ()

    def shown_texts(self) -> list[str]:
        """What is listed, best first."""
        return self.list.shown_texts()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _search(self, query: str) -> None:
        found = []
        for order, (action, group) in enumerate(self._entries):
            text = action.text().replace("&", "")
            hit = match(query, text)
            places = hit[1] if hit else ()
            if hit is None:
                hit = match(query, f"{group} {text}")
                hit = (hit[0] - 20, ()) if hit else None
            if hit is not None:
                rank = -(hit[0] + 2 * action.isEnabled()) if query.strip() else 0
                found.append((rank, order, action, group, places))
        self.list.clear()
        for _, _, action, group, places in sorted(found, key=_rank):
            item = QListWidgetItem(action.text().replace("&", ""))
            item.setData(Qt.ItemDataRole.UserRole, (action, group, places))
            item.setToolTip(action.toolTip())
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setVisible(bool(found))
        self.none.setVisible(not found)
        self._place()

    def _perform(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        action = item.data(Qt.ItemDataRole.UserRole)[0]
        self.leave()
        action.trigger()

    def _place(self) -> None:
        parent = self.parentWidget()
        width = min(WIDTH, parent.width() - 48)
        rows = min(ROWS, max(1, self.list.count()), max(3, (parent.height() - 200) // ROW))
        self.list.setFixedHeight(rows * ROW + 4)
        self.adjustSize()
        self.setGeometry((parent.width() - width) // 2, max(24, parent.height() // 8), width, self.sizeHint().height())


def _rank(found: tuple) -> tuple[int, int]:
    return found[0], found[1]
