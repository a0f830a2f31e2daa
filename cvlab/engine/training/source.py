"""A recipe's parts as PyTorch source: what an exported run and a starter script have in common.

Each piece is a few functions that stand alone but for `torch`, `nn`, `functional`, `math` and the constants EPOCHS,
LEARNING_RATE, WEIGHT_DECAY and DEVICE. Only what the recipe uses is written.
"""

from __future__ import annotations

import inspect
import re

from cvlab.engine.training.recipe import Recipe


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

    functions = (
        initialisation.initialise,
        initialisation.first_weights,
        initialisation.fans,
        initialisation._orthogonal,
    )
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
            "    weights = [w for w in net.parameters() if w.ndim in (2, 4)]  # biases go free",
            "    others = [w for w in net.parameters() if w.ndim <= 1]",
            '    groups = [{"params": weights, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]',
            '    groups = [group for group in groups if group["params"]]',
        ]
    lines += [f"    return {make}", "", "", "def before_step(net):"]
    l2 = s.weight_decay if s.kind != "adamw" else 0.0
    if r.clip:
        lines.append(f"    nn.utils.clip_grad_norm_(net.parameters(), {r.clip!r})")
    if l2 or r.l1:
        lines += [
            "    for w in net.parameters():",
            "        if w.ndim in (2, 4) and w.grad is not None:  # biases go free",
        ]
        lines += ["            w.grad.add_(w.detach(), alpha=WEIGHT_DECAY)"] if l2 else []
        lines += [f"            w.grad.add_(w.detach().sign(), alpha={r.l1!r})"] if r.l1 else []
    if lines[-1].endswith(":"):
        lines.append("    pass  # no penalty, no clipping")
    lines += ["", "", "@torch.no_grad()", "def after_step(net):"]
    if r.max_norm:
        lines += [
            "    for w in net.parameters():",
            "        if w.ndim in (2, 4):",
            "            length = w.flatten(1).norm(dim=1).clamp(min=1e-12)",
            f"            w.mul_(({r.max_norm!r} / length).clamp(max=1.0).view(-1, *[1] * (w.ndim - 1)))",
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
