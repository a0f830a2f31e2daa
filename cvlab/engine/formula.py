"""A formula as it is shown, and the function that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Formula:
    """A displayed formula with what it computes, declared together so that a test can compare the two with the program.

    caption: what stands above it, "" for none. tex: mathtext. compute: the right side of the formula, written out for the
    quantities that it names; no part of equality, as the text follows from the same settings. definition: why there is nothing
    to compute, for notation only; one of the two is given. Raises ValueError otherwise.
    """

    caption: str
    tex: str
    compute: Callable[..., Any] | None = field(default=None, compare=False, repr=False)
    definition: str = ""

    def __post_init__(self) -> None:
        if (self.compute is None) == (not self.definition):
            raise ValueError(f"{self.tex!r} needs either a function or the reason why there is none")
