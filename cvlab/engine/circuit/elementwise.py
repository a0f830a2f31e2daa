"""The gates on vectors and matrices that work number by number: + - * / **, the functions, and max and min in each place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cvlab.engine.circuit.tensor_gate import Constants, ShapeProblem, Shapes, TensorGate
from cvlab.engine.circuit.tensors import Shape, kept, kind, masked, shape, spread_back, spread_back_code


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
    n, times = len(locals_), masked if id == "relu" else np.multiply

    def pull(xs, out, up):
        shares = (times(up, local(xs, out)) for local, _, _ in locals_)
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
        # Beside a NaN nothing wins: the gradient is NaN there, and 0 where another number won.
        share, lost = np.divide(up, ties), np.where(np.equal(ties, 0), np.nan, 0.0)
        return tuple(spread_back(kept(np.where(w, share, lost)), shape(x)) for w, x in zip(won, xs, strict=True))

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


ELEMENTWISE = (*_EACH, _extreme("max", np.maximum), _extreme("min", np.minimum))
