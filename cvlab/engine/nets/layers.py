"""The layers of the course as typed specs: ranges, help, shape rule, costs, and how PyTorch spells each one.

Importing this does not import torch: the builder works while torch is still loading. Shapes leave the batch out:
an image volume is (C, H, W), a vector is (D,). Add a kind by adding a class; the registry, the palette, the inspector,
the source generator and the conformance tests find it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from torch import nn

Shape = tuple[int, ...]

MAX_ELEMENTS = 2**28
"""Largest activation or weight tensor that is attempted (2^28 float32 numbers are 1 GiB)."""


class Misfit(Exception):
    """A layer cannot take its input. `needs` completes "conv1 needs ...", `hint` is a full sentence."""

    def __init__(self, needs: str, hint: str = "") -> None:
        super().__init__(needs)
        self.needs, self.hint = needs, hint


class LayerSpec(BaseModel):
    """One layer's settings. Frozen: an edit is a new spec.

    Class attributes: `kind` is the permanent id in files; `title` the block's caption; `group` its palette section; `role`
    its colour; `stem` the start of generated names; `arity` how many wires it takes; `summary` one teaching sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    title: ClassVar[str] = ""
    group: ClassVar[str] = ""
    role: ClassVar[str] = "shape"
    stem: ClassVar[str] = ""
    arity: ClassVar[int] = 1
    summary: ClassVar[str] = ""

    def output_shape(self, *shapes: Shape) -> Shape:
        """Shape of the output volume; raises `Misfit` when the input cannot be taken."""
        raise NotImplementedError

    def arithmetic(self, *shapes: Shape) -> str:
        """The sum that gives the output size, with this input's numbers; "" where there is nothing to compute."""
        return ""

    def parameters(self, *shapes: Shape) -> int:
        """Learned numbers, biases included."""
        return 0

    def multiply_adds(self, *shapes: Shape) -> int:
        """Multiply-add operations for one image, biases and comparisons not counted."""
        return 0

    def build(self, *shapes: Shape) -> nn.Module:
        """The PyTorch module for this input."""
        raise NotImplementedError

    def code(self, *shapes: Shape) -> str:
        """The Python expression that makes the same module."""
        raise NotImplementedError

    def label(self) -> str:
        """The settings in a few characters, for the block: "6 @ 5x5, pad 2"."""
        return ""


REGISTRY: dict[str, type[LayerSpec]] = {}


def register(cls: type[LayerSpec]) -> type[LayerSpec]:
    REGISTRY[cls.model_fields["kind"].default] = cls
    return cls


def from_dict(data: dict[str, Any]) -> LayerSpec:
    """A spec from its JSON form; a kind that this version does not know becomes a visible `Missing` layer."""
    cls = REGISTRY.get(data.get("kind", ""))
    if cls is None:
        return Missing(original=data)
    return cls.model_validate(data)


def fit_count(size: int, kernel: int, stride: int, padding: int) -> int:
    """How many positions a window takes along one side: floor((W - F + 2P)/S) + 1 (course 8.2.1). Below 1: none fits."""
    return (size - kernel + 2 * padding) // stride + 1


def fit_arithmetic(size: int, kernel: int, stride: int, padding: int) -> str:
    """(W - F + 2P)/S + 1 with the numbers; says so when the division leaves a rest that no window visits."""
    exact = (size - kernel + 2 * padding) / stride + 1
    count = fit_count(size, kernel, stride, padding)
    text = f"({size} − {kernel} + 2·{padding})/{stride} + 1 = {exact:g}"
    if exact != count:
        rest = (size - kernel + 2 * padding) % stride
        text += f" → {count} (the last {rest} row{'s' if rest > 1 else ''} and columns are not visited)"
    return text


def volume(shape: Shape) -> str:
    """A shape as the course writes it, width x height x depth: (6, 28, 28) -> "28×28×6"."""
    if len(shape) == 3:
        c, h, w = shape
        return f"{w}×{h}×{c}"
    return "×".join(map(str, shape))


def _need_volume(shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise Misfit(
            "an image volume (width × height × depth), not a vector", "Move it before the flatten layer, or delete it."
        )
    return shape  # type: ignore[return-value]


@register
class Input(LayerSpec):
    kind: Literal["input"] = "input"
    channels: int = Field(1, ge=1, le=512, title="Channels", description="1 for grey images, 3 for colour.")
    height: int = Field(28, ge=1, le=1024, title="Height", description="Rows of the image, in pixels.")
    width: int = Field(28, ge=1, le=1024, title="Width", description="Columns of the image, in pixels.")
    title, group, role, stem, arity = "Input", "Data", "input", "input", 0
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
    padding: int = Field(
        0,
        ge=0,
        le=15,
        title="Padding P",
        description="Zeros added around the image. (F − 1)/2 keeps the size at stride 1.",
    )
    bias: bool = Field(True, title="Bias", description="One learned offset a filter.")
    title, group, role, stem = "Conv", "Convolution", "conv", "conv"
    summary = "Slides small filters over the volume; each filter answers with one map of where its pattern occurs."

    def output_shape(self, *shapes: Shape) -> Shape:
        _, h, w = _need_volume(shapes[0])
        out_h, out_w = (fit_count(side, self.kernel, self.stride, self.padding) for side in (h, w))
        if min(out_h, out_w) < 1:
            raise Misfit(
                f"at least {self.kernel - 2 * self.padding}×{self.kernel - 2 * self.padding} pixels for its "
                f"{self.kernel}×{self.kernel} kernel",
                f"Use a kernel of at most {min(h, w) + 2 * self.padding}, or padding of at least "
                f"{math.ceil((self.kernel - min(h, w)) / 2)}.",
            )
        return (self.filters, out_h, out_w)

    def arithmetic(self, *shapes: Shape) -> str:
        _, h, w = shapes[0]
        text = fit_arithmetic(w, self.kernel, self.stride, self.padding)
        return text if h == w else f"{text};  height {fit_arithmetic(h, self.kernel, self.stride, self.padding)}"

    def parameters(self, *shapes: Shape) -> int:
        return self.filters * (self.kernel**2 * shapes[0][0] + self.bias)

    def multiply_adds(self, *shapes: Shape) -> int:
        return math.prod(self.output_shape(*shapes)) * self.kernel**2 * shapes[0][0]

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return nn.Conv2d(
            shapes[0][0], self.filters, self.kernel, stride=self.stride, padding=self.padding, bias=self.bias
        )

    def code(self, *shapes: Shape) -> str:
        options = "".join(
            f", {name}={value}"
            for name, value, default in (
                ("stride", self.stride, 1),
                ("padding", self.padding, 0),
                ("bias", self.bias, True),
            )
            if value != default
        )
        return f"nn.Conv2d({shapes[0][0]}, {self.filters}, kernel_size={self.kernel}{options})"

    def label(self) -> str:
        extra = (f", stride {self.stride}" if self.stride > 1 else "") + (
            f", pad {self.padding}" if self.padding else ""
        )
        return f"{self.filters} @ {self.kernel}×{self.kernel}{extra}"


class _Pool(LayerSpec):
    kernel: int = Field(2, ge=1, le=16, title="Window F", description="Side of the square that becomes one number.")
    stride: int = Field(2, ge=1, le=16, title="Stride S", description="Pixels jumped. Equal to the window: no overlap.")
    group, role = "Pooling", "pool"

    _torch: ClassVar[str] = ""

    def output_shape(self, *shapes: Shape) -> Shape:
        c, h, w = _need_volume(shapes[0])
        out_h, out_w = (fit_count(side, self.kernel, self.stride, 0) for side in (h, w))
        if min(out_h, out_w) < 1:
            raise Misfit(
                f"at least {self.kernel}×{self.kernel} pixels",
                f"Use a window of at most {min(h, w)}, or pool less before it.",
            )
        return (c, out_h, out_w)

    def arithmetic(self, *shapes: Shape) -> str:
        _, h, w = shapes[0]
        text = fit_arithmetic(w, self.kernel, self.stride, 0)
        return text if h == w else f"{text};  height {fit_arithmetic(h, self.kernel, self.stride, 0)}"

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return getattr(nn, self._torch)(self.kernel, stride=self.stride)

    def code(self, *shapes: Shape) -> str:
        return f"nn.{self._torch}({self.kernel}, stride={self.stride})"

    def label(self) -> str:
        return f"{self.kernel}×{self.kernel}, stride {self.stride}"


@register
class MaxPool(_Pool):
    kind: Literal["maxpool"] = "maxpool"
    title, stem = "Max pool", "pool"
    summary = "Keeps the largest number of each window: a 2×2 window with stride 2 discards 75 % of the activations."
    _torch = "MaxPool2d"


@register
class AvgPool(_Pool):
    kind: Literal["avgpool"] = "avgpool"
    title, stem = "Average pool", "avgpool"
    summary = "Keeps the mean of each window. Gentler than max pooling, and today the rarer choice."
    _torch = "AvgPool2d"


@register
class Relu(LayerSpec):
    kind: Literal["relu"] = "relu"
    title, group, role, stem = "ReLU", "Activation", "activation", "relu"
    summary = "max(0, x), number by number. Without it, stacked linear layers collapse into one."

    def output_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return nn.ReLU()

    def code(self, *shapes: Shape) -> str:
        return "nn.ReLU()"


@register
class Flatten(LayerSpec):
    kind: Literal["flatten"] = "flatten"
    title, group, role, stem = "Flatten", "Shape", "shape", "flatten"
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

    def multiply_adds(self, *shapes: Shape) -> int:
        return self.units * shapes[0][0]

    def build(self, *shapes: Shape) -> nn.Module:
        from torch import nn

        return nn.Linear(shapes[0][0], self.units, bias=self.bias)

    def code(self, *shapes: Shape) -> str:
        return f"nn.Linear({shapes[0][0]}, {self.units}{'' if self.bias else ', bias=False'})"

    def label(self) -> str:
        return f"{self.units} units"


@register
class Dropout(LayerSpec):
    kind: Literal["dropout"] = "dropout"
    drop: float = Field(
        0.5,
        ge=0.0,
        le=0.95,
        title="Drop",
        description="Share of the numbers set to zero at each training step (1 − p in the course, whose p is what is kept).",
    )
    title, group, role, stem = "Dropout", "Regularisation", "regularise", "dropout"
    summary = "Silences random neurons while training, so that none can rely on another. Does nothing when predicting."

    def output_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def build(self, *shapes: Shape) -> nn.Module:
        from cvlab.engine.nets import dropout

        return dropout.Dropout(self.drop)

    def code(self, *shapes: Shape) -> str:
        return f"nn.Dropout({self.drop!r})"

    def label(self) -> str:
        return f"drop {self.drop:g}"


class Missing(LayerSpec):
    """A layer kind that this version does not know: shown, kept word for word in the file, never trained."""

    kind: Literal["missing"] = "missing"
    original: dict[str, Any]
    title, group, role, stem = "Missing", "", "missing", "missing"
    summary = (
        "This layer comes from another version of cvlab. It is kept as it is, and the net cannot be trained with it."
    )

    def output_shape(self, *shapes: Shape) -> Shape:
        raise Misfit(
            f"a cvlab that knows the layer kind “{self.original.get('kind', '?')}”",
            "Delete it, or open the file there.",
        )

    def label(self) -> str:
        return str(self.original.get("kind", "?"))
