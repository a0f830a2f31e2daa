"""A recipe's parts as PyTorch source: what an exported run and a starter script have in common.

Each piece is a few functions that stand alone but for `torch`, `nn`, `functional`, `math` and the constants EPOCHS,
LEARNING_RATE, WEIGHT_DECAY and DEVICE. Only what the recipe uses is written.
"""

from __future__ import annotations

import inspect
import math
import re

from cvlab.engine.nets import code, modules
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import BatchNorm, GroupNorm
from cvlab.engine.nets.shapes import infer
from cvlab.engine.training.recipe import Recipe


def definition(net: Architecture) -> list[str]:
    """The lines up to the end of `class Net`, for training: where PyTorch's own normalization would stop or end the process, the
    classes of `nets.modules` that do not. Raises the first `NetError`."""
    lines = code.definition(net)
    kinds = _own_norms(net)
    if not kinds:
        return lines
    at = lines.index("class Net(nn.Module):")
    helpers = [getattr(modules, kind) for kind in kinds]
    if any("has_one_value" in inspect.getsource(helper) for helper in helpers):
        helpers.insert(0, modules.has_one_value)
    text = "\n\n\n".join(_plain(inspect.getsource(helper)).rstrip() for helper in helpers)
    net_class = [re.sub(rf"\bnn\.({'|'.join(kinds)})\(", r"\1(", line) for line in lines[at:]]
    return [*lines[:at], *text.split("\n"), "", "", *net_class]


def _own_norms(net: Architecture) -> list[str]:
    """Classes of `nets.modules` that are needed instead of PyTorch's of the same name: batch norms that may see a single value a
    channel, and group norms of what needs no gradient."""
    flat, layers = net.flat, infer(net).flat.layers
    learned: dict[int, bool] = {}  # whether a gradient goes through a layer's output
    needed = set()
    for node_id in flat.order:
        layer = flat.by_id[node_id].layer
        before = any(learned[edge.source] for edge in flat.into(node_id))
        learned[node_id] = before or layers[node_id].parameters > 0
        if isinstance(layer, BatchNorm) and math.prod(layers[node_id].inputs[0][1:]) == 1:
            needed.add(layer.module_name(layers[node_id].inputs[0]))
        elif isinstance(layer, GroupNorm) and not before:
            needed.add("GroupNorm")
    return sorted(needed)


def constants(recipe: Recipe) -> list[str]:
    """What the pieces below refer to."""
    r, s = recipe, recipe.optimizer
    device = '"cuda" if torch.cuda.is_available() else "cpu"' if r.device == "auto" else repr(r.device)
    return [
        f"LEARNING_RATE, WEIGHT_DECAY = {s.learning_rate!r}, {s.weight_decay!r}",
        f"DEVICE = torch.device({device})",
    ]


def draws_first_weights(recipe: Recipe) -> bool:
    """Whether PyTorch's own first weights are not what the recipe wants."""
    return not (recipe.initialisation.kind == "pytorch" and recipe.initialisation.bias == "usual")


def forward(recipe: Recipe, indent: str) -> str:
    """scores = net(x), in mixed precision where the recipe wants it."""
    if recipe.precision == "mixed":
        return (
            f"{indent}with torch.autocast(DEVICE.type, dtype=torch.bfloat16):\n"
            f"{indent}    scores = net(x)\n{indent}scores = scores.float()\n"
        )
    return f"{indent}scores = net(x)\n"


def augmentation(recipe: Recipe) -> str:
    """`shift` and `augment` with AUGMENTATION, which needs `np`; "" where images are not changed."""
    parts = []
    if recipe.shift:
        from cvlab.engine.training import plan

        parts.append(_plain(inspect.getsource(plan.shift)))
    if recipe.augmentation.changes:
        from cvlab.engine.data import augmentation, resampling

        names = ["pixel_grid", "sample", "to_bytes"]
        parts.append("from dataclasses import dataclass\nfrom types import SimpleNamespace")
        parts += [_plain(inspect.getsource(getattr(resampling, name))) for name in names]
        parts.append(f"LUMA = {augmentation.LUMA!r}")
        parts.append(_plain(inspect.getsource(augmentation.Draw)))
        functions = [
            value for value in vars(augmentation).values()
            if inspect.isfunction(value) and value.__module__ == augmentation.__name__
        ]  # fmt: skip
        parts += [_plain(inspect.getsource(function)) for function in functions]
        values = recipe.augmentation.model_dump() | {"changes": True}
        parts.append(f"AUGMENTATION = SimpleNamespace(**{values!r})")
    return "\n\n\n".join(part.strip("\n") for part in parts)


def _plain(source: str) -> str:
    """Without annotations, which name what the script has not imported."""
    source = re.sub(r"^(\s*)from torch\.nn import functional\n", "", source, flags=re.M)
    source = re.sub(r"^(\s*)import (torch|numpy as np)\n", "", source, flags=re.M)
    return re.sub(
        r": (Tensor|Augmentation|Draw|Outside|torch\.\w+)( \| \w+)?(?=[,)\n =])|(?<=\)) -> [^\n]+(?=:\n)",
        _annotation,
        source,
    )


def _annotation(match: re.Match[str]) -> str:
    return ": object" if match[0].startswith(":") else ""


def _l2(recipe: Recipe) -> float:
    return recipe.optimizer.weight_decay if recipe.optimizer.kind != "adamw" else 0.0


def weighted(recipe: Recipe) -> str:
    """The functions of `nets.weighted` that the pieces below call; "" where they call none."""
    from cvlab.engine.nets import weighted

    r = recipe.regularisation
    needed = {
        weighted.weighted_layers: draws_first_weights(recipe)
        or recipe.optimizer.kind == "adamw"
        or any((_l2(recipe), r.l1, r.max_norm)),
        weighted.by_unit: r.max_norm,
        weighted.fans: draws_first_weights(recipe),
    }
    return "\n\n\n".join(_plain(inspect.getsource(f)).strip("\n") for f, is_needed in needed.items() if is_needed)


def losses(recipe: Recipe) -> str:
    """`batch_loss`, the mean that is trained on, and `plain_loss`, the sum that is reported."""
    loss = recipe.loss
    if loss.kind == "hinge":
        from cvlab.engine.training import objective

        source = _plain(inspect.getsource(objective.hinge))
        return (
            f"{source}\n\n\ndef batch_loss(scores, y):\n    return hinge(scores, y, {loss.margin!r}).mean()\n\n\n"
            f"def plain_loss(scores, y):\n    return hinge(scores, y, {loss.margin!r}).sum()"
        )
    return (
        "def batch_loss(scores, y):\n"
        f"    return functional.cross_entropy(scores, y, label_smoothing={loss.label_smoothing!r})\n\n\n"
        "def plain_loss(scores, y):\n"
        '    return functional.cross_entropy(scores, y, reduction="sum")'
    )


def initialise(recipe: Recipe) -> str:
    """`initialise` with FIRST; "" where PyTorch's own first weights will do."""
    how = recipe.initialisation
    if not draws_first_weights(recipe):
        return ""
    from cvlab.engine.training import initialisation

    functions = (initialisation.initialise, initialisation.first_weights, initialisation._orthogonal)
    parts = ["from types import SimpleNamespace", f"FIRST = SimpleNamespace(**{how.model_dump()!r})"]
    parts += [re.sub(r"how: Initialisation", "how", _plain(inspect.getsource(f))) for f in functions]
    return "\n\n\n".join(part.strip("\n") for part in parts)


def optimizer(recipe: Recipe) -> str:
    """`make_optimizer`, `before_step` (clipping and penalties) and `after_step` (projection)."""
    s, r = recipe.optimizer, recipe.regularisation
    fused = "fused=DEVICE.type in ('cpu', 'cuda')"
    adam = f"lr=LEARNING_RATE, betas=({s.beta1!r}, {s.beta2!r}), eps={s.eps!r}, {fused}"
    make = {
        "adam": f"torch.optim.Adam(net.parameters(), {adam})",
        "adamw": f"torch.optim.AdamW(groups, {adam})",
        "adagrad": f"torch.optim.Adagrad(net.parameters(), lr=LEARNING_RATE, eps={s.eps!r})",
        "rmsprop": f"torch.optim.RMSprop(net.parameters(), lr=LEARNING_RATE, alpha={s.decay_rate!r}, eps={s.eps!r})",
        "sgd": f"torch.optim.SGD(net.parameters(), lr=LEARNING_RATE, {fused})",
        "momentum": f"torch.optim.SGD(net.parameters(), lr=LEARNING_RATE, momentum={s.momentum!r}, {fused})",
        "nesterov": f"torch.optim.SGD(net.parameters(), lr=LEARNING_RATE, momentum={s.momentum!r}, "
        f"nesterov={s.momentum > 0}, {fused})",
    }[s.kind]
    lines = ["def make_optimizer(net):"]
    if s.kind == "adamw":
        lines += [
            "    weights = [layer.weight for layer in weighted_layers(net)]",
            "    decayed = {id(w) for w in weights}",
            "    others = [p for p in net.parameters() if id(p) not in decayed]  # biases and normalization go free",
            '    groups = [{"params": weights, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]',
            '    groups = [group for group in groups if group["params"]]',
        ]
    lines += [f"    return {make}", "", "", "def before_step(net):"]
    l2 = _l2(recipe)
    if r.clip:
        lines.append(f"    nn.utils.clip_grad_norm_(net.parameters(), {r.clip!r})")
    if l2 or r.l1:
        lines += [
            "    for w in [layer.weight for layer in weighted_layers(net)]:  # biases and normalization go free",
            "        if w.grad is not None:",
        ]
        lines += ["            w.grad.add_(w.detach(), alpha=WEIGHT_DECAY)"] if l2 else []
        lines += [f"            w.grad.add_(w.detach().sign(), alpha={r.l1!r})"] if r.l1 else []
    if lines[-1].endswith(":"):
        lines.append("    pass  # no penalty, no clipping")
    lines += ["", "", "@torch.no_grad()", "def after_step(net):"]
    if r.max_norm:
        lines += [
            "    for layer in weighted_layers(net):",
            "        w, axes = by_unit(layer)",
            "        length = torch.linalg.vector_norm(w, dim=axes, keepdim=True).clamp(min=1e-12)",
            f"        w.mul_(({r.max_norm!r} / length).clamp(max=1.0))",
        ]
    else:
        lines.append("    pass  # no projection")
    return "\n".join(lines)


def schedule(recipe: Recipe) -> str:
    """`learning_rate(step, steps_per_epoch)`."""
    s = recipe.schedule
    body = {
        "constant": "    return LEARNING_RATE",
        "step": f"    every = {s.every!r} * steps_per_epoch\n"
        f"    return LEARNING_RATE * {s.factor!r} ** math.floor(step / every)",
        "exponential": f"    return LEARNING_RATE * math.exp(-{s.k!r} / steps_per_epoch * step)",
        "1/t": f"    return LEARNING_RATE / (1 + {s.k!r} / steps_per_epoch * step)",
        "cosine": "    share = min(step / (steps_per_epoch * EPOCHS), 1.0)\n"
        "    return LEARNING_RATE * (1 + math.cos(math.pi * share)) / 2",
        "warm-up": f"    warm, total = {min(s.warm, recipe.epochs)!r} * steps_per_epoch, steps_per_epoch * EPOCHS\n"
        "    if step < warm:\n        return LEARNING_RATE * max(0.01, step / warm)\n"
        "    share = min((step - warm) / (total - warm), 1.0) if total > warm else float(step > warm)\n"
        "    return LEARNING_RATE * (1 + math.cos(math.pi * share)) / 2",
        "one-cycle": f"    total = steps_per_epoch * EPOCHS\n    peak = {s.peak_at!r} * total\n"
        "    if step < peak:\n        return glide(0.04 * LEARNING_RATE, LEARNING_RATE, step / peak)\n"
        "    share = min((step - peak) / (total - peak), 1.0) if total > peak else 1.0\n"
        "    return glide(LEARNING_RATE, 4e-6 * LEARNING_RATE, share)",
    }[s.kind]
    glide = (
        "def glide(start, end, share):\n    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2\n\n\n"
        if s.kind == "one-cycle"
        else ""
    )
    return f"{glide}def learning_rate(step, steps_per_epoch):\n{body}"
