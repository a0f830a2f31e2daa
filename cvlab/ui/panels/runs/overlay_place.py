"""Where runs are laid over each other: there at once, or, while the window starts, when pyqtgraph has been loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from cvlab.core.jobs import Jobs
from cvlab.core.panels.runs import RunsState
from cvlab.core.run_list import RunCurves, RunRow
from cvlab.ui.widgets.later import PLOTS, Later

if TYPE_CHECKING:
    from cvlab.ui.panels.runs.overlay import Overlay


class OverlayPlace(Later["Overlay"]):
    """Passes on what is to be drawn; before the plots are there, that is nothing. `came` asks for it again."""

    def __init__(self, jobs: Jobs, state: RunsState, parent: QWidget) -> None:
        self._state = state
        super().__init__(jobs, "runs.plots", PLOTS, self._make_overlay, parent)

    def _make_overlay(self, parent: QWidget) -> Overlay:
        from cvlab.ui.panels.runs.overlay import Overlay

        return Overlay(self._state, parent)

    def show_runs(self, rows: Sequence[RunRow], curves: Mapping[str, RunCurves], waiting: bool) -> None:
        """See `Overlay.show_runs`."""
        if self.is_there:
            self.widget.show_runs(rows, curves, waiting)
