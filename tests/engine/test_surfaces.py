import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.gradient_check import numeric_gradient, relative_error
from cvlab.engine.surfaces import SURFACES, Surface, plateau

EVERY = {name: make() for name, make in SURFACES.items()}
within = st.floats(0, 1)

TORCH = {
    "bowl": lambda x, y: x**2 + y**2,
    "valley": lambda x, y: 0.05 * x**2 + 2.5 * y**2,
    "saddle": lambda x, y: x**2 - y**2 + y**4 / 4,
    "beale": lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
    "rosenbrock": lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    "himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
}


def inside(surface, u, v):
    left, right, low, high = surface.bounds
    return np.array([left + u * (right - left), low + v * (high - low)])


@given(st.sampled_from(sorted(TORCH)), within, within)
@settings(max_examples=200, deadline=None)
def test_heights_and_gradients_equal_torch(name, u, v):
    surface = EVERY[name]
    point = inside(surface, u, v)
    x, y = (torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in point)
    z = TORCH[name](x, y)
    z.backward()
    assert surface.height(point) == pytest.approx(z.item(), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(surface.gradient(point), [x.grad.item(), y.grad.item()], rtol=1e-10, atol=1e-10)


@given(st.sampled_from(sorted(SURFACES)), within, within)
@settings(max_examples=200)
def test_gradients_equal_centred_differences(name, u, v):
    surface = EVERY[name]
    point = inside(surface, u, v)
    numeric = numeric_gradient(surface.height, point)
    assert relative_error(surface.gradient(point), numeric, floor=1 + abs(surface.height(point))).max() < 1e-6


@pytest.mark.parametrize("name", sorted(SURFACES))
def test_the_known_minima_are_minima_and_the_start_is_none(name):
    surface = EVERY[name]
    left, right, low, high = surface.bounds
    lowest = np.nanmin(surface.grid()[2])
    for x, y, z in surface.minima:
        assert surface.height(np.array([x, y])) == pytest.approx(z, abs=1e-12)
        assert np.abs(surface.gradient(np.array([x, y]))).max() < 1e-9
        assert z <= lowest + 1e-12 and left <= x <= right and low <= y <= high
    x, y = surface.start
    assert left < x < right and low < y < high
    assert np.abs(surface.gradient(np.array(surface.start))).max() > 1e-3
    assert surface.id == name and surface.title and surface.about and surface.formula


@pytest.mark.parametrize("name", sorted(SURFACES))
def test_a_grid_has_a_row_for_each_y(name):
    surface = EVERY[name]
    x, y, z = surface.grid(7, 5)
    assert x.shape == (7,) and y.shape == (5,) and z.shape == (5, 7)
    for row, column in ((0, 0), (4, 6), (2, 3)):
        assert z[row, column] == pytest.approx(surface.height(np.array([x[column], y[row]])), rel=1e-12)
    X, Y = np.meshgrid(x, y)
    dx, dy = surface.gradients(X, Y)
    np.testing.assert_allclose([dx[3, 2], dy[3, 2]], surface.gradient(np.array([x[2], y[3]])), rtol=1e-12)


def test_the_plateaus_ripples_come_from_the_seed_and_are_as_high_as_asked():
    point = np.array([1.0, -2.0])
    assert plateau(1).height(point) == plateau(1).height(point) != plateau(2).height(point)
    smooth = plateau(noise=0.0)
    ripples = plateau(noise=0.1, waves=400).grid()[2] - smooth.grid()[2]
    assert ripples.std() == pytest.approx(0.1, rel=0.2)
    assert smooth.height(np.zeros(2)) == 0.0


def test_without_a_formula_for_the_slope_differences_serve():
    known = EVERY["himmelblau"]
    blind = Surface("blind", "", "", "", known.f, known.bounds, known.start)
    for point in ([1.0, 2.0], [-4.0, 0.5]):
        np.testing.assert_allclose(
            blind.gradient(np.array(point)), known.gradient(np.array(point)), rtol=1e-7, atol=1e-6
        )
    assert blind.typical_slope == pytest.approx(known.typical_slope, rel=1e-6)


def test_what_is_not_a_number_is_nan_and_no_noise():
    pit = Surface("pit", "", "", "", lambda x, y: np.log(x) / y, (-1, 1, -1, 1), (0.5, 0.5))
    assert np.isnan(pit.height(np.array([-1.0, 1.0]))) and np.isnan(pit.height(np.array([1.0, 0.0])))
    _, _, z = pit.grid(11, 11)
    assert np.isnan(z[:, :6]).all() and np.isnan(z[5]).all() and np.isfinite(z[0, 6:]).all()
    assert np.isnan(pit.gradient(np.array([-1.0, 1.0]))).any()
    assert np.isfinite(pit.typical_slope)
    nowhere = Surface("nowhere", "", "", "", lambda x, y: np.full(np.shape(x), np.nan), (-1, 1, -1, 1), (0, 0))
    flat = Surface("flat", "", "", "", lambda x, y: 3.0, (-1, 1, -1, 1), (0, 0))
    assert nowhere.typical_slope == flat.typical_slope == 1.0
    assert np.array_equal(flat.grid(2, 2)[2], np.full((2, 2), 3.0))
