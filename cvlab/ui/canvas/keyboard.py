"""The canvas by keys alone: walk, select, move, wire, group, copy, and type to find a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from cvlab.ui.canvas.wiring import DrawWire

if TYPE_CHECKING:
    from cvlab.ui.canvas.view import NetView

_KEYS = Qt.Key
_NONE, _SHIFT, _CTRL, _ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
ARROWS = {_KEYS.Key_Right: (1, 0), _KEYS.Key_Left: (-1, 0), _KEYS.Key_Down: (0, 1), _KEYS.Key_Up: (0, -1)}


def owns(event: QKeyEvent) -> bool:
    """Plain keys are the canvas' while it has the focus, before any shortcut of the window."""
    plain = not event.modifiers() & ~(_SHIFT | Qt.KeyboardModifier.KeypadModifier)
    return plain and (event.key() in (_KEYS.Key_Delete, _KEYS.Key_Backspace) or _is_letter(event))


def press(view: NetView, event: QKeyEvent) -> bool:
    """Does what the key asks for; whether it was one of ours."""
    key, held = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if key == _KEYS.Key_Escape:
        view.escape()
    elif isinstance(view.gesture, DrawWire) and view.gesture.by_key:
        return _lead_wire(view, key)
    elif view.gesture is not None:
        return True
    elif key in (_KEYS.Key_Delete, _KEYS.Key_Backspace):
        view.delete_chosen()
    elif key in ARROWS and held == _ALT:
        view.nudge(*ARROWS[key])
    elif key in ARROWS and held in (_NONE, _SHIFT):
        view.walk(*ARROWS[key], extend=held == _SHIFT)
    elif key in (_KEYS.Key_Return, _KEYS.Key_Enter):
        view.asked_settings.emit()
    elif key == _KEYS.Key_Home:
        view.fit()
    elif held == _CTRL and key in _WITH_CTRL:
        getattr(view, _WITH_CTRL[key])()
    elif held == _NONE and key == _KEYS.Key_Insert:
        view.find("")
    elif held in (_NONE, _SHIFT) and _is_letter(event):
        view.find(event.text())
    else:
        return False
    return True


_WITH_CTRL = {_KEYS.Key_A: "select_all", _KEYS.Key_D: "duplicate", _KEYS.Key_L: "begin_key_wire",
              _KEYS.Key_C: "copy", _KEYS.Key_X: "cut", _KEYS.Key_V: "paste", _KEYS.Key_G: "group_chosen"}  # fmt: skip


def _is_letter(event: QKeyEvent) -> bool:
    return len(event.text()) == 1 and event.text().isalpha() and event.text().isascii()


def _lead_wire(view: NetView, key: int) -> bool:
    if key in ARROWS:
        across, down = ARROWS[key]
        view.aim_wire(across + down)
    elif key in (_KEYS.Key_Return, _KEYS.Key_Enter):
        view.finish_key_wire()
    return True
