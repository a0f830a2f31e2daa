"""The small pieces that stand on this panel's pages."""

from __future__ import annotations

from cvlab.ui.widgets.controls import Controls, label

__all__ = ["button", "icon_button", "label", "named"]

_own = Controls("datasets")
named, button, icon_button = _own.named, _own.button, _own.icon_button
