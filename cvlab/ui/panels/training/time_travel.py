"""The run's past on a slider: every checkpoint a notch; look at any, and branch off from there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from cvlab.core.storage.checkpoints import Checkpoint
from cvlab.ui.widgets.controls import button, icon_button, label, named
from cvlab.ui.widgets.finish import wrapped

_BRANCH = "A run of its own that goes on from this point with the recipe at the left."


class TimeTravel(QWidget):
    """looked(step): a checkpoint to look at, None for now. branch_asked(step): go on from there in a run of its own, by the
    recipe of the form. restart_asked(step): the same by the run's own recipe."""

    looked = Signal(object)
    branch_asked = Signal(int)
    restart_asked = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._points: list[Checkpoint] = []
        self.slider = named(
            QSlider(Qt.Orientation.Horizontal, self), "training.past", "Point of the run",
            "Every notch is a checkpoint: look at the net as it was. The right end is now.",
        )  # fmt: skip
        self.slider.valueChanged.connect(self._move)
        self.words = label(self)
        self.words.setMinimumWidth(self.words.fontMetrics().horizontalAdvance("step 88,888 · epoch 888"))
        self.branch = button(
            self, "training.branch", "Branch from here", _BRANCH
        )  # fmt: skip
        self.branch.clicked.connect(self._branch)
        self.again = icon_button(
            self, "training.restart", "replay", "Restart from here",
            "A run of its own that goes on from this point with the recipe that this run has, whatever the form says.",
        )  # fmt: skip
        self.again.clicked.connect(self._restart)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 2, 16, 4)
        row.setSpacing(10)
        row.addWidget(label(self, "Past"))
        row.addWidget(self.slider, 1)
        row.addWidget(self.words)
        row.addWidget(self.branch)
        row.addWidget(self.again)
        self.show_points([])

    @property
    def step(self) -> int | None:
        """The step of the checkpoint that is looked at, None for now."""
        at = self.slider.value()
        return self._points[at].step if at < len(self._points) else None

    def show_points(self, points: list[Checkpoint]) -> None:
        """The checkpoints of the run on the screen. Who looks at one goes on looking at it; who looks at now, too."""
        before = self.step
        self._points = points
        steps = [point.step for point in points]
        self.slider.blockSignals(True)
        self.slider.setRange(0, len(points))
        self.slider.setValue(steps.index(before) if before in steps else len(points))
        self.slider.blockSignals(False)
        self.setEnabled(bool(points))
        self._show()
        if before is not None and before not in steps:
            self.looked.emit(None)

    def to_now(self) -> None:
        self.slider.setValue(len(self._points))

    def _move(self, at: int) -> None:
        self._show()
        self.looked.emit(self.step)

    def _show(self) -> None:
        at = self.slider.value()
        is_past = at < len(self._points)
        self.branch.setEnabled(is_past)
        self.again.setEnabled(is_past)
        point = self._points[at] if is_past else None
        self.words.setText(f"step {point.step:,} · epoch {point.epoch}" if point is not None else "now")

    def show_difference(self, changes: Sequence[str]) -> None:
        """What the recipe at the left has otherwise than the run."""
        some = ", ".join(changes[:6]) + (f" and {len(changes) - 6} more" if len(changes) > 6 else "")
        words = f"Otherwise than in this run: {some}." if changes else "It is the recipe of this run."
        self.branch.setToolTip(wrapped(f"{_BRANCH}\n{words}"))

    def _restart(self) -> None:
        if self.step is not None:
            self.restart_asked.emit(self.step)

    def _branch(self) -> None:
        if self.step is not None:
            self.branch_asked.emit(self.step)
