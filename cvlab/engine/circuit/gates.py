"""Every kind of gate: what it computes, its local gradients, and both as a line of Python. It knows no circuit.

All of it is total in float64: where Python would raise, a gate gives what IEEE 754 gives (infinity or NaN), so that a person
sees a picture and a sentence, never an exception. At a kink the gradient is the one that PyTorch gives.

The convention for gradients, held against autograd by the tests: an input that is masked, because a ReLU is closed or another
input is the maximum or minimum, gets exactly 0, also where an infinite gradient arrives. Everywhere else 0 times infinity is NaN,
as IEEE 754 and PyTorch have it: a zero that comes from an overflow says nothing about the true derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

INF, NAN = math.inf, math.nan

Forward = Callable[..., float]
Local = Callable[[Sequence[float], float], tuple[float, ...]]


def divide(a: float, b: float) -> float:
    """a / b as IEEE 754 has it: 1/0 is infinity, 0/0 is NaN. Never raises."""
    try:
        return a / b
    except ZeroDivisionError:
        return NAN if a == 0 or math.isnan(a) else math.copysign(INF, a) * math.copysign(1.0, b)


def power(a: float, b: float) -> float:
    """a ** b among the real numbers; NaN for a negative base and an exponent that is not whole. Never raises."""
    try:
        return math.pow(a, b)
    except ValueError:
        if a == 0:  # 0 to a negative power
            return math.copysign(INF, a) if b % 2 == 1 else INF
        return NAN
    except OverflowError:
        return -INF if a < 0 and b % 2 == 1 else INF


def exp(x: float) -> float:
    """e^x; infinity where it is larger than any float. Never raises."""
    try:
        return math.exp(x)
    except OverflowError:
        return INF


def log(x: float) -> float:
    """ln x; -infinity at 0, NaN below. Never raises."""
    if x == 0:
        return -INF
    return math.log(x) if x > 0 else NAN


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)), written so that neither end overflows."""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def _periodic(f: Callable[[float], float]) -> Forward:
    return lambda x: f(x) if math.isfinite(x) else NAN


def _sqrt(x: float) -> float:
    return math.sqrt(x) if x >= 0 else NAN


def _largest(*xs: float) -> float:
    return NAN if any(x != x for x in xs) else max(xs)


def _smallest(*xs: float) -> float:
    return NAN if any(x != x for x in xs) else min(xs)


def _share_of_winners(xs: Sequence[float], out: float) -> tuple[float, ...]:
    # An even share for each that ties, as torch.maximum, minimum, amax and amin do.
    winners = sum(x == out for x in xs)
    return tuple(1.0 / winners if x == out else 0.0 for x in xs) if winners else (NAN,) * len(xs)


def _power_local(xs: Sequence[float], out: float) -> tuple[float, ...]:
    a, b = xs
    by_base = 0.0 if b == 0 else b * power(a, b - 1)
    by_exponent = 0.0 if a == 0 and b >= 0 else out * log(a)
    return by_base, by_exponent


_SIN, _COS = _periodic(math.sin), _periodic(math.cos)


@dataclass(frozen=True)
class Gate:
    """One kind of gate.

    id:        the name in the registry, and of the function that a person types.
    symbol:    what stands on its face.
    least, most: how many inputs it takes.
    forward:   (x, y, ...) -> output.
    local:     ([x, y, ...], output) -> the derivative of the output by each input, all float64.
    write:     names of the inputs -> the forward line, as Python.
    local_lines: for each input, ([names], name of the output) -> the local gradient, as Python; "" for 1.
    slope:     the local gradient in words and signs, for people.
    """

    id: str
    symbol: str
    forward: Forward
    local: Local
    write: str
    local_lines: tuple[str, ...]
    slope: str
    least: int = 1
    most: int = 1

    @property
    def is_mask(self) -> bool:
        """Where its local gradient is 0 it blocks the input, whatever arrives."""
        return self.id in ("max", "min", "relu")

    def input_gradients(self, upstream: float, locals_: Sequence[float]) -> tuple[float, ...]:
        """The gradient of each input: upstream times local, and 0 for a masked input."""
        if self.is_mask:
            return tuple(upstream * local if local else 0.0 for local in locals_)
        return tuple([upstream * local for local in locals_])

    @property
    def is_operator(self) -> bool:
        """Typed as a sign, not as a name with brackets."""
        return self.id in ("add", "sub", "mul", "div", "pow", "neg")

    def line(self, names: Sequence[str]) -> str:
        """The forward line: line(["x", "y"]) of add is "x + y"."""
        if self.most > 2:
            return f"{self.id}({', '.join(names)})"
        return self.write.format(*names)

    def local_line(self, index: int, names: Sequence[str], out: str) -> str:
        """The local gradient by input `index` as Python: for mul, 0, ["q", "z"] it is "z"; "" where it is 1."""
        if self.most > 2:
            return _share_line(index, names, out, ">" if self.id == "max" else "<")
        return self.local_lines[index].format(*names, out=out)


def _share_line(index: int, names: Sequence[str], out: str, sign: str) -> str:
    if len(names) == 2:
        mine, other = names[index], names[1 - index]
        return f"(({mine} {sign} {other}) + 0.5 * ({mine} == {other}))"
    ties = " + ".join(f"({name} == {out})" for name in names)
    return f"(({names[index]} == {out}) / ({ties}))"


def _gate(
    id: str, symbol: str, forward: Forward, local: Local, write: str, *lines: str, slope: str, n: int = 1
) -> Gate:
    return Gate(id, symbol, forward, local, write, lines, slope, n, n)


_ALL = (
    _gate("add", "+", lambda a, b: a + b, lambda x, f: (1.0, 1.0), "{0} + {1}", "", "", slope="1 for both", n=2),
    _gate("sub", "−", lambda a, b: a - b, lambda x, f: (1.0, -1.0), "{0} - {1}", "", "-1.0", slope="1 and -1", n=2),
    _gate("mul", "×", lambda a, b: a * b, lambda x, f: (x[1], x[0]), "{0} * {1}", "{1}", "{0}",
          slope="the other input", n=2),
    _gate("div", "÷", divide, lambda x, f: (divide(1.0, x[1]), -divide(f, x[1])), "{0} / {1}",
          "(1.0 / {1})", "(-{out} / {1})", slope="1/b, and -a/b²", n=2),
    _gate("pow", "xʸ", power, _power_local, "{0} ** {1}", "({1} * {0} ** ({1} - 1) if {1} else 0.0)",
          "({out} * math.log({0}) if {0} else 0.0)", slope="b·a^(b-1), and f·log(a)", n=2),
    _gate("neg", "−x", lambda a: -a, lambda x, f: (-1.0,), "-{0}", "-1.0", slope="-1"),
    Gate("max", "max", _largest, _share_of_winners, "", (), "1 for the largest, 0 for the others", 2, 64),
    Gate("min", "min", _smallest, _share_of_winners, "", (), "1 for the smallest, 0 for the others", 2, 64),
    _gate("exp", "exp", exp, lambda x, f: (f,), "math.exp({0})", "{out}", slope="its own output"),
    _gate("log", "log", log, lambda x, f: (divide(1.0, x[0]),), "math.log({0})", "(1.0 / {0})", slope="1/x"),
    _gate("sin", "sin", _SIN, lambda x, f: (_COS(x[0]),), "math.sin({0})", "math.cos({0})", slope="cos x"),
    _gate("cos", "cos", _COS, lambda x, f: (-_SIN(x[0]),), "math.cos({0})", "-math.sin({0})",
          slope="-sin x"),
    _gate("tan", "tan", _periodic(math.tan), lambda x, f: (1.0 + f * f,), "math.tan({0})", "(1.0 + {out} * {out})",
          slope="1 + tan² x"),
    _gate("tanh", "tanh", math.tanh, lambda x, f: (1.0 - f * f,), "math.tanh({0})", "(1.0 - {out} * {out})",
          slope="1 - tanh² x"),
    _gate("sigmoid", "σ", sigmoid, lambda x, f: ((1.0 - f) * f,), "sigmoid({0})", "((1.0 - {out}) * {out})",
          slope="(1 - s) s"),
    _gate("relu", "ReLU", lambda a: 0.0 if a <= 0 else a, lambda x, f: (0.0 if x[0] <= 0 else 1.0,), "max(0.0, {0})",
          "({0} > 0)", slope="1 where x > 0, else 0"),
    _gate("sqrt", "√x", _sqrt, lambda x, f: (divide(1.0, 2.0 * f),), "math.sqrt({0})", "(1.0 / (2.0 * {out}))",
          slope="1 / (2√x)"),
    _gate("abs", "|x|", abs, lambda x, f: (float((x[0] > 0) - (x[0] < 0)),), "abs({0})", "(({0} > 0) - ({0} < 0))",
          slope="1 right of 0, -1 left of it"),
    _gate("square", "x²", lambda a: a * a, lambda x, f: (2.0 * x[0],), "{0} * {0}", "(2.0 * {0})", slope="2x"),
)  # fmt: skip

GATES: dict[str, Gate] = {gate.id: gate for gate in _ALL}
"""The registry. The ids are permanent: files and scripts hold on to them."""

FUNCTIONS: tuple[str, ...] = tuple(gate.id for gate in _ALL if not gate.is_operator)
"""The names that a person may call."""


def winners(gate: Gate, xs: Sequence[float], out: float) -> tuple[int, ...] | None:
    """Which branch a gate with a corner is on; None for a smooth gate. Two points with different branches have a kink between."""
    if gate.id in ("max", "min"):
        return tuple(i for i, x in enumerate(xs) if x == out)
    if gate.id in ("relu", "abs"):
        return ((xs[0] > 0) - (xs[0] < 0),)
    return None
