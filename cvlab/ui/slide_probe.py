"""What `cvlab bench slide` measures in the real window: from a slider's step to the painted result, on the convolution panel."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from time import perf_counter

from PySide6.QtWidgets import QSlider

from cvlab.core.panels.convolution_documents import MAX_FILTERS, MAX_SIDE
from cvlab.ui.app import Session
from cvlab.ui.frame_probe import FrameProbe, measured
from cvlab.ui.probe import measure
from cvlab.ui.window import MainWindow

ROUNDS = 80
"""Of the loop over the taps, and of PyTorch's convolution beside it."""


class SlideProbe(FrameProbe):
    """Drags a slider, walks the window and paints a kernel once all panels are built and the picture is here; then it ends the
    application."""

    _panel_id = "convolution"

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window, session, "slide")
        self._state = window.lab.project.convolution

    def _warmed(self, *_: str) -> None:
        super()._warmed()
        self._panel = self._window.panel(self._panel_id)

    def _is_ready(self) -> bool:
        return self._panel.gallery.is_settled and super()._is_ready()

    def _measure(self) -> None:
        self.result = {"frames": {name: measured(frame) for name, frame in self._frames()}}
        self.result["against_torch"] = self._against_torch()
        self._window.leave()

    def _frames(self) -> Iterator[tuple[str, Callable[[int], None]]]:
        yield "padding slider, the course's demonstration", self._pad
        self._slider("side").setValue(MAX_SIDE)
        self._slider("filters").setValue(MAX_FILTERS)
        yield "padding slider, the largest input, three filters", self._pad
        yield "the window moves on", self._walk
        self._panel.slide.turn_over()
        yield "padding slider, transposed, the largest input, three maps", self._pad
        yield "the stamp moves on", self._walk
        self._panel.slide.turn_over()
        self._state.page = "kernel"
        yield "a painted kernel cell, the whole picture", self._paint

    def _slider(self, field: str) -> QSlider:
        return self._panel.findChild(QSlider, f"convolution.slide.{field}")

    def _pad(self, step: int) -> None:
        self._slider("padding").setValue(step % 4)

    def _walk(self, step: int) -> None:
        self._panel.slide.transport.forward()

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
        for _ in range(ROUNDS):
            began = perf_counter()
            filtered(image, kernel)
            between = perf_counter()
            torch.nn.functional.conv2d(tensor, weights, padding=len(kernel) // 2, groups=len(image))
            own.append(between - began)
            rival.append(perf_counter() - between)
        return {"cvlab_ms": 1000 * statistics.median(own), "torch_ms": 1000 * statistics.median(rival)}


def main() -> int:
    return measure(SlideProbe)


if __name__ == "__main__":
    sys.exit(main())
