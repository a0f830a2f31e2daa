"""The shared controls under this panel's names, and how its numbers are written."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QWidget

from cvlab.ui.widgets.controls import Controls, label

__all__ = ["button", "chip", "choice", "icon_button", "label", "named", "percent", "plain"]

_own = Controls("neighbors")
named, button, chip, icon_button = _own.named, _own.button, _own.chip, _own.icon_button


def choice(parent: QWidget, name: str, words: str, tip: str, items: list[tuple[str, object]]) -> QComboBox:
    """A combo box; items: (words, value)."""
    made = named(QComboBox(parent), name, words, tip)
    for text, value in items:
        made.addItem(text, value)
    return made


def percent(share: float, places: int = 1) -> str:
    """0.3845 -> "38.5 %"."""
    return f"{share:.{places}%}".replace("%", " %")


def plain(value: float) -> str:
    """A distance: whole numbers whole, others with four figures, a true minus."""
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.1f}"
    return text.replace("-", "−")
