"""The circuits panel's state: what was typed and turned, as one immutable document, and where one looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Self

from pydantic import Field, FiniteFloat, model_validator

from cvlab.core.panels.saved import SavedState
from cvlab.core.state import observable
from cvlab.engine.circuit.circuit import Circuit
from cvlab.engine.circuit.collapse import Span, collapse, expand
from cvlab.engine.circuit.passes import Evaluation, evaluate
from cvlab.engine.circuit.presets import PRESETS
from cvlab.engine.circuit.reader import read
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
    moved:     where a gate was dragged to, (x, y) by its name.
    """

    text: str = PRESETS[0].text
    values: Mapping[str, float] = field(default_factory=dict)
    merge: bool = False
    collapsed: tuple[Span, ...] = ()
    expanded: tuple[Span, ...] = ()
    moved: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def circuit(self) -> Circuit:
        """The circuit in the shape that is shown. Raises `ExpressionError`."""
        circuit = collapse(read(self.text, merge=self.merge), self.collapsed)
        return expand(circuit, self.expanded)

    @cached_property
    def evaluation(self) -> Evaluation:
        """Values and gradients here. Raises `ExpressionError`."""
        known = self.circuit.cells
        return evaluate(self.circuit, {name: value for name, value in self.values.items() if name in known})

    def typed(self, text: str) -> CircuitDocument:
        """After other text was typed: what no longer fits it is forgotten. Raises `ExpressionError` if it cannot be read."""
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
        return CircuitDocument(text, kept, self.merge)

    def turned(self, values: Mapping[str, float]) -> CircuitDocument:
        """With other values of some inputs."""
        return replace(self, values={**self.values, **values}).sharing(self)

    def sharing(self, other: CircuitDocument) -> CircuitDocument:
        """Itself, with the circuit of a document that has the same text and shape, so that it need not be read again."""
        self.__dict__["circuit"] = other.circuit
        return self

    def folded(self, span: Span) -> CircuitDocument:
        """With the sigmoid of this span shown the other way."""
        if span in self.collapsed:
            return replace(self, collapsed=tuple(s for s in self.collapsed if s != span), moved={})
        if span in self.expanded:
            return replace(self, expanded=tuple(s for s in self.expanded if s != span), moved={})
        is_gate = any(n.gate == "sigmoid" and (n.offset, n.after) == span for n in self.circuit.gates)
        if is_gate:
            return replace(self, expanded=(*self.expanded, span), moved={})
        return replace(self, collapsed=(*self.collapsed, span), moved={})


@observable
class CircuitsState:
    """position: of the walk, 0..last (`FAR` for the end). along: the input of the plot, "" for the first. step: of a nudge."""

    document: CircuitDocument = field(default_factory=CircuitDocument)
    position: int = FAR
    along: str = ""
    step: float = 0.1


class SavedCircuits(SavedState):
    """The panel's part of a project file."""

    text: str = Field(CircuitDocument().text, max_length=MAX_CHARACTERS)
    values: dict[str, FiniteFloat] = {}
    merge: bool = False
    collapsed: tuple[Span, ...] = ()
    expanded: tuple[Span, ...] = ()
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
