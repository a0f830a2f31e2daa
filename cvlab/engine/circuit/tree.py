"""What the grammar makes of a text: numbers, lists, names and gates applied to them, with the place where each stands."""

from __future__ import annotations

from dataclasses import dataclass

from cvlab.engine.circuit.tensors import Literal


@dataclass(frozen=True)
class Number:
    """A number as it is written."""

    value: float
    offset: int
    after: int


@dataclass(frozen=True)
class Array:
    """A vector or a matrix that is written out. value: numbers in tuples, row by row."""

    value: Literal
    offset: int
    after: int


@dataclass(frozen=True)
class Name:
    """A name of an input or of an earlier statement."""

    name: str
    offset: int
    after: int


@dataclass(frozen=True)
class Apply:
    """A gate applied to operands; `gate` is an id of the registry."""

    gate: str
    operands: tuple[Tree, ...]
    offset: int
    after: int


Tree = Number | Array | Name | Apply


@dataclass(frozen=True)
class Statement:
    """name: what the person calls the value, "" for a bare expression. offset: where the name stands."""

    name: str
    tree: Tree
    offset: int
