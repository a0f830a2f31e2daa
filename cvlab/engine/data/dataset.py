"""A labelled image set held whole in memory as bytes; it knows nothing of files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Split:
    """N labelled images. Shared by everybody who loads the set: read only.

    images: (N, C, H, W) uint8, 0..255.
    labels: (N,) int64, an index into the classes.
    names:  the file each image came from; () where that is not known.
    """

    images: torch.Tensor
    labels: torch.Tensor
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.labels.shape[0]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test split over the same classes.

    source: what an imported set was imported from; "" for any other.
    digest: sha256 in hex over the bytes of train.images, train.labels, test.images, test.labels, in that order,
            so that a run can say exactly which data it saw.
    """

    id: str
    title: str
    classes: tuple[str, ...]
    train: Split
    test: Split
    digest: str
    source: str = ""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W)"""
        return tuple(self.train.images.shape[1:])


def digest_of(train: Split, test: Split) -> str:
    """The digest of two splits (see `Dataset`): 30 ms for MNIST on a processor with SHA instructions, else 0.2 s."""
    total = hashlib.sha256()
    for tensor in (train.images, train.labels, test.images, test.labels):
        total.update(tensor.contiguous().numpy().data)
    return total.hexdigest()
