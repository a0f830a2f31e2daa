"""Dropout: layers that only act while training (course 9.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from cvlab.engine.nets.layers.spec import LayerSpec, Shape, need_volume, register

if TYPE_CHECKING:
    from torch import nn


class _Dropout(LayerSpec):
    drop: float = Field(
        0.5,
        ge=0.0,
        le=0.95,
        title="Drop",
        description="Share of the numbers set to zero at each training step (1 − p in the course, whose p is what is kept).",
    )
    group, role = "Regularisation", "regularise"

    def output_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def label(self) -> str:
        return f"drop {self.drop:g}"


@register
class Dropout(_Dropout):
    kind: Literal["dropout"] = "dropout"
    title, stem = "Dropout", "dropout"
    summary = "Silences random neurons while training, so that none can rely on another. Does nothing when predicting."

    def build(self, *shapes: Shape) -> nn.Module:
        from cvlab.engine.nets import dropout

        return dropout.Dropout(self.drop)

    def code(self, *shapes: Shape) -> str:
        return f"nn.Dropout({self.drop!r})"


@register
class Dropout2d(_Dropout):
    kind: Literal["dropout2d"] = "dropout2d"
    title, stem = "Dropout 2-D", "mapdrop"
    summary = "Silences whole maps instead of single numbers, as neighbouring pixels would tell the dropped one anyway."

    def output_shape(self, *shapes: Shape) -> Shape:
        return need_volume(shapes[0])

    def build(self, *shapes: Shape) -> nn.Module:
        from cvlab.engine.nets import dropout

        return dropout.Dropout2d(self.drop)

    def code(self, *shapes: Shape) -> str:
        return f"nn.Dropout2d({self.drop!r})"
