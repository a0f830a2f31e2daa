"""Normalisation: numbers brought to mean 0 and variance 1, then scaled and shifted by two learned ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from cvlab.engine.nets.layers.spec import LayerSpec, Misfit, Shape, call_text, register

if TYPE_CHECKING:
    from torch import nn


_ALONE = "a single number minus its own mean is always 0"


class Norm(LayerSpec):
    affine: bool = Field(
        True,
        title="Scale and shift",
        description="Learns a scale and an offset, so that the net can undo what is done here.",
    )
    eps: float = Field(
        1e-5,
        ge=1e-9,
        le=0.1,
        title="Epsilon",
        description="Added to the variance, so that nothing is divided by zero.",
        json_schema_extra={"scale": "log"},
    )
    group, role = "Normalisation", "norm"

    def output_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def _scales(self, shape: Shape) -> int:
        """How many scales are learned, and as many shifts."""
        return shape[0]

    def values(self, shape: Shape) -> int:
        """From how many numbers of one image a mean and a variance are taken."""
        return math.prod(shape[1:])

    def parameters(self, *shapes: Shape) -> int:
        return 2 * self._scales(shapes[0]) if self.affine else 0

    def parameter_words(self, *shapes: Shape) -> str:
        return f"2 · {self._scales(shapes[0])}" if self.affine else ""


@register
class BatchNorm(Norm):
    kind: Literal["batchnorm"] = "batchnorm"
    momentum: float = Field(
        0.1,
        ge=0.0001,
        le=1.0,
        title="Momentum",
        description="Share of the newest batch in the running mean and variance that are used to predict.",
    )
    title, stem = "Batch norm", "bn"
    summary = (
        "Each channel to mean 0 and variance 1 over the batch. Allows higher learning rates; predicts by running averages, "
        "which also normalize a batch that has a single value a channel."
    )

    @staticmethod
    def module_name(shape: Shape) -> str:
        """The class of `torch.nn` for such an input."""
        return "BatchNorm2d" if len(shape) == 3 else "BatchNorm1d"

    def build(self, *shapes: Shape) -> nn.Module:
        from cvlab.engine.nets import modules

        make = getattr(modules, self.module_name(shapes[0]))
        return make(shapes[0][0], eps=self.eps, momentum=self.momentum, affine=self.affine)

    def code(self, *shapes: Shape) -> str:
        return call_text(
            f"nn.{self.module_name(shapes[0])}",
            shapes[0][0],
            eps=(self.eps, 1e-5),
            momentum=(self.momentum, 0.1),
            affine=(self.affine, True),
        )


@register
class LayerNorm(Norm):
    kind: Literal["layernorm"] = "layernorm"
    title, stem = "Layer norm", "ln"
    summary = (
        "Each image by itself to mean 0 and variance 1 over all its numbers: the size of the batch does not matter."
    )

    def output_shape(self, *shapes: Shape) -> Shape:
        if math.prod(shapes[0]) == 1:
            raise Misfit(f"more than one number: {_ALONE}", "Delete it, or put it where there are more numbers.")
        return shapes[0]

    def _scales(self, shape: Shape) -> int:
        return math.prod(shape)

    def values(self, shape: Shape) -> int:
        return math.prod(shape)

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return nn.LayerNorm(shapes[0], eps=self.eps, elementwise_affine=self.affine)

    def code(self, *shapes: Shape) -> str:
        return call_text("nn.LayerNorm", shapes[0], eps=(self.eps, 1e-5), elementwise_affine=(self.affine, True))


@register
class GroupNorm(Norm):
    kind: Literal["groupnorm"] = "groupnorm"
    groups: int = Field(
        4,
        ge=1,
        le=512,
        title="Groups",
        description="The channels are split into this many parts, each normalised by itself.",
    )
    title, stem = "Group norm", "gn"
    summary = "As layer norm, but a few channels at a time: the answer for small batches, where batch norm gets noisy."

    def output_shape(self, *shapes: Shape) -> Shape:
        channels = shapes[0][0]
        if channels % self.groups:
            fitting = max(n for n in range(1, self.groups) if channels % n == 0)
            raise Misfit(
                f"a depth that its {self.groups} groups divide, not {channels}",
                f"Set the groups to {fitting}.",
                {"groups": fitting},
            )
        if self.values(shapes[0]) == 1:
            fitting = max((n for n in range(1, channels) if channels % n == 0), default=0)
            raise Misfit(
                f"more than one number in a group: {_ALONE}",
                f"Set the groups to {fitting}." if fitting else "Delete it, or put it where there are more numbers.",
                {"groups": fitting} if fitting else {},
            )
        return shapes[0]

    def values(self, shape: Shape) -> int:
        return math.prod(shape) // self.groups

    def build(self, *shapes: Shape) -> nn.Module:
        from cvlab.engine.nets import modules

        return modules.GroupNorm(self.groups, shapes[0][0], eps=self.eps, affine=self.affine)

    def code(self, *shapes: Shape) -> str:
        return call_text("nn.GroupNorm", self.groups, shapes[0][0], eps=(self.eps, 1e-5), affine=(self.affine, True))

    def label(self) -> str:
        return f"{self.groups} groups"
