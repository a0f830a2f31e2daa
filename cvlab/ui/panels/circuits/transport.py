"""Forward, back, play, rewind, jump: the buttons and the slider that move through the two passes. It decides nothing."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from cvlab.engine.circuit.walk import Walk
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import icon

PLAY_MS = 1000


class Phases(QWidget):
    """A line under the slider: green for the way forward, red for the way back."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(18)
        self._turn = 0.5

    def show_turn(self, share: float) -> None:
        self._turn = share
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look, width = theme(), self.width() - 16
        turn = 8 + width * self._turn
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        for text, role, left, right in (
            ("forward →", "positive", 8.0, turn),
            ("← backward", "negative", turn, 8.0 + width),
        ):
            painter.fillRect(QRectF(left + 1, 0, max(right - left - 2, 0), 2), look.colour(role))
            if right - left > painter.fontMetrics().horizontalAdvance(text):
                painter.setPen(look.colour(role))
                painter.drawText(QRectF(left, 3, right - left, 15), Qt.AlignmentFlag.AlignHCenter, text)
        painter.end()


class Transport(QWidget):
    """asked(position): go there. Playing is a timer of its own, which stops at the end and when told."""

    asked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._position, self._last = 0, 0
        self._timer = QTimer(self)
        self._timer.setInterval(PLAY_MS)
        self._timer.timeout.connect(self._play_on)
        self.rewind = self._button("rewind", "rewind", "Rewind", "Back to the inputs alone (Home).")
        self.back = self._button("back", "left", "One step back", "Takes back the last gate (Alt+Left).")
        self.play = self._button(
            "play", "play", "Play", "One gate a second, forward and then backward. From the end it begins anew."
        )
        self.forward = self._button(
            "forward",
            "right",
            "One step forward",
            "Computes the next gate, or passes the next gradient on (Alt+Right).",
        )
        self.end = self._button("end", "step", "To the end", "Every value and every gradient at once.")
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setObjectName("circuits.position")
        self.slider.setAccessibleName("Step")
        self.slider.setToolTip(
            "Drag to any step of the two passes. Left half: values forward; right half: gradients back."
        )
        self.phases = Phases(self)
        self.where = QLabel(self)
        self.where.setProperty("role", "small muted")
        self.where.setMinimumWidth(self.where.fontMetrics().horizontalAdvance("step 888 of 888"))
        self.where.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        track = QVBoxLayout()
        track.setContentsMargins(0, 4, 0, 0)
        track.setSpacing(0)
        track.addWidget(self.slider)
        track.addWidget(self.phases)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for button in (self.rewind, self.back, self.play, self.forward, self.end):
            row.addWidget(button)
        row.addSpacing(8)
        row.addLayout(track, 1)
        row.addSpacing(8)
        row.addWidget(self.where)
        self.rewind.clicked.connect(self._rewind)
        self.back.clicked.connect(self.step_back)
        self.play.clicked.connect(self.toggle)
        self.forward.clicked.connect(self.step_forward)
        self.end.clicked.connect(self._to_end)
        self.slider.valueChanged.connect(self._jump)

    def _button(self, name: str, glyph: str, words: str, tip: str) -> QPushButton:
        button = QPushButton(icon(glyph, "accent_ink" if name == "play" else "ink"), "", self)
        button.setObjectName(f"circuits.{name}")
        button.setAccessibleName(words)
        button.setToolTip(tip)
        button.setFixedSize(44 if name == "play" else 36, 32)
        button.setProperty("role", "primary icon" if name == "play" else "quiet icon")
        return button

    # -- showing -----------------------------------------------------------------------------------------------------

    def show_walk(self, walk: Walk) -> None:
        self._position, self._last = walk.position, walk.last
        blocker = QSignalBlocker(self.slider)
        self.slider.setRange(0, walk.last)
        self.slider.setPageStep(1)
        self.slider.setValue(walk.position)
        blocker.unblock()
        self.phases.show_turn((walk.seed - 0.5) / walk.last if walk.last else 1.0)
        self.where.setText(f"step {walk.position} of {walk.last}")
        for button, possible in (
            (self.rewind, walk.position > 0),
            (self.back, walk.position > 0),
            (self.forward, walk.position < walk.last),
            (self.end, walk.position < walk.last),
        ):
            button.setEnabled(possible)

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    # -- asking ------------------------------------------------------------------------------------------------------

    def toggle(self) -> None:
        """Plays, or pauses."""
        if self.is_playing:
            self.stop()
            return
        self._timer.start()
        self.play.setIcon(icon("pause", "accent_ink"))
        self.play.setAccessibleName("Pause")
        self.asked.emit(0 if self._position >= self._last else self._position + 1)

    def stop(self) -> None:
        if self.is_playing:
            self._timer.stop()
            self.play.setIcon(icon("play", "accent_ink"))
            self.play.setAccessibleName("Play")

    def step_forward(self) -> None:
        self.stop()
        self.asked.emit(self._position + 1)

    def step_back(self) -> None:
        self.stop()
        self.asked.emit(self._position - 1)

    def _rewind(self) -> None:
        self.stop()
        self.asked.emit(0)

    def _to_end(self) -> None:
        self.stop()
        self.asked.emit(self._last)

    def _jump(self, position: int) -> None:
        self.stop()
        self.asked.emit(position)

    def _play_on(self) -> None:
        self.asked.emit(self._position + 1)
        if self._position >= self._last:
            self.stop()
