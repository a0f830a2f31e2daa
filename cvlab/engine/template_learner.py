"""A linear classifier of images that learns by mini-batches, so that the rows of W can be watched as pictures (course 3).

A Stepper: everything happens inside `step()`; nothing is drawn and no thread is started.
"""

from __future__ import annotations

import numpy as np

from cvlab.engine.classifier import Objective, evaluate
from cvlab.engine.errors import DataError, NonFiniteLoss
from cvlab.engine.gradient_check import GradientCheck, gradient_check
from cvlab.engine.linear import f, templates

BATCH = 200
CALM = 150.0
"""Squared length of an image up to which a rate is taken as it is. Slopes grow with it: a digit has 100, a colour photo 1,000."""


class TemplateLearner:
    """W (K, D) and b (K,), from zero, by plain descent on batches that go through the shuffled set again and again.

    images: (N, H, W) or (N, C, H, W) uint8, a number of a pixel is taken as 0..1. labels: (N,). steps: batches seen.
    pace: what every rate is multiplied by, 1 for digits; less for images of larger numbers, so that one rate suits all.
    loss: of the last batch, with its penalty; None before the first.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, classes: int, seed: int = 0) -> None:
        if images.ndim not in (3, 4) or not len(images) or labels.shape != (len(images),):
            raise DataError("Templates need images and one label for each.", received=f"{images.shape}, {labels.shape}")
        self.image_shape = images.shape[1:]
        self._images, self._labels = images.reshape(len(images), -1), labels.astype(np.int64)
        self._classes, self._seed = classes, seed
        sample = self._images[:: max(1, len(self._images) // 200)] / 255.0
        self.pace = min(1.0, CALM / max(float((sample**2).sum(axis=1).mean()), 1e-9))
        self.reset()

    def reset(self) -> None:
        """W = 0 and b = 0, no step done, the same order of batches."""
        self.W = np.zeros((self._classes, self._images.shape[1]))  # (K, D)
        self.b = np.zeros(self._classes)
        self.steps, self.loss = 0, None
        self._rng = np.random.default_rng(self._seed)
        self._order = np.empty(0, dtype=np.int64)

    def step(self, objective: Objective, rate: float) -> float:
        """One batch: W -= pace rate dW, b -= pace rate db; returns the batch's loss before it. About 0.5 ms at MNIST's size.

        Raises `NonFiniteLoss`, and leaves W as it was, if the step leads out of the numbers.
        """
        if len(self._order) < min(BATCH, len(self._labels)):
            self._order = self._rng.permutation(len(self._labels))
        chosen, self._order = self._order[:BATCH], self._order[BATCH:]
        X = self._images[chosen] / 255.0  # (B, D)
        with np.errstate(over="ignore", invalid="ignore"):
            now = evaluate(X, self._labels[chosen], self.W, self.b, objective)
            W, b = self.W - self.pace * rate * now.dW, self.b - self.pace * rate * now.db
        if not (np.isfinite(now.total) and np.isfinite(W).all() and np.abs(W).max() < 1e100):
            raise NonFiniteLoss(self.steps + 1, now.total, rate)
        self.W, self.b, self.loss = W, b, now.total
        self.steps += 1
        return now.total

    @property
    def templates(self) -> np.ndarray:
        """The rows of W as images, (K, H, W) or (K, C, H, W)."""
        return templates(self.W, self.image_shape)

    def scores(self, images: np.ndarray) -> np.ndarray:
        """f(x, W, b) of some images, as they came: (N, ...) uint8 -> (N, K)."""
        return f(images.reshape(len(images), -1) / 255.0, self.W, self.b)

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """The share of images whose right class has the highest score, 0..1."""
        return float((self.scores(images).argmax(axis=1) == labels).mean())

    def check_gradient(self, objective: Objective, numbers: int = 24, seed: int = 0) -> GradientCheck:
        """Some numbers of dW, drawn among pixels that are not blank, against centred differences on 50 images."""
        rng = np.random.default_rng(seed)
        shown = rng.permutation(len(self._labels))[:50]
        X, y = self._images[shown] / 255.0, self._labels[shown]  # (50, D), (50,)
        inked = np.flatnonzero(X.sum(axis=0) > 0)
        # Each number once: a place drawn twice would hide its own nudge.
        drawn = rng.permutation(self._classes * len(inked))[:numbers]
        place = drawn // len(inked), inked[drawn % len(inked)]

        def at(values: np.ndarray):
            W = self.W.copy()
            W[place] = values
            return evaluate(X, y, W, self.b, objective)

        def sides(values: np.ndarray) -> np.ndarray:
            return at(values).inside > 0

        def total(values: np.ndarray) -> float:
            return at(values).total

        start = self.W[place]
        return gradient_check(total, start, at(start).dW[place], branches=sides)
