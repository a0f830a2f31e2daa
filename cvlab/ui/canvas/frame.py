"""The frame of an open group: it lies behind the group's blocks and wears a tab with its name and how often it repeats."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QApplication, QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cvlab.ui.canvas.layout import GAP_X, GAP_Y
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import glyph_path
from cvlab.ui.theme.tokens import SMALL

TAB = 20.0
_AROUND = GAP_Y / 2 - 3
_RADIUS = 12.0


class FrameItem(QGraphicsItem):
    """`group_id` is the group's id in the document. depth: how many groups lie around it."""

    def __init__(self, group_id: int) -> None:
        super().__init__()
        self.group_id = group_id
        self._words = ""
        self._outline = QPainterPath()
        self._tab = QRectF()
        self._chosen = False
        self.setToolTip("A group. Click its name to select it; double-click to fold it into one block.")

    def show_group(self, name: str, times: int, depth: int) -> None:
        words = f"{name}  ×  {times}" if times > 1 else name
        self.setZValue(-3 + 0.1 * depth)
        if words != self._words:
            self.prepareGeometryChange()
            self._words = words

    def show_chosen(self, on: bool) -> None:
        if on != self._chosen:
            self._chosen = on
            self.update()

    def surround(self, blocks: Collection[QRectF], inner: float) -> None:
        """Lies around these areas; `inner`: how many groups lie within, so that their frames do not touch."""
        self.prepareGeometryChange()
        wide = QPainterPath()
        wide.setFillRule(Qt.FillRule.WindingFill)
        reach_x, reach_y = min(_AROUND + 5 * inner, GAP_X / 2 - 1), min(_AROUND + 3 * inner, GAP_Y / 2)
        for area in blocks:
            wide.addRect(area.adjusted(-reach_x, -reach_y, reach_x, reach_y))
            for other in blocks:  # what stands beside it in the row, one step away, is joined
                gap = other.left() - area.right()
                if abs(other.top() - area.top()) < 1 and 0 < gap <= GAP_X + 1:
                    wide.addRect(QRectF(area.topLeft(), other.bottomRight()).adjusted(0, -reach_y, 0, reach_y))
                drop = other.top() - area.bottom()
                if abs(other.left() - area.left()) < 1 and 0 < drop <= GAP_Y + 1:
                    wide.addRect(QRectF(area.topLeft(), other.bottomRight()).adjusted(-reach_x, 0, reach_x, 0))
        self._outline = _rounded(wide.simplified(), _RADIUS)
        first = min(blocks, key=lambda area: (area.top(), area.left()))
        width = QFontMetricsF(_font()).horizontalAdvance(self._words) + 34
        self._tab = QRectF(first.left() - reach_x, first.top() - reach_y - TAB + 4, width, TAB)
        self.update()

    def tab_contains(self, point: QPointF) -> bool:
        return self._tab.contains(point)

    @property
    def tab(self) -> QRectF:
        return QRectF(self._tab)

    # -- Qt --------------------------------------------------------------------------------------------------------

    def boundingRect(self) -> QRectF:
        return self._outline.boundingRect().united(self._tab).adjusted(-3, -3, 3, 3)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self._tab)
        return path

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        look = theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = look.colour("accent") if self._chosen else look.colour("group", 0.45)
        painter.setPen(QPen(edge, 1.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.setBrush(look.colour("group", 0.07))
        painter.drawPath(self._outline)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.colour("accent" if self._chosen else "group"))
        painter.drawRoundedRect(self._tab, 6, 6)
        ink = look.colour("accent_ink" if self._chosen else "raised")
        painter.save()
        painter.translate(self._tab.left() + 8, self._tab.top() + 4)
        painter.scale(12, 12)
        painter.fillPath(glyph_path("down"), ink)
        painter.restore()
        painter.setPen(ink)
        painter.setFont(_font())
        painter.drawText(self._tab.adjusted(25, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter, self._words)


def _rounded(outline: QPainterPath, radius: float) -> QPainterPath:
    """The outline with its corners cut round; it is made of upright rectangles."""
    found = QPainterPath()
    for polygon in outline.toSubpathPolygons():
        corners = [point for index, point in enumerate(polygon) if index == 0 or point != polygon[index - 1]]
        if len(corners) > 1 and corners[0] == corners[-1]:
            corners.pop()
        for index, corner in enumerate(corners):
            before, after = corners[index - 1], corners[(index + 1) % len(corners)]
            begin, end = _towards(corner, before, radius), _towards(corner, after, radius)
            found.lineTo(begin) if index else found.moveTo(begin)
            found.quadTo(corner, end)
        found.closeSubpath()
    return found


def _towards(corner: QPointF, other: QPointF, radius: float) -> QPointF:
    """So far from the corner on the way to the other, at most half of it."""
    way = other - corner
    length = max(abs(way.x()) + abs(way.y()), 1e-9)
    return corner + way * min(radius / length, 0.5)


def _font() -> QFont:
    font = QFont(QApplication.font())
    font.setPixelSize(SMALL)
    font.setWeight(QFont.Weight.DemiBold)
    return font
