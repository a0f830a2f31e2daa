"""The formulas that are shown for a recipe against the learner that trains with it."""

import copy
import itertools
import os

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.data.augmentation import Augmentation, _shares
from cvlab.engine.data.dataset import Dataset
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import BatchNorm, Conv, Flatten, Input, Linear, Relu
from cvlab.engine.schedules import FORMULAS, SCHEDULES, Schedule
from cvlab.engine.training.formulas import mixup_share, recipe_formulas
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.objective import batch_loss, penalty
from cvlab.engine.training.plan import drawn_from
from cvlab.engine.training.recipe import Loss, Optimizer, Recipe, Regularisation
from tests.engine.training.conftest import bars

EXAMPLES = int(os.environ.get("CVLAB_EXAMPLES", "25"))

DATA = Dataset("bars", "Bars", ("row", "column", "diagonal"), bars(60, 0), bars(9, 1), "0" * 64)
NET = Architecture.chain(
    "x",
    [
        Input(height=8, width=8),
        Conv(filters=2, stride=2, bias=False),
        BatchNorm(),
        Relu(),
        Flatten(),
        Linear(units=3),
    ],
)

recipes = st.builds(
    Recipe,
    data=st.just("bars"),
    batch_size=st.just(20),
    held_out=st.just(0.0),
    epochs=st.just(4),
    threads=st.just(1),
    device=st.just("cpu"),
    seed=st.integers(0, 99),
    averaging=st.sampled_from([0.0, 0.3, 0.99]),
    loss=st.builds(
        Loss,
        kind=st.sampled_from(["softmax", "hinge"]),
        margin=st.sampled_from([0.5, 1.0]),
        label_smoothing=st.sampled_from([0.0, 0.1]),
    ),
    optimizer=st.builds(
        Optimizer,
        kind=st.sampled_from(["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]),
        learning_rate=st.sampled_from([0.003, 0.05]),
        momentum=st.sampled_from([0.0, 0.5, 0.9]),
        beta1=st.sampled_from([0.5, 0.9]),
        beta2=st.sampled_from([0.9, 0.999]),
        decay_rate=st.sampled_from([0.5, 0.99]),
        eps=st.sampled_from([1e-8, 1e-2]),
        weight_decay=st.sampled_from([0.0, 0.02, 0.5]),
    ),
    schedule=st.builds(Schedule, kind=st.sampled_from(list(SCHEDULES)), every=st.just(0.7), warm=st.just(1.0)),
    regularisation=st.builds(
        Regularisation,
        l1=st.sampled_from([0.0, 0.01]),
        clip=st.sampled_from([0.0, 0.1]),
        max_norm=st.sampled_from([0.0, 0.5]),
    ),
    augmentation=st.builds(Augmentation, mixup=st.sampled_from([0.0, 0.4])),
)

LOSSES = ("Softmax loss of one image", "Hinge loss of one image")
TARGETS = (
    "Its target, with label smoothing s",
    "Its target: mix-up with image j",
    "mixed up with image j",
)
CLIPPING = "Clipping: all gradients of the loss together are at most c long"
GRADIENT = "adds its gradient to that of the loss"
DECAY = "Regularization: decoupled weight decay, before each step"
AVERAGE, MEMORY = "Running average of the weights", "with memory a, shorter at first"
MAX_NORM = "Max norm: after each step, for the weights into each unit"
SETTINGS_OF_A_SCHEDULE = {"step": ("factor", "every"), "exponential": ("k",), "1/t": ("k",), "warm-up": ("warm",)}


class Card:
    """Carries out what is shown, and nothing else. Every formula of the recipe is used, or the test fails."""

    def __init__(self, recipe: Recipe, shapes) -> None:
        self.recipe = recipe
        self.formulas = {formula.caption: formula.compute for formula in recipe_formulas(recipe)}
        assert len(self.formulas) == len(recipe_formulas(recipe)), "two formulas of one caption"
        known = {*LOSSES, *TARGETS, CLIPPING, GRADIENT, DECAY, MAX_NORM, "Mean over the B images of a batch"}
        known |= {
            "Its own share, at least a half",
            "Regularization: none",
            AVERAGE,
            MEMORY,
        }
        known |= {f"Regularization: {name} penalty on the weights" for name in ("L1", "L2", "L1 and L2")}
        known |= {FORMULAS[recipe.schedule.kind].caption}
        self.rule = [compute for caption, compute in self.formulas.items() if caption not in known]
        self.memory = [{name: np.zeros(shape) for name in ("v", "m", "c")} for shape in shapes]
        self.used = {caption for caption in self.formulas if caption not in known}

    def call(self, caption, *values):
        self.used.add(caption)
        return self.formulas[caption](*values)

    def rate(self, learner: Learner) -> float:
        kind, per_epoch = self.recipe.schedule.kind, learner.steps_per_epoch
        if kind == "constant":
            return self.recipe.optimizer.learning_rate
        settings = {name: getattr(self.recipe.schedule, name) for name in SETTINGS_OF_A_SCHEDULE.get(kind, ())}
        settings |= {"peak": self.recipe.schedule.peak_at, "start": 0.04, "end": 4e-6} if kind == "one-cycle" else {}
        self.used.add(FORMULAS[kind].caption)
        t, T = learner.epoch + learner.position / learner.recipe.batch_size / per_epoch, self.recipe.epochs
        return FORMULAS[kind].compute(t, T, self.recipe.optimizer.learning_rate, **settings)

    def loss(self, scores, y, drawn) -> float:
        """scores: (B, K). y: (B,). drawn: of the mix-up, or None."""
        caption = next(name for name in LOSSES if name in self.formulas)
        target = next((name for name in TARGETS if name in self.formulas), None)
        losses, K = [], scores.shape[1]
        for i, row in enumerate(scores):
            q = y[i]
            if drawn is not None:
                share = float(drawn.share[i])
                self.used.add("Its own share, at least a half")
                assert share >= 0.5
                mixing = next(name for name in TARGETS[1:] if name in self.formulas)
                q = self.call(mixing, y[i], y[int(drawn.partner[i])], share, K)
                q = self.call(TARGETS[0], q, K) if TARGETS[0] in self.formulas else q
            elif target is not None:
                q = self.call(target, y[i], K)
            losses.append(self.call(caption, row, q))
        return self.call("Mean over the B images of a batch", losses)

    def step(self, xs, grads, are_weights, rate: float, t: int):
        """The parameters after a step. xs, grads: arrays, one a parameter."""
        if CLIPPING in self.formulas:
            flat = self.call(CLIPPING, np.concatenate([grad.ravel() for grad in grads]))
            ends = np.cumsum([grad.size for grad in grads])[:-1]
            grads = [part.reshape(grad.shape) for part, grad in zip(np.split(flat, ends), grads, strict=True)]
        after = []
        for x, dx, is_penalized, memory in zip(xs, grads, are_weights, self.memory, strict=True):
            if is_penalized and GRADIENT in self.formulas:
                dx = self.call(GRADIENT, x, dx)
            if is_penalized and DECAY in self.formulas:
                x = self.call(DECAY, x, rate)
            for line in self.rule:
                changed = line(x=x, dx=dx, rate=rate, t=t, **memory)
                x = changed.pop("x", x)
                memory.update(changed)
            if is_penalized and MAX_NORM in self.formulas:
                x = self.call(MAX_NORM, x.reshape(len(x), -1)).reshape(x.shape)
            after.append(x)
        return after


def arrays(parameters):
    return [p.detach().double().numpy().copy() for p in parameters]


@given(recipes)
@settings(max_examples=EXAMPLES, deadline=None)
def test_training_does_what_the_card_shows(recipe):
    learner = Learner(NET, DATA, recipe)
    card = Card(recipe, [p.shape for p in learner.parameters])
    weights = {id(layer.weight) for layer in learner.weighted}
    are_weights = [id(p) in weights for p in learner.parameters]
    assert are_weights.count(True) == 2
    mean = arrays(learner.parameters)
    for t in range(1, 9):
        if learner.epoch_is_over:
            learner.end_epoch()
        plan = learner.plan()
        x, y, targets = learner.batch(plan)
        twin = copy.deepcopy(learner.module).train()
        scores = twin(x)
        batch_loss(scores, targets, recipe.loss).backward()
        expected_loss = card.loss(
            scores.detach().double().numpy(), y.numpy(), None if plan.drawn is None else drawn_from(plan.drawn)
        )
        rate = card.rate(learner)
        assert rate == pytest.approx(learner.learning_rate, rel=1e-9)
        before = arrays(learner.parameters)
        grads = [p.grad.double().numpy().copy() for p in twin.parameters()]
        expected = card.step(before, grads, are_weights, rate, t)
        result = learner.advance()
        assert float(result.loss) == pytest.approx(expected_loss, rel=1e-4, abs=1e-6)
        for ours, theirs, start in zip(expected, arrays(learner.parameters), before, strict=True):
            np.testing.assert_allclose(
                theirs, ours, rtol=1e-4, atol=1e-5 * max(1e-2, np.abs(ours - start).max()) + 1e-7
            )
        if AVERAGE in card.formulas:
            now = arrays(learner.parameters)
            mean = [card.call(AVERAGE, old, new, card.call(MEMORY, t)) for old, new in zip(mean, now, strict=True)]
            for ours, theirs in zip(mean, arrays(learner.average), strict=True):
                np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-5)
    for name in ("L1", "L2", "L1 and L2"):
        caption = f"Regularization: {name} penalty on the weights"
        if caption in card.formulas:
            weights = [w for w, is_one in zip(arrays(learner.parameters), are_weights, strict=True) if is_one]
            told = sum(card.call(caption, w) for w in weights)
            assert told == pytest.approx(float(penalty(learner.module, recipe).detach()), rel=1e-5)
    assert card.used >= card.formulas.keys() - {"Regularization: none"}


def test_nesterov_follows_a_change_of_the_rate_as_pytorch_does():
    """x and the velocity of the course's form part from PyTorch's when the rate drops from 0.05 to 0.005."""
    recipe = Recipe(optimizer=Optimizer(kind="nesterov", learning_rate=0.05, momentum=0.9))
    A, x = np.array([1.0, 0.1]), torch.tensor([3.0, 4.0], dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=0.05, momentum=0.9, nesterov=True)
    card = Card(recipe, [(2,)])
    ours, ball, velocity = np.array([3.0, 4.0]), np.array([3.0, 4.0]), np.zeros(2)
    for t in range(1, 31):
        rate = 0.05 if t <= 20 else 0.005
        optimizer.param_groups[0]["lr"] = rate
        x.grad = torch.from_numpy(A) * x.detach()
        optimizer.step()
        (ours,) = card.step([ours], [A * ours], [True], rate, t)
        velocity = 0.9 * velocity - rate * A * (ball + 0.9 * velocity)
        ball = ball + velocity
        np.testing.assert_allclose(ours, x.detach().numpy(), rtol=1e-12)
    assert np.abs(ball + 0.9 * velocity - ours).max() > 0.1, "the two forms differ here"


@given(st.integers(0, 2**31), st.floats(0.05, 2.0))
@settings(max_examples=20, deadline=None)
def test_the_share_of_a_mixed_image_is_drawn_as_it_is_shown(seed, alpha):
    u = torch.rand(50, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    drawn = np.random.default_rng((u * 2**53).long().tolist()).beta(alpha, alpha, 50)
    shares = _shares(u, alpha).numpy()
    np.testing.assert_array_equal(shares, mixup_share().compute(drawn))
    assert (shares >= 0.5).all()


def test_every_combination_of_settings_has_its_own_text_and_each_text_its_function():
    texts = {}
    for kind, smoothing, mixup, l1, l2, rule in itertools.product(
        ("softmax", "hinge"), (0.0, 0.1), (0.0, 0.2), (0.0, 0.1), (0.0, 0.1), ("adam", "adamw", "momentum")
    ):
        recipe = Recipe(
            loss=Loss(kind=kind, label_smoothing=smoothing),
            optimizer=Optimizer(kind=rule, weight_decay=l2),
            regularisation=Regularisation(l1=l1),
            augmentation=Augmentation(mixup=mixup),
        )
        used = (kind, smoothing if kind == "softmax" else 0.0, mixup, l1, l2, rule)
        found = recipe_formulas(recipe)
        assert all(formula.compute is not None for formula in found)
        assert any(formula.caption.startswith("Regularization") for formula in found)
        texts.setdefault(tuple((formula.caption, formula.tex) for formula in found), set()).add(used)
    assert all(len(same) == 1 for same in texts.values())
