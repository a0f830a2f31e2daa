"""The theme in force: light or dark, following the system or chosen; announces its changes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QApplication

from cvlab.ui.theme.tokens import DARK, LIGHT, Tokens


class Theme(QObject):
    """`theme()` gives the one instance. Painters ask it for colours when they paint; `changed` tells them to paint again."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._wanted = "system"
        self._is_applied = False
        self.tokens: Tokens = LIGHT
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
            from cvlab.ui.theme.style import palette, style_sheet

            application.setPalette(palette(self.tokens))
            # Replacing a sheet polishes every widget again for each of its ancestors, ten times in all; taking the old one
            # off first, once. With every panel open: 0.4 s instead of 2.3 s.
            application.setStyleSheet("")
            application.setStyleSheet(style_sheet(self.tokens))
        self.changed.emit()

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
