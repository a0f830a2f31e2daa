import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.errors import RecipeError
from cvlab.engine.schedules import (
    FORMULAS,
    SCHEDULES,
    Schedule,
    constant,
    cosine,
    exponential,
    inverse_time,
    one_cycle,
    step_decay,
    warm_up,
)

BASE, TOTAL = 0.3, 40


def rates(make, steps=TOTAL):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE)
    schedule, found = make(optimizer), []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def test_step_exponential_inverse_and_cosine_equal_torch():
    schedules = torch.optim.lr_scheduler
    pairs = [
        (rates(lambda o: schedules.StepLR(o, step_size=7, gamma=0.1)), lambda t: step_decay(BASE, t, TOTAL, 0.1, 7)),
        (rates(lambda o: schedules.ExponentialLR(o, math.exp(-0.05))), lambda t: exponential(BASE, t, TOTAL, 0.05)),
        (
            rates(lambda o: schedules.LambdaLR(o, lambda t: 1 / (1 + 0.2 * t))),
            lambda t: inverse_time(BASE, t, TOTAL, 0.2),
        ),
        (rates(lambda o: schedules.CosineAnnealingLR(o, TOTAL)), lambda t: cosine(BASE, t, TOTAL)),
    ]
    for theirs, ours in pairs:
        assert [ours(t) for t in range(TOTAL)] == pytest.approx(theirs, rel=1e-9)


def test_one_cycle_equals_torch():
    """PyTorch counts steps from 0 to total - 1, and its peak is at step pct_start * total - 1."""
    theirs = rates(
        lambda o: torch.optim.lr_scheduler.OneCycleLR(
            o, max_lr=BASE, total_steps=TOTAL, pct_start=0.3, cycle_momentum=False
        ),
        steps=TOTAL - 1,
    )
    peak_at = (0.3 * TOTAL - 1) / (TOTAL - 1)
    assert [one_cycle(BASE, t, TOTAL - 1, peak_at) for t in range(TOTAL - 1)] == pytest.approx(theirs, rel=1e-9)


def test_the_courses_drops():
    assert [step_decay(1.0, epoch, 50, 0.5, 5) for epoch in (0, 4.9, 5, 10, 49)] == [1, 1, 0.5, 0.25, 0.5**9]
    assert step_decay(1.0, 20, 50, 0.1, 20) == pytest.approx(0.1)


def test_what_is_left_out_suits_the_total():
    assert [step_decay(1.0, t, 100) for t in (0, 24, 25, 99)] == [1, 1, 0.5, 0.125]
    assert exponential(1.0, 100, 100) == pytest.approx(0.01)
    assert inverse_time(1.0, 100, 100) == pytest.approx(0.1)
    assert warm_up(1.0, 5, 100) == 0.5


def test_warm_up_rises_then_falls_to_zero():
    curve = [warm_up(BASE, t, 100, 20) for t in range(101)]
    assert curve[0] == BASE / 100 and curve[10] == BASE / 2 and curve[20] == BASE
    assert curve[60] == pytest.approx(BASE / 2) and curve[100] == pytest.approx(0)
    assert warm_up(BASE, 0, 100, 0) == BASE


@given(st.sampled_from(sorted(SCHEDULES)), st.floats(1e-6, 10), st.integers(1, 1000), st.integers(0, 2000))
def test_every_rate_is_a_share_of_the_base(kind, base, total, step):
    rate = SCHEDULES[kind](base, step, total)
    assert 0 <= rate <= base * (1 + 1e-12)
    assert SCHEDULES[kind](2 * base, step, total) == pytest.approx(2 * rate)


@given(st.sampled_from(sorted(SCHEDULES)), st.floats(0, 1), st.floats(0.01, 10_000), st.integers(0, 5))
def test_a_schedule_has_a_rate_at_any_part_of_any_training(kind, share, epochs, seed):
    schedule = Schedule(kind=kind, every=0.5 + seed, warm=seed, peak_at=0.1 + seed / 10)
    assert 0 <= schedule.rate(1.0, share * epochs, epochs) <= 1 + 1e-12


def test_a_schedule_hands_its_own_settings_on():
    assert Schedule().rate(BASE, 3, 10) == constant(BASE, 3, 10) == BASE
    assert Schedule(kind="step", factor=0.1, every=20).rate(BASE, 45, 60) == step_decay(BASE, 45, 60, 0.1, 20)
    assert Schedule(kind="exponential", k=0.2).rate(BASE, 4, 10) == exponential(BASE, 4, 10, 0.2)
    assert Schedule(kind="1/t", k=0.2).rate(BASE, 4, 10) == inverse_time(BASE, 4, 10, 0.2)
    assert Schedule(kind="cosine").rate(BASE, 4, 10) == cosine(BASE, 4, 10)
    assert Schedule(kind="warm-up", warm=2).rate(BASE, 1, 10) == warm_up(BASE, 1, 10, 2)
    assert Schedule(kind="one-cycle", peak_at=0.4).rate(BASE, 4, 10) == pytest.approx(BASE)


@pytest.mark.parametrize("kind", sorted(SCHEDULES))
def test_no_steps_at_all_is_no_division_by_zero(kind):
    assert math.isfinite(SCHEDULES[kind](BASE, 0, 0))
    assert kind in FORMULAS


def test_the_recipe_still_finds_its_two():
    assert [SCHEDULES["cosine"](0.1, t, 10) for t in (0, 5, 10, 15)] == pytest.approx([0.1, 0.05, 0.0, 0.0])
    assert SCHEDULES["constant"](0.1, 7, 10) == 0.1
    with pytest.raises(RecipeError, match="factor is 1"):
        Schedule.read({"kind": "step", "factor": 1})
