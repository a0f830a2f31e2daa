"""The palette: every layer kind, by group, to be dragged onto the canvas or appended by double click or Enter.

Groups fold away; arrows walk through what is open, typing goes to the search.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cvlab.engine.nets.layers import REGISTRY, LayerSpec
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import glyph_path, icon
from cvlab.ui.theme.tokens import SMALL, TEXT

WIDTH = 176
_HEIGHT = 30


class PaletteEntry(QWidget):
    """One layer kind. Positions are global pixels.

    dragged(kind): a drag has begun; moved and dropped follow, or given_up (Esc).
    chosen(kind): append it. looked_at(kind): it was clicked or got the focus. walked(step): the focus shall go on.
    typed(letter): the person has begun to type.
    """

    dragged = Signal(str)
    moved = Signal(QPointF)
    dropped = Signal(QPointF)
    given_up = Signal()
    chosen = Signal(str)
    looked_at = Signal(str)
    walked = Signal(int)
    typed = Signal(str)

    def __init__(self, kind: str, layer: type[LayerSpec], parent: QWidget) -> None:
        super().__init__(parent)
        self.kind, self.layer = kind, layer
        self._pressed: QPointF | None = None
        self._is_dragging = False
        self.setObjectName(f"builder.palette.{kind}")
        self.setAccessibleName(f"Add {layer.title}")
        self.setToolTip(f"{layer.summary}\nDrag it onto a wire, or press Enter to add it after the selected layer.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(_HEIGHT)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH - 32, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        focused, hovered = self.hasFocus(), self.underMouse()
        painter.setPen(QPen(look.colour("accent"), 2) if focused else Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("hover") if hovered or focused else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(body, 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour(self.layer.role))
        painter.drawRoundedRect(QRectF(9, 7, 5, _HEIGHT - 14), 2.5, 2.5)
        font = QFont(self.font())
        font.setPixelSize(TEXT)
        painter.setFont(font)
        painter.setPen(look.colour("ink"))
        words = body.adjusted(21, 0, -20 if hovered else -2, 0)
        title = QFontMetricsF(font).elidedText(self.layer.title, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, title)
        if hovered:
            painter.translate(self.width() - 20, (_HEIGHT - 14) / 2)
            painter.scale(14, 14)
            painter.fillPath(glyph_path("drag"), look.colour("muted"))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()
            self.looked_at.emit(self.kind)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        far = (event.position() - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        if not self._is_dragging and far:
            self._is_dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.dragged.emit(self.kind)
        if self._is_dragging:
            self.moved.emit(event.globalPosition())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_dragging = self._is_dragging
        self._end()
        if was_dragging:
            self.dropped.emit(event.globalPosition())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self.kind)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._is_dragging:
            self._end()
            self.given_up.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.kind)
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.walked.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        elif event.text().isalpha():
            self.typed.emit(event.text())
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.looked_at.emit(self.kind)

    def hideEvent(self, event: QEvent) -> None:
        super().hideEvent(event)
        if self._is_dragging:
            self._end()
            self.given_up.emit()

    def _end(self) -> None:
        self._pressed, self._is_dragging = None, False
        self.setCursor(Qt.CursorShape.OpenHandCursor)


class GroupHeading(QPushButton):
    """A group's name; pressing it folds the group away or opens it."""

    walked = Signal(int)

    def __init__(self, group: str, parent: QWidget) -> None:
        super().__init__(group, parent)
        self.group = group
        self.setObjectName(f"builder.palette.group.{group.lower().replace(' ', '_')}")
        self.setAccessibleName(f"{group} layers")
        self.setToolTip(f"Folds the group {group} away, or opens it.")
        self.setCheckable(True)
        self.setChecked(True)
        self.setProperty("role", "quiet")
        self.setFixedHeight(26)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        if event.key() in steps:
            self.walked.emit(steps[event.key()])
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.setChecked(event.key() == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(look.colour("accent"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("hover"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.setPen(look.colour("muted"))
        font = QFont(self.font())
        font.setPixelSize(SMALL)
        painter.setFont(font)
        painter.drawText(self.rect().adjusted(20, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.group)
        painter.translate(5, (self.height() - 11) / 2)
        painter.scale(11, 11)
        painter.fillPath(glyph_path("down" if self.isChecked() else "right"), look.colour("muted"))
        painter.end()


class Palette(QFrame):
    """All kinds under their group's name, and a search field. Its signals are those of the entries.

    folded(groups): other groups are folded away now.
    """

    folded = Signal(object)

    dragged = Signal(str)
    moved = Signal(QPointF)
    dropped = Signal(QPointF)
    given_up = Signal()
    chosen = Signal(str)
    looked_at = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setFixedWidth(WIDTH)
        self.entries: dict[str, PaletteEntry] = {}
        self._headings: dict[str, GroupHeading] = {}
        self.search = QLineEdit(self)
        self.search.setObjectName("builder.search")
        self.search.setAccessibleName("Search the layers")
        self.search.setPlaceholderText("Find a layer")
        self.search.setToolTip("Type a part of a layer's name or of what it does; Enter adds the first one found.")
        self.search.addAction(icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.setClearButtonEnabled(True)
        self._name_search_buttons()
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._choose_first)
        self._nothing = QLabel("No such layer.", self)
        self._nothing.setProperty("role", "muted")
        self._nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.search)
        column.addWidget(self._nothing)
        column.addWidget(self._make_list(), 1)

    def _name_search_buttons(self) -> None:
        # Qt makes these two buttons by itself, without a word for those who cannot see them.
        described = (("focus", "Search", "Type here to find a layer."), ("clear", "Clear", "Empties the search field."))
        for button, (name, spoken, tip) in zip(self.search.findChildren(QToolButton), described, strict=True):
            button.setObjectName(f"builder.search.{name}")
            button.setAccessibleName(spoken)
            button.setToolTip(tip)

    def _make_list(self) -> QScrollArea:
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget(area)
        page.setProperty("role", "page")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(1)
        for kind, layer in REGISTRY.items():
            if layer.group not in self._headings:
                heading = GroupHeading(layer.group, page)
                heading.toggled.connect(self._fold)
                heading.walked.connect(self._walk)
                column.addWidget(heading)
                self._headings[layer.group] = heading
            entry = PaletteEntry(kind, layer, page)
            for name in ("dragged", "moved", "dropped", "given_up", "chosen", "looked_at"):
                getattr(entry, name).connect(getattr(self, name))
            entry.walked.connect(self._walk)
            entry.typed.connect(self._type)
            column.addWidget(entry)
            self.entries[kind] = entry
        column.addStretch()
        area.setWidget(page)
        self._area, self._page = area, page
        return area

    def _filter(self, words: str) -> None:
        wanted = words.lower().split()
        groups = set()
        for entry in self.entries.values():
            text = f"{entry.kind} {entry.layer.title} {entry.layer.group} {entry.layer.summary}".lower()
            is_found = all(word in text for word in wanted)
            if is_found:
                groups.add(entry.layer.group)
            # What is searched for is shown, folded away or not.
            entry.setHidden(not is_found or not (wanted or self._headings[entry.layer.group].isChecked()))
        for group, heading in self._headings.items():
            heading.setVisible(group in groups)
        self._nothing.setVisible(not groups)

    def show_folded(self, groups: Sequence[str]) -> None:
        for group, heading in self._headings.items():
            heading.setChecked(group not in groups)

    def _fold(self) -> None:
        self._filter(self.search.text())
        self.folded.emit(tuple(g for g, heading in self._headings.items() if not heading.isChecked()))

    def _walk(self, step: int) -> None:
        """The focus goes to the next thing in the list that can be seen."""
        shown = [w for w in self._page.findChildren(QWidget) if isinstance(w, PaletteEntry | GroupHeading)]
        shown = sorted((w for w in shown if not w.isHidden()), key=lambda w: w.y())
        here = self.focusWidget()
        if here in shown:
            at = shown.index(here) + step
            if at < 0:
                self.search.setFocus(Qt.FocusReason.BacktabFocusReason)
            elif at < len(shown):
                shown[at].setFocus(Qt.FocusReason.TabFocusReason)
                self._area.ensureWidgetVisible(shown[at], 0, 24)

    def _type(self, letter: str) -> None:
        self.search.setText(letter)
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.end(False)

    def _choose_first(self) -> None:
        # A name that starts as typed goes before one that only mentions the word.
        found = [entry for entry in self.entries.values() if not entry.isHidden()]
        typed = self.search.text().lower().strip()
        found.sort(key=lambda entry: not entry.layer.title.lower().startswith(typed))
        if found and typed:
            self.chosen.emit(found[0].kind)
