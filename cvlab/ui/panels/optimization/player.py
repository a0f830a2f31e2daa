"""The race in time: plays, steps, goes back, and catches up after a change, at most 8 of each 16 milliseconds."""

from __future__ import annotations

from time import perf_counter

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from cvlab.engine.optimizers import Optimizer
from cvlab.engine.race import Race

FRAME_MS = 16
BUDGET = 0.008
"""Seconds of each frame that may go into steps."""


class Player(QObject):
    """race: the one that is shown, None where none can be run. revision: bumped when the paths are others than before.

    moved: another step is shown. playing_changed: it plays or no longer plays.
    """

    moved = Signal()
    playing_changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.race: Race | None = None
        self.revision = 0
        self.speed = 60
        self.is_playing = False
        self._goal, self._owed = 0, 0  # owed: thousandths of a step
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self.beat)

    @property
    def t(self) -> int:
        return 0 if self.race is None else self.race.t

    @property
    def goal(self) -> int:
        """The step that is on its way to be shown."""
        return self._goal

    @property
    def is_settled(self) -> bool:
        """Whether the step wanted is the one that is shown."""
        return self.race is None or self.race.t == self._goal

    def take(self, race: Race | None, goal: int) -> None:
        """Another race, run to step `goal`."""
        self.race = race
        self._seek(goal)

    def change(self, name: str, optimizer: Optimizer) -> None:
        """One racer runs again from the start with other settings; the others keep what they ran."""
        self.race.rewind()
        self.race.change(name, optimizer)
        self._seek(self._goal)

    def play(self) -> None:
        if self.race is None or self.is_playing:
            return
        if self.race.is_over:
            self.go(0)
        self.is_playing, self._owed = True, 0
        self._timer.start()
        self.playing_changed.emit()

    def pause(self) -> None:
        if self.is_playing:
            self.is_playing = False
            self._goal = self.t
            self.playing_changed.emit()
            self.moved.emit()

    def go(self, t: int) -> None:
        """To step t, at once where the race has been."""
        if self.race is None:
            return
        t = min(max(t, 0), self.race.limit)
        if t < self.race.t:
            self.race.jump(t)
        self._goal = t
        self._catch_up()

    def rest(self) -> None:
        """Costs nothing from now on."""
        self.pause()
        self._timer.stop()

    def wake(self) -> None:
        if not self.is_settled:
            self._timer.start()

    def beat(self) -> None:
        """One frame."""
        if self.race is None:
            self._timer.stop()
            return
        if self.is_playing and self.is_settled:
            whole, self._owed = divmod(self._owed + self.speed * FRAME_MS, 1000)
            self._goal = min(self.race.t + whole, self.race.limit)
        self._catch_up()
        if self.is_playing:
            self._goal = self.race.t  # what a slow surface could not do in time is not made up for
            if self.race.is_over:
                self.pause()

    def _seek(self, goal: int) -> None:
        self.revision += 1
        self._owed = 0
        self._goal = 0 if self.race is None else min(goal, self.race.limit)
        self._catch_up()

    def _catch_up(self) -> None:
        before, end = self.t, perf_counter() + BUDGET
        if self.race is not None:
            while self.race.t < self._goal:
                self.race.step()
                if perf_counter() > end:
                    break
        is_needed = self.is_playing or not self.is_settled
        if is_needed != self._timer.isActive():
            self._timer.start() if is_needed else self._timer.stop()
        if not self.is_playing or self.t != before:
            self.moved.emit()
