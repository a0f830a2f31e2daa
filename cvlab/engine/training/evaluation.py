"""How good a net is on images: its mean loss and its accuracy, the same for a net in training and for one at rest."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from cvlab.engine.training.chunks import Chunks
from cvlab.engine.training.objective import plain_loss
from cvlab.engine.training.recipe import Recipe

EVAL_BATCH_SIZE = 2000
"""Images that are evaluated at once, where the memory suffices."""


@torch.inference_mode()
def evaluate(
    module: nn.Module, images: Callable[[slice], Tensor], labels: Tensor, recipe: Recipe, chunks: Chunks, device: torch.device
) -> tuple[float, float]:  # fmt: skip
    """(mean loss, accuracy 0..1) of a net in evaluation mode.

    images: gives the images of a slice as the net is fed with them, (B, C, H, W) on the device. labels: (N,), N > 0. chunks: in
    which they are evaluated. What `images` raises ends the evaluation.
    """
    module.eval()
    loss, correct = torch.zeros((), device=device), torch.zeros((), device=device, dtype=torch.int64)

    def part_of(part: slice) -> tuple[Tensor, Tensor]:
        y = labels[part].to(device)
        scores = module(images(part))
        return plain_loss(scores, y, recipe.loss), (scores.argmax(1) == y).sum()

    for lost, right in chunks.over(len(labels), part_of):
        loss += lost
        correct += right
    return loss.item() / len(labels), correct.item() / len(labels)
