"""The architecture document: nodes and wires as one immutable value. Every edit returns a new architecture.

Undo is then keeping the old value, and drawing is comparing two values. Ids are counters kept in the file and never reused;
names ("conv1") are unique, and are the attribute names in the generated source and the key prefixes in weight files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer, field_validator, model_validator

from cvlab.engine.errors import GraphError, NotOurFile
from cvlab.engine.nets.layers import Input, LayerSpec, Missing, from_dict

MAX_NODES = 2000
"""More layers than this are refused when a file is read."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Node(BaseModel):
    """One layer in the graph. `x`, `y`: its place on the canvas in pixels, or None where the layout decides."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: int = Field(ge=1)
    name: str
    layer: LayerSpec
    x: float | None = None
    y: float | None = None

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError("a name is a small letter, then small letters, digits and underscores, 40 at most")
        return name

    @field_validator("layer", mode="before")
    @classmethod
    def _read_layer(cls, value: Any) -> Any:
        return from_dict(dict(value)) if isinstance(value, Mapping) else value

    @field_serializer("layer")
    def _write_layer(self, layer: LayerSpec) -> dict[str, Any]:
        return layer.original if isinstance(layer, Missing) else layer.model_dump()


class Edge(BaseModel):
    """A wire from one node's output to the input `port` of another."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    source: int
    target: int
    port: int = Field(0, ge=0)


class Architecture(BaseModel):
    """A network as data. Construct with `Architecture.chain`, `from_json`, or by editing another one."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field("untitled", min_length=1, max_length=80)
    nodes: tuple[Node, ...] = Field((), max_length=MAX_NODES)
    edges: tuple[Edge, ...] = Field((), max_length=4 * MAX_NODES)
    next_id: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _check(self) -> Architecture:
        ids = [node.id for node in self.nodes]
        if len(set(ids)) != len(ids):
            raise ValueError("two layers share an id")
        if len({node.name for node in self.nodes}) != len(ids):
            raise ValueError("two layers share a name")
        if ids and max(ids) >= self.next_id:
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
            return cls.model_validate(dict(text)) if isinstance(text, Mapping) else cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise NotOurFile(
                f"This is not an architecture: {where}: {first['msg']}.",
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
    def _incoming(self) -> dict[int, list[Edge]]:
        incoming: dict[int, list[Edge]] = {node.id: [] for node in self.nodes}
        for edge in self.edges:
            incoming[edge.target].append(edge)
        for edges in incoming.values():
            edges.sort(key=lambda edge: edge.port)
        return incoming

    @cached_property
    def _outgoing(self) -> dict[int, list[Edge]]:
        outgoing: dict[int, list[Edge]] = {node.id: [] for node in self.nodes}
        for edge in self.edges:
            outgoing[edge.source].append(edge)
        return outgoing

    def into(self, node_id: int) -> list[Edge]:
        """Wires that end at the node, by port."""
        return self._incoming[node_id]

    def out_of(self, node_id: int) -> list[Edge]:
        return self._outgoing[node_id]

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Node ids so that every layer comes after what feeds it; raises `GraphError` on a cycle. O(nodes + edges)."""
        waiting = {node.id: len(self.into(node.id)) for node in self.nodes}
        ready = [node_id for node_id, count in waiting.items() if count == 0]
        done: list[int] = []
        while ready:
            node_id = ready.pop(0)
            done.append(node_id)
            for edge in self.out_of(node_id):
                waiting[edge.target] -= 1
                if waiting[edge.target] == 0:
                    ready.append(edge.target)
        if len(done) < len(self.nodes):
            stuck = ", ".join(node.name for node in self.nodes if node.id not in set(done))
            raise GraphError(
                "The wires run in a circle.",
                received=stuck,
                remedy="Remove one wire of the circle: data must flow one way.",
            )
        return tuple(done)

    def reaches(self, start: int, goal: int) -> bool:
        """Whether data can flow from `start` to `goal`."""
        seen, todo = set(), [start]
        while todo:
            node_id = todo.pop()
            if node_id == goal:
                return True
            if node_id not in seen:
                seen.add(node_id)
                todo.extend(edge.target for edge in self.out_of(node_id))
        return False

    # -- editing: each returns a new architecture ----------------------------------------------------------------------

    def _replace(self, **changes: Any) -> Architecture:
        # The parts are already validated; checking 200 nodes again on every mouse move would cost a frame.
        fields = {"name": self.name, "nodes": self.nodes, "edges": self.edges, "next_id": self.next_id} | changes
        return Architecture.model_construct(**fields)

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
        """A wire; one that ended at the same port gives way. Raises `GraphError` for a circle or a port that is not there."""
        name = self.by_id[target].name
        if port >= self.by_id[target].layer.arity:
            raise GraphError(f"{name} takes {self.by_id[target].layer.arity} wires.", received=f"port {port}")
        if self.reaches(target, source):
            raise GraphError(
                f"A wire from {self.by_id[source].name} to {name} would run in a circle.",
                remedy="Data must flow one way, from the input to the scores.",
            )
        kept = tuple(edge for edge in self.edges if (edge.target, edge.port) != (target, port))
        return self._replace(edges=(*kept, Edge(source=source, target=target, port=port)))

    def disconnect(self, target: int, port: int = 0) -> Architecture:
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
            net = net.connect(node_id, before, port) if net.by_id[before].layer.arity else net
        if after is not None and net.by_id[node_id].layer.arity > 0:
            net = net.connect(after, node_id)
        return net

    def remove(self, node_ids: Iterable[int], *, heal: bool = True) -> Architecture:
        """Without these layers. `heal` joins what stood before each one to what came after it."""
        net = self
        for node_id in node_ids:
            into, out = net.into(node_id), net.out_of(node_id)
            edges = [edge for edge in net.edges if node_id not in (edge.source, edge.target)]
            if heal and into:
                edges += [Edge(source=into[0].source, target=edge.target, port=edge.port) for edge in out]
            net = net._replace(nodes=tuple(n for n in net.nodes if n.id != node_id), edges=tuple(edges))
        return net

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
        """Other settings for one layer."""
        return self._with_node(node_id, layer=layer)

    def renamed(self, node_id: int, name: str) -> Architecture:
        if not _NAME.fullmatch(name):
            raise GraphError(
                "This is not a name for a layer.",
                received=name[:60],
                remedy="Start with a small letter; go on with small letters, digits and underscores.",
            )
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
        return self._replace(name=name)

    def _with_node(self, node_id: int, **changes: Any) -> Architecture:
        return self._replace(nodes=tuple(n.model_copy(update=changes) if n.id == node_id else n for n in self.nodes))
