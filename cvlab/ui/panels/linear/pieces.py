"""The small pieces that stand in this panel's cards."""

from __future__ import annotations

from cvlab.ui.widgets.controls import Controls, label

__all__ = ["icon_button", "label", "named", "number"]

_own = Controls("linear")
named, icon_button = _own.named, _own.icon_button


def number(value: float) -> str:
    """Four figures, with a true minus: 437.9, −0.0123, 3.1e+05."""
    text = f"{value:.4g}"
    return ("0" if float(text) == 0 else text).replace("-", "−")
