"""The gates on vectors and matrices: shapes, values, and what each hands back, as numpy and as a line of Python.

A scalar gate multiplies what arrives by a local gradient. Here the same rule takes another form for each gate: number by number
for +, * or ReLU, a transposed product for @, probabilities for softmax. `pull` is that rule: given what arrives at the output
(of the output's shape), what goes on to each input (each of its input's shape).

Shapes meet as in numpy: compared from the right, two sizes fit if they are equal or one of them is 1 (or missing); what was
repeated to fit is summed on the way back. At a kink the gradient is the one that PyTorch gives. Nothing here ever raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cvlab.engine.circuit.tensors import Shape, Value, cell, kept, kind, shape, spread_back, spread_back_code, told

Shapes = Sequence[Shape]
Constants = Sequence[Value | None]
"""For each input its value if it is written in the text, None if it can change."""


class ShapeProblem(Exception):
    """These shapes do not meet. what, remedy: for the person."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


@dataclass(frozen=True)
class TensorGate:
    """One kind of gate on arrays.

    shape:     (names, shapes, constants) -> the shape of the output. Raises `ShapeProblem`.
    forward:   (x, y, ...) -> output.
    pull:      ([x, y, ...], output, upstream) -> for each input its share of the gradient, of the input's shape.
    write:     names -> what people write.
    code:      (names, shapes) -> the forward line, as Python with numpy as np.
    pull_code: (index, names, out, upstream, shapes) -> the share of input `index`, as Python, before it is summed back.
    chain:     for each input, ([names], upstream) -> the rule in symbols: "∂L/∂s xᵀ".
    slope:     the local rule in words, for people.
    """

    id: str
    symbol: str
    shape: Callable[[Sequence[str], Shapes, Constants], Shape]
    forward: Callable[..., Value]
    pull: Callable[[Sequence[Value], Value, Value], tuple[Value, ...]]
    write: Callable[[Sequence[str]], str]
    code: Callable[[Sequence[str], Shapes], str]
    pull_code: Callable[[int, Sequence[str], str, str, Shapes], str]
    chain: Callable[[int, Sequence[str], str, Shapes], str]
    slope: str
    least: int = 1
    most: int = 1
    is_elementwise: bool = False

    @property
    def is_operator(self) -> bool:
        return self.id in ("add", "sub", "mul", "div", "pow", "neg", "matmul")

    def line(self, names: Sequence[str]) -> str:
        return self.write(names)


# -- number by number -------------------------------------------------------------------------------------------------


def _meet(names: Sequence[str], shapes: Shapes, constants: Constants) -> Shape:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        a, b = next((i, j) for i in range(len(shapes)) for j in range(i) if not _fit(shapes[i], shapes[j]))
        raise ShapeProblem(
            f"{names[b]} is {kind(shapes[b])} and {names[a]} is {kind(shapes[a])}: they do not meet number by number.",
            "Compared from the right, sizes must be equal, or one of them 1. For a matrix product write @.",
        ) from None


def _fit(a: Shape, b: Shape) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(a[::-1], b[::-1], strict=False))


def _each(
    id: str, symbol: str, forward: Callable, write: str, code: str, *locals_: tuple[Callable, str, str], slope: str
) -> TensorGate:
    """A gate that works number by number. locals_: for each input the local gradient, (xs, f) -> array, as code, as sign."""
    n = len(locals_)

    def pull(xs, out, up):
        shares = (up * local(xs, out) for local, _, _ in locals_)
        return tuple(spread_back(kept(share), shape(x)) for share, x in zip(shares, xs, strict=True))

    def pull_code(i, names, out, up, shapes):
        line = locals_[i][1].format(*names, out=out)
        product = {"": up, "-1.0": f"-{up}"}.get(line, f"{up} * {line}")
        return spread_back_code(product, np.broadcast_shapes(*shapes), shapes[i])

    def chain(i, names, up, shapes):
        sign = locals_[i][2].format(*names)
        whole = up if not sign else f"−{up}" if sign == "−1" else f"{up} ⊙ {sign}"
        return whole if shapes[i] == np.broadcast_shapes(*shapes) else f"Σ {whole}"

    return TensorGate(
        id, symbol, _meet, lambda *xs: kept(forward(*xs)), pull, lambda names: write.format(*names),
        lambda names, shapes: code.format(*names), pull_code, chain, slope, n, n, True,
    )  # fmt: skip


def _sigmoid(x):
    e = np.exp(-np.abs(x))  # in 0..1, so that neither end overflows
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def _power_by_base(xs, f):
    a, b = xs
    return np.where(np.equal(b, 0), 0.0, b * a ** (b - 1.0))


def _power_by_exponent(xs, f):
    a, b = xs
    return np.where(np.equal(a, 0) & np.greater_equal(b, 0), 0.0, f * np.log(a))


_EACH = (
    _each("add", "+", np.add, "{0} + {1}", "{0} + {1}", (lambda x, f: 1.0, "", ""), (lambda x, f: 1.0, "", ""),
          slope="1 for both, number by number"),
    _each("sub", "−", np.subtract, "{0} - {1}", "{0} - {1}", (lambda x, f: 1.0, "", ""),
          (lambda x, f: -1.0, "-1.0", "−1"), slope="1 and -1"),
    _each("mul", "⊙", np.multiply, "{0} * {1}", "{0} * {1}", (lambda x, f: x[1], "{1}", "{1}"),
          (lambda x, f: x[0], "{0}", "{0}"), slope="the other input, number by number"),
    _each("div", "÷", np.divide, "{0} / {1}", "{0} / {1}",
          (lambda x, f: np.divide(1.0, x[1]), "(1.0 / {1})", "1/{1}"),
          (lambda x, f: -np.divide(f, x[1]), "(-({out} / {1}))", "(−{0}/{1}²)"), slope="1/b, and -a/b²"),
    _each("pow", "xʸ", lambda a, b: a**b, "{0} ** {1}", "{0} ** {1}",
          (_power_by_base, "np.where(np.equal({1}, 0), 0.0, {1} * {0} ** ({1} - 1.0))", "{1}·{0}^({1}−1)"),
          (_power_by_exponent, "np.where(np.equal({0}, 0) & np.greater_equal({1}, 0), 0.0, {out} * np.log({0}))", "f·log {0}"),
          slope="b·a^(b-1), and f·log(a)"),
    _each("neg", "−x", np.negative, "-{0}", "-{0}", (lambda x, f: -1.0, "-1.0", "−1"), slope="-1"),
    _each("exp", "exp", np.exp, "exp({0})", "np.exp({0})", (lambda x, f: f, "{out}", "exp({0})"), slope="its own output"),
    _each("log", "log", np.log, "log({0})", "np.log({0})", (lambda x, f: np.divide(1.0, x[0]), "(1.0 / {0})", "1/{0}"),
          slope="1/x"),
    _each("sin", "sin", np.sin, "sin({0})", "np.sin({0})", (lambda x, f: np.cos(x[0]), "np.cos({0})", "cos({0})"),
          slope="cos x"),
    _each("cos", "cos", np.cos, "cos({0})", "np.cos({0})", (lambda x, f: -np.sin(x[0]), "(-np.sin({0}))", "(−sin({0}))"),
          slope="-sin x"),
    _each("tan", "tan", np.tan, "tan({0})", "np.tan({0})", (lambda x, f: 1.0 + f * f, "(1.0 + {out} * {out})", "(1 + tan²)"),
          slope="1 + tan² x"),
    _each("tanh", "tanh", np.tanh, "tanh({0})", "np.tanh({0})",
          (lambda x, f: 1.0 - f * f, "(1.0 - {out} * {out})", "(1 − tanh²)"), slope="1 - tanh² x"),
    _each("sigmoid", "σ", _sigmoid, "sigmoid({0})", "sigmoids({0})",
          (lambda x, f: (1.0 - f) * f, "((1.0 - {out}) * {out})", "(1 − s) s"), slope="(1 - s) s"),
    _each("relu", "ReLU", lambda x: np.maximum(x, 0.0), "relu({0})", "np.maximum({0}, 0.0)",
          (lambda x, f: np.where(x[0] <= 0, 0.0, 1.0), "({0} > 0)", "[{0} > 0]"), slope="1 where x > 0, else 0"),
    _each("sqrt", "√x", np.sqrt, "sqrt({0})", "np.sqrt({0})",
          (lambda x, f: np.divide(1.0, 2.0 * f), "(1.0 / (2.0 * {out}))", "1/(2√{0})"), slope="1 / (2√x)"),
    _each("abs", "|x|", np.abs, "abs({0})", "np.abs({0})", (lambda x, f: np.sign(x[0]), "np.sign({0})", "sign({0})"),
          slope="1 right of 0, -1 left of it"),
    _each("square", "x²", lambda x: x * x, "square({0})", "{0} * {0}", (lambda x, f: 2.0 * x[0], "(2.0 * {0})", "2{0}"),
          slope="2x"),
)  # fmt: skip


def _extreme(id: str, reduce: np.ufunc) -> TensorGate:
    """max or min: of several values number by number, or of all the numbers of one."""
    superlative = "largest" if id == "max" else "smallest"

    def shape_(names, shapes, constants):
        return _meet(names, shapes, constants) if len(shapes) > 1 else ()

    def forward(*xs):
        return kept(reduce.reduce(np.broadcast_arrays(*xs)) if len(xs) > 1 else reduce.reduce(xs[0], axis=None))

    def pull(xs, out, up):
        won = [np.equal(x, out) for x in (np.broadcast_arrays(*xs) if len(xs) > 1 else xs)]
        # An even share for each that ties, as torch.amax and amin do.
        ties = sum(w.astype(float) for w in won) if len(xs) > 1 else float(np.sum(won[0]))
        share = np.divide(up, ties)
        return tuple(spread_back(kept(np.where(w, share, 0.0 * share)), shape(x)) for w, x in zip(won, xs, strict=True))

    def pull_code(i, names, out, up, shapes):
        if len(names) == 1:
            return f"np.where({names[0]} == {out}, {up} / np.sum({names[0]} == {out}), 0.0)"
        ties = " + ".join(f"np.equal({name}, {out}).astype(float)" for name in names)
        code = f"np.where(np.equal({names[i]}, {out}), {up} / ({ties}), 0.0)"
        return spread_back_code(code, np.broadcast_shapes(*shapes), shapes[i])

    def code(names, shapes):
        if len(names) == 1:
            return f"float(np.{id}({names[0]}))"
        made = f"np.{reduce.__name__}({names[0]}, {names[1]})"
        for name in names[2:]:
            made = f"np.{reduce.__name__}({made}, {name})"
        return made

    def chain(i, names, up, shapes):
        whole = f"{up} ⊙ [{names[i]} is the {superlative}]"
        return whole if len(names) == 1 or shapes[i] == np.broadcast_shapes(*shapes) else f"Σ {whole}"

    return TensorGate(
        id, id, shape_, forward, pull, lambda names: f"{id}({', '.join(names)})", code, pull_code, chain,
        f"1 for the {superlative}, 0 for the others; those that tie share evenly", 1, 64,
    )  # fmt: skip


# -- products and pieces ----------------------------------------------------------------------------------------------


def _product_shape(names: Sequence[str], shapes: Shapes, constants: Constants) -> Shape:
    a, b = shapes
    if not a or not b:
        raise ShapeProblem(
            f"@ multiplies matrices and vectors, and {names[0] if not a else names[1]} is a single number.",
            "Write * to multiply by a number.",
        )
    if a[-1] != b[0]:
        fits = len(a) == 2 and a[0] == b[0]
        raise ShapeProblem(
            f"{names[0]} is {kind(a)} and {names[1]} is {kind(b)}: the inner sizes {a[-1]} and {b[0]} differ.",
            f"Write {names[0]}.T @ {names[1]}, or change a shape." if fits
            else f"{names[0]} needs as many columns as {names[1]} has rows.",
        )  # fmt: skip
    return (*a[:-1], *b[1:])


def _product_pull(xs, out, up):
    a, b = xs
    if a.ndim == 1 and b.ndim == 1:
        return up * b, up * a
    if a.ndim == 2 and b.ndim == 1:
        return np.outer(up, b), a.T @ up
    if a.ndim == 1:
        return b @ up, np.outer(a, up)
    return up @ b.T, a.T @ up


def _product_code(i, names, out, up, shapes):
    a, b = names
    ranks = tuple(map(len, shapes))
    both = {
        (1, 1): (f"{up} * {b}", f"{up} * {a}"),
        (2, 1): (f"np.outer({up}, {b})", f"{a}.T @ {up}"),
        (1, 2): (f"{b} @ {up}", f"np.outer({a}, {up})"),
        (2, 2): (f"{up} @ {b}.T", f"{a}.T @ {up}"),
    }
    return both[ranks][i]


def _product_chain(i, names, up, shapes):
    a, b = names
    both = {
        (1, 1): (f"{up} {b}", f"{up} {a}"),
        (2, 1): (f"{up} {b}ᵀ", f"{a}ᵀ {up}"),
        (1, 2): (f"{b} {up}", f"{a} {up}ᵀ"),
        (2, 2): (f"{up} {b}ᵀ", f"{a}ᵀ {up}"),
    }
    return both[tuple(map(len, shapes))][i]


def _needs_many(what: str) -> Callable[[Sequence[str], Shapes, Constants], Shape]:
    def check(names, shapes, constants):
        if not shapes[0]:
            raise ShapeProblem(
                f"{what} works on a vector or a matrix, and {names[0]} is a single number.",
                f"Begin it with a list, such as {names[0] if names[0].isidentifier() else 'x'} = [1, 2].",
            )
        return ()

    return check


def _index_shape(names: Sequence[str], shapes: Shapes, constants: Constants) -> Shape:
    whole = shapes[0]
    if not whole:
        raise ShapeProblem(f"{names[0]} is a single number and has no places.", f"Write {names[0]} alone.")
    at = constants[1:]
    if len(at) > len(whole):
        raise ShapeProblem(f"{names[0]} is {kind(whole)}: one place has one number.", f"Write {names[0]}[0].")
    for place, length in zip(at, whole, strict=False):
        if not float(place).is_integer() or not 0 <= place < length:
            raise ShapeProblem(
                f"{names[0]} is {kind(whole)} and has no place {float(place):g} here.",
                f"Places are counted from 0: 0 to {length - 1}.",
            )
    return whole[len(at) :]


def _index_pull(xs, out, up):
    shares = np.zeros_like(xs[0])
    shares[tuple(int(i) for i in xs[1:])] = up
    return (shares, *(0.0 for _ in xs[1:]))


def _stack_shape(names: Sequence[str], shapes: Shapes, constants: Constants) -> Shape:
    if any(shapes) and (len(set(shapes)) > 1 or len(shapes[0]) > 1):
        raise ShapeProblem(
            "The parts of a list are single numbers, or vectors of one length.",
            "Give each part a name and look at its shape.",
        )
    return (len(shapes), *shapes[0])


# -- scores and losses ------------------------------------------------------------------------------------------------


def _softmax(s):
    e = np.exp(s - np.max(s, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def _logsumexp(s):
    most = np.max(s, axis=-1, keepdims=True)
    return np.log(np.sum(np.exp(s - most), axis=-1)) + most[..., 0]


def _classes(names: Sequence[str], shapes: Shapes, constants: Constants) -> Shape:
    scores = shapes[0]
    if not scores:
        raise ShapeProblem(
            f"{names[0]} is a single number: a loss of scores needs a vector of them.", "Write s = [1, 2, 0.5]."
        )
    right, count = constants[1], scores[-1]
    wanted = f"a class, 0 to {count - 1}" if len(scores) == 1 else f"a list of {scores[0]} classes, 0 to {count - 1}"
    fits = right is not None and shapes[1] == scores[:-1]
    if not fits or not all(float(k).is_integer() and 0 <= k < count for k in np.ravel(right)):
        raise ShapeProblem(f"What follows {names[0]} must be {wanted}, written as a number.", f"Write ({names[0]}, 0)."
                           if len(scores) == 1 else f"Write ({names[0]}, [0, 1, …]).")  # fmt: skip
    if len(shapes) > 2 and shapes[2]:
        raise ShapeProblem("The margin is a single number.", "Leave it away: it is 1 then.")
    return ()


def _rows(s, y):
    """(N, C) scores and (N,) classes, for one row or many."""
    return np.atleast_2d(s), np.atleast_1d(np.asarray(y)).astype(int)


def _cross_entropy(s, y):
    rows, right = _rows(s, y)
    return float(np.mean(np.atleast_1d(_logsumexp(rows)) - rows[np.arange(len(rows)), right]))


def _cross_entropy_pull(xs, out, up):
    rows, right = _rows(*xs)
    p = _softmax(rows)
    p[np.arange(len(rows)), right] -= 1.0
    return (up * p / len(rows)).reshape(xs[0].shape), 0.0


def _margins(s, y, delta):
    rows, right = _rows(s, y)
    margins = rows - rows[np.arange(len(rows)), right][:, None] + delta
    margins[np.arange(len(rows)), right] = 0.0
    return margins


def _hinge(s, y, delta=1.0):
    return float(np.sum(np.maximum(_margins(s, y, delta), 0.0)) / len(np.atleast_2d(s)))


def _hinge_pull(xs, out, up):
    rows, right = _rows(*xs[:2])
    over = np.where(_margins(xs[0], xs[1], xs[2] if len(xs) > 2 else 1.0) > 0, 1.0, 0.0)
    over[np.arange(len(rows)), right] = -np.sum(over, axis=1)
    share = (up * over / len(rows)).reshape(xs[0].shape)
    met = -float(np.sum(over[np.arange(len(rows)), right])) / len(rows)
    return (share, 0.0, up * met)[: len(xs)]


def _softmax_pull(xs, out, up):
    return (out * (up - np.sum(up * out, axis=-1, keepdims=True)),)


def _called(id: str) -> Callable[[Sequence[str]], str]:
    return lambda names: f"{id}({', '.join(names)})"


def _places(code: str) -> str:
    """Classes and places as whole numbers: 0, not 0.0."""
    return re.sub(r"\b(\d+)\.0\b", r"\1", code)


def _whole(names: Sequence[str]) -> list[str]:
    return [names[0], _places(names[1]), *names[2:]]


def _gate(id, symbol, shape_, forward, pull, write, code, pull_code, chain, slope, least=1, most=1) -> TensorGate:
    return TensorGate(
        id, symbol, shape_, lambda *xs: kept(forward(*xs)), pull, write, code, pull_code, chain, slope, least, most
    )  # fmt: skip


_OTHERS = (
    _gate("matmul", "@", _product_shape, np.matmul, _product_pull, lambda n: f"{n[0]} @ {n[1]}",
          lambda n, s: f"{n[0]} @ {n[1]}" if len(s[0]) + len(s[1]) > 2 else f"float({n[0]} @ {n[1]})", _product_code,
          _product_chain, "by the left the upstream times the right transposed, by the right the left transposed times it", 2, 2),
    _gate("transpose", "xᵀ", lambda n, s, c: s[0][::-1], np.transpose, lambda xs, out, up: (kept(np.transpose(up)),),
          lambda n: f"{n[0]}.T", lambda n, s: f"{n[0]}.T", lambda i, n, o, up, s: f"{up}.T", lambda i, n, up, s: f"{up}ᵀ",
          "the gradient, transposed back"),
    _gate("sum", "Σ", _needs_many("sum"), np.sum, lambda xs, out, up: (np.full(xs[0].shape, up),), _called("sum"),
          lambda n, s: f"float(np.sum({n[0]}))", lambda i, n, o, up, s: f"np.full({s[0]}, {up})",
          lambda i, n, up, s: f"{up} · ones", "1 for every number"),
    _gate("mean", "mean", _needs_many("mean"), np.mean, lambda xs, out, up: (np.full(xs[0].shape, up / xs[0].size),),
          _called("mean"), lambda n, s: f"float(np.mean({n[0]}))",
          lambda i, n, o, up, s: f"np.full({s[0]}, {up} / {int(np.prod(s[0]))})",
          lambda i, n, up, s: f"{up} / {int(np.prod(s[0]))} · ones", "1/n for every number"),
    _gate("softmax", "softmax", lambda n, s, c: _needs_many("softmax")(n, s, c) or s[0], _softmax, _softmax_pull,
          _called("softmax"), lambda n, s: f"softmax({n[0]})",
          lambda i, n, o, up, s: f"{o} * ({up} - np.sum({up} * {o}, axis=-1, keepdims=True))",
          lambda i, n, up, s: f"p ⊙ ({up} − Σ {up} ⊙ p)", "p (upstream - the mean of upstream under p)"),
    _gate("logsumexp", "lse", lambda n, s, c: _needs_many("logsumexp")(n, s, c) or s[0][:-1], _logsumexp,
          lambda xs, out, up: (np.expand_dims(up, -1) * _softmax(xs[0]),), _called("logsumexp"),
          lambda n, s: f"logsumexp({n[0]})" if len(s[0]) > 1 else f"float(logsumexp({n[0]}))",
          lambda i, n, o, up, s: f"np.expand_dims({up}, -1) * softmax({n[0]})",
          lambda i, n, up, s: f"{up} · softmax({n[0]})", "the softmax of its input"),
    _gate("cross_entropy", "softmax loss", _classes, _cross_entropy, _cross_entropy_pull, _called("cross_entropy"),
          lambda n, s: f"cross_entropy({', '.join(_whole(n))})",
          lambda i, n, o, up, s: f"{up} * cross_entropy_slope({', '.join(_whole(n))})",
          lambda i, n, up, s: f"{up} · (softmax({n[0]}) − 1 at {n[1]})" + (f" / {s[0][0]}" if len(s[0]) > 1 else ""),
          "the probabilities, less 1 at the right class", 2, 2),
    _gate("hinge", "hinge", _classes, _hinge, _hinge_pull, _called("hinge"),
          lambda n, s: f"hinge({', '.join(_whole(n))})",
          lambda i, n, o, up, s: f"{up} * hinge_slope({', '.join(_whole(n))})" + ("[0]" if i == 0 else "[1]"),
          lambda i, n, up, s: (f"{up} · (1 where over the margin, − their count at {n[1]})" if i == 0
                               else f"{up} · how many are over the margin"),
          "1 for each score over the margin, minus their count for the right one", 2, 3),
    _gate("index", "[i]", _index_shape, lambda x, *at: x[tuple(int(i) for i in at)], _index_pull,
          lambda n: f"{n[0]}[{','.join(n[1:])}]", lambda n, s: f"{n[0]}[{', '.join(map(_places, n[1:]))}]",
          lambda i, n, o, up, s: f"placed({up}, {s[0]}, {', '.join(map(_places, n[1:]))})",
          lambda i, n, up, s: f"{up} at [{','.join(n[1:])}], 0 elsewhere", "1 at this place, 0 elsewhere", 2, 3),
    _gate("stack", "[…]", _stack_shape, lambda *xs: np.stack(xs),
          lambda xs, out, up: tuple(kept(up[i]) for i in range(len(xs))), lambda n: f"[{', '.join(n)}]",
          lambda n, s: f"np.array([{', '.join(n)}])", lambda i, n, o, up, s: f"{up}[{i}]",
          lambda i, n, up, s: f"{up}[{i}]", "each takes its own place", 1, 64),
)  # fmt: skip

TENSOR_GATES: dict[str, TensorGate] = {
    gate.id: gate for gate in (*_EACH, _extreme("max", np.maximum), _extreme("min", np.minimum), *_OTHERS)
}
"""By id. Those of `GATES` have the same id here."""

TENSOR_FUNCTIONS = ("sum", "mean", "softmax", "logsumexp", "cross_entropy", "hinge", "transpose")
"""Names that a person may call beside those of the scalar gates."""

HELPERS: dict[str, tuple[str, ...]] = {
    "sigmoids(": (
        "def sigmoids(x):",
        "    e = np.exp(-np.abs(x))",
        "    return np.where(x >= 0, 1.0, e) / (1.0 + e)",
    ),
    "softmax(": (
        "def softmax(s):",
        "    e = np.exp(s - np.max(s, axis=-1, keepdims=True))",
        "    return e / np.sum(e, axis=-1, keepdims=True)",
    ),
    "logsumexp(": (
        "def logsumexp(s):",
        "    most = np.max(s, axis=-1, keepdims=True)",
        "    return np.log(np.sum(np.exp(s - most), axis=-1)) + most[..., 0]",
    ),
    "cross_entropy(": (
        "def cross_entropy(s, y):",
        "    rows, y = np.atleast_2d(s), np.atleast_1d(np.asarray(y)).astype(int)",
        "    return float(np.mean(logsumexp(rows) - rows[np.arange(len(rows)), y]))",
    ),
    "cross_entropy_slope(": (
        "def cross_entropy_slope(s, y):",
        "    rows, y = np.atleast_2d(s), np.atleast_1d(np.asarray(y)).astype(int)",
        "    p = softmax(rows)",
        "    p[np.arange(len(rows)), y] -= 1.0",
        "    return (p / len(rows)).reshape(s.shape)",
    ),
    "hinge(": (
        "def hinge(s, y, delta=1.0):",
        "    rows, y = np.atleast_2d(s), np.atleast_1d(np.asarray(y)).astype(int)",
        "    margins = rows - rows[np.arange(len(rows)), y][:, None] + delta",
        "    margins[np.arange(len(rows)), y] = 0.0",
        "    return float(np.sum(np.maximum(margins, 0.0)) / len(rows))",
    ),
    "hinge_slope(": (
        "def hinge_slope(s, y, delta=1.0):",
        "    rows, y = np.atleast_2d(s), np.atleast_1d(np.asarray(y)).astype(int)",
        "    margins = rows - rows[np.arange(len(rows)), y][:, None] + delta",
        "    margins[np.arange(len(rows)), y] = 0.0",
        "    over = np.where(margins > 0, 1.0, 0.0)",
        "    over[np.arange(len(rows)), y] = -np.sum(over, axis=1)",
        "    met = -float(np.sum(over[np.arange(len(rows)), y])) / len(rows)",
        "    return (over / len(rows)).reshape(s.shape), met",
    ),
    "placed(": (
        "def placed(upstream, shape, *at):",
        "    whole = np.zeros(shape)",
        "    whole[at] = upstream",
        "    return whole",
    ),
}
"""What the lines of code call, by the text that calls it."""


def branches(gate: TensorGate, xs: Sequence[Value], out: Value) -> bytes | None:
    """Which way a gate with corners goes in each place; None for a smooth gate."""
    if gate.id in ("relu", "abs"):
        return np.sign(xs[0]).tobytes()
    if gate.id in ("max", "min"):
        return b"".join(np.equal(x, out).tobytes() for x in xs)
    if gate.id == "hinge":
        return np.sign(_margins(xs[0], xs[1], xs[2] if len(xs) > 2 else 1.0)).tobytes()
    return None


def on_corner(gate: TensorGate, names: Sequence[str], xs: Sequence[Value], out: Value) -> str:
    """The place at which a gate stands on a corner, "s[1]"; "" if at none."""
    if gate.id in ("relu", "abs"):
        found = np.argwhere(np.equal(xs[0], 0))
        return cell(names[0], tuple(map(int, found[0]))) if len(found) else ""
    if gate.id in ("max", "min"):
        if len(xs) == 1:
            found = np.argwhere(np.equal(xs[0], out))
            return " and ".join(cell(names[0], tuple(map(int, at))) for at in found[:2]) if len(found) > 1 else ""
        ties = sum(np.equal(x, out).astype(int) for x in np.broadcast_arrays(*xs))
        found = np.argwhere(ties > 1)
        return f"place {list(map(int, found[0]))}" if len(found) else ""
    if gate.id == "hinge":
        margins = _margins(xs[0], xs[1], xs[2] if len(xs) > 2 else 1.0)
        rows, right = _rows(*xs[:2])
        margins[np.arange(len(rows)), right] = 1.0
        found = np.argwhere(margins == 0)
        return cell(names[0], tuple(map(int, found[0][-xs[0].ndim :]))) if len(found) else ""
    return ""


def products(gate: TensorGate, shapes: Shapes, out: Shape) -> tuple[str, ...]:
    """For each input of @, the sizes that multiply to its gradient: "(3 × 1)(1 × 2) = 3 × 2"; () for other gates."""
    if gate.id != "matmul":
        return ()
    a, b = shapes
    up, left, right = told(out), told(a), told(b)
    if len(a) == 2 and len(b) == 1:
        return f"({up} × 1)(1 × {right}) = {left}", f"({told(a[::-1])})({up}) = {right}"
    if len(a) == 1 and len(b) == 2:
        return f"({right})({up}) = {left}", f"({left} × 1)(1 × {up}) = {right}"
    if len(a) == 2:
        return f"({up})({told(b[::-1])}) = {left}", f"({told(a[::-1])})({up}) = {right}"
    return f"(1)({right}) = {left}", f"(1)({left}) = {right}"
