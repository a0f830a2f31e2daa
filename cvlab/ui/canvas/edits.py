"""Every change that a person can make to the net, each one undo step.

The canvas, the palette and the inspector all go through here. Nothing here draws: a change puts another architecture
into the project, and the views follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cvlab.core.history import History, SetField
from cvlab.core.notices import Notices
from cvlab.core.project import Project
from cvlab.engine.errors import CvlabError, GraphError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import REGISTRY, Input, LayerSpec
from cvlab.ui.canvas.layout import Point

ANYWHERE = (None, None)
"""A place left to the layout."""


class NetEdits:
    """Edits `project.architecture` through the history. What cannot be done becomes a notice, and nothing changes."""

    def __init__(self, project: Project, history: History, notices: Notices) -> None:
        self._project, self._history, self._notices = project, history, notices

    @property
    def net(self) -> Architecture:
        return self._project.architecture

    def insert(self, layer: LayerSpec, after: int | None, before: int | None, place: Point | None = None) -> int | None:
        """A new layer on a wire, at an open end, or loose at `place`; it becomes the selection. Its id, or None if refused."""
        x, y = place or ANYWHERE
        try:
            net, node_id = self.net.insert(layer, after=after, before=before, x=x, y=y)
        except CvlabError as error:
            self._notices.error(error)
            return None
        self._push(net, f"Add {net.by_id[node_id].name}")
        self._select([node_id])
        return node_id

    def append(self, kind: str) -> int | None:
        """A new layer after the selected one, else at the end of the net; an input goes before an open start."""
        layer = REGISTRY[kind]()
        if isinstance(layer, Input):
            heads = [node.id for node in self.net.nodes if node.layer.arity and not self.net.into(node.id)]
            return self.insert(layer, None, heads[0] if heads else None)
        selected = self.selected()
        after = selected[-1] if selected else self.tail()
        return self.insert(layer, after, self.next_of(after))

    def reorder(self, node_id: int, after: int | None, before: int | None) -> None:
        """A layer of the chain moves to another wire; the layout finds its place again."""
        try:
            net = self.net.reorder(node_id, after=after, before=before).moved({node_id: ANYWHERE})  # type: ignore[dict-item]
        except CvlabError as error:
            self._notices.error(error)
            return
        self._push(net, f"Move {self.net.by_id[node_id].name}")

    def move(self, places: Mapping[int, Point]) -> None:
        """Layers put elsewhere on the canvas; the net stays the same."""
        self._push(self.net.moved(places), f"Move {self._names(places)}")

    def arrange(self) -> None:
        """Every layer back to where the layout puts it."""
        if any(node.x is not None for node in self.net.nodes):
            places = dict.fromkeys(self.net.by_id, ANYWHERE)
            self._push(self.net.moved(places), "Arrange the layers")  # type: ignore[arg-type]

    def delete(self, node_ids: Sequence[int]) -> None:
        """Without these layers; what stood around each is joined, and the one before becomes the selection."""
        if not node_ids:
            return
        before = [edge.source for edge in self.net.into(node_ids[0]) if edge.source not in node_ids]
        label = f"Delete {self._names(node_ids)}"
        self._push(self.net.remove(node_ids), label)
        self._select(before[:1])

    def duplicate(self, node_ids: Sequence[int]) -> None:
        """Copies of these layers, spliced in after the last of them, in their order."""
        copied = [node_id for node_id in node_ids if self.net.by_id[node_id].layer.arity]
        if not copied:
            return
        net, after, made = self.net, copied[-1], []
        before = self.next_of(after)
        try:
            for node_id in copied:
                net, after = net.insert(net.by_id[node_id].layer, after=after, before=before)
                made.append(after)
        except CvlabError as error:
            self._notices.error(error)
            return
        self._push(net, f"Duplicate {self._names(copied)}")
        self._select(made)

    def connect(self, source: int, target: int, port: int) -> None:
        """A new wire; call `why_not` before."""
        try:
            net = self.net.connect(source, target, port)
        except CvlabError as error:
            self._notices.error(error)
            return
        self._push(net, f"Wire {self.net.by_id[source].name} to {self.net.by_id[target].name}")

    def rewire(self, old: tuple[int, int], source: int, target: int, port: int) -> None:
        """The wire that ended at `old` (target id, port) goes elsewhere: one step."""
        try:
            net = self.net.disconnect(*old).connect(source, target, port)
        except CvlabError as error:
            self._notices.error(error)
            return
        if set(net.edges) != set(self.net.edges):
            self._push(net, f"Wire {self.net.by_id[source].name} to {self.net.by_id[target].name}")

    def disconnect(self, target: int, port: int) -> None:
        self._push(self.net.disconnect(target, port), f"Cut the wire to {self.net.by_id[target].name}")

    def set_layer(self, node_id: int, layer: LayerSpec, field: str) -> None:
        """Other settings for one layer. Edits of the same field merge until `end_gesture`."""
        node = self.net.by_id[node_id]
        if layer != node.layer:
            title = type(layer).model_fields[field].title or field
            self._push(self.net.with_layer(node_id, layer), f"{title} of {node.name}", f"builder.{node_id}.{field}")

    def rename(self, node_id: int, name: str) -> None:
        """Raises `GraphError` for a name that is taken or is none; the inspector shows it where it was typed."""
        old = self.net.by_id[node_id].name
        if name != old:
            self._push(self.net.renamed(node_id, name), f"Rename {old}")

    def set_title(self, title: str) -> None:
        """The net's own name; an empty one is refused with `GraphError`."""
        title = title.strip()
        if not 0 < len(title) <= 80:
            raise GraphError("A net needs a name of 1 to 80 characters.", received=title[:90])
        if title != self.net.name:
            self._push(self.net.titled(title), "Rename the net")

    def replace(self, net: Architecture) -> None:
        """Another net altogether, such as one from the zoo."""
        self._push(net, f"Open {net.name}")
        self._select([])

    def end_gesture(self) -> None:
        self._history.end_gesture()

    # -- looking -----------------------------------------------------------------------------------------------------

    def why_not(self, source: int, target: int, port: int, lifted: tuple[int, int] | None = None) -> str:
        """Why no wire can run from `source` to this port, as a sentence; "" if it can.

        lifted: the wire end (id, port) that is in the person's hand, as if it were cut.
        """
        net = self.net.disconnect(*lifted) if lifted else self.net
        name = net.by_id[target].name
        if source == target:
            return "A layer cannot feed itself."
        if not net.by_id[target].layer.arity:
            return f"{name} is the image itself: nothing flows into it."
        taken = next((edge.source for edge in net.into(target) if edge.port == port), None)
        if taken is not None:
            return f"{name} already reads {net.by_id[taken].name}. Cut that wire first."
        if net.reaches(target, source):
            return "The data would run in a circle."
        return ""

    def tail(self) -> int | None:
        """The layer at the end of the part that the input starts; the last loose one if there is no input."""
        start = next((node.id for node in self.net.nodes if isinstance(node.layer, Input)), None)
        if start is None:
            ends = [node.id for node in self.net.nodes if not self.net.out_of(node.id)]
            return ends[-1] if ends else None
        seen = {start}
        while (follower := self.next_of(start)) is not None and follower not in seen:
            start = follower
            seen.add(start)
        return start

    def next_of(self, node_id: int | None) -> int | None:
        out = self.net.out_of(node_id) if node_id is not None else []
        return out[0].target if out else None

    def selected(self) -> list[int]:
        """The selected layers that exist, in the order of the flow."""
        chosen = set(self._project.builder.selected)
        try:
            order: Iterable[int] = self.net.order
        except CvlabError:
            order = self.net.by_id
        return [node_id for node_id in order if node_id in chosen]

    def _names(self, node_ids: Iterable[int]) -> str:
        names = [self.net.by_id[node_id].name for node_id in node_ids]
        return names[0] if len(names) == 1 else f"{len(names)} layers"

    def _select(self, node_ids: Iterable[int]) -> None:
        self._project.builder.selected = tuple(node_ids)

    def _push(self, net: Architecture, label: str, merge_key: str = "") -> None:
        self._history.push(SetField(self._project, "architecture", net, label, merge_key))
        if not merge_key:
            self._history.end_gesture()
