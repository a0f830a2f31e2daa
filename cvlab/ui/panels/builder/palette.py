"""The palette: every layer kind, by group, to be dragged onto the canvas or appended by double click or Enter."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QLineEdit, QScrollArea, QToolButton, QVBoxLayout, QWidget

from cvlab.engine.nets.layers import REGISTRY, LayerSpec
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import glyph_path, icon
from cvlab.ui.theme.tokens import TEXT

WIDTH = 152
_HEIGHT = 36


class PaletteEntry(QWidget):
    """One layer kind. Positions are global pixels.

    dragged(kind): a drag has begun; moved and dropped follow, or given_up (Esc).
    chosen(kind): append it. looked_at(kind): it was clicked or got the focus.
    """

    dragged = Signal(str)
    moved = Signal(QPointF)
    dropped = Signal(QPointF)
    given_up = Signal()
    chosen = Signal(str)
    looked_at = Signal(str)

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
        painter.setPen(QPen(look.colour("accent"), 2) if focused else QPen(look.colour("faint"), 1))
        painter.setBrush(look.colour("hover" if hovered else "raised"))
        painter.drawRoundedRect(body, 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour(self.layer.role))
        painter.drawRoundedRect(QRectF(9, 10, 5, _HEIGHT - 20), 2.5, 2.5)
        font = QFont(self.font())
        font.setPixelSize(TEXT)
        painter.setFont(font)
        painter.setPen(look.colour("ink"))
        painter.drawText(body.adjusted(22, 0, -24, 0), Qt.AlignmentFlag.AlignVCenter, self.layer.title)
        painter.translate(self.width() - 22, (_HEIGHT - 14) / 2)
        painter.scale(14, 14)
        painter.fillPath(glyph_path("drag"), look.colour("muted", 1.0 if hovered else 0.5))
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
        elif event.key() == Qt.Key.Key_Down:
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_Up:
            self.focusPreviousChild()
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


class Palette(QFrame):
    """All kinds under their group's name, and a search field. Its signals are those of the entries."""

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
        self._headings: dict[str, QLabel] = {}
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
        column.setSpacing(4)
        for kind, layer in REGISTRY.items():
            if layer.group not in self._headings:
                heading = QLabel(layer.group, page)
                heading.setProperty("role", "muted small")
                heading.setContentsMargins(4, 6 if self._headings else 0, 0, 0)
                column.addWidget(heading)
                self._headings[layer.group] = heading
            entry = PaletteEntry(kind, layer, page)
            for name in ("dragged", "moved", "dropped", "given_up", "chosen", "looked_at"):
                getattr(entry, name).connect(getattr(self, name))
            column.addWidget(entry)
            self.entries[kind] = entry
        column.addStretch()
        area.setWidget(page)
        return area

    def _filter(self, words: str) -> None:
        wanted = words.lower().split()
        groups = set()
        for entry in self.entries.values():
            text = f"{entry.kind} {entry.layer.title} {entry.layer.group} {entry.layer.summary}".lower()
            entry.setHidden(not all(word in text for word in wanted))
            if not entry.isHidden():
                groups.add(entry.layer.group)
        for group, heading in self._headings.items():
            heading.setVisible(group in groups)
        self._nothing.setVisible(not groups)

    def _choose_first(self) -> None:
        # A name that starts as typed goes before one that only mentions the word.
        found = [entry for entry in self.entries.values() if not entry.isHidden()]
        typed = self.search.text().lower().strip()
        found.sort(key=lambda entry: not entry.layer.title.lower().startswith(typed))
        if found and typed:
            self.chosen.emit(found[0].kind)
