"""The picture and what the kernel makes of it, side by side, with one window on both; and the sum under the window."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.panels.convolution.board import as_image, rgb_image
from cvlab.ui.panels.convolution.pieces import named
from cvlab.ui.panels.convolution.tile import sized
from cvlab.ui.theme import theme

_CAPTION, _GAP = 22.0, 16.0
_STEPS = {
    Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0),
}  # fmt: skip


class PicturePair(QWidget):
    """looked(row, column): the window's middle is to stand on this pixel."""

    looked = Signal(int, int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(
            self,
            "kernel.pair",
            "The picture and its result",
            "Point at either picture: the window stands on both, and its sum is written out below. Arrow keys move it.",
        )
        self._images = [QImage(), QImage()]
        self._drawn = [QImage(), QImage()]  # the same at the size on the screen
        self._captions = ["", ""]
        self._spot, self._reach = (0, 0), 1
        self._shape = (1, 1)
        self._message = "The picture is on its way"
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._result: tuple[np.ndarray, float, bool] | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme().changed.connect(self._colour)

    def sizeHint(self) -> QSize:
        return QSize(640, 400)

    def minimumSizeHint(self) -> QSize:
        return QSize(360, 200)

    # -- what it is given --------------------------------------------------------------------------------------------

    def show_picture(self, channels: np.ndarray, caption: str) -> None:
        """channels: (1 or 3, H, W) in 0..1."""
        self._images[0], self._captions[0] = rgb_image(channels), caption
        self._shape, self._message, self._drawn[0] = channels.shape[1:], "", QImage()
        self.update()

    def show_result(self, result: np.ndarray, largest: float, caption: str, *, signed: bool) -> None:
        """result: (1 or 3, H, W). signed: 0 is the well's shade, or mid grey in colour; else cut to 0..1."""
        self._result, self._captions[1] = (result, largest, signed), caption
        self._colour()

    def _colour(self) -> None:
        """The result's picture in the theme of the moment."""
        if self._result is None:
            return
        result, largest, signed = self._result
        self._drawn[1] = QImage()
        if not signed:
            self._images[1] = rgb_image(result)
        elif len(result) == 1:
            self._images[1] = as_image(result[0], "signed", largest)
        else:
            self._images[1] = rgb_image(0.5 + result / (2 * max(largest, 1e-9)))
        self.update()

    def show_spot(self, spot: tuple[int, int], size: int) -> None:
        """Where the window's middle stands, and its side in pixels."""
        self._spot, self._reach = spot, size
        self.update()

    # -- places ------------------------------------------------------------------------------------------------------

    def field(self, which: int) -> QRectF:
        """Where the picture (0) or the result (1) is."""
        H, W = self._shape
        beside = (self.width() - _GAP) / 2
        scale = min(beside / W, (self.height() - _CAPTION) / H)
        scale = float(int(scale)) if scale >= 3 else scale  # whole pixels where each is to be seen
        wide, high = W * scale, H * scale
        left = which * (beside + _GAP) + (beside - wide) / 2
        top = _CAPTION + (self.height() - _CAPTION - high) / 2
        return QRectF(round(left), round(top), round(wide), round(high))

    def pixel(self, point: QPointF) -> tuple[int, int] | None:
        H, W = self._shape
        for which in (0, 1):
            field = self.field(which)
            if field.contains(point):
                row, column = (
                    (point.y() - field.top()) / field.height() * H,
                    (point.x() - field.left()) / field.width() * W,
                )
                return min(int(row), H - 1), min(int(column), W - 1)
        return None

    # -- painting ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), theme().colour("raised"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._message:
            painter.setPen(theme().colour("muted"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self._message)
            painter.end()
            return
        for which in (0, 1):
            field = self.field(which)
            painter.drawImage(field.topLeft(), self._at_size(which, field))
            painter.setPen(QPen(theme().colour("faint"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(field)
            painter.setFont(sized(self.font(), 12))
            painter.setPen(theme().colour("muted"))
            room = QRectF(
                which * (self.width() + _GAP) / 2, field.top() - _CAPTION, (self.width() - _GAP) / 2, _CAPTION - 4
            )
            painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), self._captions[which])
            self._paint_window(painter, field, self._reach if which == 0 else 1)
        if self.hasFocus():
            painter.setPen(QPen(theme().colour("accent", 0.8), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()

    def _at_size(self, which: int, field: QRectF) -> QImage:
        """Scaled once, not at every move of the pointer; smoothly, unless each pixel is to be seen."""
        ratio = self.devicePixelRatioF()
        size, drawn = (field.size() * ratio).toSize(), self._drawn[which]
        if drawn.size() != size:
            smooth = field.width() < self._shape[1] * 2.5
            how = Qt.TransformationMode.SmoothTransformation if smooth else Qt.TransformationMode.FastTransformation
            drawn = self._images[which].scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, how)
            drawn.setDevicePixelRatio(ratio)
            self._drawn[which] = drawn
        return drawn

    def _paint_window(self, painter: QPainter, field: QRectF, reach: int) -> None:
        scale, (row, column) = field.width() / self._shape[1], self._spot
        half = reach // 2
        window = QRectF(
            field.left() + (column - half) * scale, field.top() + (row - half) * scale, reach * scale, reach * scale
        )
        grow = max((14 - window.width()) / 2, 1.0)  # smaller could not be found
        window.adjust(-grow, -grow, grow, grow)
        for width, role in ((4.0, "raised"), (2.0, "accent")):
            painter.setPen(QPen(theme().colour(role), width))
            painter.drawRoundedRect(window, 3, 3)

    # -- what a person does ------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pixel = self.pixel(event.position())
        if pixel is not None and pixel != self._spot:
            self.looked.emit(*pixel)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouseMoveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() not in _STEPS or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
            return
        (row, column), (down, right), (H, W) = self._spot, _STEPS[Qt.Key(event.key())], self._shape
        self.looked.emit(min(max(row + down, 0), H - 1), min(max(column + right, 0), W - 1))

    def changeEvent(self, event: QEvent) -> None:
        self.update()
        super().changeEvent(event)
