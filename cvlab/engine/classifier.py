"""A linear classifier that learns, one visible step at a time: scores, losses, penalty, gradients, descent (course 3 to 5).

A Stepper: everything happens inside `step()`, nothing is drawn and no thread is started.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from cvlab.engine.data import toy
from cvlab.engine.errors import DataError, NonFiniteLoss
from cvlab.engine.gradient_check import GradientCheck, gradient_check
from cvlab.engine.linear import f, fold_bias, unfold_bias
from cvlab.engine.losses import LOSSES, PENALTIES, backpropagate
from cvlab.engine.spec import Spec

MAX_POINTS, MAX_CLASSES, MAX_BACK = 1000, 5, 1000


class Objective(Spec):
    """What is made small: mean data loss plus penalty. The bias is never penalised: it does not multiply any data."""

    loss: Literal["hinge", "softmax", "one-vs-all"] = Field(
        "hinge",
        title="Loss",
        description="Hinge rests once a margin is met, softmax never quite rests, one-vs-all asks each class yes or no.",
    )
    delta: float = Field(
        1.0,
        ge=0.0,
        le=100.0,
        title="Margin Δ",
        description="By how much the right score must win. Doubling it only doubles the scale of W; 0 lets W shrink to nothing.",
        json_schema_extra={"only": {"loss": ["hinge", "one-vs-all"]}, "live": True},
    )
    penalty: Literal["none", "l2", "half-l2", "l1", "elastic"] = Field(
        "l2",
        title="Penalty",
        description="L2 keeps all weights small, L1 makes many zero, elastic net does both. Without one, the scale is free.",
    )
    lambda_1: float = Field(
        0.01,
        ge=0.0,
        le=100.0,
        title="L1 strength λ₁",
        description="Weight of Σ|W|. Too high: every weight is zero and all points look alike.",
        json_schema_extra={"only": {"penalty": ["l1", "elastic"]}, "scale": "log", "live": True},
    )
    lambda_2: float = Field(
        0.01,
        ge=0.0,
        le=100.0,
        title="L2 strength λ₂",
        description="Weight of ΣW², or of ½ΣW² in the halved convention. Too high: the lines ignore the points.",
        json_schema_extra={"only": {"penalty": ["l2", "half-l2", "elastic"]}, "scale": "log", "live": True},
    )


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Everything about one W and b on one set of points.

    scores (N, K); row_losses (N,); inside (N, K) or (N, 0), as in `RowLosses`; lead (N,): the right score less the best
    wrong one; predicted (N,); met (N,): no term of the loss is above 0 (softmax, which has no margin: the right class leads).
    total = data_loss + penalty; dW (K, D) and db (K,) are gradients of the total.
    """

    scores: np.ndarray
    row_losses: np.ndarray
    inside: np.ndarray
    lead: np.ndarray
    predicted: np.ndarray
    met: np.ndarray
    data_loss: float
    penalty: float
    total: float
    dW: np.ndarray  # noqa: N815 - the course's symbol
    db: np.ndarray


def evaluate(X: np.ndarray, y: np.ndarray, W: np.ndarray, b: np.ndarray, objective: Objective) -> Evaluation:
    """L = 1/N sum_i L_i + R(W) and its gradients (course 4.1.1). X: (N, D). y: (N,). W: (K, D). b: (K,).

    Without points the data loss is 0. Cost: two matrix products of N D K.
    """
    loss, penalty = LOSSES[objective.loss], PENALTIES[objective.penalty]
    scores = f(X, W, b)  # (N, K)
    each = loss.rows(scores, y, objective.delta)
    dW, db = backpropagate(X, each.dscores)  # (K, D), (K,)
    R, dR = penalty.value(W, objective.lambda_1, objective.lambda_2)

    rows = np.arange(len(y))
    rivals = scores.copy()
    rivals[rows, y] = -np.inf
    lead = scores[rows, y] - rivals.max(axis=1)  # (N,), infinite with a single class
    met = (each.inside <= 0).all(axis=1) if loss.has_margin else lead > 0
    data_loss = float(each.L.mean()) if len(y) else 0.0
    return Evaluation(
        scores=scores,
        row_losses=each.L,
        inside=each.inside,
        lead=lead,
        predicted=scores.argmax(axis=1),
        met=met,
        data_loss=data_loss,
        penalty=R,
        total=data_loss + R,
        dW=dW + dR,
        db=db,
    )


def check_gradient(X: np.ndarray, y: np.ndarray, W: np.ndarray, b: np.ndarray, objective: Objective) -> GradientCheck:
    """The gradients of `evaluate` against centred differences: (K, D + 1), W with b as its last column.

    Near a kink of max(0, .) or |.| it says so. Cost: about six evaluations for each of the K (D + 1) numbers.
    """

    def total(Wb: np.ndarray) -> float:
        return evaluate(X, y, *unfold_bias(Wb), objective).total

    def branches(Wb: np.ndarray) -> np.ndarray:
        W, b = unfold_bias(Wb)
        sides = [(evaluate(X, y, W, b, objective).inside > 0).ravel()]
        if PENALTIES[objective.penalty].has_kink:
            sides.append(np.sign(W).ravel())
        return np.concatenate(sides)

    now = evaluate(X, y, W, b, objective)
    return gradient_check(total, fold_bias(W, b), fold_bias(now.dW, now.db), branches=branches)


@dataclass(frozen=True, eq=False)
class ClassLine:
    """Where a class's score is 0 in the plane: all x with normal . x = -bias. The score grows along `normal`.

    normal: (2,), a row of W. point: (2,), the place on the line nearest to the origin, None while the row is 0.
    """

    normal: np.ndarray
    bias: float
    point: np.ndarray | None


class LinearClassifier:
    """Points of up to five classes, W and b, and gradient descent on all points at once.

    X: (N, D). y: (N,) in 0..classes-1. W: (K, D). b: (K,). Every change of them goes through a method, or `now` is stale.
    step_count: updates done since the last `randomise`.
    """

    def __init__(
        self, X: np.ndarray, y: np.ndarray, classes: int, objective: Objective | None = None, seed: int = 0
    ) -> None:
        if not 2 <= classes <= MAX_CLASSES:
            raise DataError(f"The lab has 2 to {MAX_CLASSES} classes.", received=f"{classes} classes")
        self.classes, self._objective = classes, objective or Objective()
        self._now: Evaluation | None = None
        self.set_points(X, y)
        self.randomise(seed)

    @classmethod
    def of_blobs(cls, classes: int = 3, points_per_class: int = 5, seed: int = 1) -> LinearClassifier:
        """Something alive to begin with: round clouds that lines can part."""
        return cls(*toy.blobs(points_per_class, classes, noise=0.25, seed=seed), classes, seed=seed)

    @property
    def objective(self) -> Objective:
        return self._objective

    @objective.setter
    def objective(self, objective: Objective) -> None:
        self._objective, self._now = objective, None

    @property
    def now(self) -> Evaluation:
        """The present state, evaluated once."""
        if self._now is None:
            self._now = evaluate(self.X, self.y, self.W, self.b, self._objective)
        return self._now

    def set_points(self, X: np.ndarray, y: np.ndarray) -> None:
        """Other points; X: (N, D), y: (N,). Raises `DataError` for what cannot be points; the old ones then stay."""
        X, y = np.array(X, dtype=np.float64), np.array(y, dtype=np.int64)
        if X.ndim != 2 or y.shape != (len(X),):
            raise DataError("Each point needs its coordinates and one class.", received=f"X {X.shape}, y {y.shape}")
        if len(X) > MAX_POINTS:
            raise DataError(f"The lab has room for {MAX_POINTS:,} points.", received=f"{len(X):,} points")
        if not np.isfinite(X).all():
            raise DataError("A point lies nowhere: a coordinate is infinite or not a number.")
        if y.size and not (y.min() >= 0 and y.max() < self.classes):
            raise DataError("A point has a class that is not there.", received=f"classes {y.min()} to {y.max()}")
        self.X, self.y, self._now = X, y, None

    def set_weights(self, W: np.ndarray, b: np.ndarray) -> None:
        """Other weights, as a person typed them; finite, W: (K, D), b: (K,)."""
        W, b = np.array(W, dtype=np.float64), np.array(b, dtype=np.float64)
        if W.shape != (self.classes, self.X.shape[1]) or b.shape != (self.classes,):
            raise DataError("W needs a row for each class, b a number.", received=f"W {W.shape}, b {b.shape}")
        if not (np.isfinite(W).all() and np.isfinite(b).all()):
            raise DataError("A weight is infinite or not a number.", remedy="Type a finite number.")
        self.W, self.b, self._now = W, b, None

    def randomise(self, seed: int) -> None:
        """W drawn from N(0, 1), b = 0, no steps done."""
        self.set_weights(
            np.random.default_rng(seed).standard_normal((self.classes, self.X.shape[1])), np.zeros(self.classes)
        )
        self.step_count = 0
        self._past: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=MAX_BACK)

    def step(self, step_size: float) -> Evaluation:
        """W -= step_size dW, b -= step_size db (course 5); returns the state after it.

        Raises `NonFiniteLoss` if the step is so long that the loss is no longer a number: the state is as before.
        """
        if not len(self.X):
            raise DataError("There is no point to learn from.", remedy="Add a point of each class.")
        before = self.W, self.b
        with np.errstate(over="ignore", invalid="ignore"):  # an overflow is reported below, in words
            W, b = self.W - step_size * self.now.dW, self.b - step_size * self.now.db
            try:
                self.set_weights(W, b)
                total = self.now.total
            except DataError:
                total = float("inf")
        if not np.isfinite(total):
            self.set_weights(*before)
            raise NonFiniteLoss(self.step_count + 1, total, step_size)
        self._past.append(before)
        self.step_count += 1
        return self.now

    def back(self) -> bool:
        """Undoes one step; False when there is none left (the last thousand are kept)."""
        if not self._past:
            return False
        self.set_weights(*self._past.pop())
        self.step_count -= 1
        return True

    def scaled(self, factor: float) -> Evaluation:
        """The state as it would be for factor W and factor b: where the hinge loss is 0, any factor >= 1 leaves it 0."""
        return evaluate(self.X, self.y, factor * self.W, factor * self.b, self._objective)

    def lines(self) -> tuple[ClassLine, ...]:
        """The line of each class, for points in the plane."""
        return tuple(
            ClassLine(w, float(bias), -bias * w / (w @ w) if w @ w > 0 else None)
            for w, bias in zip(self.W, self.b, strict=True)
        )

    def check_gradient(self) -> GradientCheck:
        """Its analytic gradient by W and b beside centred differences. O(K D) evaluations of the loss."""
        return check_gradient(self.X, self.y, self.W, self.b, self._objective)
