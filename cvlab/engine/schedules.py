"""Learning-rate schedules as plain functions of the step (course 9.5.2)."""

from __future__ import annotations

import math


def constant(base: float, step: int, total: int) -> float:
    """The same rate throughout."""
    return base


def cosine(base: float, step: int, total: int) -> float:
    """base * (1 + cos(pi * step / total)) / 2: full at step 0, zero at step `total` (Loshchilov and Hutter, 2016)."""
    return base * (1 + math.cos(math.pi * min(step / max(1, total), 1.0))) / 2


SCHEDULES = {"constant": constant, "cosine": cosine}
