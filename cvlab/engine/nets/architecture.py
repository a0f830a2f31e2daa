"""The architecture document: nodes, wires and groups as one immutable value. Every edit returns a new architecture.

Undo is keeping the old value, drawing is comparing two. Ids are counters kept in the file and never reused; names ("conv1") are
unique: the attribute names in the generated source and the key prefixes in weight files.

A group is a named block of layers that repeats: its layers stand in the document once; `flat`, which is measured, built and
trained, has every repetition written out, its layers called block1_1_conv1, block1_2_conv1, ...
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cvlab.engine.errors import GraphError, NotOurFile
from cvlab.engine.files import load_json
from cvlab.engine.nets.layers import Input, LayerSpec
from cvlab.engine.nets.parts import (
    MAX_NODES,
    MAX_TIMES,
    Edge,
    Group,
    Node,
    check_groups,
    refuse_name,
)
from cvlab.engine.nets.wiring import Wiring
from cvlab.engine.validation import first_problem

if TYPE_CHECKING:
    from cvlab.engine.nets.expansion import Expansion

__all__ = ["MAX_NODES", "MAX_TIMES", "Architecture", "Edge", "Group", "Node"]


class Architecture(BaseModel):
    """A network as data. Construct with `Architecture.chain`, `from_json`, or by editing another one."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    name: str = Field("untitled", min_length=1, max_length=80)
    nodes: tuple[Node, ...] = Field((), max_length=MAX_NODES)
    edges: tuple[Edge, ...] = Field((), max_length=4 * MAX_NODES)
    groups: tuple[Group, ...] = Field((), max_length=MAX_NODES)
    next_id: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _check(self) -> Architecture:
        ids = [node.id for node in self.nodes]
        check_groups(self.groups, set(ids))
        if len(set(ids)) != len(ids):
            raise ValueError("two layers share an id")
        if len({node.name for node in self.nodes}) != len(ids):
            raise ValueError("two layers share a name")
        if max((*ids, *(group.id for group in self.groups)), default=0) >= self.next_id:
            raise ValueError("next_id must be above every id")
        known = set(ids)
        if any(edge.source not in known or edge.target not in known for edge in self.edges):
            raise ValueError("a wire starts or ends at a layer that does not exist")
        if len({(edge.target, edge.port) for edge in self.edges}) != len(self.edges):
            raise ValueError("two wires end at the same port")
        return self

    # -- making and reading ------------------------------------------------------------------------------------------

    @classmethod
    def chain(cls, name: str, layers: Iterable[LayerSpec]) -> Architecture:
        """Layers one after the other, the first being the input."""
        net = cls(name=name)
        previous: int | None = None
        for layer in layers:
            net, node_id = net.add(layer)
            if previous is not None:
                net = net.connect(previous, node_id)
            previous = node_id
        return net

    @classmethod
    def from_json(cls, text: str | bytes | Mapping[str, Any]) -> Architecture:
        """Reads what `model_dump_json` wrote; raises `NotOurFile` that names the first thing wrong."""
        try:
            return cls.model_validate(dict(text) if isinstance(text, Mapping) else load_json(text))
        except ValidationError as error:
            raise NotOurFile(
                f"This is not an architecture. {first_problem(error)}",
                remedy="Open a project or a net that cvlab saved.",
            ) from error
        except ValueError as error:
            raise NotOurFile(
                "This is not an architecture.",
                received=str(error)[:120],
                remedy="Open a project or a net that cvlab saved.",
            ) from error

    # -- looking -----------------------------------------------------------------------------------------------------

    @cached_property
    def by_id(self) -> dict[int, Node]:
        return {node.id: node for node in self.nodes}

    @cached_property
    def by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    @cached_property
    def wiring(self) -> Wiring:
        """Who feeds whom, and in which order."""
        return Wiring((node.id for node in self.nodes), self.edges)

    def into(self, node_id: int) -> list[Edge]:
        """Wires that end at the node, by port."""
        return self.wiring.into[node_id]

    def out_of(self, node_id: int) -> list[Edge]:
        """The edges that begin at this node."""
        return self.wiring.out_of[node_id]

    @property
    def order(self) -> tuple[int, ...]:
        """Node ids so that every layer comes after what feeds it; raises `GraphError` on a cycle. O(nodes + edges)."""
        flow = self.wiring.flow
        if len(flow) < len(self.nodes):
            raise GraphError(
                "The wires run in a circle.",
                received=", ".join(node.name for node in self.nodes if node.id not in set(flow)),
                remedy="Remove one wire of the circle: data must flow one way.",
            )
        return flow

    def reaches(self, start: int, goal: int) -> bool:
        """Whether data can flow from `start` to `goal`."""
        return self.wiring.reaches(start, goal)

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """(C, H, W) of the images that it reads; None without an input layer."""
        layer = next((node.layer for node in self.nodes if isinstance(node.layer, Input)), None)
        return None if layer is None else (layer.channels, layer.height, layer.width)

    def is_same_net(self, other: Architecture) -> bool:
        """Whether the weights of one are those of the other: the same layers by name, wired alike, groups written out."""
        one, two = (
            {n.name: (n.layer, [(net.by_id[e.source].name, e.port) for e in net.into(n.id)]) for n in net.nodes}
            for net in (self.flat, other.flat)
        )
        return one == two

    def forget(self) -> None:
        """Lets go of what has been worked out, some 60 kB for 200 layers; it is worked out anew when it is asked for."""
        for name in self.__dict__.keys() - Architecture.model_fields.keys():
            del self.__dict__[name]

    # -- groups ------------------------------------------------------------------------------------------------------

    @cached_property
    def group_by_id(self) -> dict[int, Group]:
        return {group.id: group for group in self.groups}

    def groups_of(self, node_id: int) -> list[Group]:
        """The groups that hold the layer, the innermost first."""
        return sorted((g for g in self.groups if node_id in g.members), key=lambda g: len(g.members))

    @cached_property
    def expansion(self) -> Expansion:
        """The net with its repetitions written out, whose layer each copy is, and which groups cannot be repeated."""
        from cvlab.engine.nets.expansion import expand

        return expand(self)

    @property
    def flat(self) -> Architecture:
        """The net that is measured, built and trained: every repetition of a group written out. Itself without repetitions."""
        return self.expansion.net

    def grouped(self, node_ids: Iterable[int], times: int = 1, name: str = "") -> tuple[Architecture, int]:
        """These layers as a named block; returns the architecture and the group's id.

        Raises `GraphError` if it would hold no layer, only a part of another group, or exactly one that there is."""
        from cvlab.engine.nets.grouping import group

        return group(self, node_ids, times, name)

    def ungrouped(self, group_id: int) -> Architecture:
        """Without the group; its layers stay, once."""
        return self._replace(groups=tuple(group for group in self.groups if group.id != group_id))

    def with_group(
        self, group_id: int, *, name: str | None = None, times: int | None = None, collapsed: bool | None = None
    ) -> Architecture:
        """Other settings for a group; raises `GraphError` for a bad name or number of times."""
        from cvlab.engine.nets.grouping import change

        return change(self, group_id, name, times, collapsed)

    def unrolled(self, group_id: int) -> Architecture:
        """The repetitions of a group as layers of their own, without the group; raises `GraphError` where it has no one way
        in or out."""
        from cvlab.engine.nets.expansion import unroll

        return unroll(self, group_id)[0]

    # -- copy and paste ----------------------------------------------------------------------------------------------

    def part(self, node_ids: Iterable[int]) -> Architecture:
        """These layers, the wires among them and the groups wholly within, as an architecture of its own: what is copied."""
        kept = set(node_ids)
        return self._replace(
            nodes=tuple(node for node in self.nodes if node.id in kept),
            edges=tuple(edge for edge in self.edges if edge.source in kept and edge.target in kept),
            groups=tuple(group for group in self.groups if kept.issuperset(group.members)),
        )

    def pasted(self, part: Architecture, dx: float = 0.0, dy: float = 0.0) -> tuple[Architecture, dict[int, int]]:
        """With a copy of `part`, unwired to the rest, under fresh ids and names, moved by (dx, dy) pixels.

        Returns the architecture and the new id of each id in `part`. Raises `GraphError` above `MAX_NODES`."""
        from cvlab.engine.nets.pasting import paste

        return paste(self, part, dx, dy)

    # -- editing: each returns a new architecture ----------------------------------------------------------------------

    def _replace(self, **changes: Any) -> Architecture:
        # The parts are already validated; checking 200 nodes again on every mouse move would cost a frame.
        fields = {name: getattr(self, name) for name in ("name", "nodes", "edges", "groups", "next_id")}
        net = Architecture.model_construct(**fields | changes)
        if net.edges is self.edges and [node.id for node in net.nodes] == [node.id for node in self.nodes]:
            net.__dict__["wiring"] = self.wiring  # where a cached property keeps it
        return net

    def _fresh_name(self, layer: LayerSpec) -> str:
        stem = layer.stem
        if isinstance(layer, Input) and stem not in self.by_name:
            return stem
        taken = [int(m[1]) for node in self.nodes if (m := re.fullmatch(rf"{stem}(\d+)", node.name))]
        return f"{stem}{max(taken, default=0) + 1}"

    def add(self, layer: LayerSpec, x: float | None = None, y: float | None = None) -> tuple[Architecture, int]:
        """A new, unwired layer; returns the architecture and the new id."""
        if len(self.nodes) >= MAX_NODES:
            raise GraphError(f"A net may have {MAX_NODES} layers at most.", remedy="Delete some layers first.")
        node = Node(id=self.next_id, name=self._fresh_name(layer), layer=layer, x=x, y=y)
        return self._replace(nodes=(*self.nodes, node), next_id=self.next_id + 1), node.id

    def connect(self, source: int, target: int, port: int = 0) -> Architecture:
        """A wire; one that ended at the same port gives way. A merge that has no such port yet grows one.

        Raises `GraphError` for a circle or a port that is not there."""
        name, layer = self.by_id[target].name, self.by_id[target].layer
        if not 0 <= port < max(layer.arity, layer.most):
            raise GraphError(f"{name} takes {max(layer.arity, layer.most)} wires.", received=f"port {port}")
        if self.reaches(target, source):
            raise GraphError(
                f"A wire from {self.by_id[source].name} to {name} would run in a circle.",
                remedy="Data must flow one way, from the input to the scores.",
            )
        kept = tuple(edge for edge in self.edges if (edge.target, edge.port) != (target, port))
        net = self._replace(edges=(*kept, Edge(source=source, target=target, port=port)))
        return net if port < layer.arity else net._with_node(target, layer=layer.taking(port + 1))

    def disconnect(self, target: int, port: int = 0) -> Architecture:
        """The same net without the edge into this port."""
        return self._replace(edges=tuple(e for e in self.edges if (e.target, e.port) != (target, port)))

    def insert(
        self, layer: LayerSpec, *, after: int | None = None, before: int | None = None,
        x: float | None = None, y: float | None = None,
    ) -> tuple[Architecture, int]:  # fmt: skip
        """A new layer spliced into a chain: on the wire `after` -> `before`, at the end (`after` only), at the start
        (`before` only), or loose (neither). Returns the architecture and the new id."""
        net, node_id = self.add(layer, x, y)
        return net._splice(node_id, after, before), node_id

    def _splice(self, node_id: int, after: int | None, before: int | None) -> Architecture:
        net = self
        port = next((e.port for e in net.into(before) if e.source == after), 0) if before is not None else 0
        if before is not None and net.by_id[before].layer.arity > 0:
            net = net.connect(node_id, before, port)
        if after is not None and net.by_id[node_id].layer.arity > 0:
            net = net.connect(after, node_id)
        neighbours = {each for each in (after, before) if each is not None}
        if not neighbours or not net.groups:
            return net
        # Between two layers of a group, the new one is a part of it.
        return net._replace(
            groups=tuple(
                g.model_copy(update={"members": (*g.members, node_id)})
                if neighbours.issubset(g.members) and node_id not in g.members
                else g
                for g in net.groups
            )
        )

    def remove(self, node_ids: Iterable[int], *, heal: bool = True) -> Architecture:
        """Without these layers. `heal` joins what stood before each one to what came after it."""
        net = self
        for node_id in node_ids:
            into, out = net.into(node_id), net.out_of(node_id)
            edges = [edge for edge in net.edges if node_id not in (edge.source, edge.target)]
            if heal and into:
                edges += [Edge(source=into[0].source, target=edge.target, port=edge.port) for edge in out]
            net = net._replace(nodes=tuple(n for n in net.nodes if n.id != node_id), edges=tuple(edges))
        if not net.groups:
            return net
        groups: list[Group] = []
        for group in net.groups:
            members = tuple(i for i in group.members if i in net.by_id)
            # A group that has become empty, or the same as another, goes with its layers.
            if members and not any(set(members) == set(other.members) for other in groups):
                groups.append(group if members == group.members else group.model_copy(update={"members": members}))
        return net._replace(groups=tuple(groups))

    def reorder(self, node_id: int, *, after: int | None = None, before: int | None = None) -> Architecture:
        """The same layer taken out of its place (which heals) and spliced in elsewhere. Name and id stay."""
        if node_id in (after, before):
            return self
        node = self.by_id[node_id]
        removed = self.remove([node_id])
        position = next((i for i, n in enumerate(removed.nodes) if n.id == before), len(removed.nodes))
        nodes = (*removed.nodes[:position], node, *removed.nodes[position:])
        return removed._replace(nodes=nodes)._splice(node_id, after, before)

    def with_layer(self, node_id: int, layer: LayerSpec) -> Architecture:
        """Other settings for one layer, or another kind. Wires that it no longer takes are cut, the last ones first."""
        net = self._with_node(node_id, layer=layer)
        into, arity = net.into(node_id), layer.arity
        if all(edge.port < arity for edge in into):
            return net
        kept = [Edge(source=e.source, target=node_id, port=port) for port, e in enumerate(into[:arity])]
        return net._replace(edges=(*(e for e in net.edges if e.target != node_id), *kept))

    def renamed(self, node_id: int, name: str) -> Architecture:
        """The same net with another name for one node. Raises `GraphError` where it is no name, or taken."""
        refuse_name(name)
        if name in self.by_name and self.by_name[name].id != node_id:
            raise GraphError(f"Another layer is called {name}.", remedy="Choose a name that is free.")
        return self._with_node(node_id, name=name)

    def moved(self, places: Mapping[int, tuple[float, float] | tuple[None, None]]) -> Architecture:
        """Layers put elsewhere on the canvas, or back into the layout's hands (None, None); changes nothing about the net."""
        return self._replace(
            nodes=tuple(
                n.model_copy(update={"x": places[n.id][0], "y": places[n.id][1]}) if n.id in places else n
                for n in self.nodes
            )
        )

    def titled(self, name: str) -> Architecture:
        """The same net under another title."""
        return self._replace(name=name)

    def _with_node(self, node_id: int, **changes: Any) -> Architecture:
        return self._replace(nodes=tuple(n.model_copy(update=changes) if n.id == node_id else n for n in self.nodes))
