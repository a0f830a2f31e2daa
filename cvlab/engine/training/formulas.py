"""The formulas of a training step as a recipe sets them: loss, penalties, update rule, learning rate.

Every text is made from the settings beside the function that it stands for. x stands for any parameter, w for those that are
penalized, dx and dw for their gradients, f for the scores, q for the target of an image.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cvlab.engine.formula import Formula
from cvlab.engine.schedules import FORMULAS as SCHEDULES
from cvlab.engine.training.recipe import Recipe

Update = Callable[..., dict[str, np.ndarray]]
"""Values by name -> those with one line of the rule carried out."""


def recipe_formulas(recipe: Recipe) -> tuple[Formula, ...]:
    """All that a step of this recipe computes behind the scores, in its order."""
    schedule = (SCHEDULES[recipe.schedule.kind],) if recipe.schedule.kind != "constant" else ()
    return (
        *loss_formulas(recipe),
        *regularization_formulas(recipe),
        *update_formulas(recipe),
        *schedule,
        *averaging_formulas(recipe),
    )


def loss_formulas(recipe: Recipe) -> tuple[Formula, ...]:
    """The loss of an image, its target where that is no single class, and the mean over a batch."""
    loss, is_mixed = recipe.loss, bool(recipe.augmentation.mixup)
    mean = Formula("Mean over the B images of a batch", r"L = \frac{1}{B} \sum_i\, L_i", np.mean)
    if loss.kind == "hinge":
        margin = loss.margin
        if not is_mixed:
            return (
                Formula(
                    "Hinge loss of one image",
                    r"L_i = \sum_{j \neq y_i} \max(0, f_j - f_{y_i} + \Delta)",
                    lambda f, y: sum(max(0.0, f[j] - f[y] + margin) for j in range(len(f)) if j != y),
                ),
                mean,
            )
        return (
            Formula(
                "Hinge loss of one image",
                r"L_i = \sum_k\, q_k\, \sum_{j \neq k}\, \max(0, f_j - f_k + \Delta)",
                lambda f, q: sum(
                    q[k] * sum(max(0.0, f[j] - f[k] + margin) for j in range(len(f)) if j != k) for k in range(len(f))
                ),
            ),
            *_targets(recipe),
            mean,
        )
    if not (is_mixed or loss.label_smoothing):
        return (
            Formula(
                "Softmax loss of one image",
                r"L_i = -\log\left(\frac{e^{f_{y_i}}}{\sum_j\, e^{f_j}}\right)",
                lambda f, y: -np.log(np.exp(f[y]) / np.exp(f).sum()),
            ),
            mean,
        )
    return (
        Formula(
            "Softmax loss of one image",
            r"L_i = -\sum_k\, q_k\, \log\left(\frac{e^{f_k}}{\sum_j\, e^{f_j}}\right)",
            lambda f, q: -(q * np.log(np.exp(f) / np.exp(f).sum())).sum(),
        ),
        *_targets(recipe),
        mean,
    )


def _targets(recipe: Recipe) -> tuple[Formula, ...]:
    """What the loss compares with: q for one image."""
    smoothing = recipe.loss.label_smoothing if recipe.loss.kind == "softmax" else 0.0
    if not recipe.augmentation.mixup:
        return (
            Formula(
                "Its target, with label smoothing s",
                r"q_k = (1 - s)\, 1[k = y_i] + \frac{s}{K}",
                lambda y, K: (1 - smoothing) * np.eye(K)[y] + smoothing / K,
            ),
        )
    share = mixup_share()
    mixed = Formula(
        "Its target: mix-up with image j" if not smoothing else "mixed up with image j",
        rf"{'m' if smoothing else 'q'}_k = \lambda\, 1[k = y_i] + (1 - \lambda)\, 1[k = y_j]",
        lambda y, other, share, K: share * np.eye(K)[y] + (1 - share) * np.eye(K)[other],
    )
    if not smoothing:
        return mixed, share
    return (
        Formula(
            "Its target, with label smoothing s",
            r"q_k = (1 - s)\, m_k + \frac{s}{K}",
            lambda m, K: (1 - smoothing) * m + smoothing / K,
        ),
        mixed,
        share,
    )


def mixup_share() -> Formula:
    """How much of an image stays its own."""
    return Formula(
        "Its own share, at least a half",
        r"\lambda = \max(b,\, 1 - b), \quad b \sim \mathrm{Beta}(\alpha, \alpha)",
        lambda b: np.maximum(b, 1 - b),
    )


def regularization_formulas(recipe: Recipe) -> tuple[Formula, ...]:
    """What keeps weights and steps small. Biases and the scales of normalization layers are no w."""
    l1, rule = recipe.regularisation.l1, recipe.optimizer
    is_decoupled = rule.kind == "adamw" and rule.weight_decay > 0
    l2 = 0.0 if rule.kind == "adamw" else rule.weight_decay
    limit, longest = recipe.regularisation.clip, recipe.regularisation.max_norm
    found: list[Formula] = []
    if limit:
        found.append(
            Formula(
                "Clipping: all gradients of the loss together are at most c long",
                r"dx \leftarrow dx \cdot \min\left(1,\, \frac{c}{\|dx\| + 10^{-6}}\right)",
                lambda dx: dx * min(1.0, limit / (np.linalg.norm(dx) + 1e-6)),
            )
        )
    if l1 or l2:
        terms = [r"\frac{1}{2} \lambda_2 \sum\, w^2"] * bool(l2) + [r"\lambda_1 \sum\, |w|"] * bool(l1)
        slopes = [r"\lambda_2\, w"] * bool(l2) + [r"\lambda_1\, \mathrm{sign}(w)"] * bool(l1)
        name = "L2" if not l1 else "L1" if not l2 else "L1 and L2"
        found += [
            Formula(
                f"Regularization: {name} penalty on the weights",
                f"R = {' + '.join(terms)}",
                lambda w: l2 / 2 * (w**2).sum() + l1 * np.abs(w).sum(),
            ),
            Formula(
                "adds its gradient to that of the loss",
                rf"dw \leftarrow dw + {' + '.join(slopes)}",
                lambda w, dw: dw + l2 * w + l1 * np.sign(w),
            ),
        ]
    if is_decoupled:
        found.append(
            Formula(
                "Regularization: decoupled weight decay, before each step",
                r"w \leftarrow w - \alpha \lambda w",
                lambda w, rate: w - rate * rule.weight_decay * w,
            )
        )
    if longest:
        found.append(
            Formula(
                "Max norm: after each step, for the weights into each unit",
                r"w_k \leftarrow w_k \cdot \min\left(1,\, \frac{m}{\|w_k\|}\right)",
                lambda w: w * np.minimum(1.0, longest / np.linalg.norm(w, axis=1, keepdims=True)),
            )
        )
    return tuple(found) or (Formula("Regularization: none", "R = 0", lambda w: 0.0 * w.sum()),)


def update_formulas(recipe: Recipe) -> tuple[Formula, ...]:
    """The update rule as PyTorch carries it out, line by line; everything but x starts at 0, and t counts from 1.

    compute(**values) takes x, dx, rate and t, and what the lines before it gave, and returns what the line changes.
    """
    s = recipe.optimizer
    step = r"x \leftarrow x - \alpha\,"
    match s.kind:
        case "sgd":
            return (
                Formula(
                    "SGD: straight down the gradient", rf"{step}dx", lambda *, x, dx, rate, **_: {"x": x - rate * dx}
                ),
            )
        case "momentum" | "nesterov":
            velocity = Formula(
                f"{s.kind.capitalize()}: a velocity that remembers",
                r"v \leftarrow \mu v + dx",
                lambda *, v, dx, **_: {"v": s.momentum * v + dx},
            )
            if s.kind == "momentum":
                return velocity, Formula(
                    "and a step along it", rf"{step}v", lambda *, x, v, rate, **_: {"x": x - rate * v}
                )
            return velocity, Formula(
                "and a step along the gradient and the velocity to come",
                rf"{step}(dx + \mu v)",
                lambda *, x, v, dx, rate, **_: {"x": x - rate * (dx + s.momentum * v)},
            )
        case "adagrad" | "rmsprop":
            scaled = Formula(
                "that shortens the steps" if s.kind == "adagrad" else "and scales each step",
                rf"{step}\frac{{dx}}{{\sqrt{{c}} + \epsilon}}",
                lambda *, x, c, dx, rate, **_: {"x": x - rate * dx / (np.sqrt(c) + s.eps)},
            )
            if s.kind == "adagrad":
                return (
                    Formula(
                        "Adagrad: a cache of squared gradients",
                        r"c \leftarrow c + dx^2",
                        lambda *, c, dx, **_: {"c": c + dx**2},
                    ),
                    scaled,
                )
            return (
                Formula(
                    "RMSprop: a cache that leaks",
                    r"c \leftarrow \gamma c + (1 - \gamma)\,dx^2",
                    lambda *, c, dx, **_: {"c": s.decay_rate * c + (1 - s.decay_rate) * dx**2},
                ),
                scaled,
            )
    name = "AdamW" if s.kind == "adamw" else "Adam"
    return (
        Formula(
            f"{name}: mean of the gradient",
            r"m \leftarrow \beta_1 m + (1 - \beta_1)\,dx",
            lambda *, m, dx, **_: {"m": s.beta1 * m + (1 - s.beta1) * dx},
        ),
        Formula(
            "and of its square",
            r"v \leftarrow \beta_2 v + (1 - \beta_2)\,dx^2",
            lambda *, v, dx, **_: {"v": s.beta2 * v + (1 - s.beta2) * dx**2},
        ),
        Formula(
            "both freed of their start at zero",
            r"\hat m = \frac{m}{1 - \beta_1^t},\quad \hat v = \frac{v}{1 - \beta_2^t}",
            lambda *, m, v, t, **_: {"m_hat": m / (1 - s.beta1**t), "v_hat": v / (1 - s.beta2**t)},
        ),
        Formula(
            "and a step scaled weight by weight",
            rf"{step}\frac{{\hat m}}{{\sqrt{{\hat v}} + \epsilon}}",
            lambda *, x, m_hat, v_hat, rate, **_: {"x": x - rate * m_hat / (np.sqrt(v_hat) + s.eps)},
        ),
    )


def averaging_formulas(recipe: Recipe) -> tuple[Formula, ...]:
    """The running average of the weights, where one is kept; t is the number of the step, from 1."""
    memory = recipe.averaging
    if not memory:
        return ()
    return (
        Formula(
            "Running average of the weights",
            r"\bar x \leftarrow k\, \bar x + (1 - k)\, x",
            lambda mean, x, k: k * mean + (1 - k) * x,
        ),
        Formula(
            "with memory a, shorter at first",
            r"k = \min\left(a,\, \frac{1 + t}{10 + t}\right)",
            lambda t: min(memory, (1 + t) / (10 + t)),
        ),
    )
