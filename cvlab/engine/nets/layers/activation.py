"""Activation functions: the bend between two linear layers (course 9.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from cvlab.engine.nets.layers.spec import WHOLE, LayerSpec, Misfit, Reach, Reads, Shape, call_text, register

if TYPE_CHECKING:
    from torch import nn


class Activation(LayerSpec):
    """A function of each number by itself: the volume keeps its shape. `_options` become the module's arguments."""

    group, role = "Activation", "activation"
    _torch: ClassVar[str] = ""

    def _options(self) -> dict[str, Any]:
        return {}

    def output_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return getattr(nn, self._torch)(**self._options())

    def code(self, *shapes: Shape) -> str:
        return call_text(f"nn.{self._torch}", **{name: (value, None) for name, value in self._options().items()})


@register
class Relu(Activation):
    kind: Literal["relu"] = "relu"
    title, stem, _torch = "ReLU", "relu", "ReLU"
    summary = "max(0, x), number by number. Without it, stacked linear layers collapse into one."


@register
class LeakyRelu(Activation):
    kind: Literal["leaky_relu"] = "leaky_relu"
    slope: float = Field(
        0.01,
        ge=0.0,
        le=1.0,
        title="Slope",
        description="What is left of negative numbers: 0 is ReLU, 1 no bend at all.",
    )
    title, stem, _torch = "Leaky ReLU", "leaky", "LeakyReLU"
    summary = "max(ax, x): negative numbers leak through with a small slope a, so no unit can die for good."

    def _options(self) -> dict[str, Any]:
        return {"negative_slope": self.slope}

    def label(self) -> str:
        return f"slope {self.slope:g}"


@register
class Elu(Activation):
    kind: Literal["elu"] = "elu"
    alpha: float = Field(
        1.0, ge=0.01, le=10.0, title="Alpha", description="The floor is at −alpha: how far negative answers may go."
    )
    title, stem, _torch = "ELU", "elu", "ELU"
    summary = "x above zero, a(eˣ − 1) below: like ReLU, but it saturates softly and keeps the mean near zero."

    def _options(self) -> dict[str, Any]:
        return {"alpha": self.alpha}

    def label(self) -> str:
        return f"alpha {self.alpha:g}"


@register
class Gelu(Activation):
    kind: Literal["gelu"] = "gelu"
    title, stem, _torch = "GELU", "gelu", "GELU"
    summary = (
        "x times the share of a normal distribution below x: a ReLU with a smooth corner, the choice of transformers."
    )


@register
class Sigmoid(Activation):
    kind: Literal["sigmoid"] = "sigmoid"
    title, stem, _torch = "Sigmoid", "sigmoid", "Sigmoid"
    summary = (
        "1/(1 + e⁻ˣ), between 0 and 1. Far from zero it is flat and kills the gradient; its mean is not zero either."
    )


@register
class Tanh(Activation):
    kind: Literal["tanh"] = "tanh"
    title, stem, _torch = "Tanh", "tanh", "Tanh"
    summary = "Squashes to −1 ... 1 and is centred on zero, unlike the sigmoid, but saturates just the same."


@register
class Maxout(LayerSpec):
    kind: Literal["maxout"] = "maxout"
    pieces: int = Field(
        2, ge=2, le=16, title="Pieces", description="How many neighbouring channels compete; the largest one goes on."
    )
    title, group, role, stem = "Maxout", "Activation", "activation", "maxout"
    summary = "The largest of a few linear answers, max(w₁x + b₁, w₂x + b₂): learns its own bend, at twice the weights before it."

    def output_shape(self, *shapes: Shape) -> Shape:
        channels, *sides = shapes[0]
        if channels % self.pieces:
            divisors = [n for n in range(2, 17) if channels % n == 0]
            nearest = min(divisors, key=lambda n: abs(n - self.pieces), default=None)
            raise Misfit(
                f"a depth that {self.pieces} divides, not {channels}",
                f"Set the pieces to {nearest}." if nearest else "Change the number of filters or units before it.",
                {"pieces": nearest} if nearest else {},
            )
        return (channels // self.pieces, *sides)

    def arithmetic(self, *shapes: Shape) -> str:
        return f"{shapes[0][0]}/{self.pieces} = {shapes[0][0] // self.pieces}"

    def reach(self, *shapes: Shape) -> Reach:
        # In a vector, neighbors may come from different places of a flattened volume.
        return Reads(None, None, shapes[0][0] // self.pieces) if len(shapes[0]) == 3 else WHOLE

    def build(self, *shapes: Shape) -> nn.Module:
        from cvlab.engine.nets import modules

        return modules.Maxout(self.pieces)

    def code(self, *shapes: Shape) -> str:
        return f"Maxout({self.pieces})"

    def label(self) -> str:
        return f"of {self.pieces}"


@register
class Softmax(Activation):
    kind: Literal["softmax"] = "softmax"
    title, stem, _torch = "Softmax", "softmax", "Softmax"
    summary = "Scores to probabilities, eˢ over the sum of all eˢ. The cross-entropy loss does it itself: leave it out to train."

    def _options(self) -> dict[str, Any]:
        return {"dim": 1}

    def output_shape(self, *shapes: Shape) -> Shape:
        if shapes[0][0] == 1:
            raise Misfit(
                "at least two scores: the probability of a single one is always 1",
                "Delete it, or use more filters or units before it.",
            )
        return shapes[0]

    def reach(self, *shapes: Shape) -> Reach:
        return Reads(None, None, 1) if len(shapes[0]) == 3 else WHOLE
