import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine import surfaces
from cvlab.engine.errors import RecipeError
from cvlab.engine.optimizers import SGD, Adam, AdamW, Momentum
from cvlab.engine.race import Race, Racer, usual_racers
from cvlab.engine.surfaces import Surface


def race(name="bowl", **settings):
    surface = surfaces.SURFACES[name]()
    return Race(surface, usual_racers(surface), **settings)


def everything(race):
    return {racer.name: (race.path(racer.name).copy(), race.heights(racer.name).copy()) for racer in race.racers}


@pytest.mark.parametrize("name", sorted(surfaces.SURFACES))
def test_the_usual_nine_all_go_down_on_every_surface_and_stay_on_it(name):
    ours = race(name)
    ours.jump(400)
    assert len(ours.racers) == 9
    for racer in ours.racers:
        heights = ours.heights(racer.name)
        assert heights.shape == (401,) and heights[-1] < heights[0]
        assert ours.ending(racer.name) == ""


def test_each_racer_runs_as_it_would_alone():
    surface = surfaces.beale()
    together, alone = race("beale"), Racer("mine", Momentum(learning_rate=surface.rate / 4))
    single = Race(surface, [alone])
    together.jump(50)
    single.jump(50)
    assert np.array_equal(together.path("Momentum"), single.path("mine"))
    x, v = np.array(surface.start), np.zeros(2)
    for expected in single.path("mine")[1:]:
        v = 0.9 * v - surface.rate / 4 * surface.gradient(x)
        x = x + v
        np.testing.assert_allclose(expected, x, rtol=1e-12)


@given(st.integers(0, 1000), st.lists(st.integers(0, 40), max_size=6), st.floats(0, 2))
@settings(max_examples=30, deadline=None)
def test_any_way_to_a_step_leads_to_the_same_race(seed, stops, noise):
    straight, wandering = race("himmelblau", noise=noise, seed=seed), race("himmelblau", noise=noise, seed=seed)
    for stop in stops:
        wandering.jump(stop)
    wandering.jump(25)
    for _ in range(25):
        straight.step()
    for name, (path, heights) in everything(straight).items():
        assert np.array_equal(path, wandering.path(name)) and np.array_equal(heights, wandering.heights(name))
        assert straight.ending(name) == wandering.ending(name)
        if not straight.ending(name):
            assert np.array_equal(straight.last_step(name).x_next, wandering.last_step(name).x_next)


def test_back_and_rewind_keep_what_was_run():
    ours = race(noise=0.3)
    ours.jump(30)
    before = everything(ours)
    assert ours.back() and ours.t == 29
    ours.rewind()
    assert ours.t == 0 and not ours.back() and len(ours.path("SGD")) == 1
    assert ours.last_step("SGD") is None and ours.worked("SGD") == ()
    ours.jump(30)
    for name, (path, _) in everything(ours).items():
        assert np.array_equal(path, before[name][0])


def test_everybody_feels_the_same_noise_and_the_seed_decides_it():
    surface = surfaces.bowl()
    racers = [Racer(name, SGD(learning_rate=0.1)) for name in ("one", "two")]
    noisy, again = Race(surface, racers, noise=1.0, seed=3), Race(surface, racers[:1], noise=1.0, seed=3)
    other, calm = Race(surface, racers, noise=1.0, seed=4), Race(surface, racers)
    for ours in (noisy, again, other, calm):
        ours.jump(20)
    assert np.array_equal(noisy.path("one"), noisy.path("two"))
    assert np.array_equal(noisy.path("one"), again.path("one"))
    assert not np.array_equal(noisy.path("one"), other.path("one"))
    assert not np.array_equal(noisy.path("one"), calm.path("one"))


def test_the_noise_is_as_strong_as_asked():
    ours = Race(surfaces.rosenbrock(), noise=0.5, seed=1)
    jolts = np.array([ours.jolt(t) for t in range(2000)])
    assert jolts.std() == pytest.approx(0.5 * ours.surface.typical_slope, rel=0.05)
    assert abs(jolts.mean()) < 0.05 * jolts.std()


def test_the_last_step_is_the_one_that_led_here():
    ours = race("saddle", noise=0.1)
    ours.jump(7)
    for racer in ours.racers:
        step, path = ours.last_step(racer.name), ours.path(racer.name)
        assert np.array_equal(step.x, path[6]) and np.array_equal(step.x_next, path[7])
        assert all(np.array_equal(step.memory[name], value) for name, value in ours.memory(racer.name).items())
        assert [line for line, _ in ours.worked(racer.name)] == list(racer.optimizer.rule)


def test_a_racer_that_flies_off_stands_still_and_says_why():
    ours = Race(surfaces.rosenbrock(), [Racer("wild", SGD(learning_rate=1.0)), Racer("calm", SGD(learning_rate=1e-4))])
    ours.jump(50)
    assert ours.ending("wild").startswith("wild left the surface at step") and "try 0.1" in ours.ending("wild")
    assert ours.ending("calm") == "" and ours.last_step("wild") is None and ours.last_step("calm") is not None
    assert np.isfinite(ours.path("wild")).all() and np.isfinite(ours.heights("wild")).all()
    assert np.array_equal(ours.path("wild")[-1], ours.path("wild")[-2])
    ours.jump(1)
    assert ours.ending("wild") == ""
    ours.rewind()
    ours.change("wild", SGD(learning_rate=1e-4))
    ours.jump(50)
    assert ours.ending("wild") == "" and np.array_equal(ours.path("wild"), ours.path("calm"))


def test_new_settings_hold_from_here_on():
    surface = surfaces.bowl()
    ours = Race(surface, [Racer("a", SGD(learning_rate=0.1))])
    ours.jump(10)
    before = ours.path("a").copy()
    ours.jump(5)
    ours.change("a", SGD(learning_rate=0.2))
    ours.jump(10)
    after = ours.path("a")
    assert np.array_equal(after[:6], before[:6])
    np.testing.assert_allclose(after[6], after[5] - 0.2 * surface.gradient(after[5]))
    np.testing.assert_allclose(ours.last_step("a").x_next, after[10])
    ours.jump(3)
    np.testing.assert_allclose(ours.last_step("a").x_next, before[3])
    assert ours.racers[0].optimizer.learning_rate == 0.1
    with pytest.raises(RecipeError, match="keeps its rule"):
        ours.change("a", Adam())


def test_history_is_bounded():
    ours = race(limit=5)
    assert [ours.step() for _ in range(6)] == [True] * 5 + [False]
    assert ours.is_over and ours.t == 5
    with pytest.raises(RecipeError, match="step 0 to 5"):
        ours.jump(6)


def test_a_surface_with_a_hole_is_no_traceback():
    pit = Surface("pit", "Pit", "", "", lambda x, y: np.log(x) + y / x, (-1, 3, -1, 1), (0.5, 0.0), rate=0.3)
    ours = Race(pit, usual_racers(pit))
    ours.jump(100)
    assert any(ours.ending(racer.name) for racer in ours.racers)
    assert all(np.isfinite(ours.heights(racer.name)).all() for racer in ours.racers)
    with pytest.raises(RecipeError, match="no height there"):
        Race(pit, start=(-1, 0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"noise": -1},
        {"noise": float("nan")},
        {"limit": 0},
        {"limit": 10**9},
        {"start": (float("inf"), 0)},
        {"racers": [Racer("a", SGD()), Racer("a", AdamW())]},
        {"racers": [Racer(str(i), SGD()) for i in range(25)]},
    ],
)
def test_out_of_range_is_said(wrong):
    with pytest.raises(RecipeError):
        Race(surfaces.bowl(), **wrong)


def test_a_race_of_nobody_runs():
    ours = Race(surfaces.bowl())
    assert ours.step() and ours.racers == ()
