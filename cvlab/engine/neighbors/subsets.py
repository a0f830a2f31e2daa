"""A smaller set to look up in or to test with: every class in proportion, the same for the same seed."""

from __future__ import annotations

import numpy as np

from cvlab.engine.errors import DataError


def draw(images: np.ndarray, labels: np.ndarray, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """`count` images with their labels, in their old order; all of them for 0 or more than there are.

    Of each class as many as its share asks for, the largest remainders first. Raises DataError for a negative count.
    """
    kept = chosen(labels, count, seed)
    return (images, labels) if len(kept) == len(labels) else (images[kept], labels[kept])


def chosen(labels: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """The sorted indices that `draw` takes."""
    if count < 0:
        raise DataError("So many images cannot be taken.", received=f"{count:,}")
    total = len(labels)
    if count == 0 or count >= total:
        return np.arange(total)
    rng = np.random.default_rng(seed)
    names, sizes = np.unique(labels, return_counts=True)
    wanted = sizes * count / total
    takes = np.floor(wanted).astype(np.int64)
    short = count - int(takes.sum())
    takes[np.argsort(takes - wanted, kind="stable")[:short]] += 1
    parts = [rng.permutation(np.flatnonzero(labels == name))[:take] for name, take in zip(names, takes, strict=True)]
    return np.sort(np.concatenate(parts))
