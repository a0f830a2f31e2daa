"""Arrays of numbers out of a pickle, as numpy writes them; nothing in it is called.

Data sets of Python 2's days come as pickles. A hostile one can at worst raise something; callers bound what they read and turn
anything raised into CorruptData.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cvlab.engine.errors import CorruptData
from cvlab.engine.pickle_reader import Name, PickleReader, Refused

_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")


@dataclass
class _Kind:
    """A dtype, as its constructor spells it, and its order of bytes."""

    text: str
    order: str = "|"

    def dtype(self) -> np.dtype:
        kind = np.dtype(self.text)
        if kind.kind not in "biuf":
            raise Refused(f"an array of {kind}")
        return kind.newbyteorder(self.order) if self.order in "<>" else kind


@dataclass
class _Array:
    """An array whose shape and numbers come later, as its state."""

    values: np.ndarray | None = None


def loads(content: bytes) -> object:
    """Plain Python values and numpy arrays of numbers. Raises CorruptData for a pickle that asks for anything to be run, and
    whatever a damaged one makes numpy and pickletools raise."""
    try:
        return _whole(PickleReader(_call, _build).read(content)[0])
    except Refused as error:
        raise CorruptData(
            "The data file asks for code to be run. It was not.", received=error.received[:100]
        ) from error


def _call(called: Any, given: Any) -> Any:
    match called, given:
        case Name(module, "_reconstruct"), (Name("numpy", "ndarray"), _, _) if module in _MULTIARRAY:
            return _Array()
        case Name("numpy", "dtype"), (str() as text, *_):
            return _Kind(text)
        case Name("_codecs", "encode"), (str() as text, "latin1"):
            return text.encode("latin1")  # how pickle protocols 0 to 2 spell bytes
        case Name("__builtin__", "bytes"), ():
            return b""
        case Name("_codecs", "encode"), (_, codec):
            raise Refused(f"codec {str(codec)[:20]}")
        case Name(module, name), _:
            raise Refused(f"{module}.{name}")
    raise Refused("a call of something that has no name")


def _build(made: Any, state: Any) -> None:
    match made, state:
        case _Kind(), (_, str() as order, *_):
            made.order = order
        case _Array(), (_, tuple() as shape, _Kind() as kind, in_columns, str() | bytes() as raw):
            raw = raw.encode("latin1") if isinstance(raw, str) else raw  # of Python 2: letter by letter
            dtype = kind.dtype()
            values = np.frombuffer(raw, dtype).astype(dtype.newbyteorder("="), copy=False)
            made.values = values.reshape(shape, order="F" if in_columns else "C")
        case _:
            raise Refused("attributes of an object")


def _whole(value: Any) -> Any:
    """With arrays where they belong. No deeper than data sets need: what lies deeper is dropped with the rest of the pickle."""
    if isinstance(value, _Array):
        if value.values is None:
            raise Refused("an array without numbers")
        return value.values
    if isinstance(value, dict):
        return {key: _part(part) for key, part in value.items()}
    return tuple(_part(part) for part in value) if isinstance(value, tuple | list) else value


def _part(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(part.values if isinstance(part, _Array) else part for part in value)
    return value.values if isinstance(value, _Array) else value
