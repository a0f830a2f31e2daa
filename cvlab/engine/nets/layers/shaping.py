"""Layers that change the form of a volume and learn nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from cvlab.engine.nets.layers.spec import (
    REARRANGED,
    LayerSpec,
    Misfit,
    Reach,
    Reads,
    Shape,
    call_text,
    need_volume,
    register,
    volume,
)
from cvlab.engine.nets.layers.window import border_taps, both_sides, upsampling_taps

if TYPE_CHECKING:
    from torch import nn


@register
class Flatten(LayerSpec):
    kind: Literal["flatten"] = "flatten"
    title, group, role, stem = "Flatten", "Shape", "shape", "flatten"
    is_view = True
    summary = "Lays the volume out as one long vector, so that a fully-connected layer can read it."

    def output_shape(self, *shapes: Shape) -> Shape:
        return (math.prod(shapes[0]),)

    def arithmetic(self, *shapes: Shape) -> str:
        if len(shapes[0]) != 3:
            return ""
        c, h, w = shapes[0]
        return f"{w} · {h} · {c} = {w * h * c}"

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return nn.Flatten()

    def code(self, *shapes: Shape) -> str:
        return "nn.Flatten()"


_MOST_CHANNELS, _LONGEST_SIDE = 65536, 1024


@register
class Reshape(LayerSpec):
    kind: Literal["reshape"] = "reshape"
    channels: int = Field(
        0, ge=0, le=_MOST_CHANNELS, title="Channels", description="Depth of the new volume; 0 means whatever is left."
    )
    height: int = Field(
        2, ge=0, le=_LONGEST_SIDE, title="Height", description="Rows of the new volume; 0: whatever is left."
    )
    width: int = Field(
        2, ge=0, le=_LONGEST_SIDE, title="Width", description="Columns of the new volume; 0: whatever is left."
    )

    title, group, role, stem = "Reshape", "Shape", "shape", "reshape"
    is_view = True
    summary = "The same numbers in the same order as another volume: the way from a vector back to an image."

    @classmethod
    def to(cls, channels: int, height: int, width: int) -> Reshape:
        """The layer that makes this volume: a side longer than may be asked for is what is left by the others."""
        return cls(
            channels=channels if channels <= _MOST_CHANNELS else 0,
            height=height if height <= _LONGEST_SIDE else 0,
            width=width if width <= _LONGEST_SIDE else 0,
        )

    def output_shape(self, *shapes: Shape) -> Shape:
        wanted, count = (self.channels, self.height, self.width), math.prod(shapes[0])
        known = math.prod(side for side in wanted if side)
        if wanted.count(0) > 1:
            raise Misfit("two of its three sides", "Only one of them may be 0, which means whatever is left.")
        if (wanted.count(0) and count % known) or (not wanted.count(0) and count != known):
            raise Misfit(
                f"as many numbers as it gives: {' · '.join(str(n) for n in wanted if n)} = {known}, and it gets {count}",
                "Set one of its sides to 0, and the others to divisors of the count.",
            )
        return tuple(side or count // known for side in wanted)

    def arithmetic(self, *shapes: Shape) -> str:
        c, h, w = self.output_shape(*shapes)
        return f"{math.prod(shapes[0])} = {w} · {h} · {c}"

    def reach(self, *shapes: Shape) -> Reach:
        return REARRANGED

    def build(self, *shapes: Shape) -> nn.Module:
        from cvlab.engine.nets import modules

        return modules.Reshape(*self.output_shape(*shapes))

    def code(self, *shapes: Shape) -> str:
        return call_text("Reshape", *self.output_shape(*shapes))

    def label(self) -> str:
        return (
            volume((self.channels, self.height, self.width)).replace("0", "?")
            if self.channels == 0
            else volume((self.channels, self.height, self.width))
        )


@register
class Upsample(LayerSpec):
    kind: Literal["upsample"] = "upsample"
    scale: int = Field(2, ge=1, le=16, title="Scale", description="How many times wider and higher the volume becomes.")
    mode: Literal["nearest", "bilinear"] = Field(
        "nearest", title="Mode", description="Nearest repeats each number; bilinear blends between neighbours."
    )
    title, group, role, stem = "Upsample", "Shape", "shape", "upsample"
    summary = (
        "Makes the volume larger by repeating or blending its numbers; nothing is learned, unlike a transposed conv."
    )

    def output_shape(self, *shapes: Shape) -> Shape:
        c, h, w = need_volume(shapes[0])
        return (c, h * self.scale, w * self.scale)

    def arithmetic(self, *shapes: Shape) -> str:
        return both_sides(shapes[0], lambda side, _: f"{side} · {self.scale} = {side * self.scale}")

    def reach(self, *shapes: Shape) -> Reach:
        rows, columns = (upsampling_taps(side, self.scale, self.mode == "bilinear") for side in shapes[0][1:])
        return Reads(rows, columns)

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return nn.Upsample(scale_factor=self.scale, mode=self.mode)

    def code(self, *shapes: Shape) -> str:
        return f"nn.Upsample(scale_factor={self.scale}, mode={self.mode!r})"

    def label(self) -> str:
        return f"×{self.scale}, {self.mode}"


@register
class ZeroPad(LayerSpec):
    kind: Literal["zeropad"] = "zeropad"
    top: int = Field(1, ge=0, le=64, title="Top", description="Rows of zeros above the image.")
    bottom: int = Field(1, ge=0, le=64, title="Bottom", description="Rows of zeros below the image.")
    left: int = Field(1, ge=0, le=64, title="Left", description="Columns of zeros on its left.")
    right: int = Field(1, ge=0, le=64, title="Right", description="Columns of zeros on its right.")
    title, group, role, stem = "Zero pad", "Shape", "shape", "pad"
    summary = "A border of zeros as a layer of its own, for when each side needs another width."

    def output_shape(self, *shapes: Shape) -> Shape:
        c, h, w = need_volume(shapes[0])
        return (c, h + self.top + self.bottom, w + self.left + self.right)

    def arithmetic(self, *shapes: Shape) -> str:
        _, h, w = shapes[0]
        return (
            f"{self.left} + {w} + {self.right} = {self.left + w + self.right};  "
            f"height {self.top} + {h} + {self.bottom} = {self.top + h + self.bottom}"
        )

    def reach(self, *shapes: Shape) -> Reach:
        _, h, w = shapes[0]
        return Reads(border_taps(h, self.top, self.bottom), border_taps(w, self.left, self.right))

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return nn.ZeroPad2d((self.left, self.right, self.top, self.bottom))

    def code(self, *shapes: Shape) -> str:
        return f"nn.ZeroPad2d({(self.left, self.right, self.top, self.bottom)})"

    def label(self) -> str:
        sides = (self.top, self.right, self.bottom, self.left)
        return f"{self.top} all around" if len(set(sides)) == 1 else "↑{} →{} ↓{} ←{}".format(*sides)
