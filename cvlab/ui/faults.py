"""What goes wrong where nobody catches it: written to the log, told once in words, never a dialog with a traceback."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import sys
import threading
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO

from PySide6.QtCore import QObject, QtMsgType, QUrl, qInstallMessageHandler
from PySide6.QtGui import QDesktopServices

from cvlab.core import paths
from cvlab.core.notices import Notices, Remedy

log = logging.getLogger("cvlab")
qt_log = logging.getLogger("cvlab.qt")

LOG_BYTES = 1_000_000
"""A log that has grown beyond this is set aside at the next start; the one before it is given up."""

LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG, QtMsgType.QtInfoMsg: logging.INFO, QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR, QtMsgType.QtFatalMsg: logging.CRITICAL,
}  # fmt: skip


def open_log() -> None:
    """The log file, and a place for what the interpreter says when it dies. A folder that cannot be written costs only those."""
    log.setLevel(logging.INFO)
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.ERROR)
    log.addHandler(handler)
    folder = paths.logs()
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "cvlab.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(folder / "cvlab.1.log")
        # Not logging.handlers: it would load a fifth of what the window itself needs, to turn the log over once.
        file = logging.FileHandler(path, encoding="utf-8", delay=True)
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s [%(threadName)s] %(message)s"))
        log.addHandler(file)
        faulthandler.enable(file=_crash_file(), all_threads=True)


_crash: IO[str] | None = None


def _crash_file() -> IO[str]:
    # faulthandler needs the file to stay open for as long as the process lives.
    global _crash
    _crash = (paths.logs() / "crash.log").open("a", encoding="utf-8")
    return _crash


class Faults(QObject):
    """Catches what escapes on any thread; `deliver` makes notices of it on the GUI thread, each kind once."""

    def __init__(self, notices: Notices, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notices = notices
        self._waiting: SimpleQueue[BaseException] = SimpleQueue()
        self._told: set[str] = set()
        self._before: tuple | None = None

    def install(self) -> None:
        """Takes over the hooks of the interpreter and of Qt."""
        self._before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._in_main
        threading.excepthook = self._in_thread
        sys.unraisablehook = self._unraisable
        qInstallMessageHandler(from_qt)

    def remove(self) -> None:
        """Gives the hooks back."""
        if self._before is not None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
            self._before = None
            qInstallMessageHandler(None)

    def deliver(self) -> None:
        """Tells what has come in since the last time."""
        while True:
            try:
                error = self._waiting.get_nowait()
            except Empty:
                return
            place = _place(error)
            if place not in self._told:
                self._told.add(place)
                self._notices.error(error, Remedy("Show the log folder", self.show_log))

    def show_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(paths.logs())))

    def _in_main(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self._take(error, "unexpected")

    def _in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            self._take(args.exc_value, f"unexpected, in thread {args.thread.name if args.thread else '?'}")

    def _unraisable(self, args: sys.UnraisableHookArgs) -> None:
        # Nobody can do anything about an error in a destructor: it is for the log only.
        log.error("%s %r", args.err_msg or "ignored", args.object, exc_info=args.exc_value)

    def _take(self, error: BaseException, words: str) -> None:
        log.error(words, exc_info=error)
        self._waiting.put(error)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__} {where}"


def from_qt(level: QtMsgType, context: object, message: str) -> None:
    """Qt's own messages, into the log."""
    if "This plugin does not support" not in message:
        qt_log.log(LEVELS.get(level, logging.WARNING), message)
