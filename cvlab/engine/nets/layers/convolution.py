"""Convolutions: filters that slide over a volume (course 8.2.1), and their transpose, which grows one."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from cvlab.engine.nets.layers.spec import LayerSpec, Misfit, Reach, Reads, Shape, call_text, need_volume, register
from cvlab.engine.nets.layers.window import both_sides, fit_arithmetic, fit_count, transposed_taps, window_taps

if TYPE_CHECKING:
    from torch import nn

Border = Literal["number", "same", "valid"]


def _check_groups(groups: int, channels: int, filters: int) -> None:
    if channels % groups or filters % groups:
        shared = math.gcd(channels, filters)
        fitting = max(n for n in range(1, min(groups, shared) + 1) if shared % n == 0)
        raise Misfit(
            f"{groups} groups to divide its {channels} input channel{'s' if channels > 1 else ''} and its {filters} filters",
            f"Set the groups to {fitting}.",
            {"groups": fitting},
        )


def _fitting(layer: Conv | TransposedConv, shape: Shape, changes: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The first of these changes with which the layer's output depends on its input; {} where none helps."""
    for change in changes:
        changed = layer.model_copy(update=change)
        with contextlib.suppress(Misfit):
            if changed._depends(shape, changed._sides(shape)):
                return change
    return {}


def _words(layer: LayerSpec, change: dict[str, Any]) -> str:
    """ "Set Padding P to 0.": what the change does; "" where it does nothing."""
    fields = type(layer).model_fields
    told = [f"{fields[name].title} to {value}" for name, value in change.items() if getattr(layer, name) != value]
    return f"Set {' and '.join(told)}." if told else ""


MAX_PADDING = 15


def _changes(kernel: int | None, padding: int | None) -> str:
    """What makes a kernel fit: the largest kernel and the smallest padding, as far as there are any."""
    ways = [f"a kernel of at most {kernel}"] if kernel is not None else []
    if padding is not None:
        ways.append(f"padding of at least {padding}")
    return f"Use {', or '.join(ways)}." if ways else "Use fewer steps between its windows, or less dilation."


def _meets(size: int, windows: int, taps: int, stride: int, dilation: int, start: int) -> bool:
    """Whether any of the places start + p stride + t dilation (p < windows, t < taps) lies in 0..size - 1."""
    for p in range(windows):
        first = start + p * stride
        if first >= size:
            return False
        t = max(0, -(first // dilation))  # the first that is no longer before 0
        if t < taps and first + t * dilation < size:
            return True
    return False


@register
class Conv(LayerSpec):
    kind: Literal["conv"] = "conv"
    filters: int = Field(
        8, ge=1, le=4096, title="Filters", description="How many filters are learned: the depth of the output volume."
    )
    kernel: int = Field(
        3,
        ge=1,
        le=31,
        title="Kernel F",
        description="Side of the square each filter sees. The course advises 3, at most 5.",
    )
    stride: int = Field(
        1, ge=1, le=16, title="Stride S", description="Pixels jumped at each slide. 2 halves the output."
    )
    border: Border = Field(
        "number",
        title="Border",
        description="How many zeros go around the image. Number: as many as you say. Same: as many as keep the size at "
        "stride 1, (F − 1)/2. Valid: none.",
    )
    padding: int = Field(
        0,
        ge=0,
        le=MAX_PADDING,
        title="Padding P",
        description="Zeros added around the image. (F − 1)/2 keeps the size at stride 1.",
        json_schema_extra={"only": {"border": ["number"]}},
    )
    dilation: int = Field(
        1,
        ge=1,
        le=16,
        title="Dilation",
        description="Distance between the pixels that a filter reads. 2 leaves every other one out: a wider view at no cost.",
    )
    groups: int = Field(
        1,
        ge=1,
        le=4096,
        title="Groups",
        description="The depth is split into this many parts that do not see each other. As many as channels: one filter a map.",
    )
    bias: bool = Field(
        True, title="Bias", description="One learned offset a filter. Batch norm behind it makes it idle."
    )
    title, group, role, stem = "Conv", "Convolution", "conv", "conv"
    summary = "Slides small filters over the volume; each filter answers with one map of where its pattern occurs."

    @property
    def extent(self) -> int:
        """Pixels from the first to the last that a filter reads along a side: D(F − 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def zeros(self) -> int:
        """The padding in force."""
        return {"number": self.padding, "same": (self.extent - 1) // 2, "valid": 0}[self.border]

    def output_shape(self, *shapes: Shape) -> Shape:
        sides = self._sides(shapes[0])
        if not self._depends(shapes[0], sides):
            nearest = sorted(range(16), key=lambda padding: abs(padding - self.zeros))
            paddings = [{"border": "number", "padding": padding} for padding in nearest]
            mend = _fitting(self, shapes[0], [*paddings, {"dilation": 1}, {"kernel": 1, "border": "valid"}])
            raise Misfit(
                "a filter that reads some pixel: all that it reads is padding",
                _words(self, mend) or "Use a smaller padding, stride or dilation.",
                mend,
            )
        return (self.filters, *sides)

    def _depends(self, shape: Shape, sides: tuple[int, int]) -> bool:
        """Whether any filter position reads a pixel."""
        return all(
            _meets(size, count, self.kernel, self.stride, self.dilation, -self.zeros)
            for size, count in zip(shape[1:], sides, strict=True)
        )

    def _reads(self, shape: Shape, **changed: Any) -> bool:
        """Whether the layer with another kernel or padding fits, and reads a pixel of the image."""
        other = self.model_copy(update=changed)
        sides = tuple(fit_count(side, other.extent, other.stride, other.zeros) for side in shape[1:])
        return min(sides) >= 1 and other._depends(shape, sides)

    def _sides(self, shape: Shape) -> tuple[int, int]:
        """(height, width) of the output; raises `Misfit` where there is none."""
        c, h, w = need_volume(shape)
        _check_groups(self.groups, c, self.filters)
        if self.border == "same" and self.extent % 2 == 0:
            raise Misfit(
                f"a kernel with a middle to keep the size: (F − 1)/2 is no whole number for {self.extent}",
                f"Use a kernel of {self.kernel - 1} or {self.kernel + 1}." if self.kernel > 1 else "",
                {"kernel": max(self.kernel - 1, 1)},
            )
        out_h, out_w = (fit_count(side, self.extent, self.stride, self.zeros) for side in (h, w))
        if min(out_h, out_w) < 1:
            fitting = (min(h, w) + 2 * self.zeros - 1) // self.dilation + 1
            needed = math.ceil((self.extent - min(h, w)) / 2)
            # Spread far apart, or in long steps, a kernel may read nothing but padding.
            needed = next(
                (p for p in range(needed, MAX_PADDING + 1) if self._reads(shape, border="number", padding=p)), None
            )
            fitting = next((k for k in range(fitting, 0, -1) if self._reads(shape, kernel=k)), None)
            spread = "" if self.dilation == 1 else f" that dilation spreads over {self.extent} pixels"
            raise Misfit(
                f"at least {self.extent - 2 * self.zeros}×{self.extent - 2 * self.zeros} pixels for its "
                f"{self.kernel}×{self.kernel} kernel{spread}",
                _changes(fitting, needed),
                {"kernel": fitting} if fitting is not None else {},
            )
        return out_h, out_w

    def arithmetic(self, *shapes: Shape) -> str:
        text = both_sides(
            shapes[0],
            lambda side, lines: fit_arithmetic(side, self.kernel, self.stride, self.zeros, self.dilation, lines),
        )
        if self.dilation > 1:
            text += f";  F spread to {self.dilation}·({self.kernel} − 1) + 1 = {self.extent}"
        return text

    def _read(self, shapes: tuple[Shape, ...]) -> str:
        return f"{self.kernel}·{self.kernel}·{shapes[0][0] // self.groups}"

    def parameters(self, *shapes: Shape) -> int:
        return self.filters * (self.kernel**2 * (shapes[0][0] // self.groups) + self.bias)

    def parameter_words(self, *shapes: Shape) -> str:
        return f"{self.filters} · ({self._read(shapes)} + 1)" if self.bias else f"{self.filters} · {self._read(shapes)}"

    def multiply_adds(self, *shapes: Shape) -> int:
        return math.prod(self.output_shape(*shapes)) * self.kernel**2 * (shapes[0][0] // self.groups)

    def multiply_add_words(self, *shapes: Shape) -> str:
        depth, height, width = self.output_shape(*shapes)
        return f"{width}·{height}·{depth} · {self._read(shapes)}"

    def reach(self, *shapes: Shape) -> Reach:
        rows, columns = (
            window_taps(side, self.kernel, self.stride, self.zeros, self.dilation) for side in shapes[0][1:]
        )
        return Reads(rows, columns, self.groups)

    @property
    def _padding_argument(self) -> int | str:
        # PyTorch takes the word "same" at stride 1 only.
        return self.zeros if self.border == "number" or (self.border == "same" and self.stride > 1) else self.border

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return nn.Conv2d(
            shapes[0][0],
            self.filters,
            self.kernel,
            stride=self.stride,
            padding=self._padding_argument,
            dilation=self.dilation,
            groups=self.groups,
            bias=self.bias,
        )

    def code(self, *shapes: Shape) -> str:
        return call_text(
            "nn.Conv2d",
            shapes[0][0],
            self.filters,
            kernel_size=(self.kernel, None),
            stride=(self.stride, 1),
            padding=(self._padding_argument, 0),
            dilation=(self.dilation, 1),
            groups=(self.groups, 1),
            bias=(self.bias, True),
        )

    def label(self) -> str:
        parts = [f"{self.filters} @ {self.kernel}×{self.kernel}"]
        if self.stride > 1:
            parts.append(f"stride {self.stride}")
        if self.border == "same":
            parts.append("same")
        elif self.zeros:
            parts.append(f"pad {self.zeros}")
        if self.dilation > 1:
            parts.append(f"dilation {self.dilation}")
        if self.groups > 1:
            parts.append(f"{self.groups} groups")
        return ", ".join(parts)


@register
class TransposedConv(LayerSpec):
    kind: Literal["transposed_conv"] = "transposed_conv"
    filters: int = Field(
        8, ge=1, le=4096, title="Filters", description="How many filters are learned: the depth of the output volume."
    )
    kernel: int = Field(
        2,
        ge=1,
        le=31,
        title="Kernel F",
        description="Side of the square that each input number paints into the output.",
    )
    stride: int = Field(
        2, ge=1, le=16, title="Stride S", description="Pixels between two painted squares. 2 doubles the output."
    )
    padding: int = Field(
        0, ge=0, le=15, title="Padding P", description="Rows and columns cut off all around the output."
    )
    output_padding: int = Field(
        0,
        ge=0,
        le=15,
        title="Output pad OP",
        description="Rows and columns more at the far end, fewer than the stride: several sizes shrink to one, it says which.",
    )
    dilation: int = Field(
        1, ge=1, le=16, title="Dilation", description="Distance between the pixels that a filter paints."
    )
    groups: int = Field(
        1,
        ge=1,
        le=4096,
        title="Groups",
        description="The depth is split into this many parts that do not see each other.",
    )
    bias: bool = Field(True, title="Bias", description="One learned offset a filter.")
    title, group, role, stem = "Transposed conv", "Convolution", "conv", "tconv"
    summary = "A convolution run backwards: every input number paints a scaled filter into a larger volume."

    def _side(self, size: int) -> int:
        return (size - 1) * self.stride - 2 * self.padding + self.dilation * (self.kernel - 1) + self.output_padding + 1

    def output_shape(self, *shapes: Shape) -> Shape:
        sides = self._sides(shapes[0])
        if not self._depends(shapes[0], sides):
            mend = _fitting(self, shapes[0], [{"padding": padding} for padding in range(self.padding - 1, -1, -1)])
            raise Misfit(
                "something painted that is left after its padding is cut off",
                _words(self, mend) or "Use a smaller padding or a larger kernel.",
                mend,
            )
        return (self.filters, *sides)

    def _depends(self, shape: Shape, sides: tuple[int, int]) -> bool:
        """Whether anything painted is left: weight t of input i lies at i S + t D - P of the output."""
        return all(
            _meets(count, size, self.kernel, self.stride, self.dilation, -self.padding)
            for size, count in zip(shape[1:], sides, strict=True)
        )

    def _sides(self, shape: Shape) -> tuple[int, int]:
        """(height, width) of the output; raises `Misfit` where there is none."""
        c, h, w = need_volume(shape)
        _check_groups(self.groups, c, self.filters)
        most = max(self.stride, self.dilation) - 1
        if self.output_padding > most:
            raise Misfit(
                "an output padding below its stride or its dilation",
                f"Use an output padding of at most {most}.",
                {"output_padding": most},
            )
        out_h, out_w = self._side(h), self._side(w)
        if min(out_h, out_w) < 1:
            fitting = self.padding - math.ceil((1 - min(out_h, out_w)) / 2)
            raise Misfit(
                "something left after its padding is cut off",
                f"Use a padding of at most {fitting}." if fitting >= 0 else "Use a larger kernel.",
                {"padding": fitting} if fitting >= 0 else {},
            )
        return out_h, out_w

    def arithmetic(self, *shapes: Shape) -> str:
        spread = f"{self.kernel}" if self.dilation == 1 else f"{self.dilation}·({self.kernel} − 1) + 1"
        more = f" + {self.output_padding}" if self.output_padding else ""
        return both_sides(
            shapes[0],
            lambda side, _: f"({side} − 1)·{self.stride} − 2·{self.padding} + {spread}{more} = {self._side(side)}",
        )

    def parameters(self, *shapes: Shape) -> int:
        return self.filters * (self.kernel**2 * (shapes[0][0] // self.groups) + self.bias)

    def parameter_words(self, *shapes: Shape) -> str:
        read = f"{self.kernel}·{self.kernel}·{shapes[0][0] // self.groups}"
        return f"{self.filters} · ({read} + 1)" if self.bias else f"{self.filters} · {read}"

    def multiply_adds(self, *shapes: Shape) -> int:
        return math.prod(shapes[0]) * self.kernel**2 * (self.filters // self.groups)

    def multiply_add_words(self, *shapes: Shape) -> str:
        depth, height, width = shapes[0]
        return f"{width}·{height}·{depth} · {self.kernel}·{self.kernel}·{self.filters // self.groups}"

    def reach(self, *shapes: Shape) -> Reach:
        rows, columns = (
            transposed_taps(side, self._side(side), self.kernel, self.stride, self.padding, self.dilation)
            for side in shapes[0][1:]
        )
        return Reads(rows, columns, self.groups)

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return nn.ConvTranspose2d(
            shapes[0][0],
            self.filters,
            self.kernel,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            dilation=self.dilation,
            groups=self.groups,
            bias=self.bias,
        )

    def code(self, *shapes: Shape) -> str:
        return call_text(
            "nn.ConvTranspose2d",
            shapes[0][0],
            self.filters,
            kernel_size=(self.kernel, None),
            stride=(self.stride, 1),
            padding=(self.padding, 0),
            output_padding=(self.output_padding, 0),
            dilation=(self.dilation, 1),
            groups=(self.groups, 1),
            bias=(self.bias, True),
        )

    def label(self) -> str:
        extra = f", pad {self.padding}" if self.padding else ""
        more = f", out pad {self.output_padding}" if self.output_padding else ""
        return f"{self.filters} @ {self.kernel}×{self.kernel}, stride {self.stride}{extra}{more}"
