"""Training, validation and test as one bar, its first border to be dragged; and the k folds of the training images beneath."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import tabular

_REACH = 14.0  # pixels from the border within which it is taken
LARGEST = 0.5


class SplitBar(QWidget):
    """dragged: the share of the training images that validate, 0..0.5. released: the gesture has ended."""

    dragged = Signal(float)
    released = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._train = self._validation = self._test = 0
        self._share = 0.1
        self._is_locked, self._held = True, False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def show_counts(self, train: int, validation: int, test: int, share: float, *, locked: bool) -> None:
        """Images of each part; share: what the validation part is of both that are not test."""
        self._train, self._validation, self._test, self._share = train, validation, test, share
        self._is_locked = locked
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(480, 84)

    def minimumSizeHint(self) -> QSize:
        return QSize(280, 84)

    def _edges(self) -> tuple[float, float, float]:
        """Where validation begins, where test begins, where all ends."""
        whole = max(1, self._train + self._validation + self._test)
        width = float(self.width()) - 2
        test = 1 + width * (self._train + self._validation) / whole
        return 1 + (test - 1) * (1 - self._share), test, 1 + width

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        border, test, end = self._edges()
        parts = (
            ("Training", self._train, 1.0, border, "train"),
            ("Validation", self._validation, border, test, "held_out"),
            ("Test, locked" if self._is_locked else "Test, open", self._test, test, end, "muted"),
        )
        bold, plain = tabular(self.font(), QFont.Weight.DemiBold), tabular(self.font())
        for words, count, left, right, role in parts:
            area = QRectF(left, 24, max(0.0, right - left - 2), 36)
            colour = theme().colour(role)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(area, 6, 6)
            if role == "muted" and self._is_locked:
                self._hatch(painter, area)
            painter.setFont(bold)
            painter.setPen(theme().colour("ink"))
            metrics = QFontMetricsF(bold)
            if metrics.horizontalAdvance(words) < area.width():
                painter.drawText(QRectF(left, 0, area.width(), 20), int(Qt.AlignmentFlag.AlignLeft), words)
            elif role == "held_out" and count:  # a narrow part reaches over the training part, which has room
                painter.drawText(QRectF(area.right() - 208, 0, 200, 20), int(Qt.AlignmentFlag.AlignRight), words)
            painter.setFont(plain)
            painter.setPen(theme().colour("muted"))
            if QFontMetricsF(plain).horizontalAdvance(f"{count:,}") < area.width():
                painter.drawText(QRectF(left, 64, area.width(), 20), int(Qt.AlignmentFlag.AlignLeft), f"{count:,}")
        knob = QRectF(border - 5, 18, 8, 48)
        painter.setBrush(theme().colour("raised"))
        painter.setPen(QPen(theme().colour("accent" if self._held or self.hasFocus() else "line"), 2))
        painter.drawRoundedRect(knob, 4, 4)
        painter.end()

    def _hatch(self, painter: QPainter, area: QRectF) -> None:
        painter.save()
        painter.setClipRect(area)
        painter.setPen(QPen(QColor(theme().colour("surface", 0.35)), 3))
        x = area.left() - area.height()
        while x < area.right():
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x + area.height(), area.top()))
            x += 12
        painter.restore()

    # -- dragging ----------------------------------------------------------------------------------------------------

    def _set(self, x: float) -> None:
        _, test, _ = self._edges()
        share = 1 - (x - 1) / max(1.0, test - 1)
        self.dragged.emit(round(min(max(share, 0.0), LARGEST), 2))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        border, *_ = self._edges()
        if event.button() == Qt.MouseButton.LeftButton and abs(event.position().x() - border) <= _REACH:
            self._held = True
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        border, *_ = self._edges()
        near = abs(event.position().x() - border) <= _REACH
        self.setCursor(Qt.CursorShape.SplitHCursor if near or self._held else Qt.CursorShape.ArrowCursor)
        if self._held:
            self._set(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self._held = False
            self.update()
            self.released.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right move the border by a hundredth."""
        by = {Qt.Key.Key_Left: 0.01, Qt.Key.Key_Right: -0.01}.get(event.key())
        if by is None:
            super().keyPressEvent(event)
            return
        self.dragged.emit(round(min(max(self._share + by, 0.0), LARGEST), 2))
        self.released.emit()

    def focusInEvent(self, event) -> None:
        self.update()

    def focusOutEvent(self, event) -> None:
        self.update()


class FoldBars(QWidget):
    """k rows of k pieces: in row j, piece j validates and the others train."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._sizes: list[int] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().changed.connect(self.update)

    def show_folds(self, sizes: list[int]) -> None:
        """sizes: images that each fold validates."""
        self._sizes = sizes
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        k = len(self._sizes)
        if not k:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(tabular(self.font()))
        row, left = min(30.0, self.height() / k), 60.0
        bar, vertical = max(4.0, row - 6), int(Qt.AlignmentFlag.AlignVCenter)
        width = self.width() - left - 4
        for j in range(k):
            y = j * row
            if row >= 13:
                painter.setPen(theme().colour("muted"))
                painter.drawText(
                    QRectF(0, y, left - 8, bar), vertical | int(Qt.AlignmentFlag.AlignLeft), f"Fold {j + 1}"
                )
            for piece in range(k):
                area = QRectF(left + piece * width / k, y, width / k - 3, bar)
                validates = piece == j
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme().colour("held_out") if validates else theme().colour("train", 0.35))
                painter.drawRoundedRect(area, 4, 4)
                words = f"{self._sizes[j]:,}"
                if (
                    validates
                    and bar >= 14
                    and QFontMetricsF(painter.font()).horizontalAdvance(words) < area.width() - 6
                ):
                    painter.setPen(theme().colour("surface"))
                    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), words)
        painter.end()
