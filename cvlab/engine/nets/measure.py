"""What one layer makes of its inputs, remembered: nets repeat themselves, and an edit changes few of their layers."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from cvlab.engine.nets.layers import MAX_ELEMENTS, PASS, LayerSpec, Misfit, Missing, Reach, Shape

BYTES = 4
"""Of one float32 number."""

KEPT = 8192
"""Measures remembered, at some hundred bytes each."""


class Measure(NamedTuple):
    """A layer with inputs of these shapes: its output and its costs, or why it cannot take them (needs, hint).

    output: None where it cannot. memory: bytes of its output for one image, 0 where it shares that of its input.
    """

    output: Shape | None
    parameters: int = 0
    multiply_adds: int = 0
    arithmetic: str = ""
    memory: int = 0
    reach: Reach = PASS
    needs: str = ""
    hint: str = ""


def measure(layer: LayerSpec, inputs: tuple[Shape, ...]) -> Measure:
    """Never raises. 15 µs the first time, 1 µs when it is asked again."""
    return _work_out(layer, inputs) if isinstance(layer, Missing) else _measured(layer, inputs)


def _work_out(layer: LayerSpec, inputs: tuple[Shape, ...]) -> Measure:
    try:
        output = layer.output_shape(*inputs)
    except Misfit as misfit:
        return Measure(None, needs=misfit.needs, hint=misfit.hint)
    parameters, activations = layer.parameters(*inputs), math.prod(output)
    if max(parameters, activations) > MAX_ELEMENTS:
        return Measure(None, needs=_too_large(parameters, activations), hint=_SMALLER)
    return Measure(
        output,
        parameters,
        layer.multiply_adds(*inputs),
        layer.arithmetic(*inputs),
        0 if layer.is_view else BYTES * activations,
        layer.reach(*inputs),
    )


_measured = lru_cache(maxsize=KEPT)(_work_out)
_SMALLER = "Make the layer smaller, or pool more before it."


def _too_large(parameters: int, activations: int) -> str:
    what = "weights" if parameters >= activations else "output"
    memory = f"{max(parameters, activations) * BYTES / 2**30:,.1f} GB"
    return f"{memory} of memory for its {what} alone, more than is attempted"
