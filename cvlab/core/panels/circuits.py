"""The circuits panel's state: what was typed and turned, as one immutable document, and where one looks at it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Self

from pydantic import Field, FiniteFloat, model_validator

from cvlab.core.panels.saved import SavedState
from cvlab.core.state import observable
from cvlab.engine.circuit.circuit import Circuit
from cvlab.engine.circuit.composite import Group, Span, check, fold, own_gates, span
from cvlab.engine.circuit.grammar import MAX_GATES
from cvlab.engine.circuit.passes import Evaluation, evaluate
from cvlab.engine.circuit.presets import PRESETS, Preset
from cvlab.engine.circuit.reader import read
from cvlab.engine.circuit.sigmoids import collapse, expand
from cvlab.engine.circuit.tokens import MAX_CHARACTERS
from cvlab.engine.errors import ExpressionError

FAR = 1_000_000
"""A position beyond the last step: everything is computed."""


@dataclass(frozen=True)
class CircuitDocument:
    """Everything that undo brings back.

    text:      what was typed; always a circuit that can be read.
    values:    of the numbers that were turned, by "x" or "W[0,1]"; the others keep their starting values.
    merge:     parts that are written twice are one gate.
    collapsed: written-out sigmoids shown as one gate, and expanded: sigmoid gates shown as four, both by the span of their text.
    groups:    gates that are shown as one, in the order in which they were made: later ones may hold earlier ones.
    moved:     where a gate was dragged to, (x, y) by its name.
    """

    text: str = PRESETS[0].text
    values: Mapping[str, float] = field(default_factory=dict)
    merge: bool = False
    collapsed: tuple[Span, ...] = ()
    expanded: tuple[Span, ...] = ()
    groups: tuple[Group, ...] = ()
    moved: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def circuit(self) -> Circuit:
        """The circuit in the shape that is shown. Raises `ExpressionError`."""
        circuit = collapse(read(self.text, merge=self.merge), self.collapsed)
        return fold(expand(circuit, self.expanded), self.groups)

    @classmethod
    def of_preset(cls, preset: Preset) -> CircuitDocument:
        """A ready circuit, with the gates as one that it shows as one."""
        document = cls(preset.text)
        circuit = document.circuit
        groups = (own_gates(circuit, circuit.by_name[name].id) for name in preset.folded)
        return replace(document, groups=tuple(tuple(span(circuit.nodes[id]) for id in gates) for gates in groups))

    @cached_property
    def evaluation(self) -> Evaluation:
        """Values and gradients here. Raises `ExpressionError`."""
        known = self.circuit.cells
        return evaluate(self.circuit, {name: value for name, value in self.values.items() if name in known})

    def typed(self, text: str) -> CircuitDocument:
        """After other text was typed: what no longer fits is forgotten, and where gates stood. Raises `ExpressionError`."""
        old, new = self.circuit.starting_values(), read(text, merge=self.merge)
        now, start = self.evaluation.inputs, new.starting_values()
        # What an input is stays as it is, unless the text now starts it elsewhere.
        kept = {
            name: now[name]
            for name in start
            if name in now
            and (name.partition("[")[0] not in new.declared or old[name] == start[name])
            and now[name] != start[name]
        }
        edit = _Edit(self.text, text)
        collapsed, expanded = (
            tuple(place for place in map(edit.moved, places) if place is not None)
            for places in (self.collapsed, self.expanded)
        )
        groups = (tuple(map(edit.moved, group)) for group in self.groups)
        return CircuitDocument(
            text, kept, self.merge, collapsed, expanded, tuple(group for group in groups if None not in group)
        )

    def turned(self, values: Mapping[str, float]) -> CircuitDocument:
        """With other values of some inputs."""
        return replace(self, values={**self.values, **values}).sharing(self)

    def sharing(self, other: CircuitDocument) -> CircuitDocument:
        """Itself, with the circuit of a document that has the same text and shape, so that it need not be read again."""
        self.__dict__["circuit"] = other.circuit
        return self

    def folded(self, place: Span) -> CircuitDocument:
        """With the sigmoid of this span shown the other way."""
        if place in self.collapsed:
            return replace(self, collapsed=tuple(s for s in self.collapsed if s != place), moved={})
        if place in self.expanded:
            return replace(self, expanded=tuple(s for s in self.expanded if s != place), moved={})
        is_gate = any(n.gate == "sigmoid" and (n.offset, n.after) == place for n in self.circuit.gates)
        if is_gate:
            return replace(self, expanded=(*self.expanded, place), moved={})
        return replace(self, collapsed=(*self.collapsed, place), moved={})

    def grouped(self, ids: Collection[int]) -> CircuitDocument:
        """With these gates of the shown circuit as one. Raises `ExpressionError` where that cannot be."""
        check(self.circuit, ids)
        group = tuple(dict.fromkeys(span(self.circuit.nodes[id]) for id in sorted(ids)))
        return replace(self, groups=(*self.groups, group), moved=self._kept_places(ids))

    def opened(self, id: int) -> CircuitDocument:
        """With the gates that a gate stands for shown again; itself if it stands for none."""
        node = self.circuit.nodes[id]
        if not node.inside:
            return self
        last = max(at for at, group in enumerate(self.groups) if span(node) in group)
        return replace(self, groups=(*self.groups[:last], *self.groups[last + 1 :]), moved=self._kept_places((id,)))

    def _kept_places(self, ids: Collection[int]) -> dict[str, tuple[float, float]]:
        """Where other gates were dragged to."""
        gone = {self.circuit.nodes[id].name for id in ids}
        return {name: place for name, place in self.moved.items() if name not in gone}


class _Edit:
    """What became of the pieces of a text that was edited in one place."""

    def __init__(self, old: str, new: str) -> None:
        self._same = _alike(old, new)
        self._tail_began = len(old) - _alike(old[self._same :][::-1], new[self._same :][::-1])
        self._longer = len(new) - len(old)

    def moved(self, place: Span) -> Span | None:
        """Where it stands now; None if the edit touched it."""
        if place[1] <= self._same:
            return place
        if place[0] >= self._tail_began:
            return place[0] + self._longer, place[1] + self._longer
        return None


def _alike(a: str, b: str) -> int:
    """How many characters they begin with in common."""
    return next((at for at, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))


@observable
class CircuitsState:
    """position: of the walk, 0..last (`FAR` for the end). along: the input of the plot, "" for the first. step: of a nudge.

    asked: the layer of the builder's net that another panel wants opened as a circuit, "" for none; not part of a project file.
    """

    document: CircuitDocument = field(default_factory=CircuitDocument)
    position: int = FAR
    along: str = ""
    step: float = 0.1
    asked: str = ""


class SavedCircuits(SavedState):
    """The panel's part of a project file."""

    text: str = Field(CircuitDocument().text, max_length=MAX_CHARACTERS)
    values: dict[str, FiniteFloat] = {}
    merge: bool = False
    collapsed: tuple[Span, ...] = ()
    expanded: tuple[Span, ...] = ()
    groups: tuple[Group, ...] = Field((), max_length=MAX_GATES)
    moved: dict[str, tuple[FiniteFloat, FiniteFloat]] = {}
    position: int = Field(FAR, ge=0)
    along: str = Field("", max_length=60)
    step: float = Field(0.1, gt=0, le=1e6)

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        try:
            self._document().circuit  # noqa: B018  (reading it is the check)
        except ExpressionError as error:
            raise ValueError(str(error)) from error
        return self

    def _document(self) -> CircuitDocument:
        return CircuitDocument(**{each.name: getattr(self, each.name) for each in fields(CircuitDocument)})

    @classmethod
    def of(cls, state: CircuitsState) -> SavedCircuits:
        return cls(**asdict(state.document), position=state.position, along=state.along, step=state.step)

    def state(self) -> CircuitsState:
        return CircuitsState(document=self._document(), position=self.position, along=self.along, step=self.step)
