"""A net in the middle of learning: module, optimizer, data and place in the run, advanced one step at a time.

Every random draw is a function of the seed and the step (first weights, order of an epoch, shifts, dropout), so that a run
can be repeated, resumed anywhere, and never depends on what else draws random numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from cvlab.engine.data.dataset import Dataset
from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.data.splits import held_out
from cvlab.engine.errors import RecipeError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.shapes import check_classifier
from cvlab.engine.nets.trained import TrainedNet
from cvlab.engine.schedules import SCHEDULES
from cvlab.engine.training import device as devices
from cvlab.engine.training.recipe import Recipe

_ORDER, _SHIFT, _DROPOUT = 1, 2, 3  # streams of random numbers, so that one never follows the other


@dataclass(frozen=True)
class StepResult:
    """Loss and number of right answers of one batch, still on the device: reading them waits for it."""

    loss: Tensor
    correct: Tensor
    count: int
    learning_rate: float


@dataclass
class Totals:
    """Sums over the batches of the running epoch; part of the checkpoint, so that a resumed epoch ends as it would have."""

    loss: float = 0.0
    correct: int = 0
    images: int = 0
    seconds: float = 0.0


class Learner:
    """Owns everything that changes while training. Use it from one thread.

    step, epoch, position: updates done; epochs finished; training images of the running epoch already used.
    seconds: time spent training so far. totals: sums over the running epoch.
    """

    def __init__(self, architecture: Architecture, data: Dataset, recipe: Recipe) -> None:
        check_classifier(architecture, data.image_shape, len(data.classes))
        self.architecture, self.data, self.recipe = architecture, data, recipe
        self.threads = devices.use_threads(recipe.threads)
        self.device = devices.choose(recipe.device)
        split = held_out(data.train.labels, recipe.held_out, recipe.seed) if recipe.held_out else None
        self.images, self.labels = self._place(data.train, None if split is None else split[0])
        if len(self.labels) == 0:
            raise RecipeError("No image is left to train on.", received=f"held_out = {recipe.held_out}")
        self.held_out = None if split is None or len(split[1]) == 0 else self._place(data.train, split[1])
        self.preprocessing = Preprocessing.fit(recipe.preprocessing, self.images, recipe.whitening_epsilon)
        self.module = build(architecture, seed=recipe.seed).to(self.device, memory_format=torch.channels_last)
        self.optimizer = make_optimizer(self.module, recipe, self.device)
        self._dice = _default_generator(self.device)
        self.step = self.epoch = self.position = 0
        self.seconds = 0.0
        self.totals = Totals()
        self._order: Tensor | None = None

    def _place(self, split, indices) -> tuple[Tensor, Tensor]:
        images, labels = split.images, split.labels
        if indices is not None:
            chosen = torch.as_tensor(np.asarray(indices))
            images, labels = images[chosen], labels[chosen]
        return images.to(self.device), labels.to(self.device)

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(len(self.labels) / self.recipe.batch_size)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step."""
        total = self.steps_per_epoch * self.recipe.epochs
        return SCHEDULES[self.recipe.schedule](self.recipe.optimizer.learning_rate, self.step, total)

    def turn(self, knob: str, value: float) -> None:
        """A live knob takes another value; raises `RecipeError` if it is out of range."""
        self.recipe = self.recipe.changed(**{knob: value})

    def advance(self) -> StepResult:
        """One parameter update on the next batch: forward, loss, backward, step."""
        if self._order is None:
            self._order = self._draw(_ORDER, self.epoch, lambda g: torch.randperm(len(self.labels), generator=g))
            self._order = self._order.to(self.device)
        chosen = self._order[self.position : self.position + self.recipe.batch_size]
        images, y = self.images[chosen], self.labels[chosen]  # (B, C, H, W) bytes, (B,)
        if self.recipe.shift:
            images = shift(images, self.recipe.shift, self._offsets(len(chosen)))
        x = self.preprocessing.apply(images).contiguous(memory_format=torch.channels_last)

        rate = self.learning_rate
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self._dice.manual_seed(self._seed(_DROPOUT, self.step))
        self.module.train()
        self.optimizer.zero_grad(set_to_none=True)
        scores = self.module(x)  # (B, K)
        loss = functional.cross_entropy(scores, y)  # mean of -log(e^{s_y} / sum_j e^{s_j})
        loss.backward()
        self._penalise()
        self.optimizer.step()

        self.step += 1
        self.position += len(chosen)
        return StepResult(loss.detach(), (scores.detach().argmax(1) == y).sum(), len(chosen), rate)

    def _penalise(self) -> None:
        """The penalty ½λw² on every weight adds λw to its gradient; biases go free (course 9.4)."""
        strength = self.recipe.optimizer.weight_decay
        if strength:
            for w in self.module.parameters():
                if w.ndim > 1 and w.grad is not None:
                    w.grad.add_(w.detach(), alpha=strength)

    @property
    def epoch_is_over(self) -> bool:
        return self.position >= len(self.labels)

    def end_epoch(self) -> None:
        self.epoch += 1
        self.position = 0
        self.totals = Totals()
        self._order = None

    @torch.inference_mode()
    def evaluate(self, images: Tensor, labels: Tensor) -> tuple[float, float]:
        """(mean loss, accuracy) in evaluation mode, in chunks of 2,000 images."""
        self.module.eval()
        loss, correct = torch.zeros((), device=self.device), torch.zeros((), device=self.device, dtype=torch.int64)
        for part, y in zip(images.split(2000), labels.split(2000), strict=True):
            x = self.preprocessing.apply(part.to(self.device)).contiguous(memory_format=torch.channels_last)
            y = y.to(self.device)
            scores = self.module(x)
            loss += functional.cross_entropy(scores, y, reduction="sum")
            correct += (scores.argmax(1) == y).sum()
        return loss.item() / len(labels), correct.item() / len(labels)

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the parameters as they are now."""
        return {
            name: value.detach().cpu().contiguous().numpy().copy() for name, value in self.module.state_dict().items()
        }

    def trained(self, title: str = "") -> TrainedNet:
        """The net as it is now, as a copy that will not change."""
        return TrainedNet.assemble(self.architecture, self.weights(), self.preprocessing, self.data.classes, title)

    def _seed(self, stream: int, index: int) -> int:
        # Distinct for every stream and index below 2^24 steps of any seed; the generators hash it well.
        return ((self.recipe.seed * 4 + stream) << 24) + index

    def _draw(self, stream: int, index: int, draw):
        return draw(torch.Generator().manual_seed(self._seed(stream, index)))

    def _offsets(self, count: int) -> Tensor:
        most = self.recipe.shift
        return self._draw(_SHIFT, self.step, lambda g: torch.randint(0, 2 * most + 1, (2, count), generator=g))


def make_optimizer(module: torch.nn.Module, recipe: Recipe, device: torch.device) -> torch.optim.Optimizer:
    """The optimizer of the recipe, without the L2 penalty, which the learner adds to the gradients."""
    settings = recipe.optimizer
    fused = device.type in ("cpu", "cuda")  # one pass over all parameters instead of one a tensor
    if settings.kind == "adam":
        return torch.optim.Adam(module.parameters(), lr=settings.learning_rate, fused=fused)
    momentum = settings.momentum if settings.kind == "momentum" else 0.0
    return torch.optim.SGD(module.parameters(), lr=settings.learning_rate, momentum=momentum, fused=fused)


def _default_generator(device: torch.device) -> torch.Generator:
    """Where dropout on this device takes its random numbers from."""
    if device.type == "cuda":
        torch.cuda.init()
        return torch.cuda.default_generators[torch.cuda.current_device() if device.index is None else device.index]
    if device.type == "mps":
        return torch.mps._get_default_mps_generator()
    return torch.default_generator


def shift(images: Tensor, most: int, offsets: Tensor) -> Tensor:
    """Each image moved by its own offset; what comes in from outside is zero.

    images: (B, C, H, W). offsets: (2, B) integers in 0..2*most, rows then columns; `most` means not moved.
    """
    b, c, h, w = images.shape
    padded = images.new_zeros(b, c, h + 2 * most, w + 2 * most)
    padded[:, :, most : most + h, most : most + w] = images
    rows = (offsets[0].to(images.device)[:, None] + torch.arange(h, device=images.device))[:, None, :, None]
    columns = (offsets[1].to(images.device)[:, None] + torch.arange(w, device=images.device))[:, None, None, :]
    index = torch.arange(b, device=images.device)[:, None, None, None]
    channel = torch.arange(c, device=images.device)[None, :, None, None]
    return padded[index, channel, rows, columns]
