"""One node of the picture: an input's pill or a gate, with its name below. It shows, can be dragged, and decides nothing."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cvlab.ui.panels.circuits.fonts import draw_text, font, tint

HEIGHT = 44.0
MIN_DETAIL = 0.22
"""Below this scale words cannot be read and are not painted."""


MOST_GROWTH = 2.1
_CLEAR = 5.0
"""Between a gate and the words above and below it: the ring of one that is at work or chosen has its place there."""


def growth(scale: float) -> float:
    """How much larger words are painted in a picture that is shown small, so that they can still be read."""
    return min(max(0.72 / scale, 1.0), MOST_GROWTH)


class NodeItem(QGraphicsItem):
    """id: of the node. face: the words on it. name: the words below a gate, "" for none.

    is_composite: it stands for several gates. room: pixels for the words on it.
    look: "waiting" (not computed yet), "known", "forward" or "backward" (at work in this step).
    """

    def __init__(
        self, id: int, face: str, name: str, is_input: bool, tip: str, *, is_composite: bool = False, room: int = 108
    ) -> None:
        super().__init__()
        self.id, self.is_input, self.is_composite = id, is_input, is_composite
        # Longer names are cut: the tip has all of them.
        self._name = QFontMetricsF(font(11)).elidedText(name, Qt.TextElideMode.ElideRight, 84)
        self._font = font(14 if is_input else 15, bold=True)
        metrics = QFontMetricsF(self._font)
        self._shown_face = metrics.elidedText(face, Qt.TextElideMode.ElideRight, room)
        self.width = max(HEIGHT, metrics.horizontalAdvance(self._shown_face) + 26)
        self._most_growth = min(MOST_GROWTH, (self.width - 8) / max(metrics.horizontalAdvance(self._shown_face), 1))
        self._look, self._has_trouble, self._is_hovered = "known", False, False
        self._order, self._is_backward = 0, False
        self._is_chosen, self._is_here = False, False
        self.setToolTip(tip)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsMovable)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemSendsGeometryChanges)
        self.setAcceptHoverEvents(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        # The picture paints all nodes at once; the item is what the pointer finds.
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents)
        self.setZValue(2)

    @property
    def look(self) -> str:
        return self._look

    @property
    def is_plain(self) -> bool:
        """Like all others of its kind: neither at work, nor in trouble, nor chosen, nor under the pointer or the keyboard."""
        return self._look in ("known", "waiting") and not (
            self._has_trouble or self._is_hovered or self._is_chosen or self._is_here
        )

    @property
    def radius(self) -> float:
        return 9.0 if self.is_input else 12.0 if self.is_composite else HEIGHT / 2

    @property
    def is_chosen(self) -> bool:
        return self._is_chosen

    def show_chosen(self, chosen: bool) -> None:
        """One of those that could become one gate."""
        self._is_chosen = chosen
        self._changed()

    def show_here(self, here: bool) -> None:
        """The keyboard stands on it."""
        self._is_here = here
        self._changed()

    def show_look(self, look: str, has_trouble: bool) -> None:
        if (look, has_trouble) != (self._look, self._has_trouble):
            self._look, self._has_trouble = look, has_trouble
            self._changed()

    def show_order(self, order: int, is_backward: bool) -> None:
        """Its turn in the present pass, from 1; 0 for none."""
        if (order, is_backward) != (self._order, self._is_backward):
            self._order, self._is_backward = order, is_backward
            self._changed()

    def leaving(self) -> QPointF:
        """Where its value comes out."""
        return self.pos() + QPointF(self.width / 2, 0)

    def arriving(self, slot: int, slots: int) -> QPointF:
        """Where the wire of one of its inputs ends."""
        spread = min(18.0, 30.0 / max(slots - 1, 1))
        return self.pos() + QPointF(-self.width / 2, (slot - (slots - 1) / 2) * spread)

    def _changed(self) -> None:
        scene = self.scene()
        if scene is not None:
            scene.repaint()

    # -- Qt ----------------------------------------------------------------------------------------------------------

    def boundingRect(self) -> QRectF:
        half = max(self.width / 2 + 5, 46.0)
        return QRectF(-half, -HEIGHT / 2 - 20, 2 * half, HEIGHT + 56)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRoundedRect(self.body(), HEIGHT / 2, HEIGHT / 2)
        return path

    def body(self) -> QRectF:
        height = HEIGHT - 10 if self.is_input else HEIGHT
        return QRectF(-self.width / 2, -height / 2, self.width, height)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Nothing: the picture calls `paint_on`."""

    def paint_on(self, painter: QPainter, detail: float, is_read: bool) -> None:
        """About the origin. is_read: with its words."""
        body, radius = self.body(), self.radius
        role = {"forward": "positive", "backward": "negative"}.get(self._look, "")
        if role:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint(role, 0.16))
            painter.drawRoundedRect(body.adjusted(-5, -5, 5, 5), radius + 5, radius + 5)
        if self._is_chosen or self._is_here:
            painter.setPen(QPen(tint("accent"), 2, Qt.PenStyle.SolidLine if self._is_chosen else Qt.PenStyle.DotLine))
            painter.setBrush(tint("accent", 0.12 if self._is_chosen else 0.0))
            painter.drawRoundedRect(body.adjusted(-5, -5, 5, 5), radius + 5, radius + 5)
        painter.setBrush(tint("accent_soft" if self.is_input else "raised"))
        if self._has_trouble:
            pen = QPen(tint("warning"), 2, Qt.PenStyle.DashLine)
        elif role:
            pen = QPen(tint(role), 2)
        elif self.is_input:
            pen = QPen(tint("accent", 0.55 if not self._is_hovered else 1.0), 1)
        else:
            pen = QPen(tint("accent" if self._is_hovered else "line"), 1.25)
        painter.setPen(pen)
        if self.is_composite:
            # Others lie behind it.
            painter.drawRoundedRect(body.translated(4, -4), radius, radius)
        painter.drawRoundedRect(body, radius, radius)
        if is_read:
            self._paint_words(painter, body, growth(detail))

    def _paint_words(self, painter: QPainter, body: QRectF, grown: float) -> None:
        is_dim = self._look == "waiting"
        painter.setPen(tint("muted" if is_dim else "accent" if self.is_input else "ink"))
        pixels = (14 if self.is_input else 15) if grown == 1 else round(15 * min(grown, self._most_growth))
        draw_text(painter, body, self._shown_face, pixels, bold=True)
        if self._order and grown < 1.4:
            painter.setPen(tint("negative" if self._is_backward else "positive"))
            draw_text(painter, QRectF(-20, body.top() - _CLEAR - 14, 40, 13), f"{self._order}.", 10)
        if self._name:
            painter.setPen(tint("muted"))
            draw_text(painter, QRectF(-46, body.bottom() + _CLEAR, 92, 26), self._name, round(11 * grown), down=0.0)

    def hoverEnterEvent(self, event) -> None:
        self._is_hovered = True
        self._changed()

    def hoverLeaveEvent(self, event) -> None:
        self._is_hovered = False
        self._changed()

    def itemChange(self, change: QGraphicsItem.GraphicsItemChange, value):
        if change == QGraphicsItem.GraphicsItemChange.ItemPositionHasChanged:
            scene = self.scene()
            if scene is not None:
                scene.node_moved(self)
        return super().itemChange(change, value)
