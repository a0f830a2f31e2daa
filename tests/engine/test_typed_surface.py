import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.circuit.gates import GATES
from cvlab.engine.errors import ExpressionError, RecipeError
from cvlab.engine.race import Race, usual_racers
from cvlab.engine.typed_surface import ARRAYS, typed_surface

numbers = st.one_of(st.floats(-50, 50), st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e300, -1e300, 800.0, -800.0]))


@pytest.mark.parametrize("gate", GATES.values(), ids=list(GATES))
@given(a=numbers, b=numbers)
def test_every_gate_on_arrays_is_the_circuits_gate(gate, a, b):
    xs = [a, b][: min(2, gate.least)]
    one = gate.forward(*xs)
    with np.errstate(all="ignore"):
        many = ARRAYS[gate.id](*[np.array([x, x]) for x in xs])
    np.testing.assert_allclose(many, [one, one], rtol=1e-12)


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_a_typed_surface_equals_torch(u, v):
    surface = typed_surface("r = x**2 + y**2; exp(-r) * sin(3*x) + max(x, 0.5*y) / (2 + r)")
    x, y = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in (u, v))
    r = x**2 + y**2
    z = torch.exp(-r) * torch.sin(3 * x) + torch.maximum(x, 0.5 * y) / (2 + r)
    z.backward()
    point = np.array([u, v])
    assert surface.height(point) == pytest.approx(z.item(), rel=1e-12, abs=1e-14)
    np.testing.assert_allclose(surface.gradient(point), [x.grad.item(), y.grad.item()], rtol=1e-10, atol=1e-12)


def test_its_grid_and_slopes_take_arrays():
    surface = typed_surface("x*y + 1")
    x, y, z = surface.grid(5, 3)
    np.testing.assert_allclose(z, np.outer(y, x) + 1)
    dx, dy = surface.gradients(*np.meshgrid(x, y))
    np.testing.assert_allclose(dx, np.repeat(y[:, None], 5, axis=1))
    np.testing.assert_allclose(dy, np.repeat(x[None], 3, axis=0))


def test_a_surface_of_fewer_inputs():
    assert typed_surface("0*x + 3").grid(2, 2)[2].tolist() == [[3, 3], [3, 3]]
    assert typed_surface("y**2").gradient(np.array([1.0, 3.0])).tolist() == [0.0, 6.0]
    assert typed_surface("x = -2; y = 0.5; x*y").start == (-2.0, 0.5)


def test_where_it_has_no_value_it_says_why():
    surface = typed_surface("1/x + log(y)")
    assert surface.trouble(np.array([1.0, 1.0])) == ""
    division, logarithm = surface.trouble(np.array([0.0, 1.0])), surface.trouble(np.array([1.0, -1.0]))
    assert "zero" in division.lower() and "log" in logarithm and division != logarithm
    assert surface.trouble(np.array([np.nan, 1.0])) == "The surface has no height there."
    z = surface.grid(5, 5)[2]
    assert np.isnan(z[:, 2]).all() and np.isnan(z[:2]).all() and np.isfinite(z[3, 3])
    with pytest.raises(RecipeError, match="A race cannot start there"):
        Race(surface, start=(0.0, 1.0))


def test_nine_race_on_it():
    surface = typed_surface("0.5*x**2 + abs(y) + 0.1*sin(5*x)")
    race = Race(surface, usual_racers(surface))
    race.jump(100)
    assert all(race.heights(racer.name)[-1] < race.heights(racer.name)[0] for racer in race.racers)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x +", "column"),
        ("", "nothing to compute"),
        ("x + z", "inputs x and y, not z"),
        ("__import__('os').system('ls')", "column"),
        ("+".join(["x"] * 300), "299 gates; the limit is 200"),
        ("+".join(["x"] * 5_000), "9,999 characters; the limit is 2,000"),
        ("x" * 2_000, "40 characters"),
        ("(" * 2_000, "column"),
        ("x" + " " * 30_000, "30,001 characters"),
    ],
)
def test_what_is_no_surface_is_said(text, words):
    with pytest.raises(ExpressionError, match=words):
        typed_surface(text)
