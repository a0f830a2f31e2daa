"""Every formula of the interface is paired with a function that is compared with the program, or is notation and says so."""

from __future__ import annotations

import ast
import importlib
import itertools
import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import cvlab.engine
import cvlab.ui.panels
from cvlab.engine import convolution, kernels, linear, loss_slices, losses, optimizers, pooling, surfaces, transposed
from cvlab.engine.circuit.passes import evaluate
from cvlab.engine.circuit.reader import read
from cvlab.engine.data import augmentation, preprocessing
from cvlab.engine.data.whitening import find_axes
from cvlab.engine.formula import Formula
from cvlab.engine.neighbors import metrics, votes
from cvlab.engine.neighbors.accuracy import wilson
from cvlab.engine.nets.layers import REGISTRY
from cvlab.engine.parameter_sharing import LayerSizes
from cvlab.engine.schedules import FORMULAS as SCHEDULE_FORMULAS
from cvlab.engine.schedules import SCHEDULES
from cvlab.engine.training.formulas import recipe_formulas
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panel import Lesson, Panel
from cvlab.ui.panels.builder.lessons import lesson_of
from cvlab.ui.panels.convolution.fit_words import GROWTH_FORMULA, fit_formula
from cvlab.ui.panels.datasets.preprocess_card import FORMULAS as PREPROCESSING_FORMULAS

ROOT = Path(cvlab.engine.__file__).parents[1]

# What is made from settings is enumerated here, and compared over random settings in
# tests/engine/training/test_formulas.py and tests/engine/nets/test_formulas.py.
MADE = (
    "engine/training/formulas.py",
    "engine/nets/formulas.py",
    "engine/surfaces.py",
    "ui/panels/convolution/fit_words.py",
)

DEFINITIONS = {"The course's pattern", "An image"}
"""Notation, no quantity: the reason stands beside each."""


def settings_of_recipes():
    for kind, smoothing, mixup, rule, l1, l2 in itertools.product(
        ("softmax", "hinge"),
        (0.0, 0.1),
        (0.0, 0.2),
        ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"),
        (0.0, 0.1),
        (0.0, 0.1),
    ):
        yield {
            "loss.kind": kind,
            "loss.label_smoothing": smoothing,
            "augmentation.mixup": mixup,
            "optimizer.kind": rule,
            "regularisation.l1": l1,
            "optimizer.weight_decay": l2,
        }
    for kind in SCHEDULES:
        yield {"schedule.kind": kind, "regularisation.clip": 1.0, "regularisation.max_norm": 3.0, "averaging": 0.9}


def of_settings() -> set[str]:
    """The texts that depend on settings, whose functions are compared by the tests named above."""
    found = {f.tex for values in settings_of_recipes() for f in recipe_formulas(Recipe().changed(**values))}
    for kind, cls in REGISTRY.items():
        changes = [
            {},
            {"bias": False},
            {"dilation": 2},
            {"groups": 2},
            {"affine": False},
            {"output_padding": 1},
            {"mode": "max"},
        ]
        for change in changes:
            if change.keys() <= cls.model_fields.keys() and not (kind == "upsample" and "mode" in change):
                found |= {formula.tex for formula in lesson_of(cls(**change)).formulas}
    return found


def contained(value: object) -> list[Formula]:
    """The formulas in a module's value."""
    if isinstance(value, Formula):
        return [value]
    if isinstance(value, Lesson):
        return list(value.formulas)
    if isinstance(value, dict):
        return [formula for each in value.values() for formula in contained(each)]
    if isinstance(value, tuple | list):
        return [formula for each in value for formula in contained(each)]
    if isinstance(value, type) and issubclass(value, Panel) and isinstance(value.lesson, Lesson):
        return list(value.lesson.formulas)
    own = getattr(value, "formula", None)
    return [own] if isinstance(own, Formula) else []


def everywhere() -> list[Formula]:
    """All formulas that any module declares, and those that are made in functions."""
    found: list[Formula] = []
    for package in (cvlab.engine, cvlab.ui.panels):
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(info.name)).values():
                found += contained(value)
    made = [surface().formula for surface in surfaces.SURFACES.values()]
    made += [loss_slices.hinge_bowl().formula, loss_slices.net_slice().formula]
    return [*found, *made, *(fit_formula(d) for d in (1, 2)), GROWTH_FORMULA]


# -- one check a text -------------------------------------------------------------------------------------------------------

rng = np.random.default_rng(7)


def close(a, b, **tolerance):
    np.testing.assert_allclose(
        np.asarray(a, float), np.asarray(b, float), **({"rtol": 1e-9, "atol": 1e-12} | tolerance)
    )


def check_loss(formula):
    loss = next(loss for loss in losses.LOSSES.values() if loss.formula.tex == formula.tex)
    for _ in range(20):
        s, y, delta = rng.normal(size=(1, 5)) * 3, rng.integers(0, 5, 1), rng.uniform(0, 2)
        close(loss.rows(s, y, delta).L[0], formula.compute(s[0], y[0], delta))


def check_penalty(formula):
    penalty = next(penalty for penalty in losses.PENALTIES.values() if penalty.formula.tex == formula.tex)
    W, l1, l2 = rng.normal(size=(3, 4)), 0.3, 0.7
    close(penalty.value(W, l1, l2)[0], formula.compute(W, l1, l2))


def check_metric(formula):
    metric = next(metric for metric in metrics.METRICS.values() if metric.formula.tex == formula.tex)
    x, y = rng.normal(size=(2, 9))
    close(metrics.pairwise(x[None], y[None], metric.id)[0, 0], formula.compute(x, y))


def check_surface(formula):
    found = {made().formula.tex: made for made in surfaces.SURFACES.values()}[formula.tex]
    surface = found(noise=0.0) if found is surfaces.plateau else found()
    x, y = rng.uniform(-2, 2, (2, 30))
    close(surface.f(x, y), formula.compute(x, y))


def check_total(formula):
    x, y, W = rng.normal(size=(6, 2)), rng.integers(0, 3, 6), rng.normal(size=(3, 2))
    objective = loss_slices.Objective(lambda_2=0.3)
    surface = loss_slices.classifier_slice(x, y, W, np.zeros(3), objective)
    rows = losses.hinge(x @ W.T, y, objective.delta)
    expected = formula.compute(rows.L, losses.PENALTIES[objective.penalty].value(W, objective.lambda_1, 0.3)[0])
    close(surface.f(np.array([W[0, 0]]), np.array([W[0, 1]]))[0], expected)


def check_two_layers(formula):
    W1, W2, x = rng.normal(size=(5, 4)), rng.normal(size=(3, 5)), rng.normal(size=4)
    net = torch.nn.Sequential(torch.nn.Linear(4, 5, False), torch.nn.ReLU(), torch.nn.Linear(5, 3, False)).double()
    with torch.no_grad():
        net[0].weight.copy_(torch.from_numpy(W1))
        net[2].weight.copy_(torch.from_numpy(W2))
        close(net(torch.from_numpy(x)), formula.compute(W1, W2, x))


def check_rule(rule):
    def check(formula):
        for _ in range(10):
            optimizer = rule(
                **({} if rule is optimizers.SGD else {name: rng.uniform(0.1, 0.9) for name in _shares(rule)})
            )
            memory = {name: np.abs(rng.normal(size=3)) for name in optimizer.memory_names}
            x, A, t = rng.normal(size=3), rng.uniform(0.1, 2, 3), int(rng.integers(1, 9))
            step = optimizer.step(x, memory, lambda at, A=A: A * at, t)
            close(step.x_next, formula.compute(x, memory, lambda at, A=A: A * at, optimizer, t))

    return check


def _shares(rule):
    return [name for name in rule.model_fields if name in ("mu", "decay_rate", "beta1", "beta2")]


def check_schedule(formula):
    kind = next(kind for kind, known in SCHEDULE_FORMULAS.items() if known.tex == formula.tex)
    settings = {
        "step": {"factor": 0.3, "every": 2.5},
        "exponential": {"k": 0.2},
        "1/t": {"k": 0.4},
        "warm-up": {"warm": 3.0},
    }.get(kind, {})
    for t in np.linspace(0, 10, 41):
        if kind == "one-cycle":
            shown = formula.compute(t, 10, 0.2, peak=0.3, start=0.04, end=4e-6)
            close(SCHEDULES[kind](0.2, t, 10, peak_at=0.3), shown)
        else:
            close(SCHEDULES[kind](0.2, t, 10, **settings), formula.compute(t, 10, 0.2, **settings))


def check_fit(formula):
    dilation = next(d for d in (1, 2) if fit_formula(d).tex == formula.tex)
    for W, F, S, P in itertools.product((5, 9), (1, 3), (1, 2, 3), (0, 1)):
        close(convolution.Fit(W, F, S, P, dilation).exact, fit_formula(dilation).compute(W, F, S, P))


def check_windows(formula):
    for W, F, S, P, d in itertools.product((5, 9), (1, 3), (1, 2, 3), (0, 1), (1, 2)):
        assert formula.compute(W, F, S, P, d) == convolution.Fit(W, F, S, P, d).count


def check_growth(formula):
    for W, F, S, P, d, more in itertools.product((3, 6), (1, 3), (1, 2, 3), (0, 1), (1, 2), (0, 1)):
        assert formula.compute(W, F, S, P, d, more) == transposed.Growth(W, F, S, P, d, more).exact


def check_one_output(formula):
    for groups, S, P, d in itertools.product((1, 2), (1, 2), (0, 1), (1, 2)):
        x, w, b = rng.normal(size=(4, 5, 6)), rng.normal(size=(4, 4 // groups, 3, 3)), rng.normal(size=4)
        y = convolution.convolve(x, w, b, convolution.Sliding(3, S, P, d), groups)
        for k, r, q in np.ndindex(*y.shape):
            close(y[k, r, q], formula.compute(x, w, b, k, r, q, S, P, d, groups))


def check_stamps(formula):
    for S, P, d in itertools.product((1, 2), (0, 1), (1, 2)):
        x, w = rng.normal(size=(2, 4, 3)), rng.normal(size=(3, 2, 3, 3))
        stamping = transposed.Stamping(3, S, P, d)
        made = torch.nn.functional.conv_transpose2d(
            torch.from_numpy(x)[None], torch.from_numpy(w.transpose(1, 0, 2, 3)), stride=S, padding=P, dilation=d
        )[0].numpy()
        y = np.zeros_like(made)
        for k, c, r, q in np.ndindex(3, *x.shape):
            y = formula.compute(y, w[k, c], x, k, c, r, q, S, P, d)
        close(y, made)
        close(y, transposed.transpose_convolve(x, w.transpose(1, 0, 2, 3), np.zeros(3), stamping))


def check_way_back(formula):
    x, w = torch.randn(1, 1, 6, 6, dtype=torch.double), torch.randn(1, 1, 3, 3, dtype=torch.double)
    A = torch.autograd.functional.jacobian(lambda x: torch.nn.functional.conv2d(x, w).flatten(), x).reshape(16, 36)
    dy = torch.randn(4, 4, dtype=torch.double)
    back = torch.nn.functional.conv_transpose2d(dy[None, None], w).flatten()
    close(back, formula.compute(A.numpy(), dy.numpy().ravel()))


def check_kernel(formula):
    x, k = rng.normal(size=(1, 7, 6)), rng.normal(size=(3, 3))
    y = convolution.filtered(x, k)[0]
    for r, q in np.ndindex(*y.shape):
        close(y[r, q], formula.compute(x[0], k, r, q))


def check_pool(kind):
    def check(formula):
        x = rng.normal(size=(1, 3, 3))
        close(pooling.pool(x, kind, 3, 3).values[0, 0, 0], formula.compute(x[0]))

    return check


def check_pool_back(formula):
    x = rng.normal(size=(1, 3, 3))
    close(pooling.pool(x, "max", 3, 3).gradient(np.full((1, 1, 1), 2.5))[0], formula.compute(x[0], 2.5))


def check_sharing(name):
    def check(formula):
        for W, C, K, F, S, P in itertools.product((8, 32), (1, 3), (2, 5), (1, 3), (1, 2), (0, 1)):
            sizes = LayerSizes(W, C, K, convolution.Sliding(F, S, P))
            side = sizes.out_width
            assert formula.compute(W, W, C, F, side, side, K) == getattr(sizes, name)

    return check


def check_preprocessing(formula):
    kind = next(kind for kind, known in PREPROCESSING_FORMULAS.items() if known.tex == formula.tex)
    images = torch.from_numpy(rng.integers(0, 256, (40, 2, 3, 3)).astype(np.uint8))
    made = preprocessing.Preprocessing.fit(kind, images, 0.01)
    shown, x = made.apply(images).double().numpy(), images.double().numpy()
    axes = find_axes(x.reshape(40, -1) / 255)
    for i in range(5):
        if kind in ("standardize", "mean-channel"):
            for c in range(2):
                b = x[:, c] / 255
                values = (b.mean(), b.std()) if kind == "standardize" else (b.mean(),)
                close(shown[i, c], formula.compute(x[i, c], *values), rtol=1e-4, atol=1e-5)
        elif kind == "mean-image":
            close(shown[i], formula.compute(x[i], (x / 255).mean(0)), rtol=1e-4, atol=1e-5)
        elif kind in ("decorrelate", "whiten"):
            extra = (axes.variances, 0.01) if kind == "whiten" else ()
            told = formula.compute(x[i].ravel(), (x / 255).mean(0).ravel(), axes.axes, *extra)
            close(shown[i].ravel(), told, rtol=1e-3, atol=1e-4)
        else:
            close(shown[i], formula.compute(x[i]), rtol=1e-4, atol=1e-5)


def check_axes(formula):
    X = rng.normal(size=(50, 4))
    axes, centered = find_axes(X), X - X.mean(0)
    close(centered.T @ centered / len(X), formula.compute(axes.axes, axes.variances), rtol=1e-6, atol=1e-9)


def check_whitening(formula):
    X = rng.normal(size=(50, 4))
    axes = find_axes(X)
    close(axes.whiten(X[:1], 0.1)[0], formula.compute(axes.axes, axes.variances, 0.1, X[0] - axes.mean), rtol=1e-6)


def check_mixed(formula):
    images = torch.from_numpy(rng.integers(0, 256, (2, 1, 4, 4)).astype(np.uint8))
    share = torch.tensor([0.7, 0.9])
    mixed = augmentation.mixed(images, torch.tensor([1, 0]), share).numpy()
    own = images.numpy().astype(float)
    for i in range(2):
        close(mixed[i], formula.compute(float(share[i]), own[i], own[1 - i]), atol=0.5001)


def check_mixed_label(formula):
    spec = augmentation.Augmentation(mixup=0.4)
    drawn = augmentation.draw(spec, 6, (4, 4), torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    targets, eye = augmentation.soft_targets(labels, drawn, 3).numpy(), np.eye(3)
    for i, other in enumerate(drawn.partner.tolist()):
        close(targets[i], formula.compute(float(drawn.share[i]), eye[labels[i]], eye[labels[other]]), atol=1e-6)


def check_rotation(formula):
    """A bright pixel goes where the formula says; rows count downwards and y upwards."""
    for degrees in (90.0, 180.0, -90.0):
        image = torch.zeros(1, 1, 9, 9, dtype=torch.uint8)
        image[0, 0, 2, 7] = 255  # x = 3, y = 2 from the middle
        turned = augmentation.rotated(image, torch.tensor([degrees]))[0, 0]
        row, column = divmod(int(turned.argmax()), 9)
        close((column - 4, 4 - row), np.round(formula.compute(np.deg2rad(degrees), 3, 2)))


def check_class_mean(formula):
    images, y = rng.integers(0, 256, (12, 1, 3, 3)).astype(np.uint8), np.arange(12) % 3
    for c in range(3):
        close(torch.from_numpy(images[y == c]).double().mean(0), formula.compute(images, y, c))
        close(preprocessing.mean_image(torch.from_numpy(images[y == c])) * 255, formula.compute(images, y, c))


def check_mean(formula):
    values = rng.uniform(size=5)
    close(values.mean(), formula.compute(values))


def check_share(formula):
    predicted, y = rng.integers(0, 3, (2, 50))
    close((predicted == y).mean(), formula.compute(predicted, y))


def check_vote(weighted):
    def check(formula):
        for _ in range(50):
            y, d = rng.integers(0, 3, (1, 5)), np.sort(rng.uniform(0, 2, (1, 5)))
            count = votes.tally(y, 3, votes.weights(d) if weighted else None)
            if not votes.tied(count)[0]:
                told = formula.compute(y[0], d[0], 3) if weighted else formula.compute(y[0], 3)
                assert told == votes.winners(count, y)[0]
        if weighted:
            y, d = np.array([1, 0, 0]), np.array([0.0, 1.0, 1.0])
            assert (
                formula.compute(y, d, 2)
                == votes.winners(votes.tally(y[None], 2, votes.weights(d[None])), y[None])[0]
                == 1
            )

    return check


def check_score(formula):
    W, b, x = rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=4)
    if "s_j" in formula.tex:
        close(linear.f(x[None], W, b)[0], [formula.compute(x, W[j], b[j]) for j in range(3)])
    else:
        close(linear.f(x[None], W, b)[0], formula.compute(x, W, b))


def check_bias_trick(formula):
    W, b, x = rng.normal(size=(3, 4)), rng.normal(size=3), rng.normal(size=4)
    close(linear.append_one(x[None])[0] @ linear.fold_bias(W, b).T, formula.compute(x, W, b))


def check_l2_gradient(formula):
    W = rng.normal(size=(3, 4))
    close(losses.l2(W, 0.3)[1], formula.compute(W, 0.3))


def check_softmax(formula):
    s = rng.normal(size=6) * 4
    close(losses.softmax(s), formula.compute(s))


def check_cross_entropy(formula):
    s = rng.normal(size=(1, 6))
    close(losses.cross_entropy(s, np.array([2])).L[0], formula.compute(losses.softmax(s)[0], 2))


def check_center_of_mass(formula):
    from cvlab.engine.data.drawing import _shift_to_centre

    ink = rng.integers(0, 256, (20, 12)).astype(np.uint8)
    across, _ = _shift_to_centre(ink, 4, 4)
    assert across == round(14 - (4 + formula.compute(ink.astype(float))))


def check_confidence(formula):
    """The interval that the program gives is Wilson's; for many images the two agree."""
    low, high = wilson(97_000, 100_000)
    close((high - low) / 2, formula.compute(0.97, 100_000), rtol=1e-3)


def check_confidence_example(formula):
    confidence = next(f for f in FOUND if f.caption == "An accuracy over N images is known to about")
    assert round(confidence.compute(0.98, 1000), 3) == formula.compute()


def check_chain_rule(formula):
    evaluation = evaluate(read("(x+y)*z"), {"x": -2.0, "y": 5.0, "z": -4.0})
    close(evaluation.by_input["x"], formula.compute(-4.0, 1.0))


def check_fork(formula):
    evaluation = evaluate(read("(x*y)*3 + x*z"), {"x": 0.7, "y": -2.0, "z": 5.0})
    close(evaluation.by_input["x"], formula.compute((3.0, 1.0), (-2.0, 5.0)))


def check_sigmoid_slope(formula):
    x = torch.linspace(-3, 3, 9, dtype=torch.double, requires_grad=True)
    y = x.sigmoid()
    y.sum().backward()
    close(x.grad, formula.compute(y.detach().numpy()))


def check_centered_difference(formula):
    from cvlab.engine.gradient_check import numeric_gradient

    x = rng.normal(size=1)
    close(numeric_gradient(lambda v: float(np.sin(v[0])), x, 1e-4)[0], formula.compute(np.sin, x[0], 1e-4), rtol=1e-6)


def check_sobel(formula):
    close(np.array(kernels.PRESETS["sobel-x"].three), formula.compute())


def by_caption() -> dict[str, object]:
    return {
        "Total": check_total,
        "Two layers": check_two_layers,
        "SGD": check_rule(optimizers.SGD),
        "Momentum": check_rule(optimizers.Momentum),
        "Nesterov: dx at the place ahead": check_rule(optimizers.Nesterov),
        "RMSprop": check_rule(optimizers.RMSprop),
        "Adam, with m and v the averages of dx and dx²": check_rule(optimizers.Adam),
        "Outputs along one side; a window covers d (F − 1) + 1": check_windows,
        "Outputs along one side": check_growth,
        "One output of filter k; c runs over its channels": check_one_output,
        "The stamps of channel c": check_stamps,
        "Way back of a convolution": check_way_back,
        "Each output pixel; i and j count from the middle of k": check_kernel,
        "Sobel, across": check_sobel,
        "Max of a window": check_pool("max"),
        "Average": check_pool("average"),
        "L2 norm": check_pool("l2"),
        "Way back, max, through one window": check_pool_back,
        "Fully-connected": check_sharing("full"),
        "Windows only": check_sharing("local"),
        "Windows, shared": check_sharing("shared"),
        "Principal axes": check_axes,
        "Whitening": check_whitening,
        "Mix-up of image i with image j": check_mixed,
        "Its label": check_mixed_label,
        "Rotation by θ, y pointing up": check_rotation,
        "The mean image of a class": check_class_mean,
        "Cross-validated accuracy": check_mean,
        "The mean over F folds": check_mean,
        "Accuracy": check_share,
        "Accuracy at amount a": check_share,
        "The vote": check_vote(False),
        "Distance-weighted, with a distance of 10⁻¹² at least": check_vote(True),
        "The score function": check_score,
        "The score of class j": check_score,
        "The bias trick": check_bias_trick,
        "The gradient of the L2 penalty": check_l2_gradient,
        "Softmax, shifted": check_softmax,
        "Softmax: from scores to probabilities": check_softmax,
        "Cross-entropy": check_cross_entropy,
        "Centre of mass of the ink": check_center_of_mass,
        "An accuracy over N images is known to about": check_confidence,
        "so 98 % of 1,000 held-out images is 98 %": check_confidence_example,
        "Chain rule: upstream times local": check_chain_rule,
        "A fork: gradients add": check_fork,
        "The sigmoid knows its slope from its output": check_sigmoid_slope,
        "Centred difference, to check it": check_centered_difference,
        "Mean subtraction": lambda f: close(f.compute(np.array([3.0]), 1.0), [2.0]),
        "Standardizing": lambda f: close(f.compute(np.array([3.0]), 1.0, 4.0), [0.5]),
    }


def checks() -> dict[tuple[str, str], object]:
    """(caption, text) -> what compares it with the program."""
    groups = (
        (check_loss, [loss.formula for loss in losses.LOSSES.values()]),
        (check_penalty, [penalty.formula for penalty in losses.PENALTIES.values()]),
        (check_metric, [metric.formula for metric in metrics.METRICS.values()]),
        (check_surface, [made().formula for made in surfaces.SURFACES.values()]),
        (check_schedule, list(SCHEDULE_FORMULAS.values())),
        (check_preprocessing, list(PREPROCESSING_FORMULAS.values())),
        (check_fit, [fit_formula(1), fit_formula(2)]),
        (check_growth, [GROWTH_FORMULA]),
    )
    return {(formula.caption, formula.tex): check for check, formulas in groups for formula in formulas}


def check_of(formula: Formula):
    return checks().get((formula.caption, formula.tex)) or by_caption().get(formula.caption)


FOUND = everywhere()
UNIQUE = list({(formula.caption, formula.tex): formula for formula in FOUND}.values())


@pytest.mark.parametrize("formula", UNIQUE, ids=[f"{f.caption}: {f.tex}"[:60] for f in UNIQUE])
def test_a_formula_is_what_the_program_computes(formula):
    if formula.definition:
        assert formula.caption in DEFINITIONS and len(formula.definition) > 10
        return
    check = check_of(formula)
    if check is None:
        assert formula.tex in of_settings(), f"nothing compares {formula} with the program"
        return
    for same in FOUND:
        if same == formula:
            check(same)


def test_the_list_is_not_empty_and_holds_every_lesson():
    assert len(UNIQUE) > 60
    captions = {formula.caption for formula in UNIQUE}
    assert captions >= by_caption().keys() - {"Two layers"}, "a check without a formula"
    assert captions >= DEFINITIONS


def test_a_formula_needs_a_function_or_a_reason():
    with pytest.raises(ValueError):
        Formula("x", "y")
    with pytest.raises(ValueError):
        Formula("x", "y", np.max, "and a reason")


MATHTEXT = re.compile(r"\\(frac|sum|sqrt|max|min|cdot|times|leftarrow|partial|hat|bar|mathrm|log|lambda|alpha|sigma)\b")


def test_no_text_of_a_formula_stands_outside_of_its_declaration():
    """Mathtext is written in a call of `Formula`, and a label is given a formula; so nothing is shown that is not paired."""
    lists = (*MADE, "ui/panels/datasets/preprocess_card.py", "ui/widgets/formula.py")
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text(encoding="utf-8")
        if "Formula" not in text and not MATHTEXT.search(text):
            continue
        tree = ast.parse(text)
        declared, functions = set(), []
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Formula":
                declared |= {id(inner) for inner in ast.walk(node)}
            if isinstance(node, ast.FunctionDef):
                functions.append(node)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "FormulaLabel":
                assert not isinstance(node.args[0], ast.Constant | ast.JoinedStr), f"{name}:{node.lineno}"
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and MATHTEXT.search(node.value):
                assert id(node) in declared or name in lists, f"{name}:{node.lineno} {node.value}"
        for function in functions:
            made = [n for n in ast.walk(function) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "Formula"]
            assert not made or name in MADE, f"{name}:{function.lineno} makes formulas that no test enumerates"


@pytest.mark.parametrize("kind", sorted(optimizers.OPTIMIZERS))
def test_the_lines_of_an_update_rule_give_the_numbers_that_stand_beside_them(kind):
    """The worked step of the race shows the rule as text: it is carried out as it is written."""
    optimizer = optimizers.OPTIMIZERS[kind]()
    memory = {name: np.abs(rng.normal(size=2)) for name in optimizer.memory_names}
    x, t, A = rng.normal(size=2), 3, np.array([0.4, 2.0])
    step = optimizer.step(x, memory, lambda at: A * at, t)
    known = optimizer.model_dump() | memory | {"x": x, "dx": step.dx, "dx_ahead": step.dx, "t": t, "sqrt": np.sqrt}
    for line, result in zip(optimizer.rule, step.results, strict=True):
        target, operator, expression = re.fullmatch(r"(\w+) (\+?=) (.+)", line).groups()
        value = eval(expression, {"__builtins__": {}}, known)  # the program's own constant, no input
        known[target] = known[target] + value if operator == "+=" else value
        close(known[target], result)
    close(known["x"], step.x_next)
