"""Images side by side, pixel by pixel, each with words beneath: one large picture, a pair, or a gallery."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import SMALL
from cvlab.ui.widgets.bars import tabular

_LINE = 18.0
"""Room for one line of words."""


class ImageTiles(QWidget):
    """As many columns as are asked for, tiles as large as fit, never larger than `most` pixels. It knows nothing of data sets.

    chosen(i): a tile was clicked; only where `is_clickable`.
    """

    chosen = Signal(int)

    def __init__(
        self,
        columns: int,
        *,
        most: int = 320,
        gap: int = 8,
        spread: int = 0,
        clickable: bool = False,
        at_top: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """gap: pixels between tiles. spread: as many between columns, and for their captions, where there is room.
        at_top: spare room goes below the tiles, not around them."""
        super().__init__(parent)
        self._columns, self._most, self._gap, self.is_clickable = columns, most, gap, clickable
        self._at_top, self._spread = at_top, spread
        self._pictures: list[QImage] = []
        self._captions: tuple[str, ...] = ()
        self._roles: tuple[str, ...] = ()
        self._tips: tuple[str, ...] = ()
        self._message = ""
        self._lines = 1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        if clickable:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme().changed.connect(self.update)

    # -- for the owner -----------------------------------------------------------------------------------------------

    def show_images(
        self,
        images: np.ndarray,
        captions: Sequence[str] = (),
        *,
        roles: Sequence[str] = (),
        tips: Sequence[str] = (),
    ) -> None:
        """images: (N, C, H, W) uint8, C 1 or 3. captions: beneath each. roles: of its frame ("" for none). tips: under the
        pointer."""
        self._pictures = [picture_of(image) for image in images]
        self._captions, self._roles, self._tips = tuple(captions), tuple(roles), tuple(tips)
        self._message = ""
        self.setAccessibleDescription(", ".join(self._captions))
        self.update()

    def show_message(self, message: str) -> None:
        """Words in place of images."""
        self._pictures, self._message = [], message
        self.update()

    def set_caption_lines(self, lines: int) -> None:
        """Room for so many lines beneath each tile, whether they are used or not, so that nothing jumps."""
        self._lines = lines
        self.updateGeometry()
        self.update()

    @property
    def count(self) -> int:
        return len(self._pictures)

    @property
    def captions(self) -> tuple[str, ...]:
        return self._captions

    @property
    def message(self) -> str:
        return self._message

    def _across(self, side: float) -> int:
        """Pixels between two columns of tiles of this size."""
        spare = (self.width() - self._columns * side) / self._columns
        return max(self._gap, min(self._spread, int(spare)))

    def tile(self, number: int) -> QRectF:
        """Where the picture of this number is painted."""
        rows = max(1, ceil(len(self._pictures) / self._columns))
        words = self._lines * _LINE + (4 if self._lines else 0)
        wide = (self.width() - self._gap * (self._columns - 1)) / self._columns
        high = (self.height() - self._gap * (rows - 1)) / rows - words
        side = float(max(8, int(min(wide, high, self._most))))
        across = self._across(side)
        left = (self.width() - self._columns * side - across * (self._columns - 1)) / 2
        spare = self.height() - rows * (side + words) - self._gap * (rows - 1)
        top = 0 if self._at_top else spare / 2
        row, column = divmod(number, self._columns)
        return QRectF(round(left + column * (side + across)), round(top + row * (side + words + self._gap)), side, side)

    def sizeHint(self) -> QSize:
        return QSize(self._columns * min(self._most, 120), 140)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._columns * 28, 44)

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        font = tabular(self.font())
        font.setPixelSize(SMALL)
        painter.setFont(font)
        if self._message:
            painter.setPen(theme().colour("muted"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._message)
        for number, picture in enumerate(self._pictures):
            self._paint_tile(painter, number, picture)
        painter.end()

    def _paint_tile(self, painter: QPainter, number: int, picture: QImage) -> None:
        area = self.tile(number)
        size = picture.size().scaled(area.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(0, 0, size.width(), size.height())
        place.moveCenter(area.center())
        smooth = picture.width() > place.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(place, picture)
        role = self._roles[number] if number < len(self._roles) else ""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme().colour(role or "faint"), 2 if role else 1))
        painter.drawRect(place.adjusted(-1, -1, 1, 1) if role else place)
        if number < len(self._captions):
            painter.setPen(theme().colour("muted"))
            across = self._across(area.width())
            words = QRectF(area.left() - across / 2, area.bottom() + 4, area.width() + across, self._lines * _LINE)
            painter.drawText(
                words,
                int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap),
                self._captions[number],
            )

    # -- Qt ----------------------------------------------------------------------------------------------------------

    def number_at(self, place: QPointF) -> int:
        """The tile under this place, -1 for none."""
        return next((i for i in range(len(self._pictures)) if self.tile(i).contains(place)), -1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        number = self.number_at(event.position())
        if self.is_clickable and event.button() == Qt.MouseButton.LeftButton and number >= 0:
            self.chosen.emit(number)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = self.number_at(QPointF(event.pos()))
            tip = self._tips[number] if 0 <= number < len(self._tips) else self.toolTip()
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)


def picture_of(image: np.ndarray) -> QImage:
    """(C, H, W) uint8, C 1 or 3 -> a picture that owns its pixels. Of other channel counts the first is shown."""
    if image.shape[0] == 3:
        pixels = np.ascontiguousarray(image.transpose(1, 2, 0))
        kind = QImage.Format.Format_RGB888
    else:
        pixels = np.ascontiguousarray(image[0])
        kind = QImage.Format.Format_Grayscale8
    return QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], kind).copy()
