"""A net in the middle of learning: module, optimizer, data and place in the run, advanced one step at a time.

Every random draw is a function of the seed and the step (first weights, order of an epoch, shifts, augmentation, dropout), so
that a run can be repeated, resumed anywhere, forked with one thing changed, and never depends on what else draws numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from cvlab.engine.data import augmentation
from cvlab.engine.data.dataset import Dataset
from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.data.splits import held_out
from cvlab.engine.data.subset import ImageSubset
from cvlab.engine.errors import RecipeError
from cvlab.engine.memory import free_memory
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import build
from cvlab.engine.nets.shapes import check_classifier
from cvlab.engine.nets.trained import TrainedNet, load_weights
from cvlab.engine.nets.weighted import weighted_layers
from cvlab.engine.training import device as devices
from cvlab.engine.training.chunks import Chunks
from cvlab.engine.training.divergence import Divergence
from cvlab.engine.training.evaluation import EVAL_BATCH_SIZE, evaluate
from cvlab.engine.training.guessing import Guess
from cvlab.engine.training.initialisation import initialise
from cvlab.engine.training.memory import check as check_memory
from cvlab.engine.training.memory import evaluated_at_once
from cvlab.engine.training.objective import (
    batch_loss,
    clip,
    make_optimizer,
    penalise,
    project,
    set_rate,
)
from cvlab.engine.training.plan import Plan, changed, shift, table
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.step_graph import StepGraph
from cvlab.engine.training.threads import Threads

if TYPE_CHECKING:
    from cvlab.engine.training.team import Team

# Streams of random numbers, so that one never follows the other. The first weights are number 0 of the stream of augmentation.
_AUGMENT, _ORDER, _SHIFT, _DROPOUT = 0, 1, 2, 3


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


@dataclass(frozen=True, eq=False)
class Best:
    """The best epoch so far by the watched held-out figure (higher is better: the loss counts negative), and its weights."""

    epoch: int
    step: int
    figure: float
    weights: dict[str, np.ndarray]


class Learner:
    """Owns everything that changes while training. Use it from one thread.

    step, epoch, position: updates done; epochs finished; training images of the running epoch already used.
    seconds: time spent training so far. last_rate: the learning rate of the last step. totals: sums over the running epoch.
    divergence: what the losses look like so far; guess: the loss of equal scores.
    best: how the best epoch did, if any is watched.
    weighted: the layers that penalties and max-norm apply to.
    average: the running average of the parameters, where the recipe wants one (course 9.6).
    threads: how many the CPU computes with, as its load allows.
    team: the processes that train together, each on its share of every batch; None for one alone.
    chunks: in which images are judged. graph: replays the step on a GPU where that is faster.
    dice: where dropout on the device takes its random numbers from.
    """

    def __init__(self, architecture: Architecture, data: Dataset, recipe: Recipe, team: Team | None = None) -> None:
        check_classifier(architecture, data.image_shape, len(data.classes))
        self.architecture, self.data, self.recipe = architecture, data, recipe
        self.device = devices.choose(recipe.device)
        free = free_memory() if self.device.type == "cpu" else None  # a GPU's own is told by its allocator
        check_memory(architecture, len(data.train), recipe, free)
        devices.prepare(self.device, recipe.precision)
        self.threads = Threads(
            devices.use_threads(recipe.threads),
            may_choose=recipe.threads == 0 and team is None and self.device.type == "cpu",
        )
        split = held_out(data.train.labels, recipe.held_out, recipe.seed) if recipe.held_out else None
        images, labels = data.train.images.to(self.device), data.train.labels.to(self.device)
        self.images, self.labels = (images, labels) if split is None else self._part(images, labels, split[0])
        if len(self.labels) == 0:
            raise RecipeError("No image is left to train on.", received=f"held_out = {recipe.held_out}")
        self.held_out = None if split is None or len(split[1]) == 0 else self._part(images, labels, split[1])
        self.preprocessing = Preprocessing.fit(recipe.preprocessing, self.images, recipe.whitening_epsilon)
        # Apple's kernels want the channels apart, and would turn every batch around.
        together = recipe.channels_last and self.device.type != "mps"
        self._format = torch.channels_last if together else torch.contiguous_format
        self.module = build(architecture, seed=recipe.seed)
        self._draw(_AUGMENT, 0, lambda g: initialise(self.module, recipe.initialisation, g))
        self.module = self.module.to(self.device, memory_format=self._format)
        self.parameters = list(self.module.parameters())
        self.weighted = weighted_layers(self.module)
        self.optimizer = make_optimizer(self.module, recipe, self.device)
        self.team = team
        self.dice = _default_generator(self.device)
        self.graph = StepGraph(self)
        self.chunks = Chunks(evaluated_at_once(architecture, EVAL_BATCH_SIZE, free), self.device)
        self.step = self.epoch = self.position = 0
        self.seconds = 0.0
        self.last_rate = recipe.optimizer.learning_rate
        self.totals = Totals()
        self.divergence = Divergence()
        self.guess = Guess.among(len(data.classes), recipe.loss).loss
        self.best: Best | None = None
        self.average = [p.detach().clone() for p in self.parameters] if recipe.averaging else None
        self._order: Tensor | None = None

    def _part(self, images: Tensor, labels: Tensor, indices: np.ndarray) -> tuple[ImageSubset, Tensor]:
        """The images and labels at these indices, both on the device; the pixels are not copied."""
        rows = torch.as_tensor(indices).to(self.device)
        return ImageSubset(images, rows), labels[rows]

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(len(self.labels) / self.recipe.batch_size)

    @property
    def learning_rate(self) -> float:
        """The rate of the next step. Where it is in its schedule follows from the epoch, whatever the batch size has been."""
        recipe, per_epoch = self.recipe, self.steps_per_epoch
        step = self.epoch * per_epoch + self.position / recipe.batch_size
        return recipe.schedule.rate_at(recipe.optimizer.learning_rate, step, per_epoch, recipe.epochs)

    def turn(self, knob: str, value: float) -> None:
        """A live knob takes another value; raises `RecipeError` if it is none, or out of range."""
        if Recipe.canonical(knob) not in Recipe.live():
            raise RecipeError(
                f"“{knob}” cannot change while a run trains.", remedy="Branch off a new run from here with it changed."
            )
        self.recipe = self.recipe.changed(**{knob: value})
        if Recipe.canonical(knob) != "optimizer.learning_rate":  # that one is no part of the recorded step
            self.graph.drop()

    def advance(self) -> StepResult:
        """One parameter update on the next batch: forward, loss, backward, step."""
        began = perf_counter()
        result = self._advance()
        self.threads.took(perf_counter() - began, result.count)
        return result

    def _advance(self) -> StepResult:
        plan, rate = self.plan(), self.learning_rate
        self.last_rate = rate
        set_rate(self.optimizer, rate, self.recipe)
        self.dice.manual_seed(self.dropout_seed)
        loss, correct = self.graph.step(plan) or self.update(plan)
        self.step += 1
        self.position += len(plan.chosen)
        if self.average is not None:
            # Short at first, so that the random start is soon forgotten.
            keep = min(self.recipe.averaging, (1 + self.step) / (10 + self.step))
            torch._foreach_lerp_(self.average, [p.detach() for p in self.parameters], 1 - keep)
        return StepResult(loss, correct, len(plan.chosen), rate)

    def update(self, plan: Plan) -> tuple[Tensor, Tensor]:
        """What a step does on the device, and nothing else: (loss, right answers). It reads nothing back and is fed with tensors
        alone, so that it can be recorded. The seed of dropout and the learning rate are set before it."""
        x, y, targets = self.batch(plan)
        whole, recipe = len(y), self.recipe
        if self.team is not None:
            x, y, targets = self.team.share(self.module, x, y, targets)
        self.module.train()
        self.optimizer.zero_grad(set_to_none=True)
        if recipe.precision == "mixed":
            # bfloat16 has float32's range: unlike float16 it needs no scaling of the loss.
            with torch.autocast(self.device.type, dtype=torch.bfloat16):
                scores = self.module(x)
            scores = scores.float()
        else:
            scores = self.module(x)  # (B, K)
        loss = batch_loss(scores, targets, recipe.loss)
        loss.backward()
        correct = (scores.detach().argmax(1) == y).sum()
        loss = loss.detach()
        if self.team is not None:
            loss, correct = self.team.combine(self.parameters, loss, correct, len(y), whole)
        clip(self.parameters, recipe.regularisation.clip)
        penalise(self.weighted, recipe)
        self.optimizer.step()
        project(self.weighted, recipe.regularisation.max_norm)
        return loss, correct

    def plan(self, ahead: int = 0) -> Plan:
        """What the next step will see. Asking twice gives the same. ahead: what one so many steps later might, for a trial; it is
        as large."""
        if self._order is None:
            order = self._draw(_ORDER, self.epoch, lambda g: torch.randperm(len(self.labels), generator=g))
            self._order = devices.send(order, self.device)
        recipe, offsets, drawn = self.recipe, None, None
        first, step = self.position + ahead * recipe.batch_size, self.step + ahead
        if ahead and first + recipe.batch_size > len(self._order):
            first = 0
        chosen = self._order[first : first + recipe.batch_size]
        if recipe.shift:
            most = 2 * recipe.shift + 1
            made = self._draw(_SHIFT, step, lambda g: torch.randint(0, most, (2, len(chosen)), generator=g))
            offsets = devices.send(made, self.device)
        if recipe.augmentation.changes:
            size = tuple(self.images.shape[-2:])
            made = self._draw(
                _AUGMENT, step + 1, lambda g: augmentation.draw(recipe.augmentation, len(chosen), size, g)
            )
            drawn = table(made, self.device)
        return Plan(chosen, offsets, drawn)

    def batch(self, plan: Plan) -> tuple[Tensor, Tensor, Tensor]:
        """(x, y, targets): (B, C, H, W) numbers, (B,) right classes, and what the loss compares with: y itself, or with mix-up
        (B, K) shares."""
        recipe = self.recipe
        images, y = self.images[plan.chosen], self.labels[plan.chosen]  # (B, C, H, W) bytes, (B,)
        if plan.offsets is not None:
            images = shift(images, recipe.shift, plan.offsets)
        targets = y
        if plan.drawn is not None:
            images, targets = changed(images, y, recipe.augmentation, plan.drawn, len(self.data.classes))
        return self.numbers(images), y, targets

    def next_batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """The batch of the next step. Asking twice gives the same."""
        return self.batch(self.plan())

    def numbers(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W) uint8 as the net is fed with them, on the device."""
        return self.preprocessing.apply(images.to(self.device)).contiguous(memory_format=self._format)

    @property
    def is_done(self) -> bool:
        """Whether the recipe is fulfilled: all epochs trained, or early stopping has had enough."""
        patience, best = self.recipe.early_stopping.patience, self.best
        enough = bool(patience) and best is not None and self.epoch - best.epoch >= patience
        return self.epoch >= self.recipe.epochs or enough

    @property
    def epoch_is_over(self) -> bool:
        return self.position >= len(self.labels)

    def end_epoch(self) -> None:
        self.epoch += 1
        self.position = 0
        self.totals = Totals()
        self._order = None

    def forget_order(self) -> None:
        """After a jump to another place in the run."""
        self._order = None
        self.graph.drop()

    def evaluate(self, images: Tensor | ImageSubset, labels: Tensor) -> tuple[float, float]:
        """(mean loss, accuracy) in evaluation mode, in chunks of 2,000 images, or of as many as the memory holds."""

        def fed(part: slice) -> Tensor:
            return self.numbers(images[part])

        return evaluate(self.module, fed, labels, self.recipe, self.chunks, self.device)

    def watch(self, loss: float, accuracy: float) -> None:
        """Takes note of the held-out figures of the epoch that has just ended, where early stopping watches them."""
        rule = self.recipe.early_stopping
        figure = accuracy if rule.watch == "accuracy" else -loss
        if math.isnan(figure):  # or no later epoch would be better than it
            figure = -math.inf
        if rule.patience and (self.best is None or figure > self.best.figure):
            self.best = Best(self.epoch, self.step, figure, self.weights())

    def take_best(self) -> bool:
        """The weights of the best epoch, if that was watched; whether there is one."""
        if self.best is not None:
            load_weights(self.module, self.best.weights)
        return self.best is not None

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of the parameters as they are now."""
        state = self.module.state_dict()
        return {name: v.numpy().copy() for name, v in zip(state, devices.fetch(state.values()), strict=True)}

    def averaged_weights(self) -> dict[str, np.ndarray] | None:
        """The running average as weights of the same names, or None; what is no parameter is as it is now."""
        if self.average is None:
            return None
        names = [name for name, _ in self.module.named_parameters()]
        mean = {name: value.numpy().copy() for name, value in zip(names, devices.fetch(self.average), strict=True)}
        return self.weights() | mean

    def trained(self, title: str = "") -> TrainedNet:
        """The net as it is now, as a copy that will not change."""
        return TrainedNet.assemble(self.architecture, self.weights(), self.preprocessing, self.data.classes, title)

    @property
    def dropout_seed(self) -> int:
        """Of the next step."""
        return self._seed(_DROPOUT, self.step)

    def leave(self) -> None:
        """After the last step: what a GPU keeps for the next one is given back to other programs. The net stays as it is."""
        self.graph.drop()
        for parameter in self.parameters:
            parameter.grad = None
        devices.release(self.device)

    def _seed(self, stream: int, index: int) -> int:
        # Distinct for every stream and index below 2^24 steps of any seed; the generators hash it well.
        return ((self.recipe.seed * 4 + stream) << 24) + index

    def _draw(self, stream: int, index: int, draw):
        return draw(torch.Generator().manual_seed(self._seed(stream, index)))


def _default_generator(device: torch.device) -> torch.Generator:
    """Where dropout on this device takes its random numbers from."""
    if device.type == "cuda":
        torch.cuda.init()
        return torch.cuda.default_generators[torch.cuda.current_device() if device.index is None else device.index]
    if device.type == "mps":
        return torch.mps._get_default_mps_generator()
    return torch.default_generator
