"""What stands in the palette: a layer kind, and the heading of a group of them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from cvlab.engine.nets.layers import LayerSpec
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import glyph_path
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
