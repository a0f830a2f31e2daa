"""The gates on scores: softmax, logsumexp, and the two losses of the course, for one example or a batch of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cvlab.engine.circuit.tensor_gate import Constants, ShapeProblem, Shapes, called, gate, needs_many, whole_numbers
from cvlab.engine.circuit.tensors import Shape, masked


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


def rows_and_classes(s, y):
    """(N, C) scores and (N,) classes, for one row or many."""
    return np.atleast_2d(s), np.atleast_1d(np.asarray(y)).astype(int)


def _cross_entropy(s, y):
    # From scores relative to the largest: log(sum) + max - s_y would lose log(sum) beside a large max.
    rows, right = rows_and_classes(s, y)
    rows = rows - np.max(rows, axis=-1, keepdims=True)
    return float(np.mean(np.log(np.sum(np.exp(rows), axis=-1)) - rows[np.arange(len(rows)), right]))


def _cross_entropy_pull(xs, out, up):
    rows, right = rows_and_classes(*xs)
    p = _softmax(rows)
    p[np.arange(len(rows)), right] -= 1.0
    return (up * p / len(rows)).reshape(xs[0].shape), 0.0


def margins(s, y, delta):
    """(N, C): s_j - s_y + delta, and 0 at the right class. s: (N, C) or (C,) scores. y: (N,) classes."""
    rows, right = rows_and_classes(s, y)
    margins = rows - rows[np.arange(len(rows)), right][:, None] + delta
    margins[np.arange(len(rows)), right] = 0.0
    return margins


def _hinge(s, y, delta=1.0):
    return float(np.sum(np.maximum(margins(s, y, delta), 0.0)) / len(np.atleast_2d(s)))


def _hinge_pull(xs, out, up):
    rows, right = rows_and_classes(*xs[:2])
    over = np.where(margins(xs[0], xs[1], xs[2] if len(xs) > 2 else 1.0) > 0, 1.0, 0.0)
    over[np.arange(len(rows)), right] = -np.sum(over, axis=1)
    share = (masked(up, over) / len(rows)).reshape(xs[0].shape)
    met = -float(np.sum(over[np.arange(len(rows)), right])) / len(rows)
    return (share, 0.0, up * met)[: len(xs)]


def _softmax_pull(xs, out, up):
    return (out * (up - np.sum(up * out, axis=-1, keepdims=True)),)


def _whole(names: Sequence[str]) -> list[str]:
    return [names[0], whole_numbers(names[1]), *names[2:]]


SCORES = (
    gate("softmax", "softmax", lambda n, s, c: needs_many("softmax")(n, s, c) or s[0], _softmax, _softmax_pull,
         called("softmax"), lambda n, s: f"softmax({n[0]})",
         lambda i, n, o, up, s: f"{o} * ({up} - np.sum({up} * {o}, axis=-1, keepdims=True))",
         lambda i, n, up, s: f"p ⊙ ({up} − Σ {up} ⊙ p)", "p (upstream - the mean of upstream under p)"),
    gate("logsumexp", "lse", lambda n, s, c: needs_many("logsumexp")(n, s, c) or s[0][:-1], _logsumexp,
         lambda xs, out, up: (np.expand_dims(up, -1) * _softmax(xs[0]),), called("logsumexp"),
         lambda n, s: f"logsumexp({n[0]})" if len(s[0]) > 1 else f"float(logsumexp({n[0]}))",
         lambda i, n, o, up, s: f"np.expand_dims({up}, -1) * softmax({n[0]})",
         lambda i, n, up, s: f"{up} · softmax({n[0]})", "the softmax of its input"),
    gate("cross_entropy", "softmax loss", _classes, _cross_entropy, _cross_entropy_pull, called("cross_entropy"),
         lambda n, s: f"cross_entropy({', '.join(_whole(n))})",
         lambda i, n, o, up, s: f"{up} * cross_entropy_slope({', '.join(_whole(n))})",
         lambda i, n, up, s: f"{up} · (softmax({n[0]}) − 1 at {n[1]})" + (f" / {s[0][0]}" if len(s[0]) > 1 else ""),
         "the probabilities, less 1 at the right class", 2, 2),
    gate("hinge", "hinge", _classes, _hinge, _hinge_pull, called("hinge"),
         lambda n, s: f"hinge({', '.join(_whole(n))})",
         lambda i, n, o, up, s: f"{up} * hinge_slope({', '.join(_whole(n))})" + ("[0]" if i == 0 else "[1]"),
         lambda i, n, up, s: (f"{up} · (1 where over the margin, − their count at {n[1]})" if i == 0
                              else f"{up} · how many are over the margin"),
         "1 for each score over the margin, minus their count for the right one", 2, 3),
)  # fmt: skip
