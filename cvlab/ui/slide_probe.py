"""What `cvlab bench slide` measures in the real window: from a slider's step to the painted result, on the convolution panel."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QSlider

from cvlab.core.lab import Lab
from cvlab.ui.app import dress
from cvlab.ui.window import MainWindow

STEPS = 80


class SlideProbe(QObject):
    """Drags sliders and paints a kernel as soon as the panel has its picture; then it ends the application."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._state = window, window.lab.project.convolution
        self.result: dict | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(20)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        self._panel = self._window.panel("convolution")
        if not self._panel.gallery.is_settled:
            return
        self._timer.stop()
        self.result = {"steps": STEPS, "slide_ms": self._times(self._pad)}
        self._state.page = "kernel"
        self.result |= {"kernel_ms": self._times(self._paint), "against_torch": self._against_torch()}
        self._window.leave()

    def _times(self, act: Callable[[int], None]) -> dict[str, float]:
        """From the act to its result painted, in milliseconds."""
        taken = []
        for step in range(STEPS + 10):
            QApplication.processEvents()
            began = perf_counter()
            act(step)
            QApplication.processEvents()
            taken.append(1000 * (perf_counter() - began))
        taken = sorted(taken[10:])  # the first steps make the cells that later ones draw again
        return {"p50": statistics.median(taken), "p95": taken[int(0.95 * len(taken))]}

    def _pad(self, step: int) -> None:
        self._panel.findChild(QSlider, "convolution.slide.padding").setValue(step % 4)

    def _paint(self, step: int) -> None:
        self._panel.kernel.pad.painted.emit(step % 3, step // 3 % 3, 0.5 + step % 5)

    def _against_torch(self) -> dict[str, float]:
        """The workbench's own loop over the taps beside PyTorch's convolution, on the same picture and threads."""
        import torch

        from cvlab.engine.convolution import filtered

        image, kernel = self._panel.gallery.photo.unit, self._state.kernel.in_force
        tensor = torch.from_numpy(image)[None]
        weights = torch.from_numpy(kernel).float().repeat(len(image), 1, 1, 1)
        torch.set_num_threads(1)
        own, rival = [], []
        for _ in range(STEPS):
            began = perf_counter()
            filtered(image, kernel)
            between = perf_counter()
            torch.nn.functional.conv2d(tensor, weights, padding=len(kernel) // 2, groups=len(image))
            own.append(between - began)
            rival.append(perf_counter() - between)
        return {"cvlab_ms": 1000 * statistics.median(own), "torch_ms": 1000 * statistics.median(rival)}


def main() -> int:
    application = QApplication(sys.argv[:1])
    lab = Lab()
    dress(application)
    lab.project.panel = "convolution"
    window = MainWindow(lab)
    window.resize(1440, 900)
    probe = SlideProbe(window)
    window.show()
    application.exec()
    if probe.result is None:
        return 1
    json.dump(probe.result, sys.stdout)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
