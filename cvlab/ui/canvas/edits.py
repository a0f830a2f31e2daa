"""Every change that a person can make to the net, each one undo step.

The canvas, the palette and the inspector all go through here. Nothing here draws: a change puts another architecture
into the project, and the views follow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from cvlab.core.history import History, SetField
from cvlab.core.notices import Notices
from cvlab.core.project import Project
from cvlab.engine.errors import CvlabError, GraphError
from cvlab.engine.nets.architecture import Architecture, Group
from cvlab.engine.nets.layers import REGISTRY, Input, LayerSpec
from cvlab.engine.nets.shapes import infer
from cvlab.ui.canvas.sketch import Point, Port

REMEMBERED = 16
"""Earlier nets that keep what was worked out on them; of the thousands in the history only the net itself is kept."""

ANYWHERE = (None, None)
"""A place left to the layout."""


class NetEdits:
    """Edits `project.architecture` through the history. What cannot be done becomes a notice, and nothing changes."""

    def __init__(self, project: Project, history: History, notices: Notices) -> None:
        self._project, self._history, self._notices = project, history, notices
        self._left: deque[Architecture] = deque()

    @property
    def net(self) -> Architecture:
        return self._project.architecture

    # -- layers ------------------------------------------------------------------------------------------------------

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

    def add_after(self, kind: str, source: int, place: Point) -> int | None:
        """A new layer at the end of a wire that was let go in the open: a branch, where something else reads `source`."""
        return self.insert(REGISTRY[kind](), source, None, place)

    def reorder(self, node_id: int, after: int | None, before: int | None) -> None:
        """A layer of the chain moves to another wire; the layout finds its place again."""
        moved = self._tried(lambda: self.net.reorder(node_id, after=after, before=before).moved({node_id: ANYWHERE}))
        if moved is not None:
            self._push(moved, f"Move {self.net.by_id[node_id].name}")

    def move(self, places: Mapping[int, Point], merge_key: str = "") -> None:
        """Layers put elsewhere on the canvas; the net stays the same."""
        self._push(self.net.moved(places), f"Move {self._names(places)}", merge_key)

    def arrange(self) -> None:
        """Every layer back to where the layout puts it."""
        if any(node.x is not None for node in self.net.nodes):
            places = dict.fromkeys(self.net.by_id, ANYWHERE)
            self._push(self.net.moved(places), "Arrange the layers")  # type: ignore[arg-type]

    def delete(self, node_ids: Sequence[int], *, verb: str = "Delete") -> None:
        """Without these layers; what stood around each is joined, and the one before becomes the selection."""
        if not node_ids:
            return
        before = [edge.source for edge in self.net.into(node_ids[0]) if edge.source not in node_ids]
        label = f"{verb} {self._names(node_ids)}"
        self._push(self.net.remove(node_ids), label)
        self._select(before[:1])

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

    # -- copies ------------------------------------------------------------------------------------------------------

    def duplicate(self, node_ids: Sequence[int]) -> None:
        """Copies of these layers and of the wires among them.

        What reads one layer and gives one result is spliced in behind itself, a residual block as a single layer; anything
        else stands loose beside it.
        """
        copied = [node_id for node_id in node_ids if self.net.by_id[node_id].layer.arity]
        if not copied:
            return
        part = self.net.part(copied)
        pasted = self._tried(lambda: self.net.pasted(part, 32, 32))
        if pasted is None:
            return
        net, new = pasted
        self._push(self._spliced(net, copied, new), f"Duplicate {self._names(copied)}")
        self._select([new[i] for i in copied])

    def _spliced(self, net: Architecture, copied: Sequence[int], new: dict[int, int]) -> Architecture:
        """The copies behind their originals, if those have one way in and one way out; else as they are."""
        inside = set(copied)
        entering = [e for e in self.net.edges if e.target in inside and e.source not in inside]
        leaving = [e for e in self.net.edges if e.source in inside and e.target not in inside]
        ends = {e.source for e in leaving} or {i for i in copied if not self.net.out_of(i)}
        if len({e.source for e in entering}) > 1 or len(ends) != 1:
            return net
        (end,) = ends
        if not entering:
            return net
        for e in leaving:
            net = net.disconnect(e.target, e.port).connect(new[end], e.target, e.port)
        for e in entering:
            net = net.connect(end, new[e.target], e.port)
        return net.moved(dict.fromkeys(new.values(), ANYWHERE))  # type: ignore[arg-type]

    def paste(self, part: Architecture, place: Point | None = None) -> None:
        """A copied part, loose: at `place` (its top left corner), or where the layout puts it. It becomes the selection."""
        placed = [node for node in part.nodes if node.x is not None and node.y is not None]
        if place is not None and placed:
            left, top = min(node.x for node in placed), min(node.y for node in placed)  # type: ignore[type-var]
            shift = (place.x - left, place.y - top)  # type: ignore[operator]
        else:
            shift = (32.0, 32.0)
        pasted = self._tried(lambda: self.net.pasted(part, *shift))
        if pasted is not None:
            net, new = pasted
            self._push(net, f"Paste {_count(len(new))}")
            self._select(list(new.values()))

    # -- wires -------------------------------------------------------------------------------------------------------

    def connect(self, source: int, target: int, port: int) -> None:
        """A new wire; call `why_not` before."""
        net = self._tried(lambda: self.net.connect(source, target, port))
        if net is not None:
            self._push(net, f"Wire {self.net.by_id[source].name} to {self.net.by_id[target].name}")

    def rewire(self, old: Port, source: int, target: int, port: int) -> None:
        """The wire that ended at `old` (target id, port) goes elsewhere: one step."""
        net = self._tried(lambda: self.net.disconnect(*old).connect(source, target, port))
        if net is not None and set(net.edges) != set(self.net.edges):
            self._push(net, f"Wire {self.net.by_id[source].name} to {self.net.by_id[target].name}")

    def disconnect(self, target: int, port: int) -> None:
        self._push(self.net.disconnect(target, port), f"Cut the wire to {self.net.by_id[target].name}")

    def isolate(self, node_ids: Sequence[int]) -> None:
        """All wires of these layers cut; what stood around them is not joined."""
        chosen, net = set(node_ids), self.net
        for edge in net.edges:
            if {edge.source, edge.target} & chosen:
                net = net.disconnect(edge.target, edge.port)
        if net is not self.net:
            self._push(net, f"Cut the wires of {self._names(node_ids)}")

    # -- groups ------------------------------------------------------------------------------------------------------

    def group(self, node_ids: Sequence[int]) -> int | None:
        """These layers as a named block, folded into one; its id, or None if refused."""
        made = self._tried(lambda: self.net.grouped(node_ids))
        if made is None:
            return None
        net, group_id = made
        self._push(net, f"Group {self._names(node_ids)}")
        self._select(net.group_by_id[group_id].members)
        return group_id

    def ungroup(self, group_id: int) -> None:
        group = self.net.group_by_id[group_id]
        self._push(self.net.ungrouped(group_id), f"Ungroup {group.name}")

    def unroll(self, group_id: int) -> None:
        """The repetitions become layers of their own."""
        group = self.net.group_by_id[group_id]
        net = self._tried(lambda: self.net.unrolled(group_id))
        if net is not None:
            self._push(net, f"Write out {group.name}")
            self._select([])

    def fold(self, group_id: int, collapsed: bool | None = None) -> None:
        """One block or all its layers; the other of the two if None."""
        group = self.net.group_by_id[group_id]
        wanted = not group.collapsed if collapsed is None else collapsed
        if wanted != group.collapsed:
            net = self.net.with_group(group_id, collapsed=wanted)
            self._push(net, f"{'Fold' if wanted else 'Open'} {group.name}")

    def repeat(self, group_id: int, times: int) -> None:
        group = self.net.group_by_id[group_id]
        net = self._tried(lambda: self.net.with_group(group_id, times=times))
        if net is not None and times != group.times:
            self._push(net, f"Repeat {group.name} {times} times", f"builder.group.{group_id}.times")

    def rename_group(self, group_id: int, name: str) -> None:
        """Raises `GraphError` for a name that is taken or is none."""
        old = self.net.group_by_id[group_id].name
        if name != old:
            self._push(self.net.with_group(group_id, name=name), f"Rename {old}")

    # -- the whole net -----------------------------------------------------------------------------------------------

    def set_title(self, title: str) -> None:
        """The net's own name; an empty one is refused with `GraphError`."""
        title = title.strip()
        if not 0 < len(title) <= 80:
            raise GraphError("A net needs a name of 1 to 80 characters.", received=title[:90])
        if title != self.net.name:
            self._push(self.net.titled(title), "Rename the net")

    def replace(self, net: Architecture, label: str = "") -> None:
        """Another net altogether, such as one from the zoo."""
        self._push(net, label or f"Open {net.name}")
        self._select([])

    def change(self, change: Callable[[Architecture], Architecture], label: str) -> None:
        """A change that the engine offers (advice, a mend): one step; what it cannot do becomes a notice."""
        net = self._tried(lambda: change(self.net))
        if net is not None and net != self.net:
            self._push(net, label)

    def end_gesture(self) -> None:
        self._history.end_gesture()

    # -- looking -----------------------------------------------------------------------------------------------------

    def why_not(self, source: int, target: int, port: int, lifted: Port | None = None) -> str:
        """Why no wire can run from `source` to this port, as a sentence; "" if it can.

        lifted: the wire end (id, port) that is in the person's hand, as if it were cut.
        """
        net = self.net.disconnect(*lifted) if lifted else self.net
        name, layer = net.by_id[target].name, net.by_id[target].layer
        if source == target:
            return "A layer cannot feed itself."
        if not layer.arity:
            return f"{name} is the image itself: nothing flows into it."
        if port >= max(layer.arity, layer.most):
            return f"{name} takes {layer.arity} wire{'s' if layer.arity > 1 else ''}, and has them all."
        taken = next((edge.source for edge in net.into(target) if edge.port == port), None)
        if taken is not None:
            return f"{name} already reads {net.by_id[taken].name}. Cut that wire first."
        if net.reaches(target, source):
            return "The data would run in a circle."
        return ""

    def free_port(self, target: int, lifted: Port | None = None) -> int:
        """The port that a wire dropped on the layer would take: an open one, else one that a merge grows, else the first."""
        layer = self.net.by_id[target].layer
        taken = {edge.port for edge in self.net.into(target) if (target, edge.port) != lifted}
        free = next((port for port in range(layer.arity) if port not in taken), layer.arity)
        return free if free < max(layer.arity, layer.most) else 0

    def offers(self, source: int, lifted: Port | None = None) -> list[Port]:
        """Every open port that a wire from `source` may end at, in the order of the document. O(layers + wires)."""
        before, todo = {source}, [source]
        while todo:
            for edge in self.net.into(todo.pop()):
                if edge.source not in before and (edge.target, edge.port) != lifted:
                    before.add(edge.source)
                    todo.append(edge.source)
        found = []
        for node in self.net.nodes:
            if node.id not in before:
                taken = {edge.port for edge in self.net.into(node.id) if (node.id, edge.port) != lifted}
                found += [(node.id, port) for port in range(node.layer.arity) if port not in taken]
        return found

    def outcome(self, source: int, target: int, port: int, lifted: Port | None = None) -> tuple[str, bool]:
        """What a wire would bring, in a few words, and whether all would be well: shapes are worked out as if it were there."""
        net = self.net.disconnect(*lifted) if lifted else self.net
        net = net.connect(source, target, port)
        report = infer(net).layers.get(target)
        told = f"Wire {net.by_id[source].name} to {net.by_id[target].name}"
        if report is None or report.error is None:
            return told, True
        if isinstance(report.error, GraphError):  # other ports of it are open still
            return told, True
        return f"{told}. But {report.error.what}", False

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
        if not chosen:
            return []
        try:
            order: Iterable[int] = self.net.order
        except CvlabError:
            order = self.net.by_id
        return [node_id for node_id in order if node_id in chosen]

    def selected_group(self) -> Group | None:
        """The group of which all layers, and no others, are selected."""
        chosen = set(self.selected())
        return next((group for group in self.net.groups if set(group.members) == chosen), None)

    def _names(self, node_ids: Iterable[int]) -> str:
        names = [self.net.by_id[node_id].name for node_id in node_ids]
        return names[0] if len(names) == 1 else _count(len(names))

    def _select(self, node_ids: Iterable[int]) -> None:
        self._project.builder.selected = tuple(node_ids)

    def _tried(self, make: Callable):
        """What it makes, or None after a notice."""
        try:
            return make()
        except CvlabError as error:
            self._notices.error(error)
            return None

    def _push(self, net: Architecture, label: str, merge_key: str = "") -> None:
        self._left.append(self.net)
        if len(self._left) > REMEMBERED:
            self._left.popleft().forget()
        self._history.push(SetField(self._project, "architecture", net, label, merge_key))
        if not merge_key:
            self._history.end_gesture()


def _count(layers: int) -> str:
    return f"{layers} layer{'s' if layers != 1 else ''}"
