"""Shape inference: what every layer gets and gives, the arithmetic, what it costs, what it sees, and errors in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from operator import is_
from threading import Lock
from typing import NamedTuple

from cvlab.engine.errors import GraphError, NetError, ShapeError
from cvlab.engine.nets.architecture import Architecture, Edge, Node
from cvlab.engine.nets.layers import Input, LayerSpec, Shape, volume
from cvlab.engine.nets.measure import measure
from cvlab.engine.nets.sight import Sight, after


class LayerReport(NamedTuple):
    """One layer in its place. A tuple, because 200 are made at an edit and a frozen dataclass takes five times as long.

    inputs, output: shapes without the batch; output is None where the layer or one before it has an error.
    parameters: learned numbers. multiply_adds: for one image. activation_bytes: memory of the output for one image in
    float32, 0 where it shares that of its input. arithmetic: the size formula with the numbers in it.
    sight: what one output sees of the image. copies: the reports of every repetition, where a group repeats the layer; then
    the costs are their sums, and everything else is the first repetition's.
    """

    inputs: tuple[Shape, ...]
    output: Shape | None
    parameters: int = 0
    multiply_adds: int = 0
    arithmetic: str = ""
    error: NetError | None = None
    activation_bytes: int = 0
    sight: Sight | None = None
    copies: tuple[LayerReport, ...] = ()

    @property
    def receptive_field(self) -> tuple[int, int] | None:
        """(rows, columns) of the image that one output number can depend on; None where that is not known."""
        return self.sight.field if self.sight is not None else None

    @property
    def last(self) -> LayerReport:
        """The report of the last repetition: what leaves the group."""
        return self.copies[-1] if self.copies else self


@dataclass(frozen=True)
class NetReport:
    """The whole net: a report a layer (by node id), in topological order, and what is wrong with the net as a whole.

    flat: the report of the net with its groups written out, by the ids of `Architecture.flat`; itself where there are none.
    net: whose report it is.
    """

    layers: dict[int, LayerReport]
    problems: tuple[NetError, ...] = field(default=())
    written_out: NetReport | None = field(default=None, repr=False)
    net: Architecture | None = field(default=None, repr=False, compare=False)

    @property
    def flat(self) -> NetReport:
        return self.written_out or self

    @cached_property
    def errors(self) -> tuple[NetError, ...]:
        return (*self.problems, *(layer.error for layer in self.layers.values() if layer.error is not None))

    @cached_property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers.values())

    @cached_property
    def multiply_adds(self) -> int:
        return sum(layer.multiply_adds for layer in self.layers.values())

    @cached_property
    def activation_bytes(self) -> int:
        """Memory of all layers' outputs for one image; training keeps them until the backward pass."""
        return sum(layer.activation_bytes for layer in self.layers.values())

    def raise_first(self) -> None:
        if self.errors:
            raise self.errors[0]


def infer(net: Architecture) -> NetReport:
    """Shapes, costs, sights and errors of every layer. Never raises; O(layers with groups written out), 20 µs each.

    The last few nets are remembered: one of them is told at once, and of an edited one what the edit does not reach keeps
    its very reports, at 2 µs a layer.
    """
    return _recent.find(net) or _recent.add(infer_from(net, _recent.last))


def infer_from(net: Architecture, before: NetReport | None) -> NetReport:
    """What `infer` tells, from the report of another net, such as the net before an edit; equal to that from None."""
    expansion = net.expansion
    flat = _infer_flat(expansion.net, before.flat if before is not None else None)
    if expansion.net is net:
        return flat
    problems = (*expansion.problems, *flat.problems)
    try:
        order = net.order
    except GraphError as error:
        return _unknown(net, error)
    copies: dict[int, list[LayerReport]] = {node_id: [] for node_id in order}
    for flat_id, report in flat.layers.items():
        copies[expansion.origin[flat_id]].append(report)
    known = before.layers if before is not None else {}
    layers = {node_id: _together(tuple(reports), known.get(node_id)) for node_id, reports in copies.items()}
    return NetReport(layers, problems, NetReport(flat.layers, problems, None, expansion.net), net)


class _Recent:
    """The last nets that were asked about, with their reports; threads may ask at the same time."""

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._lock = Lock()
        self._reports: dict[int, NetReport] = {}  # by the id of the net, which the report keeps alive

    def find(self, net: Architecture) -> NetReport | None:
        with self._lock:
            return self._reports.get(id(net))

    @property
    def last(self) -> NetReport | None:
        with self._lock:
            return next(reversed(self._reports.values()), None)

    def add(self, report: NetReport) -> NetReport:
        with self._lock:
            self._reports[id(report.net)] = report
            while len(self._reports) > self._most:
                del self._reports[next(iter(self._reports))]
        return report


_recent = _Recent()


def _unknown(net: Architecture, error: NetError) -> NetReport:
    return NetReport({node.id: LayerReport((), None) for node in net.nodes}, (error,), None, net)


def _together(copies: tuple[LayerReport, ...], before: LayerReport | None) -> LayerReport:
    if len(copies) == 1:
        return copies[0]
    if before is not None and len(before.copies) == len(copies) and all(map(is_, before.copies, copies)):
        return before
    broken = next((copy for copy in copies if copy.error is not None), None)
    return (broken or copies[0])._replace(
        parameters=sum(copy.parameters for copy in copies),
        multiply_adds=sum(copy.multiply_adds for copy in copies),
        activation_bytes=sum(copy.activation_bytes for copy in copies),
        copies=copies,
    )


def _infer_flat(net: Architecture, before: NetReport | None) -> NetReport:
    try:
        order = net.order
    except GraphError as error:
        return _unknown(net, error)
    kept = _Kept(net, before) if before is not None and before.net is not None else None
    layers: dict[int, LayerReport] = {}
    nodes, wires = net.by_id, net.wiring.into
    for node_id in order:
        node, into = nodes[node_id], wires[node_id]
        sources = [layers[edge.source] for edge in into]
        same = kept.report(node, into, sources) if kept is not None else None
        layers[node_id] = same if same is not None else _fresh(node, into, sources)
    return NetReport(layers, _whole(net), None, net)


class _Kept:
    """What an earlier report says of layers that are the same still, and are fed by the same reports."""

    def __init__(self, net: Architecture, before: NetReport) -> None:
        assert before.net is not None
        self._nodes, self._layers, self._into = before.net.by_id, before.layers, before.net.wiring.into
        self._is_wired_alike = before.net.wiring is net.wiring

    def report(self, node: Node, into: list[Edge], sources: list[LayerReport]) -> LayerReport | None:
        old = self._nodes.get(node.id)
        if old is None or (old is not node and (old.layer is not node.layer or old.name != node.name)):
            return None
        fed = into if self._is_wired_alike else self._into[node.id]
        if len(fed) != len(into):
            return None
        for edge, was, source in zip(into, fed, sources, strict=True):
            if edge.source != was.source or edge.port != was.port or self._layers.get(edge.source) is not source:
                return None
        return self._layers.get(node.id)


def _fresh(node: Node, into: list[Edge], sources: list[LayerReport]) -> LayerReport:
    wiring = _wiring_error(node, into)
    if wiring is not None:
        return LayerReport((), None, error=wiring)
    inputs = tuple([report.output for report in sources])
    if None in inputs:
        return LayerReport((), None)
    return _report(node.name, node.layer, inputs, tuple([report.sight for report in sources]))  # type: ignore[arg-type]


def _wiring_error(node: Node, into: list[Edge]) -> GraphError | None:
    arity = node.layer.arity
    if len(into) == arity and (arity == 0 or into[-1].port == arity - 1):
        return None
    if node.layer.kind == "missing" and into:
        return None  # how many wires it takes is not known here; its own error follows
    surplus = sum(edge.port >= arity for edge in into)
    if surplus:
        takes = "no wire" if arity == 0 else f"{arity} wire{'s' if arity > 1 else ''}"
        return GraphError(f"{node.name} takes {takes} and has {surplus} too many.", remedy="Cut a wire that it reads.")
    missing = arity - len(into)
    return GraphError(
        f"{node.name} has {missing} open input{'s' if missing > 1 else ''}.",
        remedy="Drop it on a wire, or delete it."
        if arity == 1
        else "Draw a wire to it, or take fewer wires in its settings.",
    )


def _report(name: str, layer: LayerSpec, inputs: tuple[Shape, ...], sights: tuple[Sight, ...]) -> LayerReport:
    output, parameters, multiply_adds, arithmetic, memory, reach, needs, hint = measure(layer, inputs)
    if output is None:
        return LayerReport(inputs, None, error=ShapeError(name, inputs[0] if inputs else (), needs, hint))
    sight = after(reach, sights, output) if sights else Sight.of_image(output)
    return LayerReport(inputs, output, parameters, multiply_adds, arithmetic, None, memory, sight)


def _whole(net: Architecture) -> tuple[NetError, ...]:
    inputs = [node for node in net.nodes if isinstance(node.layer, Input)]
    if not inputs:
        return (GraphError("The net has no input.", remedy="Drag an input layer to its start."),)
    if len(inputs) > 1:
        return (GraphError("The net has two inputs.", received=", ".join(n.name for n in inputs), remedy="Keep one."),)
    ends = [node for node in net.nodes if not net.out_of(node.id)]
    if len(ends) > 1:
        return (
            GraphError(
                f"The net has {len(ends)} ends.",
                received=", ".join(node.name for node in ends),
                remedy="Wire them together, or delete the loose ones: the last layer gives the scores.",
            ),
        )
    return ()


def check_classifier(net: Architecture, image_shape: Shape, class_count: int) -> NetReport:
    """The report of a net that can be trained on such data; raises the first `NetError` otherwise."""
    report = infer(net)
    report.raise_first()
    source = next(node for node in net.nodes if isinstance(node.layer, Input))
    if report.layers[source.id].output != image_shape:
        raise ShapeError(
            source.name,
            image_shape,
            f"images of {volume(report.layers[source.id].output)}",  # type: ignore[arg-type]
            f"Set the input layer to {volume(image_shape)}, or choose other data.",
        )
    last = net.order[-1]
    output = report.layers[last].last.output
    if output != (class_count,):
        raise ShapeError(
            net.by_id[last].name,
            output or (),
            f"to give one score a class, {class_count} of them",
            f"End the net with a linear layer of {class_count} units.",
        )
    return report
