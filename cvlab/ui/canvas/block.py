"""A layer on the canvas: a card that says what it is, what volume it gives, what it costs, or why it cannot work.

It shows a `Face` and knows nothing of the document; the scene tells it what to show and where to stand.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cvlab.ui.canvas.badge import BUTTON, Badge
from cvlab.ui.canvas.card import AREA, BODY, Card
from cvlab.ui.canvas.face import Face, brief_text, bytes_text, count_text
from cvlab.ui.canvas.layout import BLOCK_HEIGHT, BLOCK_WIDTH, Sides, port_point
from cvlab.ui.canvas.lettering import cut, elided, font, width_of, write
from cvlab.ui.canvas.sketch import Point
from cvlab.ui.canvas.stamp import Anew, Put, Stamp
from cvlab.ui.canvas.volume_glyph import SIDE, Glyph, glyph_of, paint_volume
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import glyph_path
from cvlab.ui.theme.tokens import TEXT

PORT = 4.0
FINE_PRINT = 12
"""Pixels; one more than the smallest type, because the canvas is often shown at nine tenths."""

_MIN_DETAIL = 0.45
_FOOT_DETAIL = 0.62
"""Below this zoom the small print at a block's foot could not be read."""

_FOOT = 20.0
_PAD = 12.0

# The bands of a card, from edge to edge: what changes in one leaves the others as they are painted.
_HEAD_BAND = QRectF(AREA.left(), AREA.top(), AREA.width(), 38)
_MIDDLE_BAND = QRectF(_PAD, 24, BLOCK_WIDTH - _PAD - 6, BLOCK_HEIGHT - _FOOT - 22)
_FOOT_BAND = QRectF(_PAD - 2, BLOCK_HEIGHT - _FOOT, BLOCK_WIDTH - _PAD - 4, _FOOT - 1)


class BlockItem(QGraphicsItem):
    """One block. `block_id` is the id of its layer in the document, or of its group."""

    def __init__(self, block_id: int, face: Face) -> None:
        super().__init__()
        self.block_id = block_id
        self.face = face
        self.sides = Sides("left", "right")
        self.badge: Badge | None = None
        self._chosen = self._hovered = self._lifted = self._badge_hovered = False
        self._offers: frozenset[int] = frozenset()
        self._is_middle_old = self._is_foot_old = False
        self._puts: type[Stamp] | type[Anew] = Stamp
        self._detail = 1.0  # of the last painting: what is too small to be seen need not be painted again
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)  # to be told what part is asked for
        self.setZValue(1)

    # -- what the scene tells it -----------------------------------------------------------------------------------

    def show_face(self, face: Face) -> None:
        old, self.face = self.face, face
        if self._detail < _MIN_DETAIL:
            if _seen_from_afar(face) != _seen_from_afar(old):
                self.update()
        elif not _says_the_same(face, old):
            self.update()
        else:
            # What has not been painted since it was last asked for is out of view: Qt would note it again and again.
            if not self._is_middle_old and (face.shape != old.shape or face.parameters != old.parameters):
                self._is_middle_old = True
                self.update(_MIDDLE_BAND)
            if not self._is_foot_old and self._detail >= _FOOT_DETAIL and face[_FOOT_FIELDS] != old[_FOOT_FIELDS]:
                self._is_foot_old = True
                self.update(_FOOT_BAND)

    def show_badge(self, badge: Badge | None) -> None:
        """What is advised on it, on its face."""
        if badge != self.badge:
            self.badge = badge
            self.update()

    def show_badge_hovered(self, on: bool) -> None:
        if on != self._badge_hovered:
            self._badge_hovered = on
            self.update()

    @property
    def shown_badge(self) -> Badge | None:
        """The badge, unless it would mend what an edit has mended already, or is too small to be seen."""
        badge = self.badge
        is_due = badge is not None and self._detail >= _MIN_DETAIL and (not badge.words or bool(self.face.error))
        return badge if is_due else None

    def badge_contains(self, point: QPointF) -> bool:
        badge = self.shown_badge
        return badge is not None and badge.area.contains(point - self.pos())

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

    def show_on_paper(self, on: bool) -> None:
        """For a file: every line anew, nothing from a cache."""
        self._puts = Anew if on else Stamp
        self.setCacheMode(self.CacheMode.NoCache if on else self.CacheMode.DeviceCoordinateCache)

    # -- Qt --------------------------------------------------------------------------------------------------------

    def boundingRect(self) -> QRectF:
        return AREA

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(BODY)
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        detail = QStyleOptionGraphicsItem.levelOfDetailFromTransform(painter.worldTransform())
        self._detail = detail
        self._is_middle_old = self._is_foot_old = False
        asked = option.exposedRect if not option.exposedRect.isEmpty() else AREA
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        face, put = self.face, self._puts(painter)
        Card(
            face.role,
            bool(face.error),
            bool(face.waiting),
            self._chosen,
            self._hovered,
            self._lifted,
            face.layers > 0,
        ).paint(put)
        if detail < _MIN_DETAIL:
            self._paint_from_afar(painter)
        else:
            self._paint_words(painter, put, asked, detail >= _FOOT_DETAIL)
            self._paint_ports(painter, asked)
            if self.shown_badge is not None and asked.intersects(self.shown_badge.area):
                self.shown_badge.paint(painter, put, self._badge_hovered)

    def _paint_from_afar(self, painter: QPainter) -> None:
        painter.setPen(theme().colour("negative" if self.face.error else "ink"))
        words = elided(self.face.name or self.face.title, 26, BLOCK_WIDTH - 20, bold=True)
        write(painter, BODY.adjusted(10, 0, -6, 0), words, 26, bold=True, align="middle")

    def _paint_words(self, painter: QPainter, put: Put, asked: QRectF, with_foot: bool) -> None:
        face = self.face
        if asked.intersects(_HEAD_BAND):
            self._paint_head(painter)
        if face.error:
            self._paint_error(painter, QRectF(_PAD + 4, 29, BLOCK_WIDTH - 2 * _PAD - 2, BLOCK_HEIGHT - 34))
            return
        with_foot = with_foot and not face.waiting and face.shape is not None
        if asked.intersects(_MIDDLE_BAND):
            glyph = glyph_of(None if face.waiting else face.shape)
            middle = _Middle(face.role, _label(face), glyph, _figures(face), face.waiting, with_foot)
            put(middle, _MIDDLE_BAND, middle.paint)
        if with_foot and asked.intersects(_FOOT_BAND):
            self._paint_foot(put)

    def _paint_head(self, painter: QPainter) -> None:
        face, look = self.face, theme()
        head = QRectF(_PAD + 4, 8, BLOCK_WIDTH - 2 * _PAD - 4, 18)
        if face.error:
            side = 15.0
            mark = QTransform().translate(head.left(), head.top() + 1.5).scale(side, side)
            painter.fillPath(mark.map(glyph_path("error")), look.colour("negative"))
            head.setLeft(head.left() + side + 5)
        # The name says which one it is, so the kind gives way first.
        name = elided(face.name, FINE_PRINT, 0.55 * head.width())
        room = head.width() - (width_of(name, FINE_PRINT) + 6 if name else 0)
        painter.setPen(look.colour("muted" if face.waiting else "ink"))
        write(painter, head, elided(face.title, TEXT, room, bold=True), TEXT, bold=True)
        painter.setPen(look.colour("muted"))
        write(painter, head, name, FINE_PRINT, align="right")

    def _paint_error(self, painter: QPainter, body: QRectF) -> None:
        words = self.face.error
        if words.startswith(f"{self.face.name} "):
            words = words[len(self.face.name) + 1 :]
            words = words[0].upper() + words[1:]
        painter.setPen(theme().colour("negative"))
        painter.setFont(font(FINE_PRINT))
        if self.shown_badge is not None and self.shown_badge.words:
            body = body.adjusted(0, -2, 0, BUTTON.top() - 2 - body.bottom())
        room = FINE_PRINT, body.width(), body.height()
        both = f"{words} {self.face.remedy}".strip()
        shown = both if cut(both, *room) == both else cut(words, *room)
        painter.drawText(body, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap, shown)

    def _paint_foot(self, put: Put) -> None:
        """Multiply-adds, memory of the batch, receptive field: a sign and a number each."""
        face, top = self.face, BLOCK_HEIGHT - _FOOT
        cells = (
            ("work", brief_text(face.multiply_adds) if face.multiply_adds else ""),
            ("memory", bytes_text(face.memory, 2).replace(" ", "") if face.memory else ""),
            ("eye", face.field),
        )
        left, right = _PAD, BLOCK_WIDTH - 6
        widths = [_SIGN + 3 + width_of(words, _FOOT_PIXELS) if words else 0.0 for _, words in cells]
        starts = (left, (left + right - widths[1] - (widths[2] - widths[0])) / 2, right - widths[2])
        for (sign, words), x in zip(cells, starts, strict=True):
            if words:
                cell = QRectF(x - 1, top + 1, _SIGN + 4 + width_of(words, _FOOT_PIXELS), _FOOT - 2)
                put(("foot", sign, words), cell, partial(_paint_cell, sign, words, x, top))

    def _paint_ports(self, painter: QPainter, asked: QRectF) -> None:
        look = theme()
        strong = self._hovered or self._chosen
        painter.setPen(QPen(look.colour("accent" if strong else "muted"), 1.4))
        painter.setBrush(look.colour("raised"))
        radius = PORT if strong else PORT - 1
        origin = Point(0, 0)
        for index in range(self.face.ports):
            middle = QPointF(*port_point(origin, self.sides.into, index, self.face.ports))
            if not asked.intersects(_around(middle, PORT + 6 if index in self._offers else PORT + 1)):
                continue
            if index in self._offers:
                painter.setBrush(look.colour("accent", 0.25))
                painter.drawEllipse(middle, PORT + 5, PORT + 5)
                painter.setBrush(look.colour("accent"))
                painter.drawEllipse(middle, PORT + 1, PORT + 1)
                painter.setBrush(look.colour("raised"))
            else:
                painter.drawEllipse(middle, radius, radius)
        leaving = QPointF(*port_point(origin, self.sides.out))
        if asked.intersects(_around(leaving, PORT + 1)):
            painter.setBrush(look.colour("accent" if strong else "muted"))
            painter.drawEllipse(leaving, radius, radius)


def _around(middle: QPointF, reach: float) -> QRectF:
    return QRectF(middle.x() - reach, middle.y() - reach, 2 * reach, 2 * reach)


def _seen_from_afar(face: Face) -> tuple:
    return face.name or face.title, face.role, bool(face.error), bool(face.waiting), face.layers > 0


_field = Face._fields.index
_BEFORE_FIGURES, _AFTER_FIGURES = slice(_field("shape")), slice(_field("sees") + 1, None)
_FOOT_FIELDS = slice(_field("multiply_adds"), _field("sees") + 1)


def _says_the_same(face: Face, old: Face) -> bool:
    """Whether nothing else than the figures differs: the fields from `shape` to `sees`."""
    return (
        face[_BEFORE_FIGURES] == old[_BEFORE_FIGURES]
        and face[_AFTER_FIGURES] == old[_AFTER_FIGURES]
        and (face.shape is None) == (old.shape is None)
    )


def _label(face: Face) -> str:
    return face.label if face.label != face.volume else ""  # an input says its size once


def _figures(face: Face) -> tuple[str, ...]:
    """The lines beside the glyph of the volume."""
    if face.waiting:
        return ()
    return (face.gives, f"{count_text(face.parameters)} params") if face.parameters else (face.gives,)


class _Middle(NamedTuple):
    """What stands between a block's head and its foot. Layers alike share one picture of it."""

    role: str
    label: str
    glyph: Glyph | None
    lines: tuple[str, ...]
    waiting: str
    has_foot: bool

    def paint(self, painter: QPainter) -> None:
        look, left, width = theme(), _PAD + 4, BLOCK_WIDTH - 2 * _PAD - 2
        painter.setPen(look.colour("muted" if self.waiting else "ink"))
        write(painter, QRectF(left, 25, width, 17), elided(self.label, FINE_PRINT, width), FINE_PRINT)
        paint_volume(painter, left - 3, 41, self.glyph, look.colour(self.role, 0.5 if self.waiting else 1.0))
        text = QRectF(left + SIDE, 41, width - SIDE + 4, SIDE)
        if self.waiting:
            painter.setFont(font(FINE_PRINT))
            painter.setPen(look.colour("muted"))
            words = cut(self.waiting[0].upper() + self.waiting[1:], FINE_PRINT, text.width(), text.height())
            painter.drawText(text, _LEFT | Qt.TextFlag.TextWordWrap, words)
        top = text.center().y() - 8.5 * len(self.lines)
        for index, words in enumerate(self.lines):
            painter.setPen(look.colour("muted" if index else "ink"))
            row = QRectF(text.left(), top + 17 * index, text.width(), 17)
            write(painter, row, elided(words, FINE_PRINT, text.width()), FINE_PRINT)
        if self.has_foot:
            level = BLOCK_HEIGHT - _FOOT
            painter.setPen(QPen(look.colour("faint"), 1))
            painter.drawLine(QPointF(left, level), QPointF(BLOCK_WIDTH - 8, level))


def _paint_cell(sign: str, words: str, x: float, top: float, painter: QPainter) -> None:
    """One sign and its number at the foot."""
    painter.translate(x, top + (_FOOT - _SIGN) / 2)
    painter.fillPath(_sign(sign), theme().colour("muted", 0.8))
    painter.translate(-x, -top - (_FOOT - _SIGN) / 2)
    painter.setPen(theme().colour("muted"))
    write(painter, QRectF(x + _SIGN + 3, top, 90, _FOOT), words, _FOOT_PIXELS)


@lru_cache(maxsize=8)
def _sign(name: str) -> QPainterPath:
    return QTransform.fromScale(_SIGN, _SIGN).map(glyph_path(name))


_FOOT_PIXELS = 11
_SIGN = 10.0
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


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
