"""The search that typing on the canvas opens: layers to add, and blocks of the net to go to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from cvlab.engine.nets.layers import REGISTRY
from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import SMALL
from cvlab.ui.widgets.command_palette import match
from cvlab.ui.widgets.search_list import SearchLine, SearchList

WIDTH, ROW, ROWS = 288, 30, 8


@dataclass(frozen=True)
class Found:
    """A line of the list. kind: a layer kind to add, or "" for a block of the net, whose id is `block`."""

    text: str
    note: str
    role: str
    kind: str = ""
    block: int = 0


def kinds(query: str, *, with_input: bool) -> list[Found]:
    """Layer kinds that have these letters, the best first; all of them for no letters."""
    found = []
    for order, (kind, layer) in enumerate(REGISTRY.items()):
        if not layer.most and not with_input:
            continue
        hit = match(query, layer.title)
        rank = hit[0] if hit is not None else None
        if rank is None and len(query.strip()) > 2:
            words = f"{kind} {layer.group} {layer.summary}".lower()
            rank = -50 if all(word in words for word in query.lower().split()) else None
        if rank is not None:
            found.append((-rank if query.strip() else 0, order, Found(layer.title, layer.group, layer.role, kind)))
    return [each for _, _, each in sorted(found, key=lambda each: each[:2])]


class Finder(QFrame):
    """Hidden until `open_at`. chosen(kind): a layer shall be added. wanted(block): it shall be shown. left: closed, Esc too."""

    chosen = Signal(str)
    wanted = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setFixedWidth(WIDTH)
        self._blocks: Sequence[Found] = ()
        self._with_input = True
        self.line = SearchLine(self)
        self.line.setObjectName("builder.canvas.search")
        self.line.setAccessibleName("Find a layer")
        self.line.setToolTip("A few letters of a layer to add, or of the name of one that is there.")
        self.list = SearchList(self.line, _Painter, self)
        self.list.setObjectName("builder.canvas.found")
        self.list.setAccessibleName("Layers found")
        self.list.setToolTip("Enter adds the marked layer, or goes to it.")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        column.addWidget(self.line)
        column.addWidget(self.list)
        self.line.textChanged.connect(self._search)
        self.line.left.connect(self.leave)
        self.list.wanted.connect(self._accept)
        self.hide()

    def open_at(self, place: QPoint, hint: str, text: str, blocks: Sequence[Found], *, with_input: bool = True) -> None:
        """Opens near `place` (pixels of the parent), with this much typed. blocks: what one can go to."""
        self._blocks, self._with_input = blocks, with_input
        self.line.setPlaceholderText(hint)
        self.line.setText(text)
        self._search(text)
        room = self.parentWidget().rect().adjusted(8, 8, -8, -8)
        size = QSize(WIDTH, self.sizeHint().height())
        x = min(max(place.x(), room.left()), room.right() - size.width())
        y = min(max(place.y(), room.top()), room.bottom() - 34 - 4 * ROW)
        self.move(x, max(y, room.top()))
        self.show()
        self.raise_()
        # Not as by a shortcut: that would select what has been typed, and the next letter would replace it.
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)
        self.line.end(False)

    def leave(self) -> None:
        if not self.isHidden():
            self.hide()
            self.list.clear()
            self.left.emit()

    def shown_texts(self) -> list[str]:
        return self.list.shown_texts()

    def _search(self, query: str) -> None:
        found = kinds(query, with_input=self._with_input)
        if query.strip():
            hits = [(match(query, each.text), each) for each in self._blocks]
            near = sorted(((-hit[0], index, each) for index, (hit, each) in enumerate(hits) if hit), key=_rank)
            found += [each for _, _, each in near]
        self.list.clear()
        for each in found:
            item = QListWidgetItem(each.text)
            item.setData(Qt.ItemDataRole.UserRole, each)
            if each.kind:
                item.setToolTip(REGISTRY[each.kind].summary)
            self.list.addItem(item)
        if not found:
            item = QListWidgetItem("Nothing has these letters.")
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setFixedHeight(min(self.list.count(), ROWS) * ROW + 4)
        self.adjustSize()

    def _accept(self) -> None:
        item = self.list.currentItem()
        found = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if found is None:
            return
        self.hide()
        self.list.clear()
        if found.kind:
            self.chosen.emit(found.kind)
        else:
            self.wanted.emit(found.block)
        self.left.emit()


class _Painter(QStyledItemDelegate):
    """A bar in the layer's colour, its name, and what it is at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(option.rect.width(), ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        found, look = index.data(Qt.ItemDataRole.UserRole), theme()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = option.rect.adjusted(0, 1, 0, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & option.state.State_Selected and found is not None:
            painter.setBrush(look.colour("accent_soft"))
            painter.drawRoundedRect(rect, 6, 6)
        if found is not None:
            painter.setBrush(look.colour(found.role))
            painter.drawRoundedRect(QRectF(rect.left() + 8, rect.top() + 7, 4, rect.height() - 14), 2, 2)
        painter.setPen(look.colour("ink" if found is not None else "muted"))
        words = rect.adjusted(20, 0, -8, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, index.data())
        if found is not None:
            small = QFont(option.font)
            small.setPixelSize(SMALL)
            painter.setFont(small)
            painter.setPen(look.colour("muted"))
            note = found.note if found.kind else f"go to it · {found.note}"
            painter.drawText(QRect(words), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, note)
        painter.restore()


def _rank(each: tuple) -> tuple[int, int]:
    return each[0], each[1]
