"""Plain values out of a pickle, read instruction by instruction: nothing is imported, called or built that is not plain.

`pickle.Unpickler` with its names restricted is not enough: tuples inside each other, thousands deep, as a key of a dictionary end
the process, and a few bytes make it take gigabytes.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MAX_INSTRUCTIONS = 500_000
"""Of one pickle: some seconds of work. Those of CIFAR-100 have 250,000; a tensor of PyTorch's takes about forty."""


@dataclass(frozen=True)
class Name:
    """Something that the pickle would import: known by its name only."""

    module: str
    name: str


class Refused(ValueError):
    """A pickle that does more than name plain values. received: what it does."""

    def __init__(self, received: str) -> None:
        super().__init__(received)
        self.received = received


class PickleReader:
    """Reads pickles for one format.

    Args:
        call: what a call of a `Name` with a tuple of arguments stands for. Raises `Refused` where it is none of the format's.
        build: takes the state that a pickle gives to a value that `call` made, or to a dictionary.
        find: what a persistent id stands for.
    """

    def __init__(
        self, call: Callable[[Any, Any], Any], build: Callable[[Any, Any], None], find: Callable[[Any], Any] | None = None
    ) -> None:  # fmt: skip
        self._call, self._build, self._find = call, build, find

    def read(self, data: bytes, at: int = 0) -> tuple[Any, int]:
        """The value of the pickle that begins there, and where it ends.

        Raises:
            Refused: it does more than name plain values.
            Exception: what a damaged pickle makes pickletools and the calls raise; ValueError and IndexError most often.
        """
        machine = _Machine(self._call, self._build, self._find)
        stream = io.BytesIO(data)
        stream.seek(at)
        for count, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if opcode.name == "STOP":
                return machine.stack.pop(), stream.tell()
            if count >= MAX_INSTRUCTIONS:
                raise Refused(f"more than {MAX_INSTRUCTIONS:,} instructions")
            machine.do(opcode.name, argument)
        raise ValueError("it ends too early")


_PLAIN = frozenset({
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "INT", "LONG", "FLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "UNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8",
})  # fmt: skip
"""Instructions that put their argument onto the stack."""


class _Machine:
    """The stack of one pickle, the places of its marks, and what it remembers."""

    def __init__(self, call: Callable, build: Callable, find: Callable | None) -> None:
        self.stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._call, self._build, self._find = call, build, find

    def do(self, op: str, argument: Any) -> None:
        stack = self.stack
        match op:
            case _ if op in _PLAIN:
                stack.append(argument)
            case "BINPUT" | "LONG_BINPUT" | "PUT":
                self._memo[argument] = stack[-1]
            case "MEMOIZE":
                self._memo[len(self._memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET" | "GET":
                stack.append(self._memo[argument])
            case "PROTO" | "FRAME":
                pass
            case "MARK":
                self._marks.append(len(stack))
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_TUPLE":
                stack.append(())
            case "NONE":
                stack.append(None)
            case "NEWTRUE" | "NEWFALSE":
                stack.append(op == "NEWTRUE")
            case "GLOBAL":
                module, _, name = argument.partition(" ")
                stack.append(Name(module, name))
            case "STACK_GLOBAL":
                name, module = stack.pop(), stack.pop()
                if not (isinstance(module, str) and isinstance(name, str)):
                    raise Refused("a name that is no text")
                stack.append(Name(module, name))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(op[-1])
                stack[-count:] = [tuple(stack[-count:])]
            case "TUPLE":
                stack.append(tuple(self._to_mark()))
            case "LIST":
                stack.append(self._to_mark())
            case "DICT":
                pairs = self._to_mark()
                stack.append(dict(zip(map(_key, pairs[::2]), pairs[1::2], strict=True)))
            case "APPEND":
                value = stack.pop()
                self._top(list).append(value)
            case "APPENDS":
                values = self._to_mark()
                self._top(list).extend(values)
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                self._top(dict)[_key(key)] = value
            case "SETITEMS":
                pairs = self._to_mark()
                self._top(dict).update(zip(map(_key, pairs[::2]), pairs[1::2], strict=True))
            case "BINPERSID" if self._find is not None:
                stack.append(self._find(stack.pop()))
            case "REDUCE":
                given, called = stack.pop(), stack.pop()
                stack.append(self._call(called, given))
            case "BUILD":
                state = stack.pop()
                self._build(stack[-1], state)
            case _:
                raise Refused(f"instruction {op}")

    def _to_mark(self) -> list[Any]:
        at = self._marks.pop()
        values = self.stack[at:]
        del self.stack[at:]
        return values

    def _top(self, kind: type) -> Any:
        if type(self.stack[-1]) is not kind:
            raise Refused("attributes of an object")
        return self.stack[-1]


def _key(value: Any) -> str | int:
    if not isinstance(value, str | int):
        raise Refused(f"a key that is a {type(value).__name__}")
    return value
