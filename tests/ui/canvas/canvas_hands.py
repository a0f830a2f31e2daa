"""Where a person takes hold of a block, and how a drag over the canvas goes."""

from __future__ import annotations

from PySide6.QtCore import QPoint

from cvlab.ui.canvas.view import NetView
from tests.ui import hands


def block(view: NetView, name: str):
    return view.net_scene.blocks[view.net_scene.net.by_name[name].id]


def drag(view: NetView, start: QPoint, end: QPoint, *, let_go: bool = True) -> None:
    hands.drag(view.viewport(), start, end, let_go=let_go)
