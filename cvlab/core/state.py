"""Observable state: plain dataclasses whose fields announce their changes (psygnal), and several changes at once."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, dataclass_transform

from psygnal import evented


@dataclass_transform()
def observable(cls: type) -> type:
    """A dataclass with `events.<field>` signals, emitted after a field got a different value: `(new, old)`."""
    return evented(dataclass(eq=False)(cls), connect_child_events=False)


@contextmanager
def batch(*states: Any) -> Iterator[None]:
    """Several changes, each field announced once, when the block ends."""
    with ExitStack() as stack:
        for state in states:
            for signal in state.events.signals.values():
                stack.enter_context(signal.paused(_latest))
        yield


def seed_from(value: Any) -> int:
    """A seed for random numbers, 0 to 2**32 - 1, that is the same in every process: for values whose repr tells all of them.

    Python's own hash of text differs from process to process.
    """
    return zlib.crc32(repr(value).encode())


def _latest(earlier: tuple, later: tuple) -> tuple:
    return (later[0], earlier[1]) if len(later) > 1 else later
