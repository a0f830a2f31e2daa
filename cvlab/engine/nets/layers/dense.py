"""The fully connected layer (course 3 and 8.2.3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from cvlab.engine.nets.layers.spec import WHOLE, LayerSpec, Misfit, Reach, Shape, call_text, register

if TYPE_CHECKING:
    from torch import nn


@register
class Linear(LayerSpec):
    kind: Literal["linear"] = "linear"
    units: int = Field(
        10,
        ge=1,
        le=16384,
        title="Units",
        description="Neurons, each connected to every input. The last layer: one a class.",
    )
    bias: bool = Field(True, title="Bias", description="One learned offset a neuron.")
    title, group, role, stem = "Linear (FC)", "Fully connected", "linear", "fc"
    summary = "Every output is a weighted sum of every input, plus a bias: f = Wx + b."

    def output_shape(self, *shapes: Shape) -> Shape:
        if len(shapes[0]) != 1:
            raise Misfit("a vector", "Insert a flatten layer before it.")
        return (self.units,)

    def arithmetic(self, *shapes: Shape) -> str:
        return f"W is {self.units} × {shapes[0][0]}" if len(shapes[0]) == 1 else ""

    def parameters(self, *shapes: Shape) -> int:
        return self.units * (shapes[0][0] + self.bias)

    def parameter_words(self, *shapes: Shape) -> str:
        return f"{self.units} · ({shapes[0][0]} + 1)" if self.bias else f"{self.units} · {shapes[0][0]}"

    def multiply_adds(self, *shapes: Shape) -> int:
        return self.units * shapes[0][0]

    def multiply_add_words(self, *shapes: Shape) -> str:
        return f"{self.units} · {math.prod(shapes[0])}"

    def reach(self, *shapes: Shape) -> Reach:
        return WHOLE

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return nn.Linear(shapes[0][0], self.units, bias=self.bias)

    def code(self, *shapes: Shape) -> str:
        return call_text("nn.Linear", shapes[0][0], self.units, bias=(self.bias, True))

    def label(self) -> str:
        return f"{self.units} units"
