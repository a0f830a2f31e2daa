"""What a block says: the words and numbers on its face, from the document and its report. No Qt, no colours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import LayerSpec, Shape, volume
from cvlab.engine.nets.shapes import LayerReport, NetReport
from cvlab.ui.canvas.sketch import Sketch


class Face(NamedTuple):
    """A block's face. error, remedy: full sentences, "" when all is well. waiting: what it waits for, "" when it has its input.

    shape: the output without the batch, or None. parameters, multiply_adds (an image): of all repetitions. memory: bytes of
    the outputs for a batch. sees: (rows, columns) of the image that one output depends on. ports: how many wires it takes.
    layers: how many stand behind a group's block, 0 for a layer.
    """

    title: str
    name: str
    role: str
    label: str = ""
    shape: Shape | None = None
    parameters: int = 0
    multiply_adds: int = 0
    memory: int = 0
    sees: tuple[int, int] | None = None
    ports: int = 1
    error: str = ""
    remedy: str = ""
    waiting: str = ""
    summary: str = ""
    layers: int = 0

    @property
    def volume(self) -> str:
        return volume(self.shape) if self.shape is not None else ""

    @property
    def gives(self) -> str:
        """The volume in words that tell 120 numbers from 120 units: "28×28×6", "vector of 120"."""
        return f"vector of {self.volume}" if self.shape is not None and len(self.shape) == 1 else self.volume

    @property
    def field(self) -> str:
        """The receptive field as width × height: "5×5", or "" where it is not known."""
        return f"{self.sees[1]}×{self.sees[0]}" if self.sees is not None else ""

    @property
    def tooltip(self) -> str:
        parts = [f"{self.title} · {self.name}"]
        if self.error:
            parts.append(" ".join(filter(None, (self.error, self.remedy))))
        elif self.waiting:
            parts.append(f"It cannot be worked out yet: it is {self.waiting}.")
        elif self.shape is not None:
            parts.append(f"Gives {self.volume}, with {self.parameters:,} learned parameters.")
            parts.append(
                f"{self.multiply_adds:,} multiply-adds an image; {bytes_text(self.memory)} of outputs a batch."
            )
            if self.sees:
                parts.append(f"One of its numbers depends on {self.field} pixels of the image.")
        return "\n".join((*parts, self.summary))


def count_text(count: float) -> str:
    """156, 48,120, 1.23 M, 4.5 G: short enough for a block."""
    for limit, unit in ((1e9, " G"), (1e6, " M")):
        if count >= limit:
            return f"{count / limit:.3g}{unit}"
    return f"{count:,.0f}"


def brief_text(count: float) -> str:
    """0, 156, 48k, 1.2M: at most four characters, for the small print."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= limit:
            return f"{count / limit:.2g}{unit}" if count / limit < 9.95 else f"{count / limit:.0f}{unit}"
    return f"{count:.0f}"


def bytes_text(count: float, figures: int = 3) -> str:
    """0 B, 640 B, 18.4 kB, 4.59 MB, 2.1 GB: in powers of 1,024."""
    for limit, unit in ((2**40, "TB"), (2**30, "GB"), (2**20, "MB"), (2**10, "kB")):
        if count >= limit:
            whole = count / limit >= 10 ** (figures - 1)
            return f"{count / limit:,.0f} {unit}" if whole else f"{count / limit:.{figures}g} {unit}"
    return f"{count:.0f} B"


def face_of_layer(layer: LayerSpec) -> Face:
    """The face of a layer that is not in the net yet: what one drags from the palette."""
    return Face(layer.title, "", layer.role, layer.label(), ports=layer.arity, summary=layer.summary)


class Faces:
    """The faces of a net's blocks. A face whose layer has the very report that it had is not made again."""

    def __init__(self) -> None:
        self._of: dict[int, tuple[tuple, Face]] = {}  # block -> what its face was made from, and the face

    def follow(self, net: Architecture, report: NetReport, drawing: Sketch, batch: int) -> dict[int, Face]:
        """The faces that are new or say something else than before. batch: images at once, for the memory. O(layers)."""
        blamed = _blamed(net, report)
        known, self._of, fresh = self._of, {}, {}
        for block, members in drawing.members.items():
            if drawing.is_group(block):
                made_from: tuple = ()
                face = _group_face(net, report, drawing, block, blamed, batch)
            else:
                node, found = net.by_id[members[0]], report.layers[members[0]]
                made_from = node.layer, found, node.name, blamed.get(node.id, ""), len(drawing.ports[block]), batch
                if block in known and _is_same(known[block][0], made_from):
                    self._of[block] = known[block]
                    continue
                old = known.get(block)
                # The settings in words take half of the time, and mostly only what the layer is given has changed.
                label = old[1].label if old and old[0] and old[0][0] is node.layer else node.layer.label()
                face = _layer_face(*made_from, label)
            self._of[block] = made_from, face
            if block not in known or known[block][1] != face:
                fresh[block] = face
        return fresh


def faces(net: Architecture, report: NetReport, drawing: Sketch, batch: int) -> dict[int, Face]:
    """A face for every block."""
    return Faces().follow(net, report, drawing, batch)


def _is_same(old: tuple, new: tuple) -> bool:
    """Layers and reports by identity, which is quick; what follows them by value."""
    return bool(old) and old[0] is new[0] and old[1] is new[1] and old[2:] == new[2:]


def _blamed(net: Architecture, report: NetReport) -> dict[int, str]:
    """The name of the layer whose error keeps each one from being worked out, in the order of the flow."""
    blamed: dict[int, str] = {}
    for node_id, layer in report.layers.items():
        if layer.error is not None:
            blamed[node_id] = net.by_id[node_id].name
        elif layer.output is None:
            blamed[node_id] = next((blamed[e.source] for e in net.into(node_id) if e.source in blamed), "")
    return blamed


def _layer_face(
    layer: LayerSpec, found: LayerReport, name: str, blamed: str, ports: int, batch: int, label: str
) -> Face:
    error, remedy, waiting = _trouble(found, blamed)
    return Face(
        layer.title,
        name,
        layer.role,
        label,
        found.output,
        found.parameters,
        found.multiply_adds,
        found.activation_bytes * batch,
        found.last.receptive_field,
        ports,
        error,
        remedy,
        waiting,
        layer.summary,
    )


def _group_face(
    net: Architecture, report: NetReport, drawing: Sketch, block: int, blamed: dict[int, str], batch: int
) -> Face:
    group, members = net.group_by_id[block], drawing.members[block]
    inside = [report.layers[i] for i in members]
    last = report.layers[drawing.exits[block]]
    failed = next((each for each in inside if each.error is not None), None)
    waits = next((blamed[i] for i in members if report.layers[i].output is None), "")
    error, remedy, waiting = _trouble(failed or (last if last.output is None else inside[0]), waits)
    problem = next((e for e in report.problems if e.what.startswith(f"{group.name} ")), None)
    if not error and problem is not None:
        error, remedy = problem.what, problem.remedy
    return Face(
        title=group.name,
        name=f"× {group.times}" if group.times > 1 else "",
        role="group",
        label=_content(net.by_id[i].layer for i in members),
        shape=last.last.output,
        parameters=sum(each.parameters for each in inside),
        multiply_adds=sum(each.multiply_adds for each in inside),
        memory=sum(each.activation_bytes for each in inside) * batch,
        sees=last.last.receptive_field,
        ports=len(drawing.ports[block]),
        error=error,
        remedy=remedy,
        waiting=waiting,
        summary=f"A block of {len(members)} layers, run {_times(group.times)}. Double-click opens it.",
        layers=len(members),
    )


def _times(times: int) -> str:
    return "once" if times == 1 else f"{times} times, one after the other"


def _content(layers: Iterable[LayerSpec]) -> str:
    """ "2 Conv, 2 ReLU, Add": what a group holds, in the order of the document."""
    counts: dict[str, int] = {}
    for layer in layers:
        counts[layer.title] = counts.get(layer.title, 0) + 1
    return ", ".join(title if count == 1 else f"{count} {title}" for title, count in counts.items())


def _trouble(found: LayerReport, blamed: str) -> tuple[str, str, str]:
    """error, remedy, waiting."""
    if found.error is not None:
        return found.error.what, found.error.remedy, ""
    if found.output is None:
        return "", "", f"waiting for {blamed}" if blamed else "waiting: the wires run in a circle"
    return "", "", ""
