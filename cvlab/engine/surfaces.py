"""Landscapes z = f(x, y) to walk down: formulas with their gradients, bounds, minima and a place to start (course 5).

A surface may be infinite or undefined somewhere; it then says NaN there and raises nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cvlab.engine.formula import Formula

Heights = Callable[[np.ndarray, np.ndarray], np.ndarray]
Slopes = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

_H = np.finfo(np.float64).eps ** (1 / 3)  # where rounding and the h^2 term of a centred difference are of one size


@dataclass(frozen=True, eq=False)
class Surface:
    """A function of two numbers, with what is needed to draw it and to race on it.

    f(x, y) -> z and slopes(x, y) -> (df/dx, df/dy) take arrays of one shape. Without slopes, centred differences serve.
    formula: of z; None for one that a person typed.
    bounds: (x from, x to, y from, y to). start: where a race begins. minima: known (x, y, z), the lowest ones.
    rate: a learning rate with which plain gradient descent from the start neither flies off nor sleeps.
    explain(point): why there is no height at a point, where the surface knows.
    """

    id: str
    title: str
    formula: Formula | None
    about: str
    f: Heights
    bounds: tuple[float, float, float, float]
    start: tuple[float, float]
    slopes: Slopes | None = None
    minima: tuple[tuple[float, float, float], ...] = ()
    rate: float = 0.01
    explain: Callable[[np.ndarray], str] | None = None

    def height(self, point: np.ndarray) -> float:
        """f at one point (2,); NaN where it is infinite or undefined."""
        return float(self.heights(point[0], point[1]))

    def heights(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """f at many points, in the shape of x and y; NaN where it is infinite or undefined."""
        with np.errstate(all="ignore"):
            z = np.asarray(self.f(x, y), dtype=np.float64)
        return np.where(np.isfinite(z), z, np.nan)

    def trouble(self, point: np.ndarray) -> str:
        """Why there is no height at a point (2,), in words; "" where there is one."""
        if np.isfinite(self.height(point)):
            return ""
        why = self.explain(point) if self.explain is not None and np.isfinite(point).all() else ""
        return why or "The surface has no height there."

    def gradient(self, point: np.ndarray) -> np.ndarray:
        """(df/dx, df/dy) at one point (2,); may hold NaN where f has no slope."""
        dx, dy = self.gradients(point[0], point[1])
        return np.array([dx, dy], dtype=np.float64)

    def gradients(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The slopes at many points; exact where the surface has a formula for them, else centred differences."""
        with np.errstate(all="ignore"):
            if self.slopes is not None:
                return self.slopes(x, y)
            hx, hy = _H * np.maximum(1.0, np.abs(x)), _H * np.maximum(1.0, np.abs(y))
            return (
                (self.f(x + hx, y) - self.f(x - hx, y)) / (2 * hx),
                (self.f(x, y + hy) - self.f(x, y - hy)) / (2 * hy),
            )

    def grid(self, columns: int = 121, rows: int = 121) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """x (columns,), y (rows,) and z (rows, columns) over the bounds, for contours and relief; NaN where there is none."""
        left, right, low, high = self.bounds
        x, y = np.linspace(left, right, columns), np.linspace(low, high, rows)
        X, Y = np.meshgrid(x, y)  # (rows, columns)
        return x, y, np.broadcast_to(self.heights(X, Y), X.shape)

    @cached_property
    def typical_slope(self) -> float:
        """The median length of the gradient over the bounds: the yardstick of mini-batch noise. 1 if there is none."""
        left, right, low, high = self.bounds
        X, Y = np.meshgrid(np.linspace(left, right, 21), np.linspace(low, high, 21))
        with np.errstate(all="ignore"):
            lengths = np.hypot(*self.gradients(X, Y))
        lengths = lengths[np.isfinite(lengths)]
        return float(np.median(lengths)) if lengths.size and lengths.any() else 1.0

    @property
    def extent(self) -> float:
        """The longer side of the bounds."""
        left, right, low, high = self.bounds
        return max(right - left, high - low)


def bowl() -> Surface:
    """Round: the negative gradient points straight at the minimum."""
    return Surface(
        id="bowl",
        title="Bowl",
        formula=Formula("", r"f = x^2 + y^2", lambda x, y: x * x + y * y),
        about="The same slope in all directions. Every method gets there; see which of them roll past it.",
        f=lambda x, y: x**2 + y**2,
        slopes=lambda x, y: (2 * x, 2 * y),
        bounds=(-4, 4, -4, 4),
        start=(-3.2, 2.4),
        minima=((0, 0, 0),),
        rate=0.08,
    )


def valley() -> Surface:
    """Fifty times steeper across than along: the gradient points nearly sideways."""
    return Surface(
        id="valley",
        title="Long valley",
        formula=Formula("", r"f = \frac{1}{2}(0.1\,x^2 + 5\,y^2)", lambda x, y: (0.1 * x * x + 5 * y * y) / 2),
        about="Steep walls, a floor that hardly falls. A step short enough for the walls is too short for the floor.",
        f=lambda x, y: 0.5 * (0.1 * x**2 + 5.0 * y**2),
        slopes=lambda x, y: (0.1 * x, 5.0 * y),
        bounds=(-10, 10, -4, 4),
        start=(-9, 2.5),
        minima=((0, 0, 0),),
        rate=0.3,
    )


def saddle() -> Surface:
    """Down along y, up along x, and closed further out, so that there is a bottom to reach."""
    return Surface(
        id="saddle",
        title="Saddle",
        formula=Formula("", r"f = x^2 - y^2 + \frac{1}{4} y^4", lambda x, y: x * x - y * y + y**4 / 4),
        about="At (0, 0) the slope is 0 and yet it is no minimum. Who starts near the ridge must find the way off it.",
        f=lambda x, y: x**2 - y**2 + 0.25 * y**4,
        slopes=lambda x, y: (2 * x, -2 * y + y**3),
        bounds=(-2.5, 2.5, -2.5, 2.5),
        start=(-2.0, 0.001),
        minima=((0, 2**0.5, -1), (0, -(2**0.5), -1)),
        rate=0.05,
    )


def beale() -> Surface:
    """Beale, 1958: three residuals r_k = c_k - x + x y^k, c = (1.5, 2.25, 2.625)."""

    def residuals(x, y):
        return 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3

    def slopes(x, y):
        r1, r2, r3 = residuals(x, y)
        dx = 2 * (r1 * (y - 1) + r2 * (y**2 - 1) + r3 * (y**3 - 1))
        dy = 2 * x * (r1 + 2 * y * r2 + 3 * y**2 * r3)
        return dx, dy

    return Surface(
        id="beale",
        title="Beale",
        formula=Formula(
            "",
            r"f = (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
            lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
        ),
        about="Flat in the middle, cliffs at the corners. One learning rate cannot suit both.",
        f=lambda x, y: sum(r**2 for r in residuals(x, y)),
        slopes=slopes,
        bounds=(-4.5, 4.5, -4.5, 4.5),
        start=(1.0, 1.6),
        minima=((3, 0.5, 0),),
        rate=0.005,
    )


def rosenbrock() -> Surface:
    """Rosenbrock, 1960: a curved valley along y = x^2."""
    return Surface(
        id="rosenbrock",
        title="Rosenbrock",
        formula=Formula("", r"f = (1 - x)^2 + 100\,(y - x^2)^2", lambda x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2),
        about="Finding the curved valley is easy. Following it to (1, 1) is the hard part.",
        f=lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
        slopes=lambda x, y: (-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)),
        bounds=(-2, 2, -1, 3),
        start=(-1.4, 2.2),
        minima=((1, 1, 0),),
        rate=0.001,
    )


def himmelblau() -> Surface:
    """Himmelblau, 1972: four minima, all of height 0."""

    def slopes(x, y):
        p, q = x**2 + y - 11, x + y**2 - 7
        return 4 * x * p + 2 * q, 2 * p + 4 * y * q

    return Surface(
        id="himmelblau",
        title="Himmelblau",
        formula=Formula(
            "", r"f = (x^2 + y - 11)^2 + (x + y^2 - 7)^2", lambda x, y: (x * x + y - 11) ** 2 + (x + y * y - 7) ** 2
        ),
        about="Four valleys, equally deep. From one start, different methods may end in different ones.",
        f=lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
        slopes=slopes,
        bounds=(-5, 5, -5, 5),
        start=(-0.4, -0.6),
        minima=(
            (3, 2, 0),
            (-2.805118086952745, 3.131312518250573, 0),
            (-3.779310253377747, -3.283185991286170, 0),
            (3.584428340330492, -1.848126526964404, 0),
        ),
        rate=0.01,
    )


def plateau(seed: int = 0, noise: float = 0.02, waves: int = 24) -> Surface:
    """A wide plain with one hole, 1 - e^{-(x^2 + y^2)/2}, and ripples: `waves` sines in random directions.

    noise: standard deviation of the ripples. The same seed gives the same ripples; they are smooth, so the slope is exact.
    """
    rng = np.random.default_rng(seed)
    kx, ky = rng.normal(0.0, 3.0, (2, waves))  # waves per unit length, times 2 pi
    phase = rng.uniform(0.0, 2 * np.pi, waves)
    height = noise * (2.0 / waves) ** 0.5  # a sine has variance 1/2

    def angles(x, y):
        return np.multiply.outer(x, kx) + np.multiply.outer(y, ky) + phase  # (..., waves)

    def slopes(x, y):
        hole, ripple = np.exp(-(x**2 + y**2) / 2), height * np.cos(angles(x, y))
        return x * hole + ripple @ kx, y * hole + ripple @ ky

    return Surface(
        id="plateau",
        title="Noisy plateau",
        formula=Formula(
            "", r"f = 1 - e^{-(x^2 + y^2)/2} + \mathrm{ripples}", lambda x, y: 1 - np.exp(-(x * x + y * y) / 2)
        ),
        about="Far from the hole there is almost no slope, and ripples mislead. Momentum carries over them.",
        f=lambda x, y: 1 - np.exp(-(x**2 + y**2) / 2) + height * np.sin(angles(x, y)).sum(axis=-1),
        slopes=slopes,
        bounds=(-4, 4, -4, 4),
        start=(-2.0, 1.6),
        rate=0.3,
    )


SURFACES: dict[str, Callable[[], Surface]] = {
    "bowl": bowl,
    "valley": valley,
    "saddle": saddle,
    "beale": beale,
    "rosenbrock": rosenbrock,
    "himmelblau": himmelblau,
    "plateau": plateau,
}
