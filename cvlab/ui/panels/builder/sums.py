"""The course's sums with a layer's own numbers in them: where its parameters and its work come from. No Qt."""

from __future__ import annotations

import math

from cvlab.engine.nets.layers import Conv, LayerSpec, Linear, Shape


def parameter_sum(layer: LayerSpec, inputs: tuple[Shape, ...]) -> str:
    """ "6 · (5·5·1 + 1)", or "" for a layer without parameters: filters times (kernel area times depth, plus a bias)."""
    match layer:
        case Conv():
            weights = f"{layer.kernel}·{layer.kernel}·{inputs[0][0]}"
            return f"{layer.filters} · ({weights} + 1)" if layer.bias else f"{layer.filters} · {weights}"
        case Linear():
            return f"{layer.units} · ({inputs[0][0]} + 1)" if layer.bias else f"{layer.units} · {inputs[0][0]}"
    return ""


def multiply_add_sum(layer: LayerSpec, inputs: tuple[Shape, ...], output: Shape) -> str:
    """ "28·28·6 · 5·5·1": numbers in the output, times the numbers that each of them reads."""
    match layer:
        case Conv():
            depth, height, width = output
            return f"{width}·{height}·{depth} · {layer.kernel}·{layer.kernel}·{inputs[0][0]}"
        case Linear():
            return f"{output[0]} · {math.prod(inputs[0])}"
    return ""
