"""Learning-rate schedules as plain functions of the step (course 9.5.2).

Every function has the same first three arguments and gives the rate of that step. `step` and `total` are iterations, or
epochs, or parts of an epoch: only let both be the same, and `k`, `every` and `warm` with them. What is left out is
chosen to suit `total`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from pydantic import Field

from cvlab.engine.formula import Formula
from cvlab.engine.spec import Spec


def constant(base: float, step: float, total: float) -> float:
    """The same rate throughout."""
    return base


def step_decay(base: float, step: float, total: float, factor: float = 0.5, every: float | None = None) -> float:
    """base * factor^floor(step / every). The course: half every 5 epochs, or a tenth every 20. every: a quarter of total."""
    every = total / 4 if every is None else every
    return base * factor ** math.floor(step / every) if every > 0 else base


def exponential(base: float, step: float, total: float, k: float | None = None) -> float:
    """base * e^{-k step}. k: the share lost in one step, if small; left out, a hundredth is left at `total`."""
    k = math.log(100) / (total or 1) if k is None else k
    return base * math.exp(-k * step)


def inverse_time(base: float, step: float, total: float, k: float | None = None) -> float:
    """base / (1 + k step), the course's 1/t decay. k: half is left at step 1/k; left out, a tenth is left at `total`."""
    k = 9 / (total or 1) if k is None else k
    return base / (1 + k * step)


def cosine(base: float, step: float, total: float) -> float:
    """base * (1 + cos(pi * step / total)) / 2: full at step 0, zero at step `total` (Loshchilov and Hutter, 2016)."""
    share = min(step / total, 1.0) if total > 0 else float(step > 0)
    return base * (1 + math.cos(math.pi * share)) / 2


def warm_up(base: float, step: float, total: float, warm: float | None = None) -> float:
    """Rises in a straight line from 0 to base at step `warm`, then falls to zero along a cosine. warm: a tenth of total.

    The first step gets a hundredth of base at least, so that it is not lost.
    """
    warm = total / 10 if warm is None else warm
    if step < warm:
        return base * max(0.01, step / warm)
    return cosine(base, step - warm, total - warm)


def one_cycle(
    base: float, step: float, total: float, peak_at: float = 0.3, start: float = 0.04, end: float = 4e-6
) -> float:
    """Up to base along a cosine, and down again to almost nothing (Smith and Topin, 2017).

    peak_at: the share of `total` at which the rate is highest. start, end: first and last rate as a share of base.
    """
    peak = peak_at * total
    if step < peak:
        return _glide(start * base, base, step / peak)
    return _glide(base, end * base, min((step - peak) / (total - peak), 1.0) if total > peak else 1.0)


def _glide(from_: float, to: float, share: float) -> float:
    """From one rate to another along half a cosine. share: 0..1."""
    return to + (from_ - to) * (1 + math.cos(math.pi * share)) / 2


Kind = Literal["constant", "step", "exponential", "1/t", "cosine", "warm-up", "one-cycle"]

SCHEDULES: dict[str, Callable[[float, float, float], float]] = {
    "constant": constant,
    "step": step_decay,
    "exponential": exponential,
    "1/t": inverse_time,
    "cosine": cosine,
    "warm-up": warm_up,
    "one-cycle": one_cycle,
}


def _glided(t: float, T: float, base: float, peak: float, start: float, end: float) -> float:
    u = (t - peak * T) / (T - peak * T) if t >= peak * T else 1 - t / (peak * T)
    low = base * (end if t >= peak * T else start)
    return low + (base - low) * (1 + math.cos(math.pi * u)) / 2


FORMULAS: dict[str, Formula] = {
    "constant": Formula("Constant", r"\alpha = \alpha_0", lambda t, T, base: base),
    "step": Formula(
        "Step decay",
        r"\alpha = \alpha_0 \, c^{\lfloor t / n \rfloor}",
        lambda t, T, base, factor, every: base * factor ** math.floor(t / every),
    ),
    "exponential": Formula(
        "Exponential", r"\alpha = \alpha_0 \, e^{-kt}", lambda t, T, base, k: base * math.exp(-k * t)
    ),
    "1/t": Formula("1/t", r"\alpha = \alpha_0 / (1 + kt)", lambda t, T, base, k: base / (1 + k * t)),
    "cosine": Formula(
        "Cosine",
        r"\alpha = \frac{1}{2} \alpha_0 \, (1 + \cos(\pi t / T))",
        lambda t, T, base: base * (1 + math.cos(math.pi * t / T)) / 2,
    ),
    "warm-up": Formula(
        "Warm-up to step w, then a cosine over the rest, of which u has passed",
        r"\alpha = \alpha_0 \max(\frac{1}{100}, \frac{t}{w}), \;\; \frac{1}{2} \alpha_0 (1 + \cos(\pi u))",
        lambda t, T, base, warm: (
            base * max(0.01, t / warm) if t < warm else base * (1 + math.cos(math.pi * (t - warm) / (T - warm))) / 2
        ),
    ),
    "one-cycle": Formula(
        "One cycle: from the rate e to the highest along half a cosine, 1 − u of the way; then back to a lower e, u of it",
        r"\alpha = \alpha_e + (\alpha_0 - \alpha_e)\, \frac{1 + \cos(\pi u)}{2}",
        _glided,
    ),
}
"""By kind. compute(t, T, base, **settings): the rate at step t of T; T > 0, and the settings are those of the function."""


class Schedule(Spec):
    """A schedule with its settings in epochs, for a curve that a person shapes."""

    kind: Kind = Field(
        "constant", title="Schedule", description="How the learning rate changes while training goes on."
    )
    factor: float = Field(
        0.5,
        gt=0.0,
        lt=1.0,
        title="Factor",
        description="What a drop leaves of the rate. Too small: learning stops at the first drop.",
        json_schema_extra={"only": {"kind": ["step"]}},
    )
    every: float = Field(
        5.0,
        gt=0.0,
        le=10_000.0,
        title="Drop every",
        description="The course: half every 5 epochs, or a tenth every 20. Too few: learning stops before it is done.",
        json_schema_extra={"only": {"kind": ["step"]}},
    )
    k: float = Field(
        0.1,
        ge=0.0,
        le=100.0,
        title="Decay k",
        description="How fast the rate falls, per epoch. Too high: learning stops early. Too low: it never settles.",
        json_schema_extra={"only": {"kind": ["exponential", "1/t"]}},
    )
    warm: float = Field(
        1.0,
        ge=0.0,
        le=10_000.0,
        title="Epochs of warm-up",
        description="The rate rises this long. Too short: the first steps on random weights may throw the net off.",
        json_schema_extra={"only": {"kind": ["warm-up"]}},
    )
    peak_at: float = Field(
        0.3,
        gt=0.0,
        lt=1.0,
        title="Peak at",
        description="The share of the training after which the rate is highest. Late: little time is left to settle.",
        json_schema_extra={"only": {"kind": ["one-cycle"]}},
    )

    def rate_at(self, base: float, step: float, steps_per_epoch: int, epochs: float) -> float:
        """The learning rate of a step, counted from 0 over the whole run: what a training loop asks before each one."""
        return SCHEDULES[self.kind](base, step, steps_per_epoch * epochs, **self._settings(steps_per_epoch, epochs))

    def rate(self, base: float, epoch: float, epochs: float) -> float:
        """The learning rate at `epoch`, which may lie within one, of `epochs`."""
        return SCHEDULES[self.kind](base, epoch, epochs, **self._settings(1, epochs))

    def _settings(self, per_epoch: int, epochs: float) -> dict[str, float]:
        """The settings of this kind in units of which there are `per_epoch` in an epoch."""
        own = {
            "step": {"factor": self.factor, "every": self.every * per_epoch},
            "exponential": {"k": self.k / per_epoch},
            "1/t": {"k": self.k / per_epoch},
            "warm-up": {"warm": min(self.warm, epochs) * per_epoch},
            "one-cycle": {"peak_at": self.peak_at},
        }
        return own.get(self.kind, {})
