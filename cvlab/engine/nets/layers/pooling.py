"""Pooling: windows that become one number each, with nothing to learn (course 8.2.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from cvlab.engine.nets.layers.spec import LayerSpec, Misfit, Reach, Reads, Shape, call_text, need_volume, register
from cvlab.engine.nets.layers.window import all_taps, both_sides, fit_arithmetic, fit_count, window_taps

if TYPE_CHECKING:
    from torch import nn


class WindowPool(LayerSpec):
    """A square window that slides over every map."""

    kernel: int = Field(2, ge=1, le=16, title="Window F", description="Side of the square that becomes one number.")
    stride: int = Field(2, ge=1, le=16, title="Stride S", description="Pixels jumped. Equal to the window: no overlap.")
    group, role = "Pooling", "pool"

    _torch: ClassVar[str] = ""

    @property
    def zeros(self) -> int:
        return 0

    def output_shape(self, *shapes: Shape) -> Shape:
        c, h, w = need_volume(shapes[0])
        out_h, out_w = (fit_count(side, self.kernel, self.stride, self.zeros) for side in (h, w))
        if min(out_h, out_w) < 1:
            fitting = min(h, w) + 2 * self.zeros
            raise Misfit(
                f"at least {self.kernel - 2 * self.zeros}×{self.kernel - 2 * self.zeros} pixels",
                f"Use a window of at most {fitting}, or pool less before it.",
                {"kernel": fitting},
            )
        return (c, out_h, out_w)

    def arithmetic(self, *shapes: Shape) -> str:
        return both_sides(
            shapes[0], lambda side, lines: fit_arithmetic(side, self.kernel, self.stride, self.zeros, 1, lines)
        )

    def reach(self, *shapes: Shape) -> Reach:
        rows, columns = (window_taps(side, self.kernel, self.stride, self.zeros) for side in shapes[0][1:])
        return Reads(rows, columns)

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return getattr(nn, self._torch)(self.kernel, stride=self.stride)

    def code(self, *shapes: Shape) -> str:
        return call_text(f"nn.{self._torch}", self.kernel, stride=(self.stride, None))

    def label(self) -> str:
        return f"{self.kernel}×{self.kernel}, stride {self.stride}"


class _PaddedPool(WindowPool):
    padding: int = Field(
        0,
        ge=0,
        le=8,
        title="Padding P",
        description="Border around the image, half a window at most. Large nets pool 3×3 windows with a border of 1.",
    )

    @property
    def zeros(self) -> int:
        return self.padding

    def output_shape(self, *shapes: Shape) -> Shape:
        need_volume(shapes[0])
        if 2 * self.padding > self.kernel:
            raise Misfit(
                f"a border of at most half its window, {self.kernel // 2}",
                f"Set the padding to {self.kernel // 2}.",
                {"padding": self.kernel // 2},
            )
        return super().output_shape(*shapes)

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return getattr(nn, self._torch)(self.kernel, stride=self.stride, padding=self.padding)

    def code(self, *shapes: Shape) -> str:
        return call_text(f"nn.{self._torch}", self.kernel, stride=(self.stride, None), padding=(self.padding, 0))

    def label(self) -> str:
        return super().label() + (f", pad {self.padding}" if self.padding else "")


@register
class MaxPool(_PaddedPool):
    kind: Literal["maxpool"] = "maxpool"
    title, stem = "Max pool", "pool"
    summary = "Keeps the largest number of each window: a 2×2 window with stride 2 discards 75 % of the activations."
    _torch = "MaxPool2d"


@register
class AvgPool(_PaddedPool):
    kind: Literal["avgpool"] = "avgpool"
    title, stem = "Average pool", "avgpool"
    summary = "Keeps the mean of each window. Gentler than max pooling, and today the rarer choice."
    _torch = "AvgPool2d"


@register
class L2Pool(WindowPool):
    kind: Literal["l2pool"] = "l2pool"
    title, stem = "L2-norm pool", "l2pool"
    summary = (
        "Keeps the length of each window taken as a vector, the root of its sum of squares: strong answers count most."
    )

    def build(self, *shapes: Shape) -> nn.Module:
        from cvlab.engine.nets import modules

        return modules.L2Pool(self.kernel, stride=self.stride)

    def code(self, *shapes: Shape) -> str:
        return call_text("L2Pool", self.kernel, stride=(self.stride, None))


@register
class GlobalPool(LayerSpec):
    kind: Literal["globalpool"] = "globalpool"
    mode: Literal["average", "max"] = Field(
        "average", title="Keep", description="What is kept of each map: its mean, or its largest number."
    )
    title, group, role, stem = "Global pool", "Pooling", "pool", "globalpool"
    summary = "Each whole map becomes one number, so any image size fits and the FC layers behind it stay small."

    def output_shape(self, *shapes: Shape) -> Shape:
        return (need_volume(shapes[0])[0], 1, 1)

    def arithmetic(self, *shapes: Shape) -> str:
        c, h, w = shapes[0]
        return f"{w}·{h} numbers of each of {c} maps become 1"

    def reach(self, *shapes: Shape) -> Reach:
        rows, columns = (all_taps(side) for side in shapes[0][1:])
        return Reads(rows, columns)

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return nn.AdaptiveAvgPool2d(1) if self.mode == "average" else nn.AdaptiveMaxPool2d(1)

    def code(self, *shapes: Shape) -> str:
        return "nn.AdaptiveAvgPool2d(1)" if self.mode == "average" else "nn.AdaptiveMaxPool2d(1)"

    def label(self) -> str:
        return self.mode
