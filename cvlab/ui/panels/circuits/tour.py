"""The circuits that the tour shows, one picture each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cvlab.core.panels.circuits import FAR
from cvlab.ui.panel import Stop

if TYPE_CHECKING:
    from cvlab.ui.panels.circuits.circuits import CircuitsPanel


def stops(panel: CircuitsPanel) -> Iterator[Stop]:
    panel.open_preset("routes")
    panel.go(panel.walk.seed + 3)
    yield Stop("step", panel.isVisible)
    panel.open_preset("neuron")
    panel.go(FAR)
    yield Stop("neuron", panel.isVisible)
    panel.edits.fold_all()
    panel.closer.show_checks()
    yield Stop("checks", panel.isVisible)
    panel.closer.show_plot()
    panel.open_preset("net-2-3-2")
    yield Stop("net", panel.isVisible)
    panel.open_preset("linear-softmax")
    panel.closer.show_checks()
    yield Stop("vectors", panel.isVisible)
    panel.closer.show_plot()
    dialog = panel.ask_for_layer()
    yield Stop("asking", dialog.accept_button.isEnabled)
    dialog.form.setCurrentIndex(2)
    dialog.accept_button.click()
    yield Stop("layer", lambda: panel.expression.text().startswith("# fc3"))
    panel.open_preset("product-of-sum")
