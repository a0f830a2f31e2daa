"""The keyboard focus when the control that has it is disabled, hidden or deleted, and Tab in tables and text editors.

Qt then gives the focus to the next control in the tab order, whatever that does: after Pause to Stop, after Delete to another
panel. `FocusGuard` puts it back near where it was, for every window of the application.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from weakref import WeakKeyDictionary, ref

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QAbstractItemView, QApplication, QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

DESTRUCTIVE = frozenset({"clear", "delete", "discard", "forget", "remove", "reset", "stop", "throw", "unqueue"})
"""Verbs in the object name of a control that ends or deletes something. A control with the role "danger" is one, too."""

_successors: WeakKeyDictionary[QWidget, tuple[ref[QWidget], ...]] = WeakKeyDictionary()


def is_destructive(widget: QWidget) -> bool:
    """Whether the control ends or deletes something: the focus never moves to it by itself."""
    verbs = re.findall(r"[a-z]+", widget.objectName().rpartition(".")[2])
    return "danger" in str(widget.property("role") or "").split() or not DESTRUCTIVE.isdisjoint(verbs)


def set_successors(control: QWidget, *successors: QWidget) -> None:
    """Where the focus goes when `control` loses it because it, or what it stands in, is disabled or hidden.

    Args:
        control: A control, or a container; what is declared for a container holds for all controls in it.
        successors: The first of these that is visible and enabled gets the focus. If there is none, the nearest container of
            `control` that is visible and enabled does.
    """
    _successors[control] = tuple(map(ref, successors))


class FocusGuard(QObject):
    """Follows the focus of the application. One is enough: see `FocusGuard.install`."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        # For each window the widget that had the focus last and its containers. Weak: a window is a container of its own.
        self._paths: WeakKeyDictionary[QWidget, tuple[ref[QWidget], ...]] = WeakKeyDictionary()
        application.focusChanged.connect(self._change)

    @classmethod
    def install(cls, application: QApplication) -> None:
        """Makes the application's guard; does nothing where there is one."""
        if application.findChild(cls) is None:
            cls(application)

    def _change(self, old: QWidget | None, new: QWidget | None) -> None:
        window = QWidget.window(new) if new is not None else QApplication.activeWindow()
        if window is None or not window.isVisible():
            return
        path = self._path_before(old, window)
        if path and path[0] is not new and not _can_take(path[0]) and self._must_move(old, new, window):
            target = _successor(path)
            if target is not None and target is not new:
                target.setFocus()
                return
        if new is not None:
            self._paths[window] = tuple(map(ref, _containers(new)))
            _let_tab_leave(new)
        else:
            QTimer.singleShot(0, self, self._replace_deleted)  # a control that is being deleted still looks alive

    def _replace_deleted(self) -> None:
        window = QApplication.activeWindow()
        if window is None or QApplication.focusWidget() is not None:
            return
        path = self._path_before(None, window)
        target = _successor(path) if path and not _can_take(path[0]) else None
        if target is not None:
            target.setFocus()

    def _path_before(self, old: QWidget | None, window: QWidget) -> list[QWidget | None]:
        """The widget that had the focus in this window, None where it is deleted, and its containers, innermost first."""
        if _is_in(old, window):
            return list(_containers(old))
        return [each() for each in self._paths.get(window, ())]

    def _must_move(self, old: QWidget | None, new: QWidget | None, window: QWidget) -> bool:
        """Whether the focus is where Qt has put it. A window that becomes active again may have been given another focus
        meanwhile; that is kept, unless it is a control that ends or deletes something."""
        return new is None or _is_in(old, window) or is_destructive(new)


def _let_tab_leave(widget: QWidget) -> None:
    """Tab goes on to the next control, and neither through the cells of a table nor into a text."""
    if isinstance(widget, QAbstractItemView):
        widget.setTabKeyNavigation(False)
    elif isinstance(widget, QPlainTextEdit | QTextEdit):
        widget.setTabChangesFocus(True)


def _containers(widget: QWidget | None) -> Iterator[QWidget]:
    """The widget and what it stands in, up to its window."""
    while widget is not None:
        yield widget
        if widget.isWindow():
            return
        widget = widget.parentWidget()


def _is_in(widget: QWidget | None, window: QWidget) -> bool:
    # Not `widget.window()`: a subclass may have a method of that name which is something else.
    return widget is not None and isValid(widget) and QWidget.window(widget) is window


def _can_take(widget: QWidget | None) -> bool:
    return widget is not None and isValid(widget) and widget.isVisible() and widget.isEnabled()


def _successor(path: Iterable[QWidget | None]) -> QWidget | None:
    for widget in path:
        if widget is None or not isValid(widget):
            continue
        for each in (*(successor() for successor in _successors.get(widget, ())), widget):
            taker = _proxy_of(each)
            if _can_take(taker) and not is_destructive(taker):
                return taker
    return None


def _proxy_of(widget: QWidget | None) -> QWidget | None:
    """The widget that gets the focus when this one is asked to take it."""
    while widget is not None and isValid(widget) and widget.focusProxy() is not None:
        widget = widget.focusProxy()
    return widget
