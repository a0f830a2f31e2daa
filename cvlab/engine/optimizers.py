"""The update rules of the course, each written out and each step taken apart (course 9.5). They know no surface and no net.

An optimizer is its settings, frozen. What it remembers between steps is a plain dict, handed in and out of `step`, so that
a step can be repeated, taken back and looked into. The lines of `rule` are the code of `step` in the course's notation.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from cvlab.engine.errors import RecipeError
from cvlab.engine.spec import Spec

Memory = dict[str, np.ndarray]
Slope = Callable[[np.ndarray], np.ndarray]  # x -> dx, both of one shape


@dataclass(frozen=True, eq=False)
class Arrow:
    """One part of a step: from `tail`, by `shift`. role: "gradient" | "velocity" | "look-ahead" | "scaled step" | ..."""

    role: str
    tail: np.ndarray
    shift: np.ndarray


@dataclass(frozen=True, eq=False)
class Step:
    """One update, taken apart.

    x -> x_next. at: where the slope was asked for, which for Nesterov is not x. dx: the slope there.
    memory: what the rule remembers afterwards. results: what each line of the rule gave, in their order.
    arrows: the parts to draw; their roles are the rule's own, "step" is the whole of it.
    """

    x: np.ndarray
    x_next: np.ndarray
    at: np.ndarray
    dx: np.ndarray
    memory: Memory
    results: tuple[np.ndarray, ...]
    arrows: tuple[Arrow, ...]


class Optimizer(Spec):
    """An update rule with its settings. Subclasses write `rule` and `step`; everything has the shape of x.

    title, kind: its name and permanent id. memory_names: what it keeps between steps, all of it 0 at first.
    remark: what the course's text and this code do not say alike, "" if there is nothing.
    """

    title: ClassVar[str]
    rule: ClassVar[tuple[str, ...]]
    memory_names: ClassVar[tuple[str, ...]] = ()
    remark: ClassVar[str] = ""

    kind: str
    learning_rate: float

    def start(self, x: np.ndarray) -> Memory:
        """What the rule remembers before the first step: zeros."""
        return {name: np.zeros_like(x, dtype=np.float64) for name in self.memory_names}

    @abstractmethod
    def step(self, x: np.ndarray, memory: Memory, slope: Slope, t: int) -> Step:
        """The t-th update, t = 1, 2, ... Nothing that is handed in is changed. Cost: one call of slope."""


def _rate(default: float) -> Any:
    return Field(
        default,
        gt=0.0,
        le=100.0,
        title="Learning rate",
        description="Length of a step. Too high: the path flies off or zigzags. Too low: it hardly moves.",
        json_schema_extra={"scale": "log", "live": True},
    )


def _mu() -> Any:
    return Field(
        0.9,
        ge=0.0,
        lt=1.0,
        title="Momentum μ",
        description="Share of the velocity that is kept; 0.5 to 0.99. Too high: it rolls past the minimum and back.",
        json_schema_extra={"live": True},
    )


def _eps() -> Any:
    return Field(
        1e-8,
        gt=0.0,
        le=1.0,
        title="ε",
        description="Keeps the division from being by zero; 1e-8 to 1e-4. Too large: small slopes are no longer scaled up.",
        json_schema_extra={"scale": "log", "live": True},
    )


def _beta(default: float, title: str, of: str) -> Any:
    return Field(
        default,
        ge=0.0,
        lt=1.0,
        title=title,
        description=f"Memory of the average of {of}. Nearer to 1: longer memory, slower to notice a change.",
        json_schema_extra={"live": True},
    )


class SGD(Optimizer):
    """x += - learning_rate dx (course 9.5.1)."""

    title: ClassVar[str] = "SGD"
    rule: ClassVar[tuple[str, ...]] = ("x += - learning_rate * dx",)

    kind: Literal["sgd"] = "sgd"
    learning_rate: float = _rate(0.01)

    def step(self, x: np.ndarray, memory: Memory, slope: Slope, t: int) -> Step:
        dx = slope(x)
        x_next = x - self.learning_rate * dx
        return Step(x, x_next, x, dx, {}, (x_next,), (Arrow("gradient", x, -dx), Arrow("step", x, x_next - x)))


class Momentum(Optimizer):
    """v = mu v - learning_rate dx; x += v (course 9.5.1): a ball that rolls, mu being what friction leaves of its speed."""

    title: ClassVar[str] = "Momentum"
    rule: ClassVar[tuple[str, ...]] = ("v = mu * v - learning_rate * dx", "x += v")
    memory_names: ClassVar[tuple[str, ...]] = ("v",)

    kind: Literal["momentum"] = "momentum"
    learning_rate: float = _rate(0.01)
    mu: float = _mu()

    def step(self, x: np.ndarray, memory: Memory, slope: Slope, t: int) -> Step:
        dx = slope(x)
        carried = self.mu * memory["v"]
        v = carried - self.learning_rate * dx
        arrows = (
            Arrow("gradient", x, -dx),
            Arrow("velocity", x, carried),
            Arrow("scaled step", x + carried, -self.learning_rate * dx),
            Arrow("step", x, v),
        )
        return Step(x, x + v, x, dx, {"v": v}, (v, x + v), arrows)


class Nesterov(Optimizer):
    """Momentum that asks for the slope where the velocity is about to carry it (course 9.5.1; Nesterov, 1983).

    x is the ball itself. PyTorch keeps x_ahead of the next step instead: its parameter is x + mu v.
    """

    title: ClassVar[str] = "Nesterov"
    rule: ClassVar[tuple[str, ...]] = ("x_ahead = x + mu * v", "v = mu * v - learning_rate * dx_ahead", "x += v")
    memory_names: ClassVar[tuple[str, ...]] = ("v",)
    remark: ClassVar[str] = "dx_ahead is the slope at x_ahead, not at x. PyTorch stores x_ahead as its parameter."

    kind: Literal["nesterov"] = "nesterov"
    learning_rate: float = _rate(0.01)
    mu: float = _mu()

    def step(self, x: np.ndarray, memory: Memory, slope: Slope, t: int) -> Step:
        carried = self.mu * memory["v"]
        x_ahead = x + carried
        dx_ahead = slope(x_ahead)
        v = carried - self.learning_rate * dx_ahead
        arrows = (
            Arrow("look-ahead", x, carried),
            Arrow("gradient", x_ahead, -dx_ahead),
            Arrow("scaled step", x_ahead, -self.learning_rate * dx_ahead),
            Arrow("step", x, v),
        )
        return Step(x, x + v, x_ahead, dx_ahead, {"v": v}, (x_ahead, v, x + v), arrows)


class Adagrad(Optimizer):
    """cache += dx^2; x += - learning_rate dx / (sqrt(cache) + eps) (course 9.5.3; Duchi et al., 2011)."""

    title: ClassVar[str] = "Adagrad"
    rule: ClassVar[tuple[str, ...]] = ("cache += dx**2", "x += - learning_rate * dx / (sqrt(cache) + eps)")
    memory_names: ClassVar[tuple[str, ...]] = ("cache",)

    kind: Literal["adagrad"] = "adagrad"
    learning_rate: float = _rate(0.1)
    eps: float = _eps()

    def step(self, x: np.ndarray, memory: Memory, slope: Slope, t: int) -> Step:
        dx = slope(x)
        cache = memory["cache"] + dx**2
        x_next = x - self.learning_rate * dx / (np.sqrt(cache) + self.eps)
        return _scaled(x, x_next, dx, {"cache": cache}, (cache, x_next))


class RMSprop(Optimizer):
    """Adagrad with a cache that leaks, so that its steps need not shrink for ever (course 9.5.3; Hinton, 2012)."""

    title: ClassVar[str] = "RMSprop"
    rule: ClassVar[tuple[str, ...]] = (
        "cache = decay_rate * cache + (1 - decay_rate) * dx**2",
        "x += - learning_rate * dx / (sqrt(cache) + eps)",
    )
    memory_names: ClassVar[tuple[str, ...]] = ("cache",)

    kind: Literal["rmsprop"] = "rmsprop"
    learning_rate: float = _rate(0.01)
    decay_rate: float = _beta(0.99, "Decay rate", "squared slopes")
    eps: float = _eps()

    def step(self, x: np.ndarray, memory: Memory, slope: Slope, t: int) -> Step:
        dx = slope(x)
        cache = self.decay_rate * memory["cache"] + (1 - self.decay_rate) * dx**2
        x_next = x - self.learning_rate * dx / (np.sqrt(cache) + self.eps)
        return _scaled(x, x_next, dx, {"cache": cache}, (cache, x_next))


class _Moments(Optimizer):
    """The two leaky averages that the Adam family shares: m of slopes, v of their squares."""

    memory_names: ClassVar[tuple[str, ...]] = ("m", "v")

    learning_rate: float = _rate(0.01)
    beta1: float = _beta(0.9, "β₁", "slopes")
    beta2: float = _beta(0.999, "β₂", "squared slopes")
    eps: float = _eps()

    def _averages(self, memory: Memory, dx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        m = self.beta1 * memory["m"] + (1 - self.beta1) * dx
        v = self.beta2 * memory["v"] + (1 - self.beta2) * dx**2
        return m, v


class UncorrectedAdam(_Moments):
    """The course's first form of Adam: m and v start at 0 and are used as they are (course 9.5.3)."""

    title: ClassVar[str] = "Adam, no correction"
    rule: ClassVar[tuple[str, ...]] = (
        "m = beta1 * m + (1 - beta1) * dx",
        "v = beta2 * v + (1 - beta2) * dx**2",
        "x += - learning_rate * m / (sqrt(v) + eps)",
    )
    remark: ClassVar[str] = (
        "The first step is (1 - beta1) / sqrt(1 - beta2) learning rates long, 3.2 with the usual settings, because v "
        "starts at 0 and remembers longer than m."
    )

    kind: Literal["adam-uncorrected"] = "adam-uncorrected"

    def step(self, x: np.ndarray, memory: Memory, slope: Slope, t: int) -> Step:
        dx = slope(x)
        m, v = self._averages(memory, dx)
        x_next = x - self.learning_rate * m / (np.sqrt(v) + self.eps)
        return _scaled(x, x_next, dx, {"m": m, "v": v}, (m, v, x_next), m)


class Adam(_Moments):
    """Adam with bias correction (course 9.5.3; Kingma and Ba, 2015): m and v are divided by what is missing of their weights."""

    title: ClassVar[str] = "Adam"
    rule: ClassVar[tuple[str, ...]] = (
        "m = beta1 * m + (1 - beta1) * dx",
        "mt = m / (1 - beta1**t)",
        "v = beta2 * v + (1 - beta2) * dx**2",
        "vt = v / (1 - beta2**t)",
        "x += - learning_rate * mt / (sqrt(vt) + eps)",
    )
    remark: ClassVar[str] = (
        "The course prints (1 - beta1)**t. The paper has 1 - beta1**t, which goes to 1 with time; the printed form would "
        "go to 0."
    )

    kind: Literal["adam"] = "adam"

    def step(self, x: np.ndarray, memory: Memory, slope: Slope, t: int) -> Step:
        dx = slope(x)
        m, v = self._averages(memory, dx)
        mt, vt = m / (1 - self.beta1**t), v / (1 - self.beta2**t)
        x_next = x - self.learning_rate * mt / (np.sqrt(vt) + self.eps)
        return _scaled(x, x_next, dx, {"m": m, "v": v}, (m, mt, v, vt, x_next), mt)


class AdamW(_Moments):
    """Adam that shrinks x directly instead of adding a penalty to the slope (Loshchilov and Hutter, 2019)."""

    title: ClassVar[str] = "AdamW"
    rule: ClassVar[tuple[str, ...]] = (
        *Adam.rule[:-1],
        "x += - learning_rate * weight_decay * x",
        "x += - learning_rate * mt / (sqrt(vt) + eps)",
    )
    remark: ClassVar[str] = "Not in the course. The decay pulls towards (0, 0), wherever the minimum is."

    kind: Literal["adamw"] = "adamw"
    weight_decay: float = Field(
        0.01,
        ge=0.0,
        le=10.0,
        title="Weight decay",
        description="Share of x, times the learning rate, that each step takes away. Too high: it stops short of the minimum.",
        json_schema_extra={"scale": "log", "live": True},
    )

    def step(self, x: np.ndarray, memory: Memory, slope: Slope, t: int) -> Step:
        dx = slope(x)
        m, v = self._averages(memory, dx)
        mt, vt = m / (1 - self.beta1**t), v / (1 - self.beta2**t)
        decay = -self.learning_rate * self.weight_decay * x
        scaled = -self.learning_rate * mt / (np.sqrt(vt) + self.eps)
        x_next = x + decay + scaled
        arrows = (
            Arrow("gradient", x, -dx),
            Arrow("velocity", x, -mt),
            Arrow("decay", x, decay),
            Arrow("scaled step", x + decay, scaled),
            Arrow("step", x, x_next - x),
        )
        return Step(x, x_next, x, dx, {"m": m, "v": v}, (m, mt, v, vt, x + decay, x_next), arrows)


def _scaled(
    x: np.ndarray,
    x_next: np.ndarray,
    dx: np.ndarray,
    memory: Memory,
    results: tuple[np.ndarray, ...],
    average: np.ndarray | None = None,
) -> Step:
    """A step of a rule that divides by the root of a cache. average: the smoothed slope, where the rule has one."""
    velocity = () if average is None else (Arrow("velocity", x, -average),)
    arrows = (
        Arrow("gradient", x, -dx),
        *velocity,
        Arrow("scaled step", x, x_next - x),
        Arrow("step", x, x_next - x),
    )
    return Step(x, x_next, x, dx, memory, results, arrows)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    rule.model_fields["kind"].default: rule
    for rule in (SGD, Momentum, Nesterov, Adagrad, RMSprop, Adam, UncorrectedAdam, AdamW)
}


def read(values: dict[str, Any]) -> Optimizer:
    """An optimizer from plain values, `{"kind": "adam", "beta1": 0.8}`; raises `RecipeError` in words."""
    kind = values.get("kind")
    if kind not in OPTIMIZERS:
        raise RecipeError(
            "There is no such optimizer.", received=str(kind)[:60], remedy=f"Choose one of {', '.join(OPTIMIZERS)}."
        )
    return OPTIMIZERS[kind].read(values)


def worked(optimizer: Optimizer, step: Step, memory: Memory, t: int, digits: int = 4) -> tuple[tuple[str, str], ...]:
    """Each line of the rule beside the same line with this step's numbers.

    memory: what the rule remembered before the step. t: its number, from 1. Vectors are shown as (a, b).

    >>> worked(SGD(learning_rate=0.1), SGD(learning_rate=0.1).step(np.array([1.0]), {}, lambda x: 2 * x, 1), {}, 1)
    (('x += - learning_rate * dx', 'x = 1 - 0.1 * 2 = 0.8'),)
    """
    known: dict[str, Any] = optimizer.model_dump() | memory | {"x": step.x, "dx": step.dx, "dx_ahead": step.dx, "t": t}
    lines = []
    for line, result in zip(optimizer.rule, step.results, strict=True):
        target, is_sum, expression = re.fullmatch(r"(\w+) (\+?)= (.+)", line).groups()
        if is_sum:
            expression = f"{target} {expression}" if expression.startswith("-") else f"{target} + {expression}"
        filled = re.sub(r"[a-z]\w*", lambda name: _operand(known.get(name[0], name[0]), digits), expression)
        known[target] = result
        lines.append((line, f"{target} = {filled} = {_shown(result, digits)}"))
    return tuple(lines)


def _operand(value: Any, digits: int) -> str:
    """A value inside a formula: in brackets where its sign would be misread. A word that is no value stays (sqrt)."""
    if isinstance(value, str):
        return value
    shown = _shown(value, digits)
    return f"({shown})" if shown.startswith("-") else shown


def _shown(value: Any, digits: int) -> str:
    numbers = [f"{number + 0.0:.{digits}g}" for number in np.ravel(value)]  # + 0.0: no "-0"
    return numbers[0] if len(numbers) == 1 else f"({', '.join(numbers)})"
