"""The transport bar: start, pause or resume, step, stop, and how far the run has come. It decides nothing."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from cvlab.core.runs import Run
from cvlab.ui.theme.icons import icon
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.figures import NO_FIGURE, duration_text
from cvlab.ui.widgets.focus import set_successors
from cvlab.ui.widgets.room import roomed

_WIDE = 760
"""Narrower than this, the speed steps aside: the window's status bar shows it too."""
_PAUSE = "Pause", "Pauses the training after this batch (Ctrl+P); nothing is lost."
_RESUME = "Resume", "Resumes the training with the next batch (Ctrl+P)."
"""Text and tool tip of the button in its two states."""


class TransportBar(QFrame):
    """Buttons that ask, and a progress line in places that never move. One button pauses and resumes, so that a key pressed
    twice on it comes back to where it was."""

    start_asked = Signal()
    pause_asked = Signal()
    step_asked = Signal()
    stop_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._shown: tuple[str, str, int, bool] | None = None
        self.start = self._button(
            "start", "Start", "play", "accent_ink", "Trains the net with this recipe (Ctrl+Return)."
        )
        self.start.setProperty("role", "primary")
        self.pause = self._button("pause", _PAUSE[0], "pause", "ink", _PAUSE[1])
        self.step = self._button(
            "step", "Step", "step", "ink", "Trains on one batch, then pauses: watch a single update."
        )
        self.stop = self._button(
            "stop", "Stop", "stop", "ink", "Ends the run and saves it, so that it can go on later."
        )
        for button, signal in (
            (self.start, self.start_asked),
            (self.pause, self.pause_asked),
            (self.step, self.step_asked),
            (self.stop, self.stop_asked),
        ):
            button.clicked.connect(signal)
        self.pause.setMinimumWidth(self.pause.fontMetrics().horizontalAdvance("Resume") + 60)
        set_successors(self.start, self.pause)
        set_successors(self.step, self.pause)
        set_successors(self.stop, self.start)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(8)
        for button in (self.start, self.pause, self.step, self.stop):
            row.addWidget(button)
        row.addSpacing(16)
        row.addLayout(self._make_progress(), 1)
        self.show_run(None)

    def _button(self, name: str, text: str, glyph: str, role: str, tooltip: str) -> QPushButton:
        button = QPushButton(icon(glyph, role), text, self)
        button.setObjectName(f"training.{name}")
        button.setAccessibleName({"step": "Step one batch"}.get(name, text))
        button.setToolTip(tooltip)
        return button

    def _make_progress(self) -> QVBoxLayout:
        self.epoch = self._words(Qt.AlignmentFlag.AlignLeft)
        self.speed = self._words(Qt.AlignmentFlag.AlignRight)
        self.eta = self._words(Qt.AlignmentFlag.AlignRight)
        self._speed_room = roomed(self.speed, widest="88,888 images/s")
        self._eta_room = roomed(self.eta, widest="88:88 left")
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName("Progress of the run")
        words = QHBoxLayout()
        words.setSpacing(8)
        words.addWidget(roomed(self.epoch), 1)
        words.addWidget(self._speed_room)
        words.addWidget(self._eta_room)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addLayout(words)
        column.addWidget(self.bar)
        return column

    def _words(self, side: Qt.AlignmentFlag) -> QLabel:
        label = QLabel(self)
        label.setProperty("role", "small muted")
        label.setAlignment(side)
        return label

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        room = self._speed_room
        return hint if room.isHidden() else QSize(hint.width() - room.minimumWidth() - 8, hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._speed_room.setVisible(self.width() > _WIDE)

    def show_reading(self) -> None:
        """An earlier run is being read."""
        self._shown = None
        self.bar.setValue(0)
        set_role(self.bar, "")
        for words, text in ((self.epoch, "Reading the run…"), (self.speed, ""), (self.eta, "")):
            _put(words, text)

    def show_run(self, run: Run | None) -> None:
        """Buttons and progress for this run; None before the first. Cheap enough for every tick."""
        status = run.state.status if run is not None else ""
        is_pausing = run is not None and run.is_pausing
        shown = (run.id, status, run.state.revision, is_pausing) if run is not None else ("", "", 0, False)
        if shown == self._shown:
            return
        self._shown = shown
        active = run is not None and run.is_active
        self._show_pause(is_pausing)
        can = {
            self.start: not active,
            self.pause: active,
            self.step: not active or status != "running",
            self.stop: active,
        }
        for button in sorted(
            can, key=can.__getitem__, reverse=True
        ):  # a button that takes over the focus must be enabled
            button.setEnabled(can[button])
        set_role(self.bar, {"finished": "success", "failed": "error"}.get(status, ""))
        self._eta_room.setVisible(active)  # its room is for the words of how a run has ended
        if run is None:
            _put(self.epoch, "Ready to start")
            _put(self.speed, "")
            _put(self.eta, "")
            self.bar.setValue(0)
            return
        state = run.state
        total = max(state.total_steps, 1)
        self.bar.setValue(round(1000 * min(state.step / total, 1.0)))
        words = {
            "starting": "Getting ready…",
            "finished": f"Finished, {duration_text(state.seconds)}",
            "failed": f"Failed after step {state.step:,}" if state.step else "Could not start",
            "stopped": f"Stopped at step {state.step:,}",
        }
        _put(self.epoch, words.get(status, f"Epoch {max(state.epoch, 1):,} of {state.epochs:,}"))
        _put(self.speed, f"{state.images_per_second:,.0f} images/s" if state.images_per_second else "")
        left = NO_FIGURE if state.eta is None else duration_text(state.eta)
        _put(self.eta, f"{left} left" if active and state.eta is not None else "")
        self._eta_room.widen()  # hours need more than minutes

    def _show_pause(self, is_paused: bool) -> None:
        text, tip = _RESUME if is_paused else _PAUSE
        if self.pause.text() != text:
            self.pause.setText(text)
            self.pause.setIcon(icon("play" if is_paused else "pause", "ink"))
            self.pause.setAccessibleName(text)
            self.pause.setToolTip(tip)


def _put(widget: QLabel | QPushButton, text: str) -> None:
    if widget.text() != text:
        widget.setText(text)
