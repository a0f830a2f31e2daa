"""What a long piece of data work tells whoever waits for it, and how it is asked to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a transfer has come.

    stage:            what is happening now, in words ("Downloading train-images-idx3-ubyte.gz from ...").
    done, total:      bytes; `total` is None while it is unknown.
    bytes_per_second: the rate of the last few seconds, None until it can be told.
    eta_seconds:      what is left at that rate, None until it can be told.
    """

    stage: str
    done: int
    total: int | None = None
    bytes_per_second: float | None = None
    eta_seconds: float | None = None

    @property
    def fraction(self) -> float | None:
        """done / total in 0..1, or None while the total is unknown."""
        return min(self.done / self.total, 1.0) if self.total else None


Report = Callable[[Progress], None]
Asked = Callable[[], bool]


def never() -> bool:
    """The answer to "was it cancelled?" where nobody can cancel."""
    return False


def nobody(progress: Progress) -> None:
    """The listener where nobody listens."""
