"""The beat of gradient descent on the circuit: a step every few frames, until it is stopped or has taken enough of them."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

INTERVAL_MS, MOST_STEPS = 60, 400


class Descent(QObject):
    """stepped: take one step. changed(is_active)."""

    stepped = Signal()
    changed = Signal(bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._left = 0
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self._beat)

    @property
    def is_active(self) -> bool:
        return self._timer.isActive()

    def toggle(self) -> None:
        if self.is_active:
            self.stop()
            return
        self._left = MOST_STEPS
        self._timer.start()
        self.changed.emit(True)

    def stop(self) -> None:
        """Harmless when it does not run."""
        if self.is_active:
            self._timer.stop()
            self.changed.emit(False)

    def _beat(self) -> None:
        self._left -= 1
        self.stepped.emit()
        if self._left <= 0:
            self.stop()
