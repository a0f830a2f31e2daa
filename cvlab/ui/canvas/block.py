"""A layer on the canvas: a card that says what it is, what volume it gives, what it costs, or why it cannot work.

It shows a `Face` and knows nothing of the document; the scene tells it what to show and where to stand.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QApplication, QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cvlab.ui.canvas.face import Face, count_text
from cvlab.ui.canvas.layout import BLOCK_HEIGHT, BLOCK_WIDTH, Point, Sides, port_point
from cvlab.ui.canvas.volume_glyph import SIDE, paint_volume
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import glyph_path
from cvlab.ui.theme.tokens import RADIUS, TEXT
from cvlab.ui.widgets.finish import wrapped

BODY = QRectF(0, 0, BLOCK_WIDTH, BLOCK_HEIGHT)
PORT = 4.0
HALO = 10.0
FINE_PRINT = 12
"""Pixels; one more than the smallest type, because the canvas is often shown at nine tenths."""

_MIN_DETAIL = 0.45
_PAD = 12.0


class BlockItem(QGraphicsItem):
    """One block. `node_id` is the layer's id in the document."""

    def __init__(self, node_id: int, face: Face) -> None:
        super().__init__()
        self.node_id = node_id
        self.face = face
        self.sides = Sides("left", "right")
        self._chosen = self._hovered = self._lifted = False
        self.setToolTip(wrapped(face.tooltip))
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setZValue(1)

    # -- what the scene tells it -----------------------------------------------------------------------------------

    def show_face(self, face: Face) -> None:
        if face != self.face:
            self.face = face
            self.setToolTip(wrapped(face.tooltip))
            self.update()

    def show_sides(self, sides: Sides) -> None:
        if sides != self.sides:
            self.sides = sides
            self.update()

    def show_chosen(self, on: bool) -> None:
        if on != self._chosen:
            self._chosen = on
            self.update()

    def show_hovered(self, on: bool) -> None:
        if on != self._hovered:
            self._hovered = on
            self.update()

    def show_lifted(self, on: bool) -> None:
        """Picked up by a gesture: above the others, its shadow deeper."""
        if on != self._lifted:
            self._lifted = on
            self.setZValue(5 if on else 1)
            self.setOpacity(0.85 if on else 1.0)
            self.update()

    @property
    def place(self) -> Point:
        return Point(self.pos().x(), self.pos().y())

    def into_point(self, port: int = 0) -> QPointF:
        """Where a wire arrives, in scene pixels."""
        return QPointF(*port_point(self.place, self.sides.into, port, max(self.face.ports, 1)))

    def out_point(self) -> QPointF:
        return QPointF(*port_point(self.place, self.sides.out))

    # -- Qt --------------------------------------------------------------------------------------------------------

    def boundingRect(self) -> QRectF:
        return BODY.adjusted(-HALO, -HALO, HALO, HALO)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(BODY)
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        detail = QStyleOptionGraphicsItem.levelOfDetailFromTransform(painter.worldTransform())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_card(painter)
        if detail < _MIN_DETAIL:
            self._paint_from_afar(painter)
        else:
            self._paint_words(painter)
            self._paint_ports(painter)

    def _paint_card(self, painter: QPainter) -> None:
        face, look = self.face, theme()
        painter.setPen(Qt.PenStyle.NoPen)
        depth = 4 if self._lifted else 2 if self._hovered else 1
        for layer in range(depth, 0, -1):
            painter.setBrush(look.colour("ink", 0.05 if not look.is_dark else 0.0))
            painter.drawRoundedRect(BODY.adjusted(-layer, -layer + 2, layer, layer + 2), RADIUS + layer, RADIUS + layer)
        if self._chosen:
            painter.setBrush(look.colour("accent", 0.22))
            painter.drawRoundedRect(BODY.adjusted(-4, -4, 4, 4), RADIUS + 4, RADIUS + 4)
        if face.error:
            edge = QPen(look.colour("negative"), 1.6)
        elif self._chosen:
            edge = QPen(look.colour("accent"), 1.6)
        else:
            edge = QPen(look.colour("muted", 0.55) if self._hovered else look.colour("faint"), 1)
        painter.setBrush(look.colour("raised"))
        painter.setPen(edge)
        painter.drawRoundedRect(BODY, RADIUS, RADIUS)
        # The strip in the colour of the layer's role: a card-shaped clip keeps its corners round.
        strip = QPainterPath()
        strip.addRoundedRect(BODY.adjusted(1, 1, -1, -1), RADIUS - 1, RADIUS - 1)
        band = QPainterPath()
        band.addRect(QRectF(0, 0, 5, BLOCK_HEIGHT))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("negative" if face.error else face.role, 0.5 if face.waiting else 1.0))
        painter.drawPath(strip.intersected(band))

    def _paint_from_afar(self, painter: QPainter) -> None:
        painter.setPen(theme().colour("negative" if self.face.error else "ink"))
        painter.setFont(_font(26, bold=True))
        words = _elided(self.face.name or self.face.title, painter.font(), BLOCK_WIDTH - 20)
        painter.drawText(BODY.adjusted(10, 0, -6, 0), Qt.AlignmentFlag.AlignCenter, words)

    def _paint_words(self, painter: QPainter) -> None:
        face, look = self.face, theme()
        title_font, small = _font(TEXT, bold=True), _font(FINE_PRINT)
        head = QRectF(_PAD + 4, 8, BLOCK_WIDTH - 2 * _PAD - 4, 18)
        if face.error:
            side = 15.0
            mark = QTransform().translate(head.left(), head.top() + 1.5).scale(side, side)
            painter.fillPath(mark.map(glyph_path("error")), look.colour("negative"))
            head.setLeft(head.left() + side + 5)
        # The name says which one it is, so the kind gives way first.
        name = _elided(face.name, small, 0.55 * head.width())
        room = head.width() - (QFontMetricsF(small).horizontalAdvance(name) + 6 if name else 0)
        painter.setFont(title_font)
        painter.setPen(look.colour("muted" if face.waiting else "ink"))
        painter.drawText(head, _LEFT, _elided(face.title, title_font, room))
        painter.setFont(small)
        painter.setPen(look.colour("muted"))
        painter.drawText(head, _RIGHT, name)
        body = QRectF(_PAD + 4, 29, BLOCK_WIDTH - 2 * _PAD - 2, BLOCK_HEIGHT - 34)
        if face.error:
            self._paint_error(painter, body, small)
        else:
            self._paint_figures(painter, body, small)

    def _paint_error(self, painter: QPainter, body: QRectF, font: QFont) -> None:
        words = self.face.error
        if words.startswith(f"{self.face.name} "):
            words = words[len(self.face.name) + 1 :]
            words = words[0].upper() + words[1:]
        painter.setPen(theme().colour("negative"))
        painter.setFont(font)
        both = f"{words} {self.face.remedy}".strip()
        shown = both if _cut(both, font, body) == both else _cut(words, font, body)
        painter.drawText(body, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap, shown)

    def _paint_figures(self, painter: QPainter, body: QRectF, small: QFont) -> None:
        face, look = self.face, theme()
        painter.setFont(small)
        painter.setPen(look.colour("muted" if face.waiting else "ink"))
        label = face.label if face.label != face.volume else ""  # an input says its size once
        painter.drawText(QRectF(body.left(), 25, body.width(), 17), _LEFT, _elided(label, small, body.width()))
        foot = QRectF(body.left(), BLOCK_HEIGHT - SIDE - 5, body.width(), SIDE)
        colour = look.colour(face.role, 0.5 if face.waiting else 1.0)
        paint_volume(painter, foot.left() - 3, foot.top(), None if face.waiting else face.shape, colour)
        text = foot.adjusted(SIDE, 0, 6, 0)
        painter.setPen(look.colour("muted"))
        if face.waiting:
            words = face.waiting[0].upper() + face.waiting[1:]
            painter.drawText(text, _LEFT | Qt.TextFlag.TextWordWrap, _cut(words, small, text))
            return
        lines = [(face.gives, "ink")]
        if face.parameters:
            lines.append((f"{count_text(face.parameters)} params", "muted"))
        top = text.center().y() - 8.5 * len(lines)
        for index, (words, role) in enumerate(lines):
            painter.setPen(look.colour(role))
            row = QRectF(text.left(), top + 17 * index, text.width(), 17)
            painter.drawText(row, _LEFT, _elided(words, small, text.width()))

    def _paint_ports(self, painter: QPainter) -> None:
        look = theme()
        strong = self._hovered or self._chosen
        painter.setPen(QPen(look.colour("accent" if strong else "muted"), 1.4))
        painter.setBrush(look.colour("raised"))
        radius = PORT if strong else PORT - 1
        origin = Point(0, 0)
        for index in range(self.face.ports):
            painter.drawEllipse(QPointF(*port_point(origin, self.sides.into, index, self.face.ports)), radius, radius)
        painter.setBrush(look.colour("accent" if strong else "muted"))
        painter.drawEllipse(QPointF(*port_point(origin, self.sides.out)), radius, radius)


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def block_picture(face: Face, scale: float, pixel_ratio: float) -> QPixmap:
    """The block as a picture, for what follows the pointer while a layer is dragged from the palette."""
    item = BlockItem(0, face)
    item.show_lifted(True)
    area = item.boundingRect()
    picture = QPixmap((area.size() * scale * pixel_ratio).toSize())
    picture.setDevicePixelRatio(pixel_ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.scale(scale, scale)
    painter.translate(-area.topLeft())
    item.paint(painter, QStyleOptionGraphicsItem())
    painter.end()
    return picture


def _font(pixels: int, *, bold: bool = False) -> QFont:
    font = QFont(QApplication.font())
    font.setPixelSize(pixels)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font


def _elided(words: str, font: QFont, width: float) -> str:
    return QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, max(width, 0))


def _cut(words: str, font: QFont, area: QRectF) -> str:
    """As many whole words as fit the area, wrapped; the rest becomes an ellipsis (the inspector has it all)."""
    metrics = QFontMetricsF(font)
    pieces = words.split()
    for count in range(len(pieces), 0, -1):
        shown = " ".join(pieces[:count]) + ("" if count == len(pieces) else "…")
        needed = metrics.boundingRect(QRectF(0, 0, area.width(), 1000), Qt.TextFlag.TextWordWrap, shown)
        if needed.height() <= area.height() and needed.width() <= area.width() + 1:
            return shown
    return _elided(words, font, area.width())
