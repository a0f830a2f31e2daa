"""What `cvlab bench history` measures in the real window: a frame of panning along curves of ten million points."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from time import perf_counter, thread_time

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from cvlab.core.curve import Curve
from cvlab.core.run import Run
from cvlab.core.run_list import RunCurves, read_rows
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import EpochEnd, RunStarted, StepEnd
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.frame_probe import REST_MS, FrameProbe
from cvlab.ui.probe import measure
from cvlab.ui.widgets.plot import CurvePlot

POINTS, FRAMES, _WARM = 10_000_000, 200, 5
_ZOOMS = {"all of it": 1.0, "a tenth": 0.1, "a ten-thousandth": 1e-4}


class HistoryProbe(FrameProbe):
    """Pans along the curves of the runs panel, along a run's own curves in the training panel, and, as the rival, along the same
    points given whole to a pyqtgraph curve that thins them by its peaks (downsampling "peak", clipped to the view)."""

    _panel_id = "runs"

    def __init__(self, *settings) -> None:
        super().__init__(*settings, "history")

    def _measure(self) -> None:
        self.result = dict(self._subjects()) | {"read_ms": self._read_ms}
        self._window.leave()

    def _subjects(self) -> Iterator[tuple[str, dict]]:
        steps = np.arange(1.0, POINTS + 1)
        losses = 2.3 * np.exp(-steps / 2e6) + np.random.default_rng(0).gamma(2.0, 0.1, POINTS)
        row = self._make_run()
        panel = self._window.panel("runs")
        self._window.go("runs")
        state = self._window.lab.project.runs
        state.curve, state.against = "loss", "step"
        curves = RunCurves({"step": steps, "loss": losses}, {})
        began = perf_counter()
        panel.overlay.show_runs([row], {row.id: curves}, False)
        QApplication.processEvents()
        self._read_ms = 1000 * (perf_counter() - began)
        yield from self._pans("runs", panel.overlay.plot.view)
        run = self._long_run(row, steps, losses)
        self._window.go("training")
        view = self._window.panel("training").curves
        view.draw(run, at_once=True)
        self._settle()
        yield from self._pans("training", view.loss.view)
        yield from self._pans("training while it grows", view.loss.view, beat=self._growing(run))
        yield from self._pans("pyqtgraph", self._rival(panel.overlay.plot, steps, losses), frames=20)

    @staticmethod
    def _settle() -> None:
        """Until what a panel does once when it is first shown, as setting the formulas of its lesson, is done."""
        loop = QEventLoop()
        QTimer.singleShot(REST_MS, loop.quit)
        loop.exec()

    def _make_run(self):
        lab = self._window.lab
        folder = RunFolder.create(lab.runs.root, zoo.two_layer(), Recipe())
        folder.log(RunStarted("CPU", 1, 250, 0, 1, 1, 1))
        folder.log(StepEnd(1, 1, 2.3, 0.1, 0.1, 250, 0.1))
        folder.log(EpochEnd(1, 1, 2.3, 0.1, 2.3, 0.1, 0.1, 0.1, 1.0))
        folder.close()
        return next(row for row in read_rows(lab.runs.root) if row.id == folder.record.id)

    def _long_run(self, row, steps: np.ndarray, losses: np.ndarray) -> Run:
        run = Run.read(RunFolder.open(row.folder))
        run.state.step = run.state.total_steps = POINTS
        run.line.each = POINTS // 50
        run.curves = {name: Curve() for name in run.curves}
        # A run's own curve keeps 4,096 lows and highs of however many points: a tenth of them fills it as well.
        for step, loss, share in zip(
            steps[::10].tolist(), losses[::10].tolist(), np.exp(-losses[::10]).tolist(), strict=True
        ):
            run.curves["loss"].append(step, loss)
            run.curves["accuracy"].append(step, share)
        for epoch in range(1, 51):
            run.curves["held_out_loss"].append(epoch * POINTS / 50, 2.3 * np.exp(-epoch / 10))
            run.curves["held_out_accuracy"].append(epoch * POINTS / 50, 1 - 0.9 * np.exp(-epoch / 10))
        run.state = replace(run.state, revision=1)
        return run

    def _growing(self, run: Run) -> Callable[[], None]:
        """Two steps of the run, and what the panel does at each tick with a run that trains."""
        view = self._window.panel("training").curves
        run._tail, run.state.status = None, "running"

        def beat() -> None:
            for name, value in (("loss", 0.5), ("accuracy", 0.8), ("learning_rate", 0.001)):
                for _ in range(2):
                    run.curves[name].append(run.state.step + 1, value)
            run.state.step += 2
            run.state.revision += 1
            view.draw(run)

        return beat

    def _rival(self, plot: CurvePlot, steps: np.ndarray, losses: np.ndarray) -> pg.ViewBox:
        self._window.go("runs")
        for series in plot.series.values():
            series.take(np.empty(0), np.empty(0))
            series.line.show_points(series.x, series.y)
        item = pg.PlotDataItem(connect="finite", antialias=False)
        item.setDownsampling(auto=True, method="peak")
        item.setClipToView(True)
        plot.view.addItem(item, ignoreBounds=True)
        item.setData(steps, losses)
        return plot.view

    def _pans(
        self, name: str, view: pg.ViewBox, frames: int = FRAMES, beat: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[str, dict]]:
        """beat: what happens besides, in every second frame: the window's pump beats half as often as a screen."""
        view.sigRangeChangedManually.emit(
            view.state["mouseEnabled"]
        )  # as a hand does: the plot no longer follows its curves
        for words, share in _ZOOMS.items():
            width, took, work = POINTS * share, [], []
            for i in range(-_WARM, frames):
                began, worked = perf_counter(), thread_time()
                start = (POINTS - width) * 0.4 + width * (i + _WARM) / (frames + _WARM) * 0.5
                view.setXRange(start, start + width, padding=0)
                if i % 2:
                    beat()
                QApplication.processEvents()
                took.append(1000 * (perf_counter() - began))
                work.append(1000 * (thread_time() - worked))
            p50, p99 = np.percentile(took[_WARM:], (50, 99))
            work_p50, work_p99 = np.percentile(work[_WARM:], (50, 99))
            yield f"{name}, {words}", {
                "frames": frames, "p50_ms": p50, "p99_ms": p99, "max_ms": max(took[_WARM:]), "work_p50_ms": work_p50,
                "work_p99_ms": work_p99,
            }  # fmt: skip


if __name__ == "__main__":
    sys.exit(measure(HistoryProbe))
