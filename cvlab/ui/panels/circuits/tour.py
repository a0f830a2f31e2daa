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
    panel.go(panel.walk.seed + 2)
    panel.closer.show_code()
    yield Stop("net", panel.isVisible)
    panel.edits.group_named()
    panel.closer.show_plot()
    yield Stop("open", panel.isVisible)
    panel.open_preset("staged")
    panel.go(FAR)
    panel.scene.selection.choose([panel.walk.circuit.by_name[name].id for name in ("num", "sigy")])
    yield Stop("chosen", panel.isVisible)
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
