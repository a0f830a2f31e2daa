"""A net and a recipe that learn any set of images in minutes on a processor: good enough to be asked, not the best there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cvlab.engine.nets.zoo import suited as suited_net
from cvlab.engine.training.recipe import Recipe

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.nets.architecture import Architecture

SEEN = 300_000
"""Images that it learns from in all, however many there are of them: six epochs of CIFAR-10."""
_FEWEST, _MOST = 5, 40


def suited(dataset: Dataset) -> tuple[Architecture, Recipe]:
    """LeNet for small grey images, else ConvNet-small; Adam along a cosine, a tenth held out, shifts that keep every class.

    Epochs: 300,000 images in all, but 5 to 40.
    """
    _, height, width = dataset.image_shape
    recipe = Recipe().changed(
        data=dataset.id,
        preprocessing="standardize",
        shift=min(2, min(height, width) // 8),
        batch_size=128,
        epochs=min(max(SEEN // max(1, len(dataset.train)), _FEWEST), _MOST),
        **{"schedule.kind": "cosine", "optimizer.learning_rate": 0.003},
    )
    return suited_net(dataset.image_shape, len(dataset.classes)), recipe
