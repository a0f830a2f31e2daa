"""The card of feature maps: one layer's output, live, and the choice of the layer."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from cvlab.engine.nets.architecture import Architecture
from cvlab.ui.panels.digits.card import Card, Line
from cvlab.ui.panels.digits.reading import MapLayer, map_layers
from cvlab.ui.widgets.image_grid import MOST, ImageGrid

NO_MAPS = "This net has no maps: it looks at all pixels at once."
_WAITING = "The maps follow your pen."


class MapsCard(Card):
    """chosen: the name of the layer that the person wants to see."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Feature maps", parent)
        self._layers: tuple[MapLayer, ...] = ()
        self._wanted = ""
        self.note = Line("muted small", self)
        self.layer = QComboBox(self)
        self.layer.setObjectName("digits.layer")
        self.layer.setAccessibleName("Layer whose maps are shown")
        self.layer.setMinimumContentsLength(16)
        self.layer.setToolTip(
            "Which layer's output to look at. Early maps still look like the digit; later ones only say where a pattern is. "
            "A map that is empty for every digit belongs to a dead filter."
        )
        self.layer.activated.connect(self._choose)
        self.header.insertWidget(1, self.note, 100)
        self.header.addWidget(self.layer)
        self.grid = ImageGrid(self)
        self.grid.setObjectName("digits.maps")
        self.grid.setAccessibleName("Feature maps")
        self.grid.setToolTip("Where each filter found its pattern. One scale of colours for all maps of the layer.")
        self.body.addWidget(self.grid, 1)
        self.clear()

    def set_net(self, net: Architecture) -> None:
        """Offers the net's layers."""
        layers = map_layers(net)
        if layers != self._layers:
            self._layers = layers
            self.layer.clear()
            for layer in layers:
                self.layer.addItem(layer.caption, layer.name)
            self.layer.setEnabled(bool(layers))
        self.set_layer(self._wanted)

    def set_layer(self, name: str) -> None:
        """Shows this layer; "" or one that the net has not: the first convolution."""
        self._wanted = name
        shown = self.shown_layer()
        self.layer.setCurrentIndex(-1 if shown is None else self._layers.index(shown))

    def shown_layer(self) -> MapLayer | None:
        """The layer whose maps are to be seen."""
        by_name = {layer.name: layer for layer in self._layers}
        first_conv = next((layer for layer in self._layers if layer.is_conv), None)
        return by_name.get(self._wanted) or first_conv or next(iter(self._layers[1:]), None)

    def show_outputs(self, outputs: dict[str, np.ndarray]) -> None:
        """Every layer's output by name; the maps of one of them are shown."""
        layer = self.shown_layer()
        if layer is None:
            self.grid.show_message(NO_MAPS)
            self.note.say("")
            return
        maps = outputs[layer.name]
        what = "filter" if layer.is_conv else "map"
        self.grid.set_maps(maps, signed=layer.signed, name=f"{layer.name}, {what}")
        self._describe(layer, maps)

    def _describe(self, layer: MapLayer, maps: np.ndarray) -> None:
        count, height, width = maps.shape
        cut = f", the first {MOST} shown" if count > MOST else ""
        noun = "map" if count == 1 else "maps"
        self.note.say(f"{layer.name}: {count} {noun} of {width} × {height}{cut}")

    def clear(self) -> None:
        self.grid.show_message(_WAITING)
        self.note.say("")

    def _choose(self, index: int) -> None:
        self.chosen.emit(self.layer.itemData(index))
