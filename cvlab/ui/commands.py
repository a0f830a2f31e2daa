"""All commands there are: the window's, and each panel's once it is built. Menus, shortcuts and the palette read them here.

A menu shows the window's commands and, set apart, those of the panel in front: ten panels' at once nobody could tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from cvlab.core.notices import Notices
from cvlab.ui.actions import Action
from cvlab.ui.command import Command

MENUS = ("File", "Edit", "View", "Run", "Help")
WINDOW = "window"


class Commands(QObject):
    """wanted: a command of this panel is about to act; the window brings the panel to the front first."""

    wanted = Signal(str)

    def __init__(self, bar: QMenuBar, notices: Notices, window: QWidget) -> None:
        super().__init__(window)
        self._notices, self._window = notices, window
        self._of: dict[str, list[Command]] = {}
        self._titles: dict[str, str] = {WINDOW: "Window"}
        self._front = ""
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._refresh_front)
        self._guests: dict[str, list[QAction]] = {}  # what a panel has put into each menu
        self.menus: dict[str, QMenu] = {}
        for title in MENUS:
            menu = bar.addMenu(f"&{title}")
            menu.setToolTipsVisible(True)
            menu.aboutToShow.connect(self.refresh)
            self.menus[title] = menu
        self._fill_menus()

    def add(self, owner: str, title: str, actions: Sequence[Action]) -> list[Command]:
        """Takes up a panel's commands; replaces those it had before (it was built anew)."""
        for old in self._of.pop(owner, ()):
            old.deleteLater()
        commands = [Command(spec, self._notices, owner, self._window) for spec in actions]
        self._of[owner], self._titles[owner] = commands, title
        for command in commands:
            self._window.addAction(command)
            if owner != WINDOW:
                command.about_to_act.connect(self._want)
                command.sleep()
        if owner in (self._front, WINDOW):
            self._fill_menus()
        return commands

    def front(self, owner: str) -> None:
        """Only the window's and this panel's shortcuts are live."""
        self._front = owner
        self._fill_menus()
        for panel, commands in self._of.items():
            if panel != WINDOW:
                for command in commands:
                    command.wake() if panel == owner else command.sleep()
        self.refresh()

    def refresh(self) -> None:
        """Asks all commands again whether they can be done."""
        for commands in self._of.values():
            for command in commands:
                command.refresh()

    def refresh_soon(self) -> None:
        """The document has changed: asks the window's commands now, those of the panel in front once it is done changing.

        The others can only be reached through a menu or the palette, which ask when they open, or when their panel comes to
        the front.
        """
        for command in self._of.get(WINDOW, ()):
            command.refresh()
        self._soon.start()

    def _refresh_front(self) -> None:
        for command in self._of.get(self._front, ()):
            command.refresh()

    def entries(self, front: str) -> list[tuple[Command, str]]:
        """The commands, each with whose it is: those of the panel in front first, then the window, then the others."""
        return [
            (command, self._titles[owner])
            for owner in self._order(front)
            for command in self._of[owner]
            if command.isVisible() and command.text()
        ]

    def _order(self, front: str) -> list[str]:
        first = [owner for owner in (front, WINDOW) if owner in self._of]
        return [*first, *(owner for owner in self._of if owner not in first)]

    def groups(self) -> list[tuple[str, Sequence[Command]]]:
        """Whose, and which: the panel in front first, then the window, then the others."""
        return [(self._titles[owner], self._of[owner]) for owner in self._order(self._front)]

    def __getitem__(self, action_id: str) -> Command:
        """The command with this id; KeyError if there is none."""
        for commands in self._of.values():
            for command in commands:
                if command.spec.id == action_id:
                    return command
        raise KeyError(action_id)

    def _want(self, command: Command) -> None:
        self.wanted.emit(command.owner)

    def _fill_menus(self) -> None:
        """Takes the last panel's commands out of the menus and puts those of the panel in front in, under its title."""
        for title, menu in self.menus.items():
            for action in self._guests.pop(title, ()):
                menu.removeAction(action)
                if action.isSeparator():
                    action.deleteLater()
            commands = [each for each in self._of.get(self._front, ()) if each.spec.menu == title]
            if self._front != WINDOW and commands:
                self._guests[title] = self._seat(menu, commands)
        self.menus["Run"].menuAction().setVisible(not self.menus["Run"].isEmpty())

    def _seat(self, menu: QMenu, commands: Sequence[Command]) -> list[QAction]:
        """Before the menu's last part if it has several (Quit stays last), else at its end."""
        own = menu.actions()
        parts = [action for action in own if action.isSeparator()]
        before = parts[-1] if parts else None
        guests: list[QAction] = []
        if own:
            guests.append(menu.insertSeparator(before))
        for command in commands:
            menu.insertAction(before, command)
            guests.append(command)
        return guests
