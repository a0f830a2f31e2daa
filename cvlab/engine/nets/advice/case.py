"""What a rule is asked about, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from cvlab.engine.nets.advice.changes import Change
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import LayerSpec
from cvlab.engine.nets.shapes import LayerReport, NetReport

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Advice:
    """rule: a permanent id. node: the layer it is about (None: the whole net). what, why: full sentences.

    change: the button's words ("" where there is nothing to press). apply: gives the changed net; the argument must be the
    net that the advice was given on.
    """

    rule: str
    level: Level
    node: int | None
    what: str
    why: str
    change: str = ""
    apply: Change | None = field(default=None, compare=False)


class Case:
    """The net with what the rules ask of it."""

    def __init__(self, net: Architecture, report: NetReport, object_share: float) -> None:
        self.net, self.report, self.object_share = net, report, object_share

    def name(self, node_id: int) -> str:
        return self.net.by_id[node_id].name

    def layer(self, node_id: int) -> LayerSpec:
        return self.net.by_id[node_id].layer

    def working(self) -> Iterator[tuple[int, LayerSpec, LayerReport]]:
        """Layers without errors, in the order of the flow."""
        for node_id, found in self.report.layers.items():
            if found.output is not None:
                yield node_id, self.layer(node_id), found

    def before(self, node_id: int, passing: tuple[type[LayerSpec], ...] = ()) -> int | None:
        """The one layer that feeds this one, layers of the `passing` kinds skipped; None where there is not one."""
        into = self.net.into(node_id)
        while len(into) == 1:
            source = into[0].source
            if not isinstance(self.layer(source), passing):
                return source
            into = self.net.into(source)
        return None

    def end(self) -> int | None:
        """The layer that gives the scores."""
        ends = [node.id for node in self.net.nodes if not self.net.out_of(node.id)]
        return ends[0] if len(ends) == 1 else None
