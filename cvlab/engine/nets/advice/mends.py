"""What is wrong with a net, and the change that mends it."""

from __future__ import annotations

from collections.abc import Iterator

from cvlab.engine.errors import GraphError, ShapeError
from cvlab.engine.nets.advice.case import Advice, Case
from cvlab.engine.nets.advice.changes import (
    Change,
    cut_loose,
    insert_before,
    match_branch,
    move_before_flatten,
    remove,
    set_layer,
)
from cvlab.engine.nets.layers import Add, Flatten, Input, LayerSpec, Linear, Misfit, Shape, volume


def shape_errors(case: Case) -> Iterator[Advice]:
    """A mend for every layer that cannot take its input."""
    for node_id, found in case.report.layers.items():
        if not isinstance(found.error, ShapeError):
            continue
        layer, inputs = case.layer(node_id), found.last.inputs if found.last.error else found.inputs
        change, words = _mend(case, node_id, layer, inputs)
        what = f"{found.error.what} It gets {volume(inputs[0]) if inputs else 'nothing'}."
        yield Advice("shape", "error", node_id, what, found.error.remedy, words, change)


def _mend(case: Case, node_id: int, layer: LayerSpec, inputs) -> tuple[Change | None, str]:
    if isinstance(layer, Linear) and len(inputs[0]) != 1:
        return insert_before(node_id, Flatten()), "Insert a flatten layer"
    try:
        layer.output_shape(*inputs)
    except Misfit as misfit:
        if misfit.mend:
            told = ", ".join(f"{type(layer).model_fields[k].title} {v}" for k, v in misfit.mend.items())
            return set_layer(node_id, **misfit.mend), f"Set {told}"
    if isinstance(layer, Add) and all(len(shape) == 3 for shape in inputs):
        return match_branch(node_id, inputs), "Match the branches with a 1×1 convolution"
    source = case.before(node_id)
    before = case.report.layers[source].inputs if source is not None and isinstance(case.layer(source), Flatten) else ()
    if inputs and len(inputs[0]) == 1 and source is not None and before and _takes(layer, before):
        return move_before_flatten(node_id, source), f"Move it before {case.name(source)}"
    return remove(node_id), "Delete it"


def _takes(layer: LayerSpec, inputs: tuple[Shape, ...]) -> bool:
    try:
        layer.output_shape(*inputs)
    except Misfit:
        return False
    return True


def wiring(case: Case) -> Iterator[Advice]:
    """Layers that hang loose, and ends beside the one that gives the scores."""
    for node_id, found in case.report.layers.items():
        if isinstance(found.error, GraphError) and not case.net.into(node_id) and not case.net.out_of(node_id):
            yield Advice(
                "loose", "error", node_id, found.error.what, "A layer that nothing feeds computes nothing.", "Delete it",
                remove(node_id),
            )  # fmt: skip
    ends = [node.id for node in case.net.nodes if not case.net.out_of(node.id)]
    inputs = [node.id for node in case.net.nodes if isinstance(node.layer, Input)]
    fed = [end for end in ends if len(inputs) == 1 and case.net.reaches(inputs[0], end)]
    if len(fed) > 1:
        *loose, kept = sorted(fed, key=list(case.report.layers).index)
        names = ", ".join(case.name(i) for i in loose)
        yield Advice(
            "ends", "error", None, f"The net has {len(fed)} ends.",
            "The last layer gives the scores; what runs beside it is computed and thrown away.",
            f"Delete what only leads to {names}", cut_loose(tuple(loose), kept),
        )  # fmt: skip


def data_errors(case: Case, image: tuple[int, int, int], classes: int) -> Iterator[Advice]:
    """Where the net does not fit the data. image: (channels, height, width). classes: how many it must tell apart."""
    start = next((node for node in case.net.nodes if isinstance(node.layer, Input)), None)
    if start is not None:
        layer = start.layer
        shape = (layer.channels, layer.height, layer.width)
        if shape != image:
            sides = {"channels": image[0], "height": image[1], "width": image[2]}
            yield Advice(
                "data-image", "error", start.id, f"{start.name} takes {volume(shape)}; the images are {volume(image)}.",
                "Every image must fill the input exactly.", f"Set it to {volume(image)}", set_layer(start.id, **sides),
            )  # fmt: skip
    end = case.end()
    if end is None:
        return
    layer, output = case.layer(end), case.report.layers[end].last.output
    if output is not None and output != (classes,):
        change = set_layer(end, units=classes) if isinstance(layer, Linear) else None
        gives = (
            f"{volume(output)} score{'s' if output != (1,) else ''}"
            if len(output) == 1
            else f"a volume of {volume(output)}"
        )
        yield Advice(
            "data-classes", "error", end, f"{case.name(end)} gives {gives}; the data have {classes} classes.",
            "The last layer gives one score a class.", f"Set it to {classes} units" if change else "", change,
        )  # fmt: skip
