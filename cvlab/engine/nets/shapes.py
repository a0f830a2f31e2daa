"""Shape inference: what every layer gets and gives, the arithmetic, what it costs, what it sees, and errors in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from cvlab.engine.errors import GraphError, NetError, ShapeError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import MAX_ELEMENTS, Input, LayerSpec, Misfit, Shape, volume
from cvlab.engine.nets.sight import Sight, after

BYTES = 4
"""Of one float32 number."""


@dataclass(frozen=True)
class LayerReport:
    """One layer in its place.

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
    """

    layers: dict[int, LayerReport]
    problems: tuple[NetError, ...] = field(default=())
    written_out: NetReport | None = field(default=None, repr=False)

    @property
    def flat(self) -> NetReport:
        return self.written_out or self

    @property
    def errors(self) -> tuple[NetError, ...]:
        return (*self.problems, *(layer.error for layer in self.layers.values() if layer.error is not None))

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers.values())

    @property
    def multiply_adds(self) -> int:
        return sum(layer.multiply_adds for layer in self.layers.values())

    @property
    def activation_bytes(self) -> int:
        """Memory of all layers' outputs for one image; training keeps them until the backward pass."""
        return sum(layer.activation_bytes for layer in self.layers.values())

    def raise_first(self) -> None:
        if self.errors:
            raise self.errors[0]


def infer(net: Architecture) -> NetReport:
    """Shapes, costs, sights and errors of every layer. Never raises; O(layers with groups written out), 10 µs each."""
    expansion = net.expansion
    flat = _infer_flat(expansion.net)
    if expansion.net is net:
        return flat
    flat = replace(flat, problems=(*expansion.problems, *flat.problems))
    try:
        order = net.order
    except GraphError as error:
        return _unknown(net, error)
    copies: dict[int, list[LayerReport]] = {node_id: [] for node_id in order}
    for flat_id, report in flat.layers.items():
        copies[expansion.origin[flat_id]].append(report)
    layers = {node_id: _together(tuple(reports)) for node_id, reports in copies.items()}
    return NetReport(layers, flat.problems, flat)


def _unknown(net: Architecture, error: NetError) -> NetReport:
    return NetReport({node.id: LayerReport((), None) for node in net.nodes}, (error,))


def _together(copies: tuple[LayerReport, ...]) -> LayerReport:
    if len(copies) == 1:
        return copies[0]
    broken = next((copy for copy in copies if copy.error is not None), None)
    return replace(
        broken or copies[0],
        parameters=sum(copy.parameters for copy in copies),
        multiply_adds=sum(copy.multiply_adds for copy in copies),
        activation_bytes=sum(copy.activation_bytes for copy in copies),
        copies=copies,
    )


def _infer_flat(net: Architecture) -> NetReport:
    try:
        order = net.order
    except GraphError as error:
        return _unknown(net, error)
    layers: dict[int, LayerReport] = {}
    for node_id in order:
        node = net.by_id[node_id]
        into = net.into(node_id)
        wiring = _wiring_error(net, node_id)
        if wiring is not None:
            layers[node_id] = LayerReport((), None, error=wiring)
            continue
        before = [layers[edge.source] for edge in into]
        if any(report.output is None for report in before):
            layers[node_id] = LayerReport((), None)
            continue
        inputs = tuple(report.output for report in before)
        sights = tuple(report.sight for report in before)
        layers[node_id] = _report(node.name, node.layer, inputs, sights)  # type: ignore[arg-type]
    return NetReport(layers, _whole(net))


def _wiring_error(net: Architecture, node_id: int) -> GraphError | None:
    node, into = net.by_id[node_id], net.into(node_id)
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
    got = inputs[0] if inputs else ()
    try:
        output = layer.output_shape(*inputs)
    except Misfit as misfit:
        return LayerReport(inputs, None, error=ShapeError(name, got, misfit.needs, misfit.hint))
    parameters, activations = layer.parameters(*inputs), math.prod(output)
    if max(parameters, activations) > MAX_ELEMENTS:
        return LayerReport(inputs, None, error=_too_large(name, got, parameters, activations))
    return LayerReport(
        inputs,
        output,
        parameters,
        layer.multiply_adds(*inputs),
        layer.arithmetic(*inputs),
        activation_bytes=0 if layer.is_view else BYTES * activations,
        sight=after(layer, sights, inputs, output) if sights else Sight.of_image(output),
    )


def _too_large(name: str, got: Shape, parameters: int, activations: int) -> ShapeError:
    what = "weights" if parameters >= activations else "output"
    memory = f"{max(parameters, activations) * BYTES / 2**30:,.1f} GB"
    return ShapeError(
        name,
        got,
        f"{memory} of memory for its {what} alone, more than is attempted",
        "Make the layer smaller, or pool more before it.",
    )


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
