"""Preprocessing as the page shows it: fitted here or there, applied to the same images, and told in numbers. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from cvlab.core.jobs import JobControl
from cvlab.engine.data import robustness
from cvlab.engine.data.preprocessing import STEADY, Kind, channel_statistics, mean_image
from cvlab.engine.data.whitening import Axes, Stage, axes_of, stages
from cvlab.engine.errors import Cancelled

if TYPE_CHECKING:
    from torch import Tensor

    from cvlab.engine.data.dataset import Dataset

Source = Literal["train", "test", "shown"]
SHOWN, SAMPLE, CLOUD = 6, 1_000, 600
"""Test images that are looked at; images that figures are taken over; points of a cloud."""
_FEATURES = 48
"""Features between which correlations are averaged."""


@dataclass(frozen=True, eq=False)
class Fit:
    """The numbers that one kind needs, found on one source. mean (C, H, W); std (C, 1, 1); axes of kinds that have them."""

    kind: Kind
    mean: np.ndarray | None = None
    std: np.ndarray | None = None
    axes: Axes | None = None
    count: int = 0

    def apply(self, images: Tensor, epsilon: float) -> np.ndarray:
        """(N, C, H, W) uint8 -> float64; the formulas of `Preprocessing`."""
        x = images.double().numpy()
        if self.kind == "contrast":
            axes = (1, 2, 3)
            return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + STEADY)
        x = x / 255
        if self.kind == "unit":
            return x
        if self.kind == "signed":
            return 2 * x - 1
        if self.axes is None:
            return (x - self.mean) / (1.0 if self.std is None else self.std)
        flat = x.reshape(len(x), -1)
        if self.kind == "whiten":
            return self.axes.whiten(flat, epsilon).reshape(x.shape)
        return ((flat - self.axes.mean) @ self.axes.axes).reshape(x.shape)


@dataclass(frozen=True)
class Figures:
    """Over all numbers of a sample: mean, standard deviation, the largest size; and how far two features go together, 0..1."""

    mean: float
    std: float
    reach: float
    correlation: float


@dataclass(frozen=True, eq=False)
class Preprocessed:
    """The same test images before and after, (n, C, H, W). away: how far the numbers are from those of the training split's own
    fit, on average and relative to their deviation; 0 for the right fit. cloud: the course's figure of two features of the
    training split; others: the same of the test split. mean: of the training split, (C, H, W) uint8. fitted_on: how many
    images. axes: the widest principal axes (n, C, H, W), shares: of all variance along each; none for kinds without axes."""

    images: np.ndarray
    after: np.ndarray
    away: float
    before_figures: Figures
    after_figures: Figures
    cloud: list[Stage]
    others: list[Stage]
    mean: np.ndarray
    fitted_on: int
    axes: np.ndarray
    shares: np.ndarray


@dataclass(frozen=True, eq=False)
class Preprocess:
    """kind, epsilon: what is done. source: what it is fitted on. first, second: two features. known: fits that may be used again,
    by (kind family, source)."""

    dataset: Dataset
    kind: Kind
    epsilon: float
    source: Source
    first: int
    second: int
    known: dict[tuple[str, str], Fit]

    def run(self, control: JobControl) -> Preprocessed:
        from cvlab.engine.training.device import use_threads

        use_threads(1)
        train, test = self.dataset.train.images, self.dataset.test.images
        shown = test[robustness.sample_of(self.dataset.test, SHOWN)]
        sample = test[robustness.sample_of(self.dataset.test, SAMPLE, seed=1)]
        control.check()
        right = self._fit("train", train, shown, test, control)
        used = right if self.source == "train" else self._fit(self.source, train, shown, test, control)
        control.check()
        after, numbers = used.apply(shown, self.epsilon), used.apply(sample, self.epsilon)
        wanted = right.apply(shown, self.epsilon)
        away = float(np.abs(after - wanted).mean() / max(float(wanted.std()), 1e-12))
        own, other = self._pair(train), self._pair(test)
        fitted = {"train": own, "test": other, "shown": self._pair(shown)}[self.source]
        return Preprocessed(
            shown.numpy(),
            after,
            away,
            _figures(sample.double().numpy()),
            _figures(numbers),
            stages(own, self.epsilon, fitted),
            stages(other, self.epsilon, fitted),
            self._mean(train),
            used.count,
            *_widest(used, shown.shape[1:]),
        )

    def _mean(self, train: Tensor) -> np.ndarray:
        if ("mean-image", "train") not in self.known:
            self.known["mean-image", "train"] = Fit("mean-image", mean_image(train), count=len(train))
        return (self.known["mean-image", "train"].mean * 255).round().astype(np.uint8)

    def _pair(self, images: Tensor) -> np.ndarray:
        """(n, 2): the two features of up to CLOUD images, in units of x / 255."""
        step = max(1, len(images) // CLOUD)
        return images.flatten(1)[::step][:CLOUD][:, [self.first, self.second]].double().numpy() / 255

    def _fit(self, source: Source, train: Tensor, shown: Tensor, test: Tensor, control: JobControl) -> Fit:
        family = "axes" if self.kind in ("decorrelate", "whiten") else self.kind
        found = self.known.get((family, source))
        if found is None:
            images = {"train": train, "test": test, "shown": shown}[source]
            control.report(f"Fitting on {len(images):,} images…")
            found = self._find(images, control)
            if control.cancelled():
                raise Cancelled
            self.known[family, source] = found
        return replace(found, kind=self.kind)

    def _find(self, images: Tensor, control: JobControl) -> Fit:
        count = len(images)
        if self.kind in ("standardize", "mean-channel"):
            mean, std = (np.array(values)[:, None, None] for values in channel_statistics(images))
            return Fit(self.kind, mean, std if self.kind == "standardize" else None, count=count)
        if self.kind == "mean-image":
            return Fit(self.kind, mean_image(images), count=count)
        if self.kind in ("decorrelate", "whiten"):
            axes = axes_of(images, control.cancelled)
            return Fit(self.kind, axes=axes, count=axes.count)
        return Fit(self.kind)


def _widest(fit: Fit, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """(axes (SHOWN, C, H, W), shares (SHOWN,)) of a fit that has axes, else empty arrays."""
    if fit.axes is None:
        return np.zeros((0, *shape)), np.zeros(0)
    total = max(float(fit.axes.variances.sum()), 1e-30)
    return fit.axes.axes.T[:SHOWN].reshape(-1, *shape), fit.axes.variances[:SHOWN] / total


def _figures(numbers: np.ndarray) -> Figures:
    flat = numbers.reshape(len(numbers), -1)
    chosen = flat[:, np.linspace(0, flat.shape[1] - 1, min(_FEATURES, flat.shape[1])).round().astype(int)]
    spread = chosen.std(axis=0)
    alive = chosen[:, spread > 1e-6 * max(float(spread.max()), 1e-12)]
    correlation = 0.0
    if alive.shape[1] > 1:
        pairs = np.corrcoef(alive.T)
        correlation = float(np.abs(pairs[~np.eye(len(pairs), dtype=bool)]).mean())
    return Figures(float(flat.mean()), float(flat.std()), float(np.abs(flat).max()), correlation)


def as_pictures(numbers: np.ndarray, kind: str) -> tuple[np.ndarray, float, float]:
    """((n, C, H, W) uint8, low, high): what black and white stand for. Numbers around zero are shown with zero in the middle
    and their ends at the 99.5th percentile of their size; those in [0, 1] as they are."""
    if kind == "unit":
        low, high = 0.0, 1.0
    else:
        high = max(float(np.quantile(np.abs(numbers), 0.995)), 1e-9)
        low = -high
    return ((numbers - low) / (high - low) * 255).round().clip(0, 255).astype(np.uint8), low, high
