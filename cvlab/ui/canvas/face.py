"""What a block says: the words and numbers on its face, from the document and its report. No Qt, no colours."""

from __future__ import annotations

from dataclasses import dataclass

from cvlab.engine.nets.architecture import Architecture, Node
from cvlab.engine.nets.layers import LayerSpec, Shape, volume
from cvlab.engine.nets.shapes import NetReport


@dataclass(frozen=True)
class Face:
    """A block's face. error, remedy: full sentences, "" when all is well. waiting: what it waits for, "" when it has its input.

    shape: the output without the batch, or None. ports: how many wires it takes.
    """

    title: str
    name: str
    role: str
    label: str = ""
    shape: Shape | None = None
    parameters: int = 0
    ports: int = 1
    error: str = ""
    remedy: str = ""
    waiting: str = ""
    summary: str = ""

    @property
    def volume(self) -> str:
        return volume(self.shape) if self.shape is not None else ""

    @property
    def gives(self) -> str:
        """The volume in words that tell 120 numbers from 120 units: "28×28×6", "vector of 120"."""
        return f"vector of {self.volume}" if self.shape is not None and len(self.shape) == 1 else self.volume

    @property
    def tooltip(self) -> str:
        parts = [f"{self.title} · {self.name}"]
        if self.error:
            parts.append(" ".join(filter(None, (self.error, self.remedy))))
        elif self.waiting:
            parts.append(f"It cannot be worked out yet: it is {self.waiting}.")
        elif self.shape is not None:
            parts.append(f"Gives {self.volume}, with {self.parameters:,} learned parameters.")
        return "\n".join((*parts, self.summary))


def count_text(count: float) -> str:
    """156, 48,120, 1.23 M, 4.5 G: short enough for a block."""
    for limit, unit in ((1e9, " G"), (1e6, " M")):
        if count >= limit:
            return f"{count / limit:.3g}{unit}"
    return f"{count:,.0f}"


def face_of_layer(layer: LayerSpec) -> Face:
    """The face of a layer that is not in the net yet: what one drags from the palette."""
    return Face(layer.title, "", layer.role, layer.label(), ports=layer.arity, summary=layer.summary)


def faces(net: Architecture, report: NetReport) -> dict[int, Face]:
    """A face for every layer. O(layers)."""
    blamed: dict[int, str] = {}
    for node_id, layer in report.layers.items():  # in the order of the flow
        if layer.error is not None:
            blamed[node_id] = net.by_id[node_id].name
        elif layer.output is None:
            blamed[node_id] = next((blamed[e.source] for e in net.into(node_id) if e.source in blamed), "")
    return {node.id: _face(node, report, blamed.get(node.id, "")) for node in net.nodes}


def _face(node: Node, report: NetReport, blamed: str) -> Face:
    layer, found = node.layer, report.layers[node.id]
    error = remedy = waiting = ""
    if found.error is not None:
        error, remedy = found.error.what, found.error.remedy
    elif found.output is None:
        waiting = f"waiting for {blamed}" if blamed else "waiting: the wires run in a circle"
    return Face(
        title=layer.title,
        name=node.name,
        role=layer.role,
        label=layer.label(),
        shape=found.output,
        parameters=found.parameters,
        ports=layer.arity,
        error=error,
        remedy=remedy,
        waiting=waiting,
        summary=layer.summary,
    )
