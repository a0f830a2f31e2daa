"""Every rule against torch.optim, against its own printed lines, and against the arrows it is taken apart into."""

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.errors import RecipeError
from cvlab.engine.optimizers import (
    OPTIMIZERS,
    SGD,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    RMSprop,
    UncorrectedAdam,
    read,
    worked,
)

STEPS = 200
EVERY = [pytest.param(rule(), id=kind) for kind, rule in OPTIMIZERS.items()]


def run(optimizer, x, slope, steps=STEPS):
    """Positions x_0 .. x_steps and what was remembered at the end."""
    memory, path = optimizer.start(x), [x]
    for t in range(1, steps + 1):
        step = optimizer.step(path[-1], memory, slope, t)
        memory = step.memory
        path.append(step.x_next)
    return np.array(path), memory


def run_torch(make, x, gradients):
    """The same with torch.optim; gradients(x, t) in numpy."""
    parameter = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    optimizer, path = make([parameter]), [x]
    for t in range(STEPS):
        parameter.grad = torch.from_numpy(gradients(parameter.detach().numpy(), t))
        optimizer.step()
        path.append(parameter.detach().numpy().copy())
    return np.array(path)


TORCH = [
    (SGD(learning_rate=0.03), lambda p: torch.optim.SGD(p, lr=0.03)),
    (Momentum(learning_rate=0.02, mu=0.8), lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.8)),
    (Adagrad(learning_rate=0.3, eps=1e-6), lambda p: torch.optim.Adagrad(p, lr=0.3, eps=1e-6)),
    (
        RMSprop(learning_rate=0.02, decay_rate=0.9, eps=1e-4),
        lambda p: torch.optim.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-4),
    ),
    (
        Adam(learning_rate=0.05, beta1=0.8, beta2=0.95, eps=1e-5),
        lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.95), eps=1e-5),
    ),
    (
        AdamW(learning_rate=0.05, weight_decay=0.3),
        lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.3),
    ),
]


@pytest.mark.parametrize(("ours", "theirs"), TORCH, ids=[ours.kind for ours, _ in TORCH])
@pytest.mark.parametrize("seed", range(3))
def test_200_random_steps_equal_torch(ours, theirs, seed):
    rng = np.random.default_rng(seed)
    noise, x = rng.normal(0, 3, (STEPS, 7)), rng.normal(0, 2, 7)
    scale = 10.0 ** rng.uniform(-2, 2, 7)

    def slope(x, t):
        return scale * np.tanh(x) + noise[t]

    memory, path = ours.start(x), [x]
    for t in range(1, STEPS + 1):
        step = ours.step(path[-1], memory, lambda x, t=t: slope(x, t - 1), t)
        memory = step.memory
        path.append(step.x_next)
    np.testing.assert_allclose(np.array(path), run_torch(theirs, x, slope), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("seed", range(3))
def test_nesterovs_look_ahead_is_torchs_parameter(seed):
    rng = np.random.default_rng(seed)
    A, x, mu, rate = rng.normal(0, 1, (5, 5)), rng.normal(0, 2, 5), 0.85, 0.01
    A = A @ A.T / 5

    def slope(x):
        return A @ x + np.sin(3 * x)

    ours, memory, ahead = Nesterov(learning_rate=rate, mu=mu), {"v": np.zeros(5)}, [x]
    for t in range(1, STEPS + 1):
        step = ours.step(x, memory, slope, t)
        x, memory = step.x_next, step.memory
        ahead.append(x + mu * memory["v"])
    theirs = run_torch(
        lambda p: torch.optim.SGD(p, lr=rate, momentum=mu, nesterov=True), ahead[0], lambda x, t: slope(x)
    )
    np.testing.assert_allclose(np.array(ahead), theirs, rtol=1e-9, atol=1e-12)


def test_the_uncorrected_adam_of_the_course_equals_its_formula():
    rng = np.random.default_rng(4)
    gradients, x = rng.normal(0, 2, (STEPS, 3)), rng.normal(0, 1, 3)
    ours = UncorrectedAdam(learning_rate=0.05, beta1=0.8, beta2=0.95, eps=1e-6)
    y, m, v = x.copy(), 0.0, 0.0
    memory = ours.start(x)
    for t, dx in enumerate(gradients, 1):
        m = 0.8 * m + (1 - 0.8) * dx
        v = 0.95 * v + (1 - 0.95) * (dx**2)
        y += -0.05 * m / (np.sqrt(v) + 1e-6)
        step = ours.step(x, memory, lambda x, dx=dx: dx, t)
        x, memory = step.x_next, step.memory
        np.testing.assert_allclose(x, y, rtol=1e-12)


def test_the_correction_that_the_course_prints_is_not_the_papers():
    """(1 - beta1)**t as printed goes to 0 and makes m/(...) explode; both agree at t = 1 only."""
    printed = [(1 - 0.9) ** t for t in (1, 2, 50)]
    paper = [1 - 0.9**t for t in (1, 2, 50)]
    assert printed[0] == pytest.approx(paper[0])
    assert printed[1] == pytest.approx(0.01) and paper[1] == pytest.approx(0.19)
    assert printed[2] < 1e-49 and paper[2] > 0.99
    ours = Adam(learning_rate=1.0, eps=1e-12)
    step = ours.step(np.zeros(1), {"m": np.array([0.5]), "v": np.array([0.25])}, lambda x: np.ones(1), 2)
    m, v = 0.9 * 0.5 + 0.1, 0.999 * 0.25 + 0.001
    assert step.x_next[0] == pytest.approx(-(m / paper[1]) / np.sqrt(v / (1 - 0.999**2)))
    assert "1 - beta1**t" in Adam.remark


@pytest.mark.parametrize("t", [1, 2, 1000])
@pytest.mark.parametrize("optimizer", EVERY)
def test_the_lines_of_the_rule_are_the_code(optimizer, t):
    """The printed lines, run by Python, give each result of the step and the memory it leaves."""
    rng = np.random.default_rng(t)
    x = rng.normal(0, 2, 2)
    memory = {name: np.abs(rng.normal(0, 1, 2)) for name in optimizer.memory_names}
    step = optimizer.step(x, memory, lambda x: x**3 - 1, t)
    names = optimizer.model_dump() | memory | {"x": x.copy(), "dx": step.dx, "dx_ahead": step.dx, "t": t}
    names["sqrt"] = np.sqrt
    for line, result in zip(optimizer.rule, step.results, strict=True):
        # Not in place: what the step was handed must stay as it is.
        target, plus, expression = re.fullmatch(r"(\w+) (\+?)= (.+)", line).groups()
        value = eval(expression, {}, names)
        names[target] = names[target] + value if plus else value
        np.testing.assert_allclose(result, names[target], rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(step.x_next, names["x"], rtol=1e-14, atol=1e-15)
    for name, value in step.memory.items():
        assert np.array_equal(value, names[name])
    np.testing.assert_allclose(step.dx, step.at**3 - 1)


@pytest.mark.parametrize("optimizer", EVERY)
def test_worked_lines_are_sums_that_come_out(optimizer):
    """Each line with its numbers, read back as Python, gives the number after the last equals sign."""
    x, memory = np.array([-1.5]), {name: np.array([0.25]) for name in optimizer.memory_names}
    step = optimizer.step(x, memory, lambda x: 2 * x, 3)
    for (line, filled), result in zip(worked(optimizer, step, memory, 3, digits=17), step.results, strict=True):
        target, expression, shown = filled.split(" = ")
        assert line.startswith(target + " ")
        assert eval(expression, {"sqrt": math.sqrt}) == pytest.approx(result[0], rel=1e-12)
        assert float(shown) == pytest.approx(result[0], rel=1e-12)


def test_worked_shows_vectors():
    optimizer = Momentum(learning_rate=0.1, mu=0.5)
    x, memory = np.array([1.0, -2.0]), {"v": np.array([0.25, 0.0])}
    step = optimizer.step(x, memory, lambda x: 2 * x, 2)
    assert worked(optimizer, step, memory, 2) == (
        ("v = mu * v - learning_rate * dx", "v = 0.5 * (0.25, 0) - 0.1 * (2, -4) = (-0.075, 0.4)"),
        ("x += v", "x = (1, -2) + (-0.075, 0.4) = (0.925, -1.6)"),
    )


@pytest.mark.parametrize("optimizer", EVERY)
def test_the_arrows_add_up_to_the_step(optimizer):
    rng = np.random.default_rng(2)
    x, memory = rng.normal(0, 2, 2), {name: np.abs(rng.normal(0, 1, 2)) for name in optimizer.memory_names}
    before = {name: value.copy() for name, value in memory.items()}
    step = optimizer.step(x, memory, lambda x: x**3 - 1, 5)
    arrows = {arrow.role: arrow for arrow in step.arrows}
    np.testing.assert_allclose(arrows["step"].tail + arrows["step"].shift, step.x_next)
    assert np.array_equal(arrows["gradient"].tail, step.at)
    assert np.array_equal(arrows["gradient"].shift, -step.dx)
    if "scaled step" in arrows:  # the last part ends where the step ends, whatever came before it
        np.testing.assert_allclose(arrows["scaled step"].tail + arrows["scaled step"].shift, step.x_next)
    if "look-ahead" in arrows:
        np.testing.assert_allclose(x + arrows["look-ahead"].shift, step.at)
    assert all(np.array_equal(memory[name], before[name]) for name in before)  # nothing handed in was changed


@given(st.sampled_from(sorted(OPTIMIZERS)), st.lists(st.floats(-100, 100), min_size=1, max_size=5))
def test_a_flat_surface_moves_nobody_but_the_decay(kind, numbers):
    x = np.array(numbers)
    path, _ = run(OPTIMIZERS[kind](), x, np.zeros_like, steps=5)
    expected = x * (1 - 0.01 * 0.01) ** 5 if kind == "adamw" else x
    np.testing.assert_allclose(path[-1], expected, rtol=1e-12)


@given(
    st.sampled_from(["adagrad", "rmsprop", "adam", "adam-uncorrected"]),
    st.floats(1e-2, 1e4),
    st.integers(0, 100),
)
def test_rules_that_divide_by_size_forget_the_scale_of_the_loss(kind, scale, seed):
    x = np.random.default_rng(seed).normal(0, 1, 3)
    optimizer = OPTIMIZERS[kind](eps=1e-14)
    path, _ = run(optimizer, x, lambda x: np.cos(x) + 2, steps=20)
    scaled, _ = run(optimizer, x, lambda x: scale * (np.cos(x) + 2), steps=20)
    np.testing.assert_allclose(scaled, path, rtol=1e-8, atol=1e-8)


def test_first_steps_are_as_long_as_the_remark_says():
    dx = np.array([3.0])
    first = UncorrectedAdam(learning_rate=1.0)
    assert -first.step(np.zeros(1), first.start(np.zeros(1)), lambda x: dx, 1).x_next[0] == pytest.approx(
        3.162, rel=1e-3
    )
    assert "3.2" in UncorrectedAdam.remark
    corrected = Adam(learning_rate=1.0)
    assert -corrected.step(np.zeros(1), corrected.start(np.zeros(1)), lambda x: dx, 1).x_next[0] == pytest.approx(1.0)


def test_settings_from_plain_values_and_back():
    for kind, rule in OPTIMIZERS.items():
        assert read({"kind": kind}) == rule()
        assert read(rule().model_dump()) == rule()
        assert rule.title and rule.rule and set(rule().start(np.zeros(2))) == set(rule.memory_names)
        for name, field in rule.model_fields.items():
            assert name == "kind" or (field.title and field.description)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "adam", "beta1": 1.0}, "beta1 is 1, but"),
        ({"kind": "sgd", "learning_rate": float("nan")}, "learning_rate is nan"),
        ({"kind": "sgd", "mu": 0.9}, "no setting “mu”"),
        ({"kind": "newton"}, "no such optimizer"),
        ({}, "no such optimizer"),
    ],
)
def test_out_of_range_is_said(values, words):
    with pytest.raises(RecipeError, match=words):
        read(values)
    with pytest.raises(RecipeError, match="learning_rate is 0"):
        SGD().changed(learning_rate=0)
    assert Momentum().changed(mu=0.5).mu == 0.5
