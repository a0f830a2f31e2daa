"""The theme in force: light or dark, following the system or chosen; announces its changes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from cvlab.ui.theme.tokens import DARK, LIGHT, Tokens

_IDLE_MS = 60
"""Between two hidden parts of the window that get a new style sheet: input is handled in between."""


class StyledRoot(QObject):
    """The style sheet of one widget and of all below it. A hidden widget gets the sheet in force when it is shown.

    A sheet costs 0.1 ms a widget. One for the whole application would restyle all 3,000 widgets of all panels at once.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.widget = widget
        self._applied: Tokens | None = None
        widget.installEventFilter(self)

    @property
    def is_stale(self) -> bool:
        """The theme has changed since the widget got its sheet."""
        return self._applied is not theme().tokens

    def refresh(self) -> None:
        """Applies the sheet in force, if it is another than the widget has."""
        if self.is_stale:
            self._applied = theme().tokens
            self.widget.setStyleSheet(theme().style_sheet())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self.refresh()
        return False


class Theme(QObject):
    """`theme()` gives the one instance. Painters ask it for colours when they paint; `changed` tells them to paint again.

    Every window, and every part of one that can be hidden as a whole, is given to `style` once.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._wanted = "system"
        self._is_applied = False
        self.tokens: Tokens = LIGHT
        self._roots: list[StyledRoot] = []
        self._sheet = ""
        self._idle = QTimer(self)
        self._idle.setInterval(_IDLE_MS)
        self._idle.timeout.connect(self._refresh_next)
        self._colours: dict[tuple[str, float], QColor] = {}  # of these tokens: painters ask a hundred times a frame
        self._texts: dict[str, QColor] = {}

    def choose(self, wanted: str) -> None:
        """ "system", "light" or "dark"."""
        self._wanted = wanted
        self.apply()

    def follow(self) -> None:
        """Takes part in the system's changes from now on. Call it once, when there is an application."""
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)

    def _system_changed(self) -> None:
        if self._wanted == "system":
            self.apply()

    def apply(self) -> None:
        dark = self._wanted == "dark" or (self._wanted == "system" and self._system_is_dark())
        tokens = DARK if dark else LIGHT
        if tokens is self.tokens and self._is_applied:
            self.changed.emit()
            return
        self.tokens = tokens
        self._colours.clear()
        self._texts.clear()
        application = QApplication.instance()
        if application is not None:
            self._is_applied = True
            from cvlab.ui.theme.style import palette

            application.setPalette(palette(self.tokens))
            self._sheet = ""
            for root in self._stale_roots():
                if root.widget.isVisible():
                    root.refresh()
            if self._stale_roots():
                self._idle.start()
        self.changed.emit()

    def style(self, widget: QWidget) -> None:
        """Gives a widget and all below it the style sheet, now and whenever the theme changes. Call it before it has children."""
        root = StyledRoot(widget)
        self._roots = [*filter(isValid, self._roots), root]
        root.refresh()

    def style_sheet(self) -> str:
        """The sheet of the theme in force."""
        if not self._sheet:
            from cvlab.ui.theme.style import style_sheet

            self._sheet = style_sheet(self.tokens)
        return self._sheet

    def _stale_roots(self) -> list[StyledRoot]:
        self._roots = [root for root in self._roots if isValid(root) and isValid(root.widget)]
        return [root for root in self._roots if root.is_stale]

    def _refresh_next(self) -> None:
        """Restyles one hidden part of the window, so that nobody waits for it later. Not while a mouse button is down."""
        stale = self._stale_roots()
        if len(stale) <= 1:
            self._idle.stop()
        if stale and QGuiApplication.mouseButtons() == Qt.MouseButton.NoButton:
            stale[0].refresh()
        elif stale:
            self._idle.start()

    def colour(self, role: str, alpha: float = 1.0) -> QColor:
        """A colour by its role ("ink", "accent", ...), a layer role ("conv", ...) or "class-0".."class-9"."""
        found = self._colours.get((role, alpha))
        if found is None:
            found = self._colours[role, alpha] = QColor(self._value(role))
            found.setAlphaF(alpha)
        return QColor(found)  # whoever asks may change it

    def text(self, role: str) -> QColor:
        """The colour of a role for words: dark or light enough to be read, where the mark need not be."""
        found = self._texts.get(role)
        if found is None:
            from cvlab.ui.theme.style import readable

            found = self._texts[role] = QColor(readable(self._value(role), self.tokens))
        return QColor(found)

    def _value(self, role: str) -> str:
        if role.startswith("class-"):
            return self.tokens.classes[int(role[6:]) % len(self.tokens.classes)]
        return self.tokens.roles.get(role) or getattr(self.tokens, role)

    @property
    def is_dark(self) -> bool:
        return self.tokens is DARK

    @staticmethod
    def _system_is_dark() -> bool:
        hints = QGuiApplication.styleHints()
        return hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark


_theme: Theme | None = None


def theme() -> Theme:
    global _theme
    if _theme is None:
        _theme = Theme()
    return _theme
