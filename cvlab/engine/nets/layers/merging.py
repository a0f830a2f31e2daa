"""Layers where branches meet again: sum and concatenation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from cvlab.engine.nets.layers.spec import STACKED, LayerSpec, Misfit, Reach, Shape, register, volume

if TYPE_CHECKING:
    from torch import nn

MOST_WIRES = 8


class Merge(LayerSpec):
    """Takes `inputs` wires. The number is a setting, so that an open port stays visible."""

    inputs: int = Field(2, ge=2, le=MOST_WIRES, title="Wires", description="How many branches meet here.")
    group, role = "Merge", "merge"
    most = MOST_WIRES

    @property
    def arity(self) -> int:  # type: ignore[override]
        return self.inputs

    def taking(self, wires: int) -> LayerSpec:
        return type(self)(inputs=min(max(wires, 2), MOST_WIRES))

    def label(self) -> str:
        return f"of {self.inputs}"


@register
class Add(Merge):
    kind: Literal["add"] = "add"
    title, stem = "Add", "add"
    summary = "Sums volumes of one shape, number by number. A skip around layers lets them learn only the difference (ResNet)."

    def output_shape(self, *shapes: Shape) -> Shape:
        if any(shape != shapes[0] for shape in shapes):
            told = " and ".join(dict.fromkeys(map(volume, shapes)))
            raise Misfit(
                f"volumes of one shape, and gets {told}",
                "Pad or stride the branches alike, and end them with the same number of filters; a 1×1 conv can do both.",
            )
        return shapes[0]

    def build(self, *shapes: Shape) -> nn.Module:
        from cvlab.engine.nets import modules

        return modules.Add()

    def code(self, *shapes: Shape) -> str:
        return "Add()"

    def call_code(self, *arguments: str) -> str:
        return " + ".join(arguments)


@register
class Concat(Merge):
    kind: Literal["concat"] = "concat"
    title, stem = "Concatenate", "concat"
    summary = (
        "Stacks volumes along the depth; their width and height must agree. Nothing is lost, and the depths add up."
    )

    def output_shape(self, *shapes: Shape) -> Shape:
        if any(shape[1:] != shapes[0][1:] or len(shape) != len(shapes[0]) for shape in shapes):
            told = " and ".join(dict.fromkeys(map(volume, shapes)))
            raise Misfit(
                f"volumes of one width and height, and gets {told}",
                "Pad or stride the branches alike, or pool the larger one.",
            )
        return (sum(shape[0] for shape in shapes), *shapes[0][1:])

    def reach(self, *shapes: Shape) -> Reach:
        return STACKED

    def arithmetic(self, *shapes: Shape) -> str:
        return f"depth {' + '.join(str(shape[0]) for shape in shapes)} = {sum(shape[0] for shape in shapes)}"

    def build(self, *shapes: Shape) -> nn.Module:
        from cvlab.engine.nets import modules

        return modules.Concat()

    def code(self, *shapes: Shape) -> str:
        return "Concat()"

    def call_code(self, *arguments: str) -> str:
        return f"torch.cat(({', '.join(arguments)}), dim=1)"
