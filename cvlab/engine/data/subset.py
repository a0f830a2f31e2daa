"""Some of the images of a set, as indices into it: a split copies no pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class ImageSubset:
    """The images of a set at these rows, indexed as a tensor of them would be; what is asked for is gathered, nothing else.

    images: (M, C, H, W) uint8, all of them. rows: (N,) int64 indices, on the same device.
    """

    images: Tensor
    rows: Tensor

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, C, H, W)"""
        return (len(self.rows), *self.images.shape[1:])

    @property
    def device(self) -> torch.device:
        return self.images.device

    def __getitem__(self, which: int | slice | Tensor) -> Tensor:
        """A copy of one image (C, H, W), of a slice, or of the images at (B,) indices below N, (B, C, H, W)."""
        return self.images[self.rows[which]]

    def split(self, size: int) -> Iterator[Tensor]:
        """The images in order, `size` of them at a time."""
        return (self[first : first + size] for first in range(0, len(self), size))
