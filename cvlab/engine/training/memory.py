"""How much memory a run will take, before it takes it: an allocation that fails in native code ends the whole process."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cvlab.engine.errors import NotEnoughMemory
from cvlab.engine.memory import RESERVE, size_text
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import infer
from cvlab.engine.training.recipe import Recipe

FLOAT = 4
"""Bytes of a float32 number."""
STATES = {"adam": 2, "adamw": 2, "rmsprop": 1, "adagrad": 1, "momentum": 1, "nesterov": 1}
"""Numbers that an optimizer keeps for each parameter; none for those that are not here."""


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes that a run needs beyond the images, which are in memory. A rule of thumb: true within a factor of two.

    rows: the split's indices, labels, the order of an epoch. model: weights, gradients, the optimizer's numbers, copies that are
    kept of the weights. batch: images, activations and their gradients at this batch size.
    """

    rows: int
    model: int
    batch: int

    @property
    def total(self) -> int:
        return self.rows + self.model + self.batch

    @classmethod
    def of(cls, net: Architecture, images: int, recipe: Recipe) -> MemoryEstimate:
        """images: how many training images there are, held-out ones included."""
        report = infer(net)
        copies = (
            2 + STATES.get(recipe.optimizer.kind, 0) + bool(recipe.averaging) + bool(recipe.early_stopping.patience)
        )
        pixels = math.prod(net.image_shape)
        # An image as bytes, as numbers and changed by augmentation; what the layers put out, and its gradients.
        an_image = pixels * (1 + (3 if recipe.augmentation.changes else 1) * FLOAT) + 2 * report.activation_bytes
        return cls(images * 32, report.parameters * FLOAT * copies, min(recipe.batch_size, images) * an_image)


def check(net: Architecture, images: int, recipe: Recipe, free: int | None) -> None:
    """Raises `NotEnoughMemory` where a run on the CPU would not fit into what is free, in bytes. Its `suggestion` is the largest
    batch size that does, a power of two; None where no batch size helps. Nothing is refused where None says that what is free is
    not known. images: as in `MemoryEstimate.of`."""
    estimate = MemoryEstimate.of(net, images, recipe)
    room = math.inf if free is None else max(free - RESERVE, 0)
    if estimate.total <= room:
        return
    an_image = estimate.batch / max(min(recipe.batch_size, images), 1)
    fits = int((room - estimate.rows - estimate.model) // an_image)
    suggestion = 1 << (fits.bit_length() - 1) if fits >= 1 else None
    raise NotEnoughMemory(
        f"This run needs about {size_text(estimate.total)} of memory beside its images, and about {size_text(room)} are free.",
        received=f"{size_text(estimate.batch)} at batch size {recipe.batch_size:,}; {size_text(estimate.model)} for the network "
        "and the optimizer",
        remedy="Use a smaller network or fewer images, or close what else uses the memory."
        if suggestion is None
        else f"Use a batch size of {suggestion:,}, or close what else uses the memory.",
        suggestion=suggestion,
    )


def evaluated_at_once(net: Architecture, wanted: int, free: int | None) -> int:
    """How many images to evaluate at once: `wanted`, or as many halves of it as fit into what is free, in bytes."""
    if free is None:
        return wanted
    largest = max((layer.activation_bytes for layer in infer(net).flat.layers.values()), default=0)
    an_image = math.prod(net.image_shape) * (1 + FLOAT) + 2 * largest
    while wanted > 1 and wanted * an_image > free - RESERVE:
        wanted = (wanted + 1) // 2
    return wanted
