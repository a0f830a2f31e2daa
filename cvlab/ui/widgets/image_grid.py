"""Many feature maps as one picture: tiles in a grid, one colour scale for all, and the figures behind the colours."""

from __future__ import annotations

from math import ceil, sqrt

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.theme.style import mix
from cvlab.ui.theme.tokens import SMALL, Tokens
from cvlab.ui.widgets.bars import tabular

MOST = 64
"""Tiles shown; more are too small to see anything on."""
_LEVELS = 255  # colours; index 255 is the transparent gap
_LEGEND = 64.0
_GAP, _WIDEST_GAP = 8.0, 32.0


class ImageGrid(QWidget):
    """Shows maps of equal size, (N, H, W), in as many columns as make the tiles largest.

    Signed maps get the diverging scale, centred on zero: its ends are -m and m, m the largest magnitude in the grid.
    Maps of a known sign get the sequential scale from 0 to m. The legend beside the grid states both ends.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maps: np.ndarray | None = None
        self._signed, self._largest, self._name = False, 0.0, "map"
        self._tiles, self._columns = QImage(), 1
        self._bytes = np.zeros((1, 1), np.uint8)
        self._message = ""
        self._table: list[int] = []
        self._strip = QImage()
        self._coloured_for: tuple[bool, str] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        theme().changed.connect(self._recolour)

    # -- for the owner -----------------------------------------------------------------------------------------------

    def set_maps(self, maps: np.ndarray, *, signed: bool | None = None, name: str = "map") -> None:
        """maps: (N, H, W) numbers; those not finite show as 0. signed: None asks the values. name: of one tile."""
        maps = np.nan_to_num(np.asarray(maps, np.float32)[:MOST], posinf=0.0, neginf=0.0)
        if maps.ndim != 3 or not maps.size:
            raise ValueError(f"maps are (N, H, W), not {maps.shape}")
        self._maps, self._name, self._message = maps, name, ""
        self._signed = bool(maps.min() < 0) if signed is None else signed
        self._largest = float(np.abs(maps).max())
        self._compose()

    def show_message(self, message: str) -> None:
        """Words in place of maps."""
        self._maps, self._message = None, message
        self.update()

    @property
    def maps(self) -> np.ndarray | None:
        """What is shown, (N, H, W), or None."""
        return self._maps

    @property
    def is_signed(self) -> bool:
        return self._signed

    def sizeHint(self) -> QSize:
        return QSize(480, 96)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 72)

    # -- the one picture ---------------------------------------------------------------------------------------------

    def _compose(self) -> None:
        """Paints the values as colour indices into the bytes of one image, a tile beside the other."""
        count, height, width = self._maps.shape
        self._columns = best_columns(count, height, width, *self._room())
        rows = ceil(count / self._columns)
        if self._bytes.shape != (rows * height, -(-self._columns * width // 4) * 4):
            # QImage wants whole words a line.
            self._bytes = np.full((rows * height, -(-self._columns * width // 4) * 4), _LEVELS, np.uint8)
        index = to_levels(self._maps, self._largest, signed=self._signed)
        self._bytes.fill(_LEVELS)
        for number in range(count):
            row, column = divmod(number, self._columns)
            self._bytes[row * height : (row + 1) * height, column * width : (column + 1) * width] = index[number]
        lines, stride = self._bytes.shape
        image = QImage(self._bytes.data, self._columns * width, lines, stride, QImage.Format.Format_Indexed8)
        self._follow_theme()
        image.setColorTable(self._table)
        self._tiles = image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        self.update()

    def _follow_theme(self) -> None:
        """The colours of the values as a table, and as the strip of the legend."""
        wanted = (self._signed, theme().tokens.name)
        if wanted == self._coloured_for:
            return
        self._coloured_for = wanted
        colours = colour_table(signed=self._signed)
        self._table = [colour.rgba() for colour in colours] + [0]
        self._strip = QImage(1, len(colours), QImage.Format.Format_ARGB32)
        for y, colour in enumerate(reversed(colours)):
            self._strip.setPixelColor(0, y, colour)

    def _recolour(self) -> None:
        if self._maps is not None:
            self._compose()

    def _room(self) -> tuple[float, float]:
        return max(1.0, self.width() - _LEGEND), max(1.0, float(self.height()))

    def _tile(self, number: int) -> QRectF:
        count, height, width = self._maps.shape
        room_x, room_y = self._room()
        rows = ceil(count / self._columns)
        scale = _scale(self._columns, rows, height, width, room_x, room_y)
        if scale >= 2:
            scale = float(int(scale))  # whole pixels: every value is a square of the same size
        row, column = divmod(number, self._columns)
        used_x = self._columns * (width * scale + _GAP) - _GAP
        spread = min(_WIDEST_GAP - _GAP, (room_x - used_x) / max(1, self._columns - 1)) if self._columns > 1 else 0.0
        across, down = width * scale + _GAP + max(0.0, spread), height * scale + _GAP
        return QRectF(column * across, row * down, width * scale, height * scale)

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._maps is None:
            painter.setPen(theme().colour("muted"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._message)
            painter.end()
            return
        count, height, width = self._maps.shape
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._tile(0).width() < width)
        for number in range(count):
            row, column = divmod(number, self._columns)
            painter.drawImage(self._tile(number), self._tiles, QRectF(column * width, row * height, width, height))
        self._paint_legend(painter)
        painter.end()

    def _paint_legend(self, painter: QPainter) -> None:
        """A strip of the colours, the largest value above and the smallest below, right of the tiles."""
        font = tabular(self.font())
        font.setPixelSize(SMALL)
        painter.setFont(font)
        painter.setPen(theme().colour("muted"))
        low, high = (f"−{self._largest:.2f}", f"{self._largest:.2f}") if self._signed else ("0", f"{self._largest:.2f}")
        line, height = QFontMetricsF(font).height(), min(self._used_height(), 160.0)
        right = float(self.width())
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(right - _LEGEND, 0, _LEGEND, line), flags, high)
        painter.drawText(QRectF(right - _LEGEND, height - line, _LEGEND, line), flags, low)
        painter.drawImage(QRectF(right - 8, line + 4, 8, max(1.0, height - 2 * line - 8)), self._strip)

    def _used_height(self) -> float:
        return self._tile(len(self._maps) - 1).bottom()

    def resizeEvent(self, event: QEvent) -> None:
        self._recolour()

    # -- pointing ----------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self._maps is not None:
            QToolTip.showText(event.globalPos(), self.explanation(event.pos()) or self.toolTip(), self)
            return True
        return super().event(event)

    def explanation(self, place: QPoint) -> str:
        """What the pointer is on: which tile, which cell, and its value."""
        for number in range(0 if self._maps is None else len(self._maps)):
            tile = self._tile(number)
            if tile.contains(QPointF(place)):
                _, height, width = self._maps.shape
                row = min(height - 1, int((place.y() - tile.top()) / tile.height() * height))
                column = min(width - 1, int((place.x() - tile.left()) / tile.width() * width))
                value = self._maps[number, row, column]
                return (
                    f"{self._name} {number + 1} of {len(self._maps)}\nrow {row + 1}, column {column + 1}: {value:.3f}"
                )
        return ""


def to_levels(maps: np.ndarray, largest: float, *, signed: bool) -> np.ndarray:
    """Numbers to colour indices 0..254, uint8 of the same shape: [0, m] -> 0..254, or [-m, m] with 0 at 127."""
    if largest <= 0:
        return np.full(maps.shape, _LEVELS // 2 if signed else 0, np.uint8)
    share = maps / largest
    if signed:
        share = (share + 1) / 2
    return np.rint(np.clip(share, 0, 1) * (_LEVELS - 1)).astype(np.uint8)


def best_columns(count: int, height: int, width: int, room_x: float, room_y: float) -> int:
    """How many columns make `count` tiles of this size the largest in the room; the fewest rows among equals."""
    candidates = range(count, 0, -1) if count <= 16 else range(count, int(sqrt(count) / 4), -1)
    return max(candidates, key=lambda n: _scale(n, ceil(count / n), height, width, room_x, room_y))


def _scale(columns: int, rows: int, height: int, width: int, room_x: float, room_y: float) -> float:
    across = (room_x - _GAP * (columns - 1)) / (columns * width)
    down = (room_y - _GAP * (rows - 1)) / (rows * height)
    return max(0.05, min(across, down))


def colour_table(*, signed: bool) -> list[QColor]:
    """255 colours of the theme in force, lightness changing steadily from zero outwards.

    Sequential: from the well's shade over the accent towards ink. Diverging: that for the positive half, the same with
    the held-out hue for the negative one, the well's shade at zero.
    """
    return _colours(signed, theme().tokens)


def _colours(signed: bool, tokens: Tokens) -> list[QColor]:
    if not signed:
        return [_shade(tokens, tokens.accent, step / 254) for step in range(255)]
    negative = [_shade(tokens, tokens.held_out, step / 127) for step in range(127, 0, -1)]
    return negative + [_shade(tokens, tokens.accent, step / 127) for step in range(128)]


def _shade(tokens: Tokens, hue: str, share: float) -> QColor:
    """The well's shade at 0, the hue at 0.6, three quarters of the way from there to ink at 1."""
    if share <= 0.6:
        return QColor(mix(tokens.sunken, hue, share / 0.6))
    return QColor(mix(hue, tokens.ink, (share - 0.6) / 0.4 * 0.75))
