"""The checks that the course makes before any long training (course 9.5): each says pass or fail, and why.

A few seconds in all for LeNet. None of them touches a test image or the net that is in training.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from cvlab.engine.data.augmentation import Augmentation
from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.errors import Cancelled
from cvlab.engine.gradient_check import gradient_check
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.build import GraphNet
from cvlab.engine.nets.layers import MaxPool, Relu
from cvlab.engine.training.guessing import Guess
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.objective import batch_loss, penalty
from cvlab.engine.training.recipe import EarlyStopping, Recipe, Regularisation

FEW = 20
OVERFIT_STEPS = 500
OVERFIT_LOSS = 0.01
NEAR = 0.25
"""How far the first loss may lie from what guessing costs, as a share of it."""
CHECKED = 4
"""Weights of each layer whose gradient is checked."""


@dataclass(frozen=True)
class SanityResult:
    """id: its permanent name. reason: a sentence or two with the figures. curve: a loss a step, where there is one."""

    id: str
    title: str
    passed: bool
    reason: str
    curve: tuple[float, ...] = ()


def _never() -> bool:
    return False


Asked = Callable[[], bool]


def loss_at_start(net: Architecture, data: Dataset, recipe: Recipe, cancelled: Asked = _never) -> SanityResult:
    """A net that knows nothing gives every class the same chance: its softmax loss is ln C, its hinge loss (C - 1) Δ."""
    learner = Learner(net, data, _bare(recipe))
    loss, _ = learner.evaluate(learner.images[:1000], learner.labels[:1000])
    guess = Guess.among(len(data.classes), recipe.loss)
    expected = guess.loss
    passed = abs(loss - expected) <= NEAR * expected
    said = f"The loss before any step is {loss:.4g}; "
    said += f"guessing among {guess.classes} classes costs {guess.formula} = {expected:.4g}."
    if not passed:
        said += (
            " The first weights are too large: the net is sure of itself, and wrong. Choose He or Glorot."
            if loss > expected
            else " It knows something before it has learned: is the class in the input?"
        )
    return SanityResult("loss-at-start", "Loss at start", passed, said)


def overfits_few(net: Architecture, data: Dataset, recipe: Recipe, cancelled: Asked = _never) -> SanityResult:
    """Twenty images, no regularisation, no dropout: a net and an optimizer that work drive the loss to zero."""
    few = _few_of_each(data, FEW)
    learner = Learner(net, replace(data, train=few), _bare(recipe).changed(batch_size=len(few.labels), epochs=10_000))
    _without_dropout(learner.module)
    curve, right = [], 0.0
    for _ in range(OVERFIT_STEPS):
        if cancelled():
            raise Cancelled
        result = learner.advance()
        learner.end_epoch()
        curve.append(result.loss.item())
        right = int(result.correct.item()) / result.count
        if not math.isfinite(curve[-1]) or (curve[-1] < OVERFIT_LOSS and right == 1.0):
            break
    passed = curve[-1] < OVERFIT_LOSS and right == 1.0
    said = (
        f"After {len(curve)} steps on the same {len(few.labels)} images the loss is {curve[-1]:.3g}, {right:.0%} right."
    )
    if not math.isfinite(curve[-1]):
        said += f" The learning rate {recipe.optimizer.learning_rate:g} is too high: try a tenth of it."
    elif not passed:
        said += (
            " It still falls: the learning rate is low for so few steps, or the net small."
            if curve[-1] < 0.9 * curve[0]
            else " It does not fall: the net cannot learn these images. Look at the first weights, the learning rate, dead ReLUs."
        )
    return SanityResult("overfit", f"Overfit {FEW} images", passed, said, tuple(curve))


def regularisation_raises_loss(
    net: Architecture, data: Dataset, recipe: Recipe, cancelled: Asked = _never
) -> SanityResult:
    """The whole loss at the start, data and penalty, must rise with the strength of the penalty."""
    learner = Learner(net, data, _bare(recipe))
    loss, _ = learner.evaluate(learner.images[:1000], learner.labels[:1000])
    strengths, totals = (0.0, 0.01, 0.1), []
    l2 = Recipe().changed(**{"optimizer.kind": "sgd"})
    for strength in strengths:
        priced = l2.changed(**{"optimizer.weight_decay": strength})
        with torch.no_grad():
            totals.append(loss + penalty(learner.module, priced).item())
    passed = totals[0] < totals[1] < totals[2]
    pairs = ", ".join(f"{total:.4g} at λ = {strength:g}" for strength, total in zip(strengths, totals, strict=True))
    said = f"Loss with penalty: {pairs}."
    if not passed:
        said += (
            " The penalty does nothing: all weights are zero, and stay equal to each other. Choose other first weights."
        )
    return SanityResult("regularisation", "Loss rises with regularisation", passed, said)


def gradients_agree(net: Architecture, data: Dataset, recipe: Recipe, cancelled: Asked = _never) -> SanityResult:
    """Backpropagation against centred differences through the whole net, in float64, on a few weights of every layer."""
    learner = Learner(net, data, _bare(recipe).changed(device="cpu"))
    module = learner.module.double().train()
    _without_dropout(module)
    images = _few_of_each(data, 6)
    x = learner.preprocessing.apply(images.images, torch.float64)
    y = images.labels
    batch_loss(module(x), y, recipe.loss).backward()
    places = _places(module, recipe.seed)
    start = np.array([_read(module, place) for place in places])
    analytic = np.array([float(p.grad.reshape(-1)[i]) for p, i in _resolve(module, places)])  # type: ignore[union-attr]

    def loss_of(values: np.ndarray) -> float:
        if cancelled():
            raise Cancelled
        return float(batch_loss(_run(net, module, x, places, values)[0], y, recipe.loss))

    def branches(values: np.ndarray) -> np.ndarray:
        return _run(net, module, x, places, values)[1]

    found = gradient_check(loss_of, start, analytic, branches=branches, tolerance=1e-4)
    return SanityResult("gradients", "Gradient check", found.passed, found.summary)


CHECKS: dict[str, Callable[..., SanityResult]] = {
    "loss-at-start": loss_at_start,
    "overfit": overfits_few,
    "regularisation": regularisation_raises_loss,
    "gradients": gradients_agree,
}


def _bare(recipe: Recipe) -> Recipe:
    """The recipe with what stands between a net and learning by heart taken away."""
    bare = recipe.changed(
        held_out=0.0, shift=0, augmentation=Augmentation(), regularisation=Regularisation(), schedule="constant", graphs="off",
        early_stopping=EarlyStopping(), **{"optimizer.weight_decay": 0.0, "loss.label_smoothing": 0.0},
    )  # fmt: skip
    return bare


def _few_of_each(data: Dataset, count: int) -> Split:
    """The first images of every class in turn, `count` in all."""
    labels = data.train.labels.numpy()
    order = [np.flatnonzero(labels == k) for k in range(len(data.classes))]
    longest = max(len(members) for members in order)
    turns = [members[i] for i in range(min(longest, count)) for members in order if i < len(members)]
    chosen = torch.as_tensor(np.array(turns[:count]))
    return Split(data.train.images[chosen], data.train.labels[chosen])


def _without_dropout(module: nn.Module) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.Dropout | nn.Dropout2d):
            layer.p = 0.0


Place = tuple[str, int]


def _places(module: GraphNet, seed: int) -> list[Place]:
    """A few weights of each parameter, those with the largest gradient among them: zeros prove nothing."""
    rng = np.random.default_rng(seed)
    places = []
    for name, parameter in module.named_parameters():
        slope = parameter.grad.reshape(-1).abs() if parameter.grad is not None else torch.zeros(parameter.numel())
        largest = int(slope.argmax())
        others = rng.integers(0, parameter.numel(), CHECKED - 1).tolist()
        places += [(name, i) for i in dict.fromkeys([largest, *others])]
    return places


def _resolve(module: GraphNet, places: list[Place]) -> list[tuple[nn.Parameter, int]]:
    parameters = dict(module.named_parameters())
    return [(parameters[name], i) for name, i in places]


def _read(module: GraphNet, place: Place) -> float:
    return float(dict(module.named_parameters())[place[0]].detach().reshape(-1)[place[1]])


@torch.no_grad()
def _run(
    net: Architecture, module: GraphNet, x: Tensor, places: list[Place], values: np.ndarray
) -> tuple[Tensor, np.ndarray]:
    """Scores with these values at these places, layer by layer, and which side every ReLU and every pool took."""
    resolved = _resolve(module, places)
    before = [float(p.reshape(-1)[i]) for p, i in resolved]
    try:
        for (parameter, i), value in zip(resolved, values, strict=True):
            _write(parameter, i, value)
        keep: dict[str, Tensor] = {}
        scores = module(x, keep)
        sides = []
        for node in net.nodes:
            if isinstance(node.layer, Relu):
                sides.append((keep[node.name] > 0).reshape(-1))
            elif isinstance(node.layer, MaxPool):
                before_pool = keep[net.by_id[net.into(node.id)[0].source].name]
                pool = node.layer
                _, where = functional.max_pool2d(before_pool, pool.kernel, pool.stride, return_indices=True)
                sides.append(where.reshape(-1))
        return scores, torch.cat([side.long() for side in sides]).numpy() if sides else np.zeros(0)
    finally:
        for (parameter, i), value in zip(resolved, before, strict=True):
            _write(parameter, i, value)


def _write(parameter: nn.Parameter, i: int, value: float) -> None:
    parameter[np.unravel_index(i, parameter.shape)] = value
