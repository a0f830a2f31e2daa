"""Shape inference: what every layer gets and gives, the arithmetic, what it costs, and errors in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from cvlab.engine.errors import GraphError, NetError, ShapeError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import MAX_ELEMENTS, Input, Misfit, Shape, volume


@dataclass(frozen=True)
class LayerReport:
    """One layer in its place.

    inputs, output: shapes without the batch; output is None where the layer or one before it has an error.
    parameters: learned numbers. multiply_adds: for one image. arithmetic: the size formula with the numbers in it.
    """

    inputs: tuple[Shape, ...]
    output: Shape | None
    parameters: int = 0
    multiply_adds: int = 0
    arithmetic: str = ""
    error: NetError | None = None


@dataclass(frozen=True)
class NetReport:
    """The whole net: a report a layer (by node id), in topological order, and what is wrong with the net as a whole."""

    layers: dict[int, LayerReport]
    problems: tuple[NetError, ...] = field(default=())

    @property
    def errors(self) -> tuple[NetError, ...]:
        return (*self.problems, *(layer.error for layer in self.layers.values() if layer.error is not None))

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers.values())

    @property
    def multiply_adds(self) -> int:
        return sum(layer.multiply_adds for layer in self.layers.values())

    def raise_first(self) -> None:
        if self.errors:
            raise self.errors[0]


def infer(net: Architecture) -> NetReport:
    """Shapes, costs and errors of every layer. Never raises; O(layers), about 5 µs each."""
    try:
        order = net.order
    except GraphError as error:
        return NetReport({node.id: LayerReport((), None) for node in net.nodes}, (error,))
    layers: dict[int, LayerReport] = {}
    for node_id in order:
        node = net.by_id[node_id]
        into = net.into(node_id)
        if len(into) != node.layer.arity:
            missing = node.layer.arity - len(into)
            layers[node_id] = LayerReport(
                (),
                None,
                error=GraphError(
                    f"{node.name} has {missing} open input{'s' if missing > 1 else ''}.",
                    remedy="Drop it on a wire, or delete it.",
                ),
            )
            continue
        inputs = tuple(layers[edge.source].output for edge in into)
        if any(shape is None for shape in inputs):
            layers[node_id] = LayerReport((), None)
            continue
        layers[node_id] = _report(node.name, node.layer, inputs)  # type: ignore[arg-type]
    return NetReport(layers, _whole(net))


def _report(name, layer, inputs: tuple[Shape, ...]) -> LayerReport:
    got = inputs[0] if inputs else ()
    try:
        output = layer.output_shape(*inputs)
    except Misfit as misfit:
        return LayerReport(inputs, None, error=ShapeError(name, got, misfit.needs, misfit.hint))
    parameters = layer.parameters(*inputs)
    largest = max(parameters, math.prod(output))
    if largest > MAX_ELEMENTS:
        return LayerReport(
            inputs,
            None,
            error=ShapeError(
                name,
                got,
                f"{largest * 4 / 2**30:,.1f} GB of memory for one tensor, more than is attempted",
                "Make the layer smaller, or pool more before it.",
            ),
        )
    return LayerReport(inputs, output, parameters, layer.multiply_adds(*inputs), layer.arithmetic(*inputs))


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
    if report.layers[last].output != (class_count,):
        raise ShapeError(
            net.by_id[last].name,
            report.layers[last].output or (),
            f"to give one score a class, {class_count} of them",
            f"End the net with a linear layer of {class_count} units.",
        )
    return report
