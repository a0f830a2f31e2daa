"""Work on more images than fit into the memory at once: in chunks, and in smaller ones where those are too large."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from cvlab.engine.errors import OutOfMemory, in_words
from cvlab.engine.training import device as devices

T = TypeVar("T")


class Chunks:
    """size: how many images a chunk has. It is halved for good whenever the device has too little memory for one: looking at
    images needs no gradients, yet a chunk is larger than a batch, so that a net that trains might not be judged otherwise.

    >>> chunks = Chunks(2000, torch.device("cpu"))
    >>> [part.stop for part in chunks.over(4500, lambda part: part)]
    [2000, 4000, 4500]
    """

    def __init__(self, size: int, device: torch.device) -> None:
        self.size, self._device = size, device

    def over(self, count: int, work: Callable[[slice], T]) -> Iterator[T]:
        """What `work` makes of each chunk of `count` images, in order; it must leave nothing behind where it fails. Raises what
        it raises, and lack of memory only for a single image."""
        first = 0
        while first < count:
            part = slice(first, min(first + self.size, count))
            try:
                made = work(part)
            except Exception as error:
                if part.stop - part.start == 1 or not isinstance(in_words(error), OutOfMemory):
                    raise
                self.size = (part.stop - part.start + 1) // 2
            else:
                yield made
                first = part.stop
                continue
            # Here, not above: the error holds on to all that the chunk had made.
            devices.release(self._device)
