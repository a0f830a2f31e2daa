"""The controls of this panel by name."""

from __future__ import annotations

from cvlab.ui.widgets.controls import Controls

controls = Controls("optimization")
named = controls.named
