"""What every kind of layer promises: settings with ranges and help, shape rule, costs, reach, and its PyTorch spelling.

Importing this does not import torch: the builder works while torch is still loading. Shapes leave the batch out:
an image volume is (C, H, W), a vector is (D,).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

Shape = tuple[int, ...]

MAX_ELEMENTS = 2**28
"""Largest activation or weight tensor that is attempted (2^28 float32 numbers are 1 GiB)."""


class Misfit(Exception):
    """A layer cannot take its input. `needs` completes "conv1 needs ...", `hint` is a full sentence.

    mend: settings of this very layer that would make it fit, such as {"kernel": 3}; empty where no setting helps.
    """

    def __init__(self, needs: str, hint: str = "", mend: dict[str, Any] | None = None) -> None:
        super().__init__(needs)
        self.needs, self.hint, self.mend = needs, hint, mend or {}


@dataclass(frozen=True, eq=False)
class Taps:
    """Which inputs each output reads along one side.

    index: (outputs + 1, taps) of positions 0 ... size - 1 of the input, or `size`, which stands for padding and for a tap that
    there is not; the row behind the end is all `size`. stride: inputs from one output to the next.
    """

    index: np.ndarray
    stride: float


class Reads(NamedTuple):
    """What one output number depends on. rows, columns: None where it reads the one position that it has itself.

    groups: its channel depends on the corresponding one of as many equal groups of input channels; None: on the same channel.
    """

    rows: Taps | None
    columns: Taps | None
    groups: int | None = None


Reach = Reads | Literal["pass", "whole", "stacked", "rearranged"]

PASS: Literal["pass"] = "pass"
"""Each output depends on the one input in its own place, or in several inputs."""

WHOLE: Literal["whole"] = "whole"
"""Each output depends on every input."""

STACKED: Literal["stacked"] = "stacked"
"""The inputs one behind the other along the first side."""

REARRANGED: Literal["rearranged"] = "rearranged"
"""The same numbers in the same order, as a volume of another shape."""


class LayerSpec(BaseModel):
    """One layer's settings. Frozen: an edit is a new spec.

    Class attributes: `kind` is the permanent id in files; `title` the block's caption; `group` its palette section; `role`
    its colour; `stem` the start of generated names; `arity` how many wires it takes; `most` how many it can be given;
    `is_view` whether its output shares the memory of its input; `summary` one teaching sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: str
    title: ClassVar[str] = ""
    group: ClassVar[str] = ""
    role: ClassVar[str] = "shape"
    stem: ClassVar[str] = ""
    arity: ClassVar[int] = 1
    most: ClassVar[int] = 1
    is_view: ClassVar[bool] = False
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

    def parameter_words(self, *shapes: Shape) -> str:
        """The product that gives `parameters`: "6 · (5·5·1 + 1)"; "" where nothing is learned."""
        return ""

    def multiply_adds(self, *shapes: Shape) -> int:
        """Multiply-add operations for one image; biases, comparisons and normalisation are not counted."""
        return 0

    def multiply_add_words(self, *shapes: Shape) -> str:
        """The product that gives `multiply_adds`: numbers in the output, times the numbers that each of them reads."""
        return ""

    def reach(self, *shapes: Shape) -> Reach:
        """What one output number depends on.

        The statistics of layer and group norm, which are taken over everything, are left out, as is the custom.
        """
        return PASS

    def build(self, *shapes: Shape) -> nn.Module:
        """The PyTorch module for this input."""
        raise NotImplementedError

    def code(self, *shapes: Shape) -> str:
        """The Python expression that makes the same module."""
        raise NotImplementedError

    def call_code(self, *arguments: str) -> str:
        """The Python expression that computes the layer from these variables without a module; "" where it needs one."""
        return ""

    def label(self) -> str:
        """The settings in a few characters, for the block: "6 @ 5x5, pad 2"."""
        return ""

    def taking(self, wires: int) -> LayerSpec:
        """The same layer with room for this many wires, as far as its kind can; itself where the number is fixed."""
        return self


REGISTRY: dict[str, type[LayerSpec]] = {}

SomeLayer = TypeVar("SomeLayer", bound=LayerSpec)


def register(cls: type[SomeLayer]) -> type[SomeLayer]:
    """Class decorator: files and palettes know the layer by its `kind` from now on."""
    REGISTRY[cls.model_fields["kind"].default] = cls
    return cls


def from_dict(data: dict[str, Any]) -> LayerSpec:
    """A spec from its JSON form; a kind that this version does not know becomes a visible `Missing` layer."""
    kind = data.get("kind", "")
    cls = REGISTRY.get(kind) if isinstance(kind, str) else None
    if cls is None:
        return Missing(original=data)
    return cls.model_validate(data)


class Missing(LayerSpec):
    """A layer kind that this version does not know: shown, kept word for word in the file, never trained."""

    kind: Literal["missing"] = "missing"
    original: dict[str, Any]
    title, group, role, stem = "Missing", "", "missing", "missing"
    most = 8
    summary = (
        "This layer comes from another version of cvlab. It is kept as it is, and the net cannot be trained with it."
    )

    def output_shape(self, *shapes: Shape) -> Shape:
        raise Misfit(
            f"a cvlab that knows the layer kind “{str(self.original.get('kind', '?'))[:40]}”",
            "Delete it, or open the file there.",
        )

    def label(self) -> str:
        return str(self.original.get("kind", "?"))[:40]


@lru_cache(maxsize=1024)
def volume(shape: Shape) -> str:
    """A shape as the course writes it, width x height x depth: (6, 28, 28) -> "28×28×6"."""
    if len(shape) == 3:
        c, h, w = shape
        return f"{w}×{h}×{c}"
    return "×".join(map(str, shape))


def need_volume(shape: Shape) -> tuple[int, int, int]:
    """The shape as (C, H, W); raises `Misfit` for a vector."""
    if len(shape) != 3:
        raise Misfit(
            "an image volume (width × height × depth), not a vector", "Move it before the flatten layer, or delete it."
        )
    return shape  # type: ignore[return-value]


def call_text(name: str, *arguments: object, **options: tuple[object, object]) -> str:
    """ "nn.Conv2d(3, 6, stride=2)": options are (value, default), and those at their default are left out."""
    parts = [repr(argument) for argument in arguments]
    parts += [f"{key}={value!r}" for key, (value, default) in options.items() if value != default]
    return f"{name}({', '.join(parts)})"
