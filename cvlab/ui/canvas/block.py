"""A layer on the canvas: a card that says what it is, what volume it gives, what it costs, or why it cannot work.

It shows a `Face` and knows nothing of the document; the scene tells it what to show and where to stand.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QApplication, QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cvlab.ui.canvas.face import Face, brief_text, bytes_text, count_text
from cvlab.ui.canvas.layout import BLOCK_HEIGHT, BLOCK_WIDTH, Sides, port_point
from cvlab.ui.canvas.sketch import Point
from cvlab.ui.canvas.volume_glyph import SIDE, paint_volume
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import glyph_path
from cvlab.ui.theme.tokens import RADIUS, TEXT

BODY = QRectF(0, 0, BLOCK_WIDTH, BLOCK_HEIGHT)
PORT = 4.0
HALO = 10.0
FINE_PRINT = 12
"""Pixels; one more than the smallest type, because the canvas is often shown at nine tenths."""

_MIN_DETAIL = 0.45
_FOOT_DETAIL = 0.62
"""Below this zoom the small print at a block's foot could not be read."""

_FOOT = 20.0
_PAD = 12.0


class BlockItem(QGraphicsItem):
    """One block. `block_id` is the id of its layer in the document, or of its group."""

    def __init__(self, block_id: int, face: Face) -> None:
        super().__init__()
        self.block_id = block_id
        self.face = face
        self.sides = Sides("left", "right")
        self._chosen = self._hovered = self._lifted = False
        self._offers: frozenset[int] = frozenset()
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setZValue(1)

    # -- what the scene tells it -----------------------------------------------------------------------------------

    def show_face(self, face: Face) -> None:
        if face != self.face:
            self.face = face
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

    def show_offers(self, ports: frozenset[int]) -> None:
        """Inputs that a wire in the hand may end at: they grow and light up."""
        if ports != self._offers:
            self._offers = ports
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
            self._paint_words(painter, detail >= _FOOT_DETAIL)
            self._paint_ports(painter)

    def _paint_card(self, painter: QPainter) -> None:
        face, look = self.face, theme()
        painter.setPen(Qt.PenStyle.NoPen)
        depth = 4 if self._lifted else 2 if self._hovered else 1
        if face.layers:  # a group lies on the sheets of its repetitions
            painter.setBrush(look.colour("raised"))
            painter.setPen(QPen(look.colour("faint"), 1))
            for sheet in (6, 3):
                painter.drawRoundedRect(BODY.translated(sheet, sheet), RADIUS, RADIUS)
            painter.setPen(Qt.PenStyle.NoPen)
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

    def _paint_words(self, painter: QPainter, with_foot: bool) -> None:
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
            if with_foot and not face.waiting and face.shape is not None:
                self._paint_foot(painter)

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
        middle = QRectF(body.left(), 41, body.width(), SIDE)
        colour = look.colour(face.role, 0.5 if face.waiting else 1.0)
        paint_volume(painter, middle.left() - 3, middle.top(), None if face.waiting else face.shape, colour)
        text = middle.adjusted(SIDE, 0, 6, 0)
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

    def _paint_foot(self, painter: QPainter) -> None:
        """Multiply-adds, memory of the batch, receptive field: a sign and a number each."""
        face, look = self.face, theme()
        top = BLOCK_HEIGHT - _FOOT
        painter.setPen(QPen(look.colour("faint"), 1))
        painter.drawLine(QPointF(_PAD + 4, top), QPointF(BLOCK_WIDTH - 8, top))
        font = _font(_FOOT_PIXELS)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        cells = (
            ("work", brief_text(face.multiply_adds) if face.multiply_adds else ""),
            ("memory", bytes_text(face.memory, 2) if face.memory else ""),
            ("eye", face.field),
        )
        left, right = _PAD + 4, BLOCK_WIDTH - 8
        widths = [_SIGN + 3 + metrics.horizontalAdvance(words) if words else 0.0 for _, words in cells]
        starts = (left, (left + right - widths[1] - (widths[2] - widths[0])) / 2, right - widths[2])
        for (sign, words), x in zip(cells, starts, strict=True):
            if words:
                mark = QTransform().translate(x, top + (_FOOT - _SIGN) / 2).scale(_SIGN, _SIGN)
                painter.fillPath(mark.map(glyph_path(sign)), look.colour("muted", 0.8))
                painter.setPen(look.colour("muted"))
                painter.drawText(QRectF(x + _SIGN + 3, top, 90, _FOOT), _LEFT, words)

    def _paint_ports(self, painter: QPainter) -> None:
        look = theme()
        strong = self._hovered or self._chosen
        painter.setPen(QPen(look.colour("accent" if strong else "muted"), 1.4))
        painter.setBrush(look.colour("raised"))
        radius = PORT if strong else PORT - 1
        origin = Point(0, 0)
        for index in range(self.face.ports):
            middle = QPointF(*port_point(origin, self.sides.into, index, self.face.ports))
            if index in self._offers:
                painter.setBrush(look.colour("accent", 0.25))
                painter.drawEllipse(middle, PORT + 5, PORT + 5)
                painter.setBrush(look.colour("accent"))
                painter.drawEllipse(middle, PORT + 1, PORT + 1)
                painter.setBrush(look.colour("raised"))
            else:
                painter.drawEllipse(middle, radius, radius)
        painter.setBrush(look.colour("accent" if strong else "muted"))
        painter.drawEllipse(QPointF(*port_point(origin, self.sides.out)), radius, radius)


_FOOT_PIXELS = 11
_SIGN = 11.0
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
