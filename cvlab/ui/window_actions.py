"""What the window itself can do, declared once, and where it stands in the menus.

Dialogs are imported when they are asked for: the first paint waits for nothing that is not on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QUrl
from PySide6.QtGui import QActionGroup, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPlainTextEdit, QTextEdit, QWidget

from cvlab.core import paths
from cvlab.ui.actions import Action
from cvlab.ui.bind import listen
from cvlab.ui.commands import WINDOW
from cvlab.ui.documents import Documents
from cvlab.ui.panels import PanelSpec
from cvlab.ui.theme import theme
from cvlab.ui.widgets.rail import panel_shortcut

if TYPE_CHECKING:
    from cvlab.ui.window import MainWindow

THEMES = ("system", "light", "dark")


class Destination(QObject):
    """Takes the window to one panel."""

    def __init__(self, window: MainWindow, panel_id: str) -> None:
        super().__init__(window)
        self._window, self._panel_id = window, panel_id

    def go(self) -> None:
        self._window.go(self._panel_id)


class WindowActions(QObject):
    """Declares the window's commands, fills the menus, and keeps their words and marks up to date."""

    def __init__(self, window: MainWindow, panels: Sequence[PanelSpec]) -> None:
        super().__init__(window)
        self._window, self._lab, self._commands = window, window.lab, window.commands
        self._history = window.lab.history
        self.documents = Documents(window.lab, window)
        self._recent = QMenu("Open recent", window.menuBar())
        self._recent.setToolTipsVisible(True)
        self._recent.aboutToShow.connect(self._fill_recent)
        self._recent.triggered.connect(self.documents.open_recent)
        self._commands.add(WINDOW, "Window", self._declared(panels))
        self._themes = QActionGroup(self)
        self._fill_menus(panels)
        for name in ("explanation", *(f"theme_{choice}" for choice in THEMES)):
            self._commands[f"window.{name}"].setCheckable(True)
        for choice in THEMES:
            self._themes.addAction(self._commands[f"window.theme_{choice}"])
        listen(self, self._history.changed, self._show_history)
        theme().changed.connect(self._show_theme)
        # A text field takes Ctrl+Z for itself, even with nothing to undo in it; then the project's undo is meant.
        QApplication.instance().focusChanged.connect(self._focus_moved)
        self._show_history()
        self._show_theme()

    def _declared(self, panels: Sequence[PanelSpec]) -> tuple[Action, ...]:
        d, w = self.documents, self._window
        visits = tuple(
            Action(
                f"window.go_{s.id}", f"Go to {s.title}", Destination(w, s.id).go, panel_shortcut(n), s.icon, s.summary
            )
            for n, s in enumerate(panels, 1)
        )
        return (
            *visits,
            Action("window.new", "New project", d.new, "Ctrl+N", "new", "A new project with the ready-made LeNet."),
            Action("window.open", "Open…", d.open, "Ctrl+O", "open", "Opens a project file."),
            Action("window.save", "Save", d.save, "Ctrl+S", "save", "Saves the project to its file."),
            Action("window.save_as", "Save as…", d.save_as, "Ctrl+Shift+S", "save", "Saves to another file."),
            Action("window.quit", "Quit", w.close, "Ctrl+Q", "quit", "Closes cvlab; nothing is lost."),
            Action("window.undo", "Undo", self._undo, "Ctrl+Z", "undo", enabled=self._can_undo),
            Action("window.redo", "Redo", self._redo, "Ctrl+Shift+Z, Ctrl+Y", "redo", enabled=self._can_redo),
            Action(
                "window.explanation", "Explanation", w.toggle_explanation, "F1", "lesson",
                "What am I looking at: the idea, the formula, and what to try.",
            ),
            Action("window.theme", "Switch light and dark", self._switch, "Ctrl+Shift+L", "moon", "Light or dark."),
            Action("window.theme_system", "Theme: follow the system", self._follow_system, icon="system"),
            Action("window.theme_light", "Theme: light", self._go_light, icon="sun"),
            Action("window.theme_dark", "Theme: dark", self._go_dark, icon="moon"),
            Action(
                "window.palette", "Find a command…", w.open_palette, "Ctrl+K", "search",
                "All commands, by a few of their letters.",
            ),
            Action("window.shortcuts", "Keyboard shortcuts", self._show_shortcuts, "Ctrl+/", "keyboard"),
            Action("window.log", "Show the log folder", self._show_log, icon="folder"),
            Action("window.about", "About cvlab", self._show_about, icon="info"),
        )  # fmt: skip

    def _fill_menus(self, panels: Sequence[PanelSpec]) -> None:
        menus, theme_menu = self._commands.menus, QMenu("Theme", self._window.menuBar())
        plan = {
            "File": ("new", "open", self._recent, None, "save", "save_as", None, "quit"),
            "Edit": ("undo", "redo"),
            "View": (*(f"go_{s.id}" for s in panels), None, "explanation", "palette", None, "theme", theme_menu),
            "Help": ("shortcuts", "log", "about"),
        }
        for choice in THEMES:
            theme_menu.addAction(self._commands[f"window.theme_{choice}"])
        for title, parts in plan.items():
            for part in parts:
                if part is None:
                    menus[title].addSeparator()
                elif isinstance(part, QMenu):
                    menus[title].addMenu(part)
                else:
                    menus[title].addAction(self._commands[f"window.{part}"])
        menus["File"].aboutToShow.connect(self._fill_recent)

    def _fill_recent(self) -> None:
        self.documents.fill_recent(self._recent)

    # -- undo ----------------------------------------------------------------------------------------------------------

    def _show_history(self, _: object = None) -> None:
        for name, label in (("undo", self._history.undo_label), ("redo", self._history.redo_label)):
            verb = name.capitalize()
            self._commands[f"window.{name}"].setText(f"{verb}: {label}" if label else verb)
        self._commands.refresh_soon()

    def _text(self) -> QWidget | None:
        """The text field that has the focus, if it has one."""
        focus = QApplication.focusWidget()
        return focus if isinstance(focus, QLineEdit | QPlainTextEdit | QTextEdit) else None

    def _can_undo(self) -> bool:
        return self._history.can_undo or text_can(self._text(), "undo")

    def _can_redo(self) -> bool:
        return self._history.can_redo or text_can(self._text(), "redo")

    def _undo(self) -> None:
        text = self._text()
        if text_can(text, "undo"):
            text.undo()
        else:
            self._history.undo()

    def _redo(self) -> None:
        text = self._text()
        if text_can(text, "redo"):
            text.redo()
        else:
            self._history.redo()

    def _focus_moved(self, old: QWidget | None, new: QWidget | None) -> None:
        if isinstance(old, QLineEdit | QPlainTextEdit | QTextEdit):
            old.removeEventFilter(self)
        if isinstance(new, QLineEdit | QPlainTextEdit | QTextEdit):
            new.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            for verb, keys in (("undo", QKeySequence.StandardKey.Undo), ("redo", QKeySequence.StandardKey.Redo)):
                if event.matches(keys) and not text_can(watched, verb):
                    event.ignore()
                    return True
        return False

    # -- theme ---------------------------------------------------------------------------------------------------------

    def _show_theme(self) -> None:
        self._commands[f"window.theme_{self._lab.settings.theme}"].setChecked(True)

    def _choose(self, choice: str) -> None:
        self._lab.settings.theme = choice
        theme().choose(choice)
        self._lab.settings.save()

    def _switch(self) -> None:
        self._choose("light" if theme().is_dark else "dark")

    def _follow_system(self) -> None:
        self._choose("system")

    def _go_light(self) -> None:
        self._choose("light")

    def _go_dark(self) -> None:
        self._choose("dark")

    # -- help ----------------------------------------------------------------------------------------------------------

    def _show_shortcuts(self) -> None:
        from cvlab.ui.dialogs import ShortcutsDialog

        ShortcutsDialog(self._window, self._commands.groups()).open()

    def _show_about(self) -> None:
        from cvlab.ui.dialogs import AboutDialog

        AboutDialog(self._window).open()

    def _show_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(paths.logs())))


def text_can(text: QObject | None, verb: str) -> bool:
    """Whether a text field has something of its own to undo or redo."""
    if isinstance(text, QLineEdit):
        return text.isUndoAvailable() if verb == "undo" else text.isRedoAvailable()
    if isinstance(text, QPlainTextEdit | QTextEdit):
        document = text.document()
        return document.isUndoAvailable() if verb == "undo" else document.isRedoAvailable()
    return False
