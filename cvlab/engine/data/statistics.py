"""What a set is like in numbers: how many of each class, their mean images, and the statistics of each channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cvlab.engine.data.progress import Asked, Progress, Report, never, nobody
from cvlab.engine.errors import Cancelled

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Split

_CHUNK = 1000  # images at a time: what is at work stays small


@dataclass(frozen=True, eq=False)
class Statistics:
    """Of one split, in bytes 0..255. Rows of a class without images hold NaN.

    counts:      (K,) int64, images a class.
    mean_images: (K, C, H, W) float32.
    means, stds: (K, C) float64, over all pixels of the class.
    mean, std:   (C,) float64, over all pixels of the split.
    brightness, contrast: (N,) float32 of each image: the mean and the standard deviation of its bytes.
    """

    counts: np.ndarray
    mean_images: np.ndarray
    means: np.ndarray
    stds: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    brightness: np.ndarray
    contrast: np.ndarray


def describe(split: Split, classes: int, *, report: Report = nobody, cancelled: Asked = never) -> Statistics:
    """One pass over the images, exact to 1e-9 (whole-number sums in float64). 0.5 s for 50,000 of 3 x 32 x 32. Cancelled."""
    images, labels = split.images.numpy(), split.labels.numpy()
    count, channels = len(images), images.shape[1]
    pixels = images.shape[2] * images.shape[3]
    sums = np.zeros((classes, *images.shape[1:]), np.float64)
    squares = np.zeros((classes, channels), np.float64)
    brightness, contrast = np.zeros(count, np.float32), np.zeros(count, np.float32)
    for first in range(0, count, _CHUNK):
        if cancelled():
            raise Cancelled
        report(Progress("Counting pixels", first, count))
        X, y = images[first : first + _CHUNK].astype(np.float32), labels[first : first + _CHUNK]
        flat = X.reshape(len(X), channels, pixels)  # sums of bytes up to 4,096 pixels are exact in float32
        each = flat.sum(2, dtype=np.float64)
        square = np.einsum("ncp,ncp->nc", flat, flat, dtype=np.float64)
        for label in np.unique(y):
            sums[label] += X[y == label].sum(0, dtype=np.float64)
            squares[label] += square[y == label].sum(0)
        values = channels * pixels
        mean = each.sum(1) / values
        brightness[first : first + _CHUNK] = mean
        contrast[first : first + _CHUNK] = np.sqrt(np.maximum(square.sum(1) / values - mean**2, 0))
    counts = np.bincount(labels, minlength=classes)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_images = (sums / counts[:, None, None, None]).astype(np.float32)
        totals = sums.sum((2, 3))
        means, stds = _moments(totals, squares, counts[:, None] * pixels)
        mean, std = _moments(totals.sum(0), squares.sum(0), np.float64(count * pixels))
    return Statistics(counts, mean_images, means, stds, mean, std, brightness, contrast)


def _moments(total: np.ndarray, square: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = total / count
    return mean, np.sqrt(np.maximum(square / count - mean**2, 0))
