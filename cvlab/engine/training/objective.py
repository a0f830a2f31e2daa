"""What a step works against: the loss of a batch, penalties on the weights, clipping and projection, all on tensors."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from cvlab.engine.nets.weighted import by_unit, weighted_layers
from cvlab.engine.training.recipe import Loss, Recipe


def batch_loss(scores: Tensor, y: Tensor, loss: Loss) -> Tensor:
    """The mean loss of a batch, as a scalar that can be differentiated.

    scores: (B, K). y: (B,) right classes, or (B, K) shares of each class (mix-up).
    """
    if loss.kind == "softmax":
        return functional.cross_entropy(scores, y, label_smoothing=loss.label_smoothing)
    return hinge(scores, y, loss.margin).mean()


def plain_loss(scores: Tensor, y: Tensor, loss: Loss) -> Tensor:
    """The sum of the losses of the images as they are judged: without label smoothing."""
    if loss.kind == "softmax":
        return functional.cross_entropy(scores, y, reduction="sum")
    return hinge(scores, y, loss.margin).sum()


def hinge(scores: Tensor, y: Tensor, margin: float) -> Tensor:
    """L_i = sum over j != y_i of max(0, s_j - s_{y_i} + margin) (course 4.1), (B,). With shares of classes, their mean."""
    if y.ndim == 1:
        right = scores.gather(1, y[:, None])  # (B, 1)
        return (scores - right + margin).clamp(min=0).scatter(1, y[:, None], 0.0).sum(dim=1)
    gaps = (scores[:, None, :] - scores[:, :, None] + margin).clamp(min=0)  # (B, right, other)
    gaps = gaps.masked_fill(torch.eye(scores.shape[1], dtype=torch.bool, device=scores.device), 0.0)
    return (y * gaps.sum(dim=2)).sum(dim=1)


def penalty(module: nn.Module, recipe: Recipe) -> Tensor:
    """½ λ₂ sum w² + λ₁ sum |w| over all weights: what L2, L1 or both of them (the elastic net) add to the loss."""
    l2, l1 = _l2(recipe), recipe.regularisation.l1
    total = torch.zeros(())
    for layer in weighted_layers(module):
        w = layer.weight
        total = total.to(w.device) + 0.5 * l2 * w.square().sum() + l1 * w.abs().sum()
    return total


def _l2(recipe: Recipe) -> float:
    """The L2 strength, unless AdamW takes it out of the gradient's way."""
    return 0.0 if recipe.optimizer.kind == "adamw" else recipe.optimizer.weight_decay


def clip(parameters: list[nn.Parameter], most: float) -> None:
    """Shortens the gradient over all parameters together to length `most`; 0 leaves it alone."""
    if most:
        nn.utils.clip_grad_norm_(parameters, most)


@torch.no_grad()
def penalise(layers: Iterable[nn.Module], recipe: Recipe) -> None:
    """Adds the derivative of the penalty, λ₂ w + λ₁ sign(w), to the gradients of these `weighted_layers`: after clipping, as
    PyTorch's own weight decay."""
    l2, l1 = _l2(recipe), recipe.regularisation.l1
    if not (l2 or l1):
        return
    weights = [layer.weight for layer in layers if layer.weight.grad is not None]
    if not weights:
        return
    grads = [w.grad for w in weights]
    if l2:
        torch._foreach_add_(grads, weights, alpha=l2)
    if l1:
        torch._foreach_add_(grads, torch._foreach_sign(weights), alpha=l1)


@torch.no_grad()
def project(layers: Iterable[nn.Module], most: float) -> None:
    """Max-norm: the weights into each unit (a row, a filter) of these `weighted_layers` are scaled back to length `most` at most;
    0 leaves them alone."""
    if most:
        for layer in layers:
            w, axes = by_unit(layer)
            length = torch.linalg.vector_norm(w, dim=axes, keepdim=True).clamp(min=1e-12)
            w.mul_((most / length).clamp(max=1.0))


REPLAYABLE = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")
"""Optimizers that read the learning rate on the device, so that a recorded step follows it. PyTorch's Adagrad counts its steps on
the CPU."""


def make_optimizer(
    module: nn.Module, recipe: Recipe, device: torch.device, *, replayable: bool | None = None
) -> torch.optim.Optimizer:
    """PyTorch's optimizer for the recipe, without L2 and L1, which `penalise` adds to the gradients; AdamW decays by itself.

    replayable: whether a step may be recorded and replayed, which needs all that changes from step to step to be on the device,
    the learning rate too. Usually so on CUDA.
    """
    made = _make(module, recipe, device, replayable)
    # Not every step is replayed, and PyTorch would warn of the first that is not.
    made._warned_capturable_if_run_uncaptured = True  # type: ignore[attr-defined]
    return made


def _make(module: nn.Module, recipe: Recipe, device: torch.device, replayable: bool | None) -> torch.optim.Optimizer:
    s, parameters = recipe.optimizer, list(module.parameters())
    fused = device.type in ("cpu", "cuda")  # one pass over all parameters instead of one a tensor
    held = (device.type == "cuda" if replayable is None else replayable) and s.kind in REPLAYABLE
    rate = torch.tensor(s.learning_rate, device=device) if held else s.learning_rate
    match s.kind:
        case "adam":
            return torch.optim.Adam(
                parameters, lr=rate, betas=(s.beta1, s.beta2), eps=s.eps, fused=fused, capturable=held
            )
        case "adamw":
            weights = [layer.weight for layer in weighted_layers(module)]
            decayed = {id(w) for w in weights}
            others = [p for p in parameters if id(p) not in decayed]
            groups = [
                {"params": weights, "weight_decay": s.weight_decay, "decays": True},
                {"params": others, "weight_decay": 0.0},
            ]
            groups = [group for group in groups if group["params"]]
            return torch.optim.AdamW(groups, lr=rate, betas=(s.beta1, s.beta2), eps=s.eps, fused=fused, capturable=held)
        case "adagrad":
            return torch.optim.Adagrad(parameters, lr=rate, eps=s.eps)
        case "rmsprop":
            return torch.optim.RMSprop(
                parameters, lr=rate, alpha=s.decay_rate, eps=s.eps, capturable=held, foreach=held or None
            )
        case "momentum" | "nesterov":
            # PyTorch's Nesterov keeps x + mu v as the parameter: the point where the course asks for the slope.
            return torch.optim.SGD(
                parameters, lr=rate, momentum=s.momentum, fused=fused,
                nesterov=s.kind == "nesterov" and s.momentum > 0,
            )  # fmt: skip
    return torch.optim.SGD(parameters, lr=rate, fused=fused)


def set_rate(optimizer: torch.optim.Optimizer, rate: float, recipe: Recipe) -> None:
    """The learning rate, and AdamW's decay, of the next step."""
    for group in optimizer.param_groups:
        if torch.is_tensor(group["lr"]):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate
        if group.get("decays"):
            group["weight_decay"] = recipe.optimizer.weight_decay
