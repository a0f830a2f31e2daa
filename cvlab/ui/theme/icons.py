"""Icons by meaning, drawn in the theme's colours when they are painted; the only place that knows an icon font.

The glyphs are Phosphor's (MIT), from the font that qtawesome ships. qtawesome itself is not imported: that would load
twelve fonts, about 150 ms, before the first window is on the screen.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPainterPath, QPixmap, QRawFont, QTransform

from cvlab.ui.theme.theme import theme

GLYPHS = {
    "add": "plus", "advice": "lightbulb", "arrange": "tree-structure", "back": "arrow-left", "brush": "paint-brush",
    "builder": "stack", "chart": "chart-bar", "circuits": "share-network", "clear": "eraser", "close": "x",
    "code": "code", "collapse": "arrows-in", "command": "command", "convert": "arrows-left-right",
    "convolution": "selection-foreground", "copy": "copy", "cut": "scissors", "data": "database", "delete": "trash",
    "device": "cpu", "digits": "pencil-line", "down": "caret-down", "download": "download-simple",
    "drag": "dots-six-vertical", "error": "x-circle", "expand": "arrows-out", "export": "export", "eye": "eye",
    "folder": "folder", "group": "bounding-box", "help": "question", "image": "image", "import": "download-simple",
    "info": "info", "keyboard": "keyboard", "left": "caret-left", "lenet": "tree-structure", "lesson": "lightbulb",
    "linear": "line-segments", "map": "map-trifold", "memory": "hard-drives", "mend": "wrench", "moon": "moon",
    "more": "dots-three", "neighbors": "circles-three-plus", "new": "file-plus", "open": "folder-open",
    "paste": "clipboard", "pattern": "repeat", "pause": "pause", "play": "play", "quit": "sign-out", "random": "shuffle",
    "redo": "arrow-u-up-right", "replay": "arrow-clockwise",
    "rewind": "skip-back", "right": "caret-right", "runs": "table", "save": "floppy-disk",
    "search": "magnifying-glass", "settings": "gear-six", "step": "skip-forward", "stop": "stop",
    "success": "check-circle", "sun": "sun", "system": "desktop", "training": "chart-line-up",
    "undo": "arrow-u-up-left", "ungroup": "selection-slash", "up": "caret-up", "volumes": "cube",
    "warning": "warning", "wire": "flow-arrow", "work": "calculator", "zoom-fit": "corners-out",
    "zoom-in": "magnifying-glass-plus", "zoom-out": "magnifying-glass-minus",
}  # fmt: skip
"""Meaning -> glyph. Panels ask for the meaning."""

EM = 64.0


def icon(name: str, role: str = "ink", on_role: str = "") -> QIcon:
    """The icon called `name` in the colour of `role`; `on_role`: when checked. KeyError for an unknown name.

    It follows the theme by itself: the colour is asked for at every paint, so a widget keeps its icon for life.
    """
    GLYPHS[name]
    return QIcon(_GlyphEngine(name, role, on_role or role))


def glyph_path(name: str) -> QPainterPath:
    """The outline in a 1 x 1 box with its origin at the top left, for painters (canvas items, badges)."""
    return QTransform.fromScale(1 / EM, 1 / EM).map(_outline(name))


@cache
def _font() -> tuple[QRawFont, dict[str, str]]:
    (package,) = find_spec("qtawesome").submodule_search_locations
    fonts = Path(package) / "fonts"
    (file,) = fonts.glob("phosphor-[0-9]*.ttf")
    (names,) = fonts.glob("phosphor-charmap-*.json")
    return QRawFont(str(file), EM), json.loads(names.read_text("utf-8"))


@cache
def _outline(name: str) -> QPainterPath:
    font, names = _font()
    character = chr(int(names[GLYPHS[name]], 16))
    path = font.pathForGlyph(font.glyphIndexesForString(character)[0])
    # Every Phosphor glyph is drawn on a square em; the baseline is where the font says, not at the em's foot.
    return path.translated(0, (EM + font.ascent() - font.descent()) / 2)


class _GlyphEngine(QIconEngine):
    def __init__(self, name: str, role: str, on_role: str) -> None:
        super().__init__()
        self._name, self._role, self._on_role = name, role, on_role

    def clone(self) -> QIconEngine:
        return _GlyphEngine(self._name, self._role, self._on_role)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        if size.isEmpty():
            return QPixmap()
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        is_off = mode == QIcon.Mode.Disabled
        role = "muted" if is_off else self._on_role if state == QIcon.State.On else self._role
        side = min(rect.width(), rect.height())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(QRectF(rect).center() - QPointF(side / 2, side / 2))
        painter.scale(side / EM, side / EM)
        painter.fillPath(_outline(self._name), theme().colour(role, 0.6 if is_off else 1.0))
        painter.restore()
