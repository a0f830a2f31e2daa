"""What every test stands on: a home of its own, no network, and noise or leaks that fail and say how to mend them."""

from __future__ import annotations

import gc
import os
import threading

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_API", "pyside6")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import pytest

OFFSCREEN_CANNOT = r"This plugin does not support (raise|propagateSizeHints|grabbing)"
"""What the offscreen platform says of window managers, and no fault of ours."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "qapp" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore(OFFSCREEN_CANNOT, extend=True))


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    """An empty CVLAB_HOME: no test reads or writes a person's files."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("CVLAB_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Only this machine can be reached; a test that needs a server starts one on 127.0.0.1."""
    import socket

    connect = socket.socket.connect

    def guarded(self, address):
        local = not isinstance(address, tuple) or address[0] in ("127.0.0.1", "localhost", "::1")
        if not local:
            raise OSError(f"tests have no network: {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def no_threads_left():
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(2)
    names = [thread.name for thread in left if thread.is_alive()]
    assert not names, (
        f"threads left running: {names}. Close the Lab (the `lab` fixture does), or join what you started."
    )


@pytest.fixture(scope="session")
def qapp(qapp):
    """pytest-qt's application, dressed as the real one."""
    from cvlab.ui.app import dress

    dress(qapp)
    return qapp


@pytest.fixture
def flush(qapp):
    """A function that delivers what is posted, deletions too: without an event loop nobody else would."""
    return _flush


def _flush() -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtWidgets import QApplication

    for _ in range(3):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()


@pytest.fixture(autouse=True)
def no_widgets_left(request):
    """Top-level widgets and running timers that a test leaves behind fail it. No garbage is collected inside a test:
    the collector would free widgets under Qt's feet while it delivers events."""
    if "qapp" not in request.fixturenames:
        yield
        return
    application = request.getfixturevalue("qapp")
    from PySide6.QtCore import QTimer
    from shiboken6 import getCppPointer, isValid

    # What outlives tests need not be looked at in every one of them: 0.2 s each.
    gc.collect()
    gc.freeze()
    gc.disable()
    before = {getCppPointer(widget)[0] for widget in application.topLevelWidgets()}
    yield
    _flush()
    gc.collect()
    _flush()
    widgets = [widget for widget in application.topLevelWidgets() if getCppPointer(widget)[0] not in before]
    described = [f"{type(widget).__name__} {widget.objectName()!r}" for widget in widgets]
    for widget in widgets:
        widget.deleteLater()
    timers = [
        f"{type(timer.parent()).__name__}'s timer of {timer.interval()} ms"
        for timer in gc.get_objects()
        if issubclass(type(timer), QTimer) and isValid(timer) and timer.isActive()
    ]
    _flush()
    gc.enable()
    assert not described, f"top-level widgets left: {described}. Give them a parent, qtbot.addWidget, or deleteLater."
    assert not timers, f"timers left running: {timers}. Give them a parent that is deleted, or stop them when hidden."


@pytest.fixture
def lab(home):
    """A whole lab in an empty home; closed after the test."""
    from cvlab.core.lab import Lab

    made = Lab()
    yield made
    made.close()


@pytest.fixture
def window(lab, qapp, qtbot):
    """The main window, shown at 1280 x 800 with the real panels; closed and deleted after the test."""
    from cvlab.ui.window import MainWindow

    made = MainWindow(lab)
    made.resize(1280, 800)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.leave()
    _flush()
