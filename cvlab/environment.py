"""What the process must be told before PyTorch and Qt are loaded."""

import os

PYTORCH = {
    # Threads of PyTorch that wait for work look about for it for some 30 microseconds, then sleep. Without the limit they keep
    # whole cores busy that the window needs; at zero, a small net spends a third of its time waking them.
    "GOMP_SPINCOUNT": "10000",
}
QT = {"QT_API": "pyside6", "PYQTGRAPH_QT_LIB": "PySide6"}


def prepare() -> None:
    """Sets what the person has not set."""
    for name, value in (PYTORCH | QT).items():
        os.environ.setdefault(name, value)
