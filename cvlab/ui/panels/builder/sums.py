"""The course's sums with a layer's own numbers in them: where its parameters and its work come from. No Qt."""

from __future__ import annotations

from cvlab.engine.nets.layers import LayerSpec, Shape


def parameter_sum(layer: LayerSpec, inputs: tuple[Shape, ...]) -> str:
    """ "6 · (5·5·1 + 1)", or "" for a layer without parameters: filters times (kernel area times depth, plus a bias)."""
    return layer.parameter_words(*inputs)


def multiply_add_sum(layer: LayerSpec, inputs: tuple[Shape, ...], output: Shape) -> str:
    """ "28·28·6 · 5·5·1": numbers in the output, times the numbers that each of them reads."""
    return layer.multiply_add_words(*inputs)
