"""A net drawn layer by layer in code: chains, branches and named blocks, each line saying what comes next."""

from __future__ import annotations

from collections.abc import Sequence

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Add, Concat, Input, LayerSpec, Merge


class Sketch:
    """Grows an architecture. `end` is the id of the layer that the next one reads.

    >>> from cvlab.engine.nets.layers import Conv, Relu
    >>> sketch = Sketch("tiny", (1, 28, 28))
    >>> start = sketch.then(Conv(border="same"), Relu())
    >>> end = sketch.then(Conv(border="same"))
    >>> skip = sketch.add(start)
    >>> [node.name for node in sketch.net.nodes]
    ['input', 'conv1', 'relu1', 'conv2', 'add1']
    """

    def __init__(self, name: str, image: tuple[int, int, int]) -> None:
        channels, height, width = image
        self.net, self.end = Architecture(name=name).add(Input(channels=channels, height=height, width=width))

    def then(self, *layers: LayerSpec, after: int | None = None) -> int:
        """These layers one after the other, behind `after` (left out: behind the end); returns the new end."""
        self.end = self.end if after is None else after
        for layer in layers:
            self.net, node_id = self.net.add(layer)
            self.net = self.net.connect(self.end, node_id)
            self.end = node_id
        return self.end

    def add(self, *branches: int) -> int:
        """The end and these layers summed."""
        return self._merge(Add(inputs=1 + len(branches)), branches)

    def concat(self, *branches: int) -> int:
        """The end and these layers stacked along the depth."""
        return self._merge(Concat(inputs=1 + len(branches)), branches)

    def _merge(self, layer: Merge, branches: Sequence[int]) -> int:
        self.net, node_id = self.net.add(layer)
        for port, source in enumerate((self.end, *branches)):
            self.net = self.net.connect(source, node_id, port)
        self.end = node_id
        return node_id

    def block(self, since: int, times: int = 1, name: str = "") -> None:
        """Everything drawn after the layer `since` becomes a block that runs `times` times."""
        self.net, _ = self.net.grouped([n.id for n in self.net.nodes if n.id > since], times, name)
