"""The status bar: how far the run is, what undo would undo, and which device computes. Reads a run; never steers one."""

from __future__ import annotations

from PySide6.QtCore import QRect, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QStatusBar, QWidget

from cvlab.core.runs import Run
from cvlab.ui.theme import theme
from cvlab.ui.widgets.room import roomed
from cvlab.ui.widgets.sign import Sign

WORDS = {
    "starting": "Starting", "running": "Training", "paused": "Paused", "finished": "Finished",
    "stopped": "Stopped", "failed": "Failed",
}  # fmt: skip


def clock(seconds: float) -> str:
    """ "0:07", "12:30", "1:02:03"."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


class Status(QStatusBar):
    """Call `show_run` once a tick: it looks at the run's revision and draws only what changed."""

    notice_area_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme().style(self)
        self.setSizeGripEnabled(False)
        self.setObjectName("status")
        self._drawn: tuple = ()
        self._words_width = 0
        self.run_box = QWidget(self)
        row = QHBoxLayout(self.run_box)
        row.setContentsMargins(16, 0, 8, 0)
        row.setSpacing(10)
        self.words = QLabel(self.run_box)
        self.bar = QProgressBar(self.run_box)
        self.bar.setRange(0, 1000)
        self.bar.setFixedWidth(140)
        self.bar.setAccessibleName("Progress of the run")
        self.figures = QLabel(self.run_box)
        for part in (self.words, self.bar):
            row.addWidget(part)
        row.addWidget(roomed(self.figures), 1)
        self.addWidget(self.run_box, 1)
        self.run_box.hide()
        self.hint = QLabel("Ready", self)
        self.hint.setContentsMargins(16, 0, 0, 0)
        self.addWidget(self.hint)
        self.undo = QLabel(self)
        self.addPermanentWidget(self.undo)
        right = QWidget(self)
        side = QHBoxLayout(right)
        side.setContentsMargins(12, 0, 16, 0)
        side.setSpacing(6)
        side.addWidget(Sign("device", "muted", 14, right))
        self.device = QLabel("", right)
        self.device.setAccessibleName("Device")
        side.addWidget(self.device)
        self.addPermanentWidget(right)
        self.setMinimumHeight(30)

    def show_run(self, run: Run | None, test_accuracy: float | None = None) -> None:
        """What the bar says of the run in training, or of the one that ended last. test_accuracy: as far as it may be shown."""
        if run is None:
            if self._drawn:
                self._drawn = ()
                self.run_box.hide()
                self.hint.show()
            return
        state = run.state
        drawn = (run.id, state.status, state.revision, state.device, test_accuracy)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self.hint.hide()
        self.run_box.show()
        # "Starting" before the first step of an epoch counted from 0.
        epoch = f", epoch {state.epoch} of {state.epochs}" if state.epoch else ""
        self.words.setText(f"{WORDS[state.status]}{epoch}")
        self.bar.setValue(round(1000 * state.step / state.total_steps) if state.total_steps else 0)
        self.figures.setText(self._figures(run, test_accuracy))
        role = {"finished": "success", "failed": "error"}.get(state.status, "")
        if self.bar.property("role") != role:
            self.bar.setProperty("role", role)
            self.bar.style().unpolish(self.bar)
            self.bar.style().polish(self.bar)
        self._tell_area()
        if state.device:
            self.device.setText(state.device.upper() if state.device in ("cpu", "mps") else state.device)

    @staticmethod
    def _figures(run: Run, test_accuracy: float | None) -> str:
        state = run.state
        if state.status in ("starting",):
            return "reading the data"
        if state.status == "finished":
            accuracy = ""
            if test_accuracy is not None:
                accuracy = f"test accuracy {100 * test_accuracy:.2f} %, "
            elif state.held_out_accuracy is not None and run.recipe.held_out:
                accuracy = f"validation accuracy {100 * state.held_out_accuracy:.2f} %, "
            return f"{accuracy}{clock(state.seconds)}"
        if state.status == "failed":
            return state.failure.title if state.failure else ""
        speed = f"{state.images_per_second:,.0f} images/s" if state.images_per_second else ""
        left = f"{clock(state.eta)} left" if state.eta is not None and state.status == "running" else ""
        return ", ".join(part for part in (speed, left) if part)

    def _tell_area(self) -> None:
        """The words before the bar may have become longer."""
        if self.words.sizeHint().width() != self._words_width:
            self._words_width = self.words.sizeHint().width()
            self.layout().activate()
            self.run_box.layout().activate()
            self.notice_area_changed.emit()

    def notice_area(self) -> QRect:
        """Where a notice may lie: over everything but the state of the run, and so over nothing that can be operated."""
        left = self.run_box.x() + self.bar.geometry().right() + 8 if self.run_box.isVisible() else 8
        return QRect(left, 1, self.width() - left - 8, self.height() - 1)

    def show_undo(self, label: str) -> None:
        self.undo.setText(f"Undo: {label}" if label else "")

    def show_device(self, words: str, tip: str) -> None:
        self.device.setText(words)
        self.device.parentWidget().setToolTip(tip)
