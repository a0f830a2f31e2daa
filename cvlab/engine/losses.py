"""What is wrong with the scores, and which way to change them: data losses, penalties, and their gradients (course 4, 9.4).

A data loss takes scores, never W: with scores = X W^T + b, `backpropagate` carries dL/dscores on to W and b.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cvlab.engine.errors import DataError, ShapeError
from cvlab.engine.formula import Formula


@dataclass(frozen=True, eq=False)
class RowLosses:
    """A loss for each row of scores.

    L:       (N,)   L_i, not yet averaged.
    dscores: (N, K) dL_i / ds_ij, not yet averaged.
    inside:  (N, K) what stands inside max(0, .) for each class, -inf where the sum leaves the class out. Above 0 the term
                    counts; at 0 it has a kink. (N, 0) for a loss that has no max.
    """

    L: np.ndarray
    dscores: np.ndarray
    inside: np.ndarray


def hinge(scores: np.ndarray, y: np.ndarray, delta: float = 1.0) -> RowLosses:
    """Multiclass SVM loss: L_i = sum over j != y_i of max(0, s_j - s_{y_i} + delta) (course 4.1; Weston and Watkins, 1999).

    scores: (N, K). y: (N,) right classes 0..K-1. delta: the margin, in units of score, >= 0.
    At a kink the gradient is that of the flat side, 0. Raises `ShapeError`, `DataError`. Cost: N K.

    >>> hinge(np.array([[3.2, 5.1, -1.7]]), np.array([0])).L
    array([2.9])
    """
    s, y = _checked(scores, y)
    rows = np.arange(len(y))
    inside = s - s[rows, y][:, None] + delta  # (N, K)
    inside[rows, y] = -np.inf  # j = y_i is not in the sum
    dscores = (inside > 0).astype(np.float64)  # (N, K): each unmet margin pushes its own score down by 1
    dscores[rows, y] = -dscores.sum(axis=1)  # and the right one up, once for each
    return RowLosses(np.maximum(inside, 0.0).sum(axis=1), dscores, inside)


def one_vs_all(scores: np.ndarray, y: np.ndarray, delta: float = 1.0) -> RowLosses:
    """K binary hinge losses, each class against all others: L_i = sum_j max(0, delta - t_ij s_j).

    t_ij is +1 for the right class and -1 for every other: a score is to lie beyond delta on its own side of zero,
    whatever the other scores are. Arguments, errors and kinks as for `hinge`.
    """
    s, y = _checked(scores, y)
    t = np.full(s.shape, -1.0)  # (N, K)
    t[np.arange(len(y)), y] = 1.0
    inside = delta - t * s  # (N, K)
    return RowLosses(np.maximum(inside, 0.0).sum(axis=1), np.where(inside > 0, -t, 0.0), inside)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities p_j = e^{s_j} / sum_k e^{s_k} of each row (course 4.2). (..., K) -> (..., K).

    A constant added to all scores of a row changes nothing, so the largest is made 0 first: no power can overflow.
    """
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))  # (..., K), in 0..1
    return e / e.sum(axis=-1, keepdims=True)


def cross_entropy(scores: np.ndarray, y: np.ndarray, delta: float = 0.0) -> RowLosses:
    """Softmax loss: L_i = -log p_{y_i} = -s_{y_i} + log sum_j e^{s_j}, with dL_i/ds_j = p_j - [j = y_i] (course 4.2).

    Natural logarithm; a guess among K classes costs ln K. There is no margin: delta is not used. The logarithm is
    taken of the shifted sum, not of p, so that a hopeless score costs its distance and not infinity.
    """
    s, y = _checked(scores, y)
    rows = np.arange(len(y))
    shifted = s - s.max(axis=1, keepdims=True)  # (N, K)
    L = np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, y]  # (N,)
    dscores = softmax(s)  # (N, K)
    dscores[rows, y] -= 1.0
    return RowLosses(L, dscores, np.empty((len(y), 0)))


@dataclass(frozen=True)
class Loss:
    """A data loss as a choice: permanent id, title, formula, whether it has a margin, and the function itself."""

    id: str
    title: str
    formula: Formula
    has_margin: bool
    rows: Callable[[np.ndarray, np.ndarray, float], RowLosses]


LOSSES: dict[str, Loss] = {
    loss.id: loss
    for loss in (
        Loss(
            "hinge",
            "Multiclass hinge",
            Formula(
                "Multiclass hinge",
                r"L_i = \sum_{j \neq y_i} \max(0, s_j - s_{y_i} + \Delta)",
                lambda s, y, delta: sum(max(0.0, s[j] - s[y] + delta) for j in range(len(s)) if j != y),
            ),
            True,
            hinge,
        ),
        Loss(
            "softmax",
            "Softmax cross-entropy",
            Formula(
                "Softmax",
                r"L_i = -s_{y_i} + \log \sum_j e^{s_j}",
                lambda s, y, delta: -s[y] + np.log(np.exp(s).sum()),
            ),
            False,
            cross_entropy,
        ),
        Loss(
            "one-vs-all",
            "One-vs-all hinge",
            Formula(
                "One-vs-all hinge",
                r"L_i = \max(0, \Delta - s_{y_i}) + \sum_{j \neq y_i} \max(0, \Delta + s_j)",
                lambda s, y, delta: (
                    max(0.0, delta - s[y]) + sum(max(0.0, delta + s[j]) for j in range(len(s)) if j != y)
                ),
            ),
            True,
            one_vs_all,
        ),
    )
}


def backpropagate(X: np.ndarray, dscores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of the mean loss by W and b, where scores = X W^T + b.

    X: (N, D). dscores: (N, K), a row for each L_i. Returns dW (K, D) and db (K,). Without rows both are 0.
    """
    N = max(1, len(X))
    return dscores.T @ X / N, dscores.sum(axis=0) / N  # (K, N) @ (N, D) -> (K, D); (K,)


@dataclass(frozen=True, eq=False)
class SoftmaxWorked:
    """Softmax of one row of scores with every number of the formula; made by `softmax_worked`.

    shift is taken from all scores (K,) -> shifted (K,) -> e (K,) -> total -> p (K,), and loss = -log p_y.
    """

    scores: np.ndarray
    y: int
    shift: float
    shifted: np.ndarray
    e: np.ndarray
    total: float
    p: np.ndarray
    loss: float

    @property
    def is_lost(self) -> bool:
        """The powers overflowed, or all vanished: the formula is right and the computer's numbers are too short."""
        return not (np.isfinite(self.p).all() and np.isfinite(self.loss))


def softmax_worked(scores: np.ndarray, y: int, shift: float | None = None) -> SoftmaxWorked:
    """The softmax loss of one row, step by step. shift: taken from every score; None takes the largest, which is safe.

    Any shift gives the same p on paper. With shift = 0 and scores above 709 the powers overflow: `is_lost` says so.
    """
    s, _ = _checked(np.atleast_2d(scores), np.array([y]))
    s = s[0]  # (K,)
    with np.errstate(all="ignore"):  # showing what overflows is the point
        shift = float(s.max()) if shift is None else float(shift)
        shifted = s - shift
        e = np.exp(shifted)
        total = float(e.sum())
        p = e / total
        loss = float(np.log(total) - shifted[y])
    return SoftmaxWorked(s, y, shift, shifted, e, total, p, loss)


PenaltyValue = tuple[float, np.ndarray]
"""R and dR/dW, the latter in the shape of W."""


def l2(W: np.ndarray, lambda_: float) -> PenaltyValue:
    """R = lambda sum W^2, dR/dW = 2 lambda W (course 4.1.1): the derivative of a square brings a 2."""
    return lambda_ * float((W**2).sum()), 2.0 * lambda_ * W


def half_l2(W: np.ndarray, lambda_: float) -> PenaltyValue:
    """R = 1/2 lambda sum W^2, dR/dW = lambda W (course 9.4): the convention of "weight decay" and of our training recipe."""
    return 0.5 * lambda_ * float((W**2).sum()), lambda_ * W


def l1(W: np.ndarray, lambda_: float) -> PenaltyValue:
    """R = lambda sum |W|, dR/dW = lambda sign(W) (course 9.4). |W| has a kink at 0; there the gradient is 0."""
    return lambda_ * float(np.abs(W).sum()), lambda_ * np.sign(W)


def elastic_net(W: np.ndarray, lambda_1: float, lambda_2: float) -> PenaltyValue:
    """R = lambda_1 sum |W| + lambda_2 sum W^2 (course 9.4): sparse by the first term, diffuse by the second."""
    (R1, dR1), (R2, dR2) = l1(W, lambda_1), l2(W, lambda_2)
    return R1 + R2, dR1 + dR2


@dataclass(frozen=True)
class Penalty:
    """A penalty as a choice. value(W, lambda_1, lambda_2): it reads the one that it uses; lambda_2 is that of the squares."""

    id: str
    title: str
    formula: Formula
    has_kink: bool
    value: Callable[[np.ndarray, float, float], PenaltyValue]


PENALTIES: dict[str, Penalty] = {
    penalty.id: penalty
    for penalty in (
        Penalty(
            "none",
            "None",
            Formula("No penalty", "R = 0", lambda W, lambda_1, lambda_2: 0.0),
            False,
            lambda W, lambda_1, lambda_2: (0.0, np.zeros_like(W)),
        ),
        Penalty(
            "l2",
            "L2",
            Formula("L2", r"R = \lambda_2 \sum W^2", lambda W, lambda_1, lambda_2: lambda_2 * sum(W.ravel() ** 2)),
            False,
            lambda W, lambda_1, lambda_2: l2(W, lambda_2),
        ),
        Penalty(
            "half-l2",
            "L2, halved",
            Formula(
                "L2, halved",
                r"R = \frac{1}{2} \lambda_2 \sum W^2",
                lambda W, lambda_1, lambda_2: lambda_2 * sum(W.ravel() ** 2) / 2,
            ),
            False,
            lambda W, lambda_1, lambda_2: half_l2(W, lambda_2),
        ),
        Penalty(
            "l1",
            "L1",
            Formula("L1", r"R = \lambda_1 \sum |W|", lambda W, lambda_1, lambda_2: lambda_1 * sum(abs(W.ravel()))),
            True,
            lambda W, lambda_1, lambda_2: l1(W, lambda_1),
        ),
        Penalty(
            "elastic",
            "Elastic net",
            Formula(
                "Elastic net",
                r"R = \lambda_1 \sum |W| + \lambda_2 \sum W^2",
                lambda W, lambda_1, lambda_2: lambda_1 * sum(abs(W.ravel())) + lambda_2 * sum(W.ravel() ** 2),
            ),
            True,
            elastic_net,
        ),
    )
}


def _checked(scores: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores as float64 (N, K) and labels as integers (N,), or a sentence about what is wrong with them."""
    s, y = np.asarray(scores, dtype=np.float64), np.asarray(y)
    if s.ndim != 2 or s.shape[1] == 0:
        raise ShapeError("scores", s.shape, "a row for each image and a column for each class")
    if y.shape != (len(s),):
        raise ShapeError("y", y.shape, f"{len(s)} right classes, one for each row of scores")
    if not np.isfinite(s).all():
        raise DataError(
            "A score is infinite or not a number.", remedy="Look for a step size or a weight that is too large."
        )
    if y.size and not (np.issubdtype(y.dtype, np.integer) and y.min() >= 0 and y.max() < s.shape[1]):
        raise DataError(
            "A right class is not among the classes.",
            received=f"labels {y.min()} to {y.max()}",
            remedy=f"Labels are whole numbers from 0 to {s.shape[1] - 1}.",
        )
    return s, y.astype(np.int64)
