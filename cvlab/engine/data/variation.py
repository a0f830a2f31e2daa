"""The seventh challenge, variation within a class: which members lie farthest from its mean, and from each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cvlab.engine.data.progress import Asked, never
from cvlab.engine.errors import Cancelled, DataError

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

_CHUNK = 2000


@dataclass(frozen=True, eq=False)
class Variation:
    """One class, looked at as points of D = C H W numbers.

    mean: (C, H, W) uint8. farthest, nearest: (k,) int64 members by distance from the mean, the most and the least distant
    first, with their distances (k,). apart: (k,) int64 members far from each other, with (k,) distances, each to the nearest
    of those before it (the first: to the mean). All members are positions in the images that were given; distances are
    L2, in grey levels a value: |x - y| / sqrt(D). spread: the root mean square distance of all members from the mean.
    """

    mean: np.ndarray
    farthest: np.ndarray
    farthest_distance: np.ndarray
    nearest: np.ndarray
    nearest_distance: np.ndarray
    apart: np.ndarray
    apart_distance: np.ndarray
    spread: float


def within(images: Tensor, count: int = 12, cancelled: Asked = never) -> Variation:
    """The variation of one class's images, (N, C, H, W) uint8. `count` members of each kind, fewer if there are not so many.

    Far apart is farthest-point selection (Gonzalez, 1985): each next member is the one whose nearest chosen one is farthest,
    at most twice as bad as the best choice there is. Cost: (count + 2) N D, in float32; 0.3 s for 5,000 images of 3 x 32 x 32
    on one core. Raises DataError without an image, Cancelled when asked.
    """
    import torch

    if len(images) == 0:
        raise DataError("This class has no image.", remedy="Choose another class.")
    count = min(count, len(images))
    flat = images.flatten(1)
    mean = torch.stack([part.double().sum(0) for part in flat.split(_CHUNK)]).sum(0).div(len(flat))
    away = _distances(flat, mean.float(), cancelled)
    order = away.argsort(descending=True, stable=True)

    apart, gaps = [int(order[0])], [float(away[order[0]])]
    near = _distances(flat, flat[apart[0]].float(), cancelled)
    while len(apart) < count:
        gaps.append(float(near.max()))
        apart.append(int(near.argmax()))
        near = near.minimum(_distances(flat, flat[apart[-1]].float(), cancelled))
    close = order.flip(0)[:count]
    return Variation(
        mean=mean.round().to(torch.uint8).view(images.shape[1:]).numpy(),
        farthest=order[:count].numpy(),
        farthest_distance=away[order[:count]].numpy(),
        nearest=close.numpy(),
        nearest_distance=away[close].numpy(),
        apart=torch.tensor(apart).numpy(),
        apart_distance=torch.tensor(gaps).numpy(),
        spread=float(away.double().square().mean().sqrt()),
    )


def _distances(flat: Tensor, point: Tensor, cancelled: Asked) -> Tensor:
    """(N,) root mean square differences of each row of bytes from one point."""
    import torch

    parts = []
    for part in flat.split(_CHUNK):
        if cancelled():
            raise Cancelled
        parts.append((part - point).square_().mean(dim=1).sqrt_())
    return torch.cat(parts)
