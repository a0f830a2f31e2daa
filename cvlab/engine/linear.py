"""The linear score function f(x, W, b) = Wx + b, seen as sums, as one matrix, and as templates (course 3). No learning here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from cvlab.engine.errors import DataError, ShapeError


def f(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Class scores f(x, W, b) = Wx + b (course 3).

    x: (D,) one image, or (N, D) a batch with an image in each row. W: (K, D). b: (K,). Returns (K,) or (N, K).
    Raises `ShapeError` if they do not fit. Cost: N K D multiplications.

    >>> f(np.array([1.0, 2.0]), np.array([[3.0, 4.0]]), np.array([0.5]))
    array([11.5])
    """
    x, W, b = (np.asarray(values, dtype=np.float64) for values in (x, W, b))
    if W.ndim != 2:
        raise ShapeError("W", W.shape, "a row for each class and a column for each number of x")
    K, D = W.shape
    if x.ndim not in (1, 2) or x.shape[-1] != D:
        raise ShapeError("x", x.shape, f"{D} numbers, one for each column of W")
    if b.shape != (K,):
        raise ShapeError("b", b.shape, f"{K} numbers, one for each row of W")
    return x @ W.T + b  # (N, D) @ (D, K) + (K,) -> (N, K)


def fold_bias(W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The bias trick, on the side of the weights: b becomes the last column of W. (K, D), (K,) -> (K, D + 1)."""
    return np.column_stack([W, b])


def unfold_bias(W: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """W and b again, from a matrix that holds both. (K, D + 1) -> (K, D), (K,)."""
    return W[:, :-1].copy(), W[:, -1].copy()


def append_one(x: np.ndarray) -> np.ndarray:
    """The bias trick, on the side of the data: the constant 1 after the last number. (..., D) -> (..., D + 1)."""
    return np.concatenate([x, np.ones((*np.shape(x)[:-1], 1))], axis=-1)


def products(x: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Every W_kd x_d: what pixel d says for class k. (D,), (K, D) -> (K, D); the sum of row k is (Wx)_k."""
    return W * x


def templates(W: np.ndarray, image_shape: tuple[int, ...]) -> np.ndarray:
    """Each row of W as the image that would score highest among all of its length. (K, D) -> (K, *image_shape)."""
    if W.ndim != 2 or W.shape[1] != int(np.prod(image_shape)):
        raise ShapeError("W", W.shape, f"a column for each number of a {' x '.join(map(str, image_shape))} image")
    return W.reshape(len(W), *image_shape)


def pictures(rows: np.ndarray) -> np.ndarray:
    """Templates as bytes for the eye: weight 0 is 128, the largest magnitude of a template is 1 or 255.

    Each template has its own scale, so pictures show what it looks for, not how strongly. (K, ...) -> (K, ...) uint8.
    """
    largest = np.abs(rows).max(axis=tuple(range(1, rows.ndim)), keepdims=True, initial=0.0)  # (K, 1, ...)
    return np.rint(128 + 127 * rows / np.where(largest > 0, largest, 1.0)).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Worksheet:
    """One image, its scores, and every number on the way. Frozen: an edit makes another sheet.

    W: (K, D). x: (D,). b: (K,). classes: K names. folds_bias: the bias trick is on.
    printed: scores that a book prints for these numbers, None if no book does; see `remarks`.
    """

    W: np.ndarray
    x: np.ndarray
    b: np.ndarray
    classes: tuple[str, ...]
    folds_bias: bool = False
    printed: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("W", "x", "b"):
            values = np.array(getattr(self, name), dtype=np.float64)
            if values.size == 0:
                raise DataError(f"{name} is empty.", remedy="A worksheet needs at least one pixel and one class.")
            if not np.isfinite(values).all():
                raise DataError(f"{name} holds something that is not a number.", remedy="Type a finite number.")
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        if self.x.ndim != 1:
            raise ShapeError("x", self.x.shape, "a single row of pixels")
        f(self.x, self.W, self.b)  # raises what does not fit
        if len(self.classes) != len(self.b):
            raise DataError("Each class needs one name.", received=f"{len(self.classes)} names, {len(self.b)} classes")

    @property
    def weights(self) -> np.ndarray:
        """The matrix of the product: W, or with the bias trick [W b]. (K, D) or (K, D + 1)."""
        return fold_bias(self.W, self.b) if self.folds_bias else self.W

    @property
    def inputs(self) -> np.ndarray:
        """The column of the product: x, or with the bias trick x and a 1. (D,) or (D + 1,)."""
        return append_one(self.x) if self.folds_bias else self.x

    @property
    def products(self) -> np.ndarray:
        """Every single product, in the shape of `weights`."""
        return products(self.inputs, self.weights)

    @property
    def partial_sums(self) -> np.ndarray:
        """The running sum of each row of `products`, from left to right, in the same shape."""
        return np.cumsum(self.products, axis=1)

    @property
    def sums(self) -> np.ndarray:
        """What the matrix product gives: Wx, or with the bias trick already the scores. (K,)."""
        return self.partial_sums[:, -1]

    @property
    def scores(self) -> np.ndarray:
        """f(x, W, b), the same with and without the bias trick. (K,)."""
        return self.sums if self.folds_bias else self.sums + self.b

    @property
    def winner(self) -> str:
        """The class of the largest score, the first of equals."""
        return self.classes[int(np.argmax(self.scores))]

    @property
    def remarks(self) -> tuple[str, ...]:
        """A sentence for each printed score that these numbers do not give, and why where the cause can be seen."""
        if self.printed is None:
            return ()
        without_bias = self.W @ self.x  # (K,)
        sentences = []
        for k, printed in enumerate(self.printed):
            if np.isclose(printed, self.scores[k]):
                continue
            said = f"The course prints {printed:.7g} for {self.classes[k]}; these numbers give {self.scores[k]:.7g}."
            if np.isclose(printed, without_bias[k]):
                said += f" It is Wx alone: the bias of {self.b[k]:.7g} was forgotten."
            sentences.append(said)
        return tuple(sentences)

    def with_number(self, part: str, index: int | tuple[int, int], value: float) -> Self:
        """The sheet with one cell of "W", "x" or "b" replaced. What a book prints is then no longer about this sheet."""
        cells = np.array(getattr(self, part))
        cells[index] = value
        return replace(self, **{part: cells}, printed=None)

    def with_bias_folded(self, folds_bias: bool) -> Self:
        """The same numbers with the bias trick switched on or off."""
        return replace(self, folds_bias=folds_bias)


def course_worksheet() -> Worksheet:
    """The course's example: a cat of four pixels, three classes, and weights that take it for a dog (course 3 and 4)."""
    return Worksheet(
        W=np.array([[0.2, -0.5, 0.1, 2.0], [1.5, 1.3, 2.1, 0.0], [0.0, 0.25, 0.2, -0.3]]),
        x=np.array([56.0, 231.0, 24.0, 2.0]),
        b=np.array([1.1, 3.2, -1.2]),
        classes=("cat", "dog", "ship"),
        printed=(-96.8, 437.9, 61.95),
    )
