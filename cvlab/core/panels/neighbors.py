"""The neighbors panel's state: worksheet and plane as immutable documents, what is asked of a set, and how it is saved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from cvlab.core.panels.saved import SavedState
from cvlab.core.state import observable
from cvlab.engine.errors import CvlabError
from cvlab.engine.neighbors import points
from cvlab.engine.neighbors.counterexamples import MAX_SHIFT
from cvlab.engine.neighbors.differences import course_pair
from cvlab.engine.neighbors.metrics import METRICS
from cvlab.engine.neighbors.regions import MAX_CLASSES, MAX_K, MAX_POINTS, Rule
from cvlab.engine.neighbors.tuning import COURSE_KS

Page = Literal["worksheet", "plane", "images", "accuracy", "tuning"]
ImageMetric = Literal["l1", "l2", "cosine", "dot"]
Cells = tuple[tuple[int, ...], ...]
COUNTS = (500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 0)
"""Images that can be chosen to look up in; 0 is all."""
TEST_COUNTS = (100, 250, 500, 1_000, 2_000, 5_000, 10_000, 0)
MANY_KS = tuple(range(1, 21))
"""A grid of twenty."""


def _cells(image: np.ndarray) -> Cells:
    return tuple(tuple(map(int, row)) for row in image[0])


def _course_a() -> Cells:
    return _cells(course_pair()[0])


def _course_b() -> Cells:
    return _cells(course_pair()[1])


@dataclass(frozen=True)
class SheetDocument:
    """What undo brings back of the worksheet.

    source: "grid" for the numbers a and b (rows of 0..255, at first the course's), "images" for a test and a training image
    of the set, by their indices. metric: l1 or l2.
    """

    source: Literal["grid", "images"] = "grid"
    a: Cells = field(default_factory=_course_a)
    b: Cells = field(default_factory=_course_b)
    test: int = 0
    train: int = 0
    metric: Literal["l1", "l2"] = "l1"

    def written(self, side: str, row: int, column: int, value: int) -> SheetDocument:
        """With another number in a grid; side: "a" or "b"."""
        cells = [list(line) for line in getattr(self, side)]
        cells[row][column] = min(max(value, 0), 255)
        return replace(self, **{side: tuple(map(tuple, cells))})

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """The grids as images (1, H, W)."""
        return np.array([self.a]), np.array([self.b])


@dataclass(frozen=True)
class PlaneDocument:
    """What undo brings back of the plane: points (x, y), their classes 0..classes-1, and how a place is decided."""

    points: tuple[tuple[float, float], ...]
    labels: tuple[int, ...]
    classes: int = 3
    rule: Rule = field(default_factory=Rule)

    @classmethod
    def of(
        cls, preset: str = "blobs", classes: int = 3, count: int = 60, seed: int = 1, rule: Rule = Rule()
    ) -> PlaneDocument:
        """A preset's points. Some presets have a number of classes of their own."""
        X, y = points.make(preset, classes, count, seed)
        return cls(tuple(map(tuple, X.tolist())), tuple(y.tolist()), points.PRESETS[preset].classes or classes, rule)

    @property
    def X(self) -> np.ndarray:
        """(N, 2) float64"""
        return np.array(self.points, np.float64).reshape(len(self.points), 2)

    @property
    def y(self) -> np.ndarray:
        """(N,) int64"""
        return np.array(self.labels, np.int64)

    def moved(self, i: int, x: float, y: float) -> PlaneDocument:
        return replace(self, points=(*self.points[:i], (x, y), *self.points[i + 1 :]))

    def added(self, places: list[tuple[float, float]], label: int) -> PlaneDocument:
        """With more points of a class, up to the most there may be."""
        room = MAX_POINTS - len(self.points)
        places = places[: max(room, 0)]
        return replace(self, points=(*self.points, *places), labels=(*self.labels, *(label for _ in places)))

    def without(self, i: int) -> PlaneDocument:
        return replace(
            self, points=self.points[:i] + self.points[i + 1 :], labels=self.labels[:i] + self.labels[i + 1 :]
        )

    def recoloured(self, i: int, label: int) -> PlaneDocument:
        return replace(self, labels=(*self.labels[:i], label, *self.labels[i + 1 :]))

    def ruled(self, **values: object) -> PlaneDocument:
        """With another k, metric or vote."""
        return replace(self, rule=replace(self.rule, **values))

    def of_classes(self, classes: int) -> PlaneDocument:
        """With more or fewer classes; points of one that is no more go to the last."""
        return replace(self, classes=classes, labels=tuple(min(label, classes - 1) for label in self.labels))


@observable
class NeighborsState:
    """page: in front. sheet, plane: the documents. brush: the class that is painted; brush_size: points a dab, 1..12.

    preset, count: what new points are drawn from. dataset: an id of the catalogue, for all that follows. train_count,
    test_count: images taken of it, 0 for all. metric, k, weighted: how an image is decided. query: the test image looked at.
    shift: pixels of the mosaic's shifted copy. ways: "folds" or "held-out". folds, share: of tuning. grid: its values of k.
    tuned: its metrics. tuned_weighted: whether its votes are weighed.
    """

    page: str = "plane"
    sheet: SheetDocument = field(default_factory=SheetDocument)
    plane: PlaneDocument = field(default_factory=PlaneDocument.of)
    brush: int = 0
    brush_size: int = 1
    preset: str = "blobs"
    count: int = 60
    dataset: str = "mnist-mini"
    train_count: int = 5_000
    test_count: int = 500
    metric: str = "l2"
    k: int = 5
    weighted: bool = False
    query: int = 7
    shift: int = 1
    ways: str = "folds"
    folds: int = 5
    share: float = 0.2
    grid: tuple[int, ...] = COURSE_KS
    tuned: tuple[str, ...] = ("l1", "l2")
    tuned_weighted: bool = False

    @property
    def metrics_tuned(self) -> tuple[str, ...]:
        """What tuning tries: of its metrics those that the vote allows, as an inner product has no 1 / d. () if none is left."""
        return tuple(metric for metric in self.tuned if METRICS[metric].is_distance or not self.tuned_weighted)


class _Sheet(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)
    source: Literal["grid", "images"] = "grid"
    a: tuple[tuple[int, ...], ...] = Field(min_length=1, max_length=8)
    b: tuple[tuple[int, ...], ...] = Field(min_length=1, max_length=8)
    test: int = Field(0, ge=0, le=100_000_000)
    train: int = Field(0, ge=0, le=100_000_000)
    metric: Literal["l1", "l2"] = "l1"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        widths = {len(row) for row in (*self.a, *self.b)}
        if len(self.a) != len(self.b) or len(widths) != 1 or not 1 <= widths.pop() <= 8:
            raise ValueError("the two grids are not of one shape")
        if not all(0 <= value <= 255 for row in (*self.a, *self.b) for value in row):
            raise ValueError("a pixel is not within 0..255")
        return self


class _Plane(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)
    points: tuple[tuple[FiniteFloat, FiniteFloat], ...] = Field(max_length=MAX_POINTS)
    labels: tuple[int, ...] = Field(max_length=MAX_POINTS)
    classes: int = Field(ge=2, le=MAX_CLASSES)
    k: int = Field(1, ge=1, le=MAX_K)
    metric: str = Field("l2", max_length=20)
    weighted: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.points) != len(self.labels) or not all(0 <= label < self.classes for label in self.labels):
            raise ValueError("every point needs one of the classes")
        if any(abs(value) > points.SPAN for place in self.points for value in place):
            raise ValueError("a point lies outside the plane")
        try:
            self.rule()
        except CvlabError as error:
            raise ValueError(str(error)) from error
        return self

    def rule(self) -> Rule:
        return Rule(self.k, self.metric, self.weighted)


class SavedNeighbors(SavedState):
    """The panel's part of a project file."""

    kind = NeighborsState

    sheet: _Sheet | None = None
    plane: _Plane | None = None
    page: Page = "plane"
    brush: int = Field(0, ge=0, lt=MAX_CLASSES)
    brush_size: int = Field(1, ge=1, le=12)
    preset: Literal["blobs", "moons", "spiral", "outlier"] = "blobs"
    count: int = Field(60, ge=3, le=MAX_POINTS)
    dataset: str = Field("mnist-mini", max_length=100)
    train_count: int = Field(5_000, ge=0, le=100_000_000)
    test_count: int = Field(500, ge=0, le=100_000_000)
    metric: ImageMetric = "l2"
    k: int = Field(5, ge=1, le=1_000)
    weighted: bool = False
    query: int = Field(7, ge=0, le=100_000_000)
    shift: int = Field(1, ge=1, le=MAX_SHIFT)
    ways: Literal["folds", "held-out"] = "folds"
    folds: int = Field(5, ge=2, le=20)
    share: float = Field(0.2, gt=0, le=0.9)
    grid: tuple[int, ...] = Field(COURSE_KS, min_length=1, max_length=60)
    tuned: tuple[ImageMetric, ...] = Field(("l1", "l2"), min_length=1, max_length=4)
    tuned_weighted: bool = False

    @model_validator(mode="after")
    def _ks(self) -> Self:
        if not all(1 <= k <= 1_000 for k in self.grid):
            raise ValueError("a k of the grid is not within 1..1000")
        return self

    @classmethod
    def of(cls, state: NeighborsState) -> SavedNeighbors:
        sheet, plane = state.sheet, state.plane
        plain = {name: getattr(state, name) for name in cls.model_fields if name not in ("sheet", "plane")}
        return cls(
            sheet=_Sheet(**{name: getattr(sheet, name) for name in _Sheet.model_fields}),
            plane=_Plane(
                points=plane.points,
                labels=plane.labels,
                classes=plane.classes,
                k=plane.rule.k,
                metric=plane.rule.metric,
                weighted=plane.rule.weighted,
            ),
            **plain,
        )

    def state(self) -> NeighborsState:
        plain = {name: getattr(self, name) for name in type(self).model_fields if name not in ("sheet", "plane")}
        made = NeighborsState(**plain)
        if self.sheet is not None:
            made.sheet = SheetDocument(**self.sheet.model_dump())
        if self.plane is not None:
            made.plane = PlaneDocument(self.plane.points, self.plane.labels, self.plane.classes, self.plane.rule())
        return made
