"""What an architecture is made of: nodes, wires and groups, and the rules for their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator

from cvlab.engine.errors import GraphError
from cvlab.engine.nets.layers import LayerSpec, Missing, from_dict

MAX_NODES = 2000
"""More layers than this are refused when a file is read."""

MAX_TIMES = 64
"""Most repetitions of a group."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def check_name(name: str) -> str:
    """The name itself, where a layer may have it; for pydantic. Raises ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError("a name is a small letter, then small letters, digits and underscores, 40 at most")
    return name


class Node(BaseModel):
    """One layer in the graph. `x`, `y`: its place on the canvas in pixels, or None where the layout decides."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    id: int = Field(ge=1)
    name: str
    layer: LayerSpec
    x: float | None = None
    y: float | None = None

    _checked = field_validator("name")(check_name)

    @field_validator("layer", mode="before")
    @classmethod
    def _read_layer(cls, value: Any) -> Any:
        return from_dict(dict(value)) if isinstance(value, Mapping) else value

    @field_serializer("layer")
    def _write_layer(self, layer: LayerSpec) -> dict[str, Any]:
        return layer.original if isinstance(layer, Missing) else layer.model_dump()


class Edge(BaseModel):
    """A wire from one node's output to the input `port` of another."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    source: int
    target: int
    port: int = Field(0, ge=0)


class Group(BaseModel):
    """A named block of layers. Groups lie apart or one inside the other.

    members: node ids, those of inner groups included. times: how often the block is run, one repetition after the other;
    above 1 it needs one way in and one way out. collapsed: drawn as one block.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    id: int = Field(ge=1)
    name: str
    members: tuple[int, ...] = Field(min_length=1, max_length=MAX_NODES)
    times: int = Field(1, ge=1, le=MAX_TIMES)
    collapsed: bool = False

    _checked = field_validator("name")(check_name)


def refuse_name(name: str) -> None:
    """Raises `GraphError`, in words for the person, where a layer may not have this name."""
    if not _NAME.fullmatch(name):
        raise GraphError(
            "This is not a name for a layer.",
            received=name[:60],
            remedy="Start with a small letter; go on with small letters, digits and underscores.",
        )


def crossing(some: set[int], others: set[int]) -> bool:
    """Whether two groups share layers without one holding the other."""
    return bool(some & others) and not (some <= others or others <= some)


def free_name(name: str, taken: set[str]) -> str:
    """The name itself if it is free, else its stem with the next number; it is taken from now on."""
    if name in taken:
        stem = name.rstrip("0123456789")[:34] or "layer"
        numbers = [int(m[1]) for other in taken if (m := re.fullmatch(rf"{re.escape(stem)}(\d{{1,5}})", other))]
        name = f"{stem}{max(numbers, default=1) + 1}"
    taken.add(name)
    return name


def name_like(name: str) -> str:
    """A layer's name that resembles the given one: "layer1.0.conv1" -> "layer1_0_conv1"; "" where nothing of it can stay."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    plain = plain if plain[:1].isalpha() or not plain else f"n{plain}"
    return plain[:40].rstrip("_")


def check_groups(groups: Sequence[Group], known: set[int]) -> None:
    """Raises ValueError for groups that are none; known: the ids of all nodes."""
    ids = [group.id for group in groups]
    if len(set(ids)) != len(ids) or known & set(ids):
        raise ValueError("two groups share an id")
    if len({group.name for group in groups}) != len(ids):
        raise ValueError("two groups share a name")
    for index, group in enumerate(groups):
        members = set(group.members)
        if not members <= known or len(members) != len(group.members):
            raise ValueError("a group holds a layer that does not exist, or one twice")
        for other in groups[:index]:
            if crossing(members, set(other.members)):
                raise ValueError("two groups share some of their layers, but neither holds the other")
