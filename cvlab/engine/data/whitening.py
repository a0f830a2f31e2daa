"""Principal axes of a set of images, and what one does with them: decorrelate and whiten (course 9.2). All in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cvlab.engine.data.progress import Asked, never
from cvlab.engine.errors import Cancelled, DataError

if TYPE_CHECKING:
    from torch import Tensor

    from cvlab.engine.data.subset import ImageSubset

MAX_FEATURES = 3072
"""A covariance of so many features has 9.4 million numbers, 75 MB; its eigenvectors take some ten seconds."""
MAX_FIT = 10_000
"""Images that the covariance is estimated from: more of them change it little and take as much longer."""
EPSILON = 1e-5
"""Added to every variance before the division, in units of (x / 255)^2: keeps noise from being blown up."""
_CHUNK = 1000


@dataclass(frozen=True, eq=False)
class Axes:
    """mean (D,): of x / 255. variances (D,): along the axes, in falling order, none below 0. axes (D, D): the columns are
    the axes, unit vectors at right angles. count: images that they were found from."""

    mean: np.ndarray
    variances: np.ndarray
    axes: np.ndarray
    count: int

    @property
    def rank(self) -> int:
        """How many directions vary at all, above what rounding makes of nothing."""
        most = self.variances[0] if len(self.variances) else 0.0
        return int((self.variances > max(most, 1e-30) * len(self.variances) * np.finfo(np.float64).eps * 8).sum())

    def decorrelation(self) -> np.ndarray:
        """(D, D) U: y = (x - mean) U has the covariance diag(variances)."""
        return self.axes

    def whitening(self, epsilon: float = EPSILON) -> np.ndarray:
        """(D, D) U diag(1 / sqrt(s + epsilon)) U^T: y = (x - mean) W has the covariance I where epsilon is small beside s.

        Turned back to where the pixels were (ZCA), so that the result still is an image and neighbours stay neighbours;
        the covariance is the same as without turning back. Directions that never vary give 0.
        """
        U, s = self.axes[:, : self.rank], self.variances[: self.rank]
        return (U / np.sqrt(s + epsilon)) @ U.T

    def whiten(self, X: np.ndarray, epsilon: float = EPSILON) -> np.ndarray:
        """(X - mean) W for a few points (N, D), without making W: 2 N D^2 in place of D^3."""
        U, s = self.axes[:, : self.rank], self.variances[: self.rank]
        return ((X - self.mean) @ U / np.sqrt(s + epsilon)) @ U.T


def find_axes(X: np.ndarray, cancelled: Asked = never) -> Axes:
    """The principal axes of points X (N, D), any finite numbers: of cov = 1/N sum (x - mean)(x - mean)^T, by eigh.

    Cost: N D^2 + 10 D^3; for 10,000 x 784 about 1 s on one core, for 10,000 x 3,072 about 15 s.
    Raises DataError above 3,072 features or without points, Cancelled when asked.
    """
    if X.ndim != 2 or len(X) == 0:
        raise DataError("Principal axes need points.", received=f"shape {X.shape}")
    import torch

    N, D = X.shape
    check_size(D)
    mean = X.mean(axis=0, dtype=np.float64)
    cov = np.zeros((D, D))
    for first in range(0, N, _CHUNK):
        if cancelled():
            raise Cancelled
        centred = X[first : first + _CHUNK].astype(np.float64) - mean
        cov += centred.T @ centred  # (D, D)
    # PyTorch brings a faster LAPACK than numpy's wheels do: three times at 3,072 features.
    found = torch.linalg.eigh(torch.from_numpy(cov / N))
    variances, axes = (part.numpy() for part in found)  # rising order
    if cancelled():
        raise Cancelled
    axes = axes[:, ::-1].copy()
    # Either sign of an axis is right: take the one whose largest part is positive, so that pictures do not flip.
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), np.arange(D)] < 0, -1.0, 1.0)
    return Axes(mean, variances[::-1].clip(min=0).copy(), axes, N)


def axes_of(images: Tensor | ImageSubset, cancelled: Asked = never) -> Axes:
    """The principal axes of images (N, C, H, W) uint8, as points x / 255 of D = C H W numbers.

    Found from at most 10,000 of them, evenly spread over the set; `count` says from how many.
    """
    check_size(images[0].numel() if len(images) else 0)
    return find_axes(fitting_sample(images).flatten(1).cpu().numpy() / 255.0, cancelled)


def fitting_sample(images: Tensor | ImageSubset) -> Tensor:
    """The images that axes are found from: all of them, or 10,000 evenly spread over the set."""
    import torch

    if len(images) <= MAX_FIT:
        return images[:]
    return images[torch.linspace(0, len(images) - 1, MAX_FIT).round().long()]


def check_size(features: int) -> None:
    """Raises DataError for images too large for a covariance."""
    if features > MAX_FEATURES:
        raise DataError(
            f"Decorrelating and whitening need a covariance of all features, which is made for up to {MAX_FEATURES:,}.",
            received=f"{features:,} numbers an image",
            remedy="Use smaller images, or subtract the mean and divide by the standard deviation instead.",
        )


@dataclass(frozen=True, eq=False)
class Stage:
    """One picture of the course's figure: points (N, 2), their mean (2,) and covariance (2, 2), and the principal axes with
    their lengths: directions (2, 2), columns, and deviations (2,), the standard deviation along each."""

    title: str
    points: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    directions: np.ndarray
    deviations: np.ndarray


def stages(X: np.ndarray, epsilon: float = EPSILON, fitted_on: np.ndarray | None = None) -> list[Stage]:
    """Two features (N, 2) as they are, then with the mean subtracted, decorrelated, and whitened: the course's figure.

    fitted_on: the points (M, 2) that mean and axes are taken from; None: X itself. epsilon: as for `whitening`. Here the
    whitened points are not turned back, as in the course.
    """
    own = find_axes(X if fitted_on is None else fitted_on)
    centred = X - own.mean
    turned = centred @ own.axes
    deviation = np.sqrt(own.variances + epsilon)
    return [
        _stage(title, points)
        for title, points in (
            ("as it is", X),
            ("mean subtracted", centred),
            ("decorrelated", turned),
            ("whitened", turned / np.maximum(deviation, 1e-12)),
        )
    ]


def _stage(title: str, points: np.ndarray) -> Stage:
    found = find_axes(points)
    centred = points - found.mean
    return Stage(title, points, found.mean, centred.T @ centred / len(points), found.axes, np.sqrt(found.variances))
