"""Where the data come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from cvlab.engine.nets.layers.spec import LayerSpec, Shape, register, volume

if TYPE_CHECKING:
    from torch import nn


@register
class Input(LayerSpec):
    kind: Literal["input"] = "input"
    channels: int = Field(1, ge=1, le=512, title="Channels", description="1 for grey images, 3 for colour.")
    height: int = Field(28, ge=1, le=1024, title="Height", description="Rows of the image, in pixels.")
    width: int = Field(28, ge=1, le=1024, title="Width", description="Columns of the image, in pixels.")
    title, group, role, stem, arity, most = "Input", "Data", "input", "input", 0, 0
    summary = (
        "The image itself: a volume of width × height × channels. Sizes that halve often (32, 64, 224) pool cleanly."
    )

    def output_shape(self, *shapes: Shape) -> Shape:
        return (self.channels, self.height, self.width)

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return nn.Identity()

    def code(self, *shapes: Shape) -> str:
        return "nn.Identity()"

    def label(self) -> str:
        return volume((self.channels, self.height, self.width))
