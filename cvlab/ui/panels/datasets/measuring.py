"""Curves that are measured in the background, one at a time, shown as they grow, and kept for the next look."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer

from cvlab.core.lab import Lab
from cvlab.engine.data.robustness import Measured
from cvlab.ui.panels.datasets.challenge_work import NET_JOB, MeasureCurves
from cvlab.ui.panels.datasets.curve_card import CurveCard

CURVE = "datasets.challenge_curve"
_PATIENCE_MS = 700
"""After so long on one challenge its curve is measured without being asked."""


class Measuring(QObject):
    """Shows the curve of the request that `look` was given last; measures it after a while, or at once when asked."""

    def __init__(self, lab: Lab, card: CurveCard, parent: QObject) -> None:
        super().__init__(parent)
        self._lab, self._card = lab, card
        self._known: dict[tuple[Any, ...], tuple[Measured, ...]] = {}
        self._request: MeasureCurves | None = None
        self._running: tuple[Any, ...] | None = None
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._start_unasked)
        card.measure.clicked.connect(self.toggle)

    def look(self, request: MeasureCurves, *, soon: bool) -> None:
        """The curve that is wanted from now on. soon: whether it may be measured without being asked."""
        self._request = request
        known = self._known.get(request.key)
        if known is None and self._running == request.key:
            return
        self.stop()
        count = min(request.sample, len(request.dataset.test))
        words = (
            f"{count:,} test images at nine amounts, asked in the background. They are only measured, never tuned on."
        )
        self._card.show_points(known or (), len(request.dataset.classes), words)
        self._card.show_busy(False)
        if known is None and soon:
            self._patience.start()

    def stop(self) -> None:
        """Nothing is measured any more, and nothing will be unasked."""
        self._running = None
        self._patience.stop()
        self._lab.jobs.cancel(CURVE)
        self._card.show_busy(False)

    def toggle(self) -> None:
        """Begins, or stops what was begun."""
        if self._running is not None:
            self.stop()
        elif self._request is not None:
            self._start()

    def is_known(self) -> bool:
        """Whether the wanted curve has been measured."""
        return self._request is not None and self._request.key in self._known

    def _start_unasked(self) -> None:
        """Unless a training needs the processor more, or the net is still on its way."""
        run = self._lab.runs.current
        if run is not None and run.is_active:
            return
        if self._lab.jobs.is_busy(NET_JOB):
            self._patience.start()
        elif self._running is None:
            self._start()

    def _start(self) -> None:
        self._patience.stop()
        request = self._request
        self._running = request.key
        self._card.show_points((), len(request.dataset.classes), "Asking…")
        self._card.show_busy(True)
        self._lab.jobs.submit(CURVE, request, done=self._take, failed=self._fail, progress=self._show)

    def _show(self, points: tuple[Measured, ...]) -> None:
        self._card.show_points(points, len(self._request.dataset.classes))

    def _take(self, points: tuple[Measured, ...]) -> None:
        self._known[self._running] = points
        self._running = None
        self._show(points)
        self._card.show_busy(False)

    def _fail(self, error: BaseException) -> None:
        self.stop()
        self._card.show_points((), len(self._request.dataset.classes), str(error))
        self._lab.notices.error(error)
