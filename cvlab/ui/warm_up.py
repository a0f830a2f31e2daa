"""Loads PyTorch and the plots' library behind the first window, so that the first run and the first plot need not wait."""

from __future__ import annotations

import gc
import importlib
import logging
import threading

from PySide6.QtCore import QObject, Signal

log = logging.getLogger("cvlab.ui")


class WarmUp(QObject):
    """`start` once; call `look` now and then on the GUI thread. finished: the device in a few words, and a tool tip. is_told:
    whether it has been."""

    finished = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, str] | None = None
        self.is_told = False
        self._thread = threading.Thread(target=self._work, name="cvlab-warm-up", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def look(self) -> None:
        if self._words is not None and not self.is_told:
            self.is_told = True
            self.finished.emit(*self._words)

    def join(self) -> None:
        """Waits: an interpreter that ends while a library is being loaded crashes."""
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        self._load_torch()
        # Whole modules of classes, no widget: they may be loaded off the GUI thread. Half a second of a first click each.
        for name in ("pyqtgraph", "superqt"):
            try:
                importlib.import_module(name)
            except Exception:
                log.exception("%s could not be loaded", name)  # the panel that needs it says so on its card

    def _load_torch(self) -> None:
        try:
            import torch

            from cvlab.engine.training import device

            device.use_threads()
            # The first optimizer imports half of PyTorch's compiler.
            torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])
            words = device.describe(device.choose())
            self._words = words, f"Networks train and predict on {words}. PyTorch {torch.__version__}."
        except Exception as error:
            log.exception("PyTorch could not be loaded")
            self._words = "No PyTorch", f"PyTorch could not be loaded: {error}. `cvlab doctor` says what to do."


def settle() -> None:
    """Collects, and takes everything that is alive now out of the collector's sight: what start-up made lives to the end."""
    gc.collect()
    gc.freeze()
