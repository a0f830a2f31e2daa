"""The linear panel's state: the worksheet and the 2-D lab as immutable documents, where one looks, and how they are saved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from cvlab.core.panels.saved import SavedState
from cvlab.core.state import observable
from cvlab.engine.classifier import MAX_CLASSES, MAX_POINTS, LinearClassifier, Objective
from cvlab.engine.errors import CvlabError
from cvlab.engine.linear import Worksheet, course_worksheet

Row = tuple[float, ...]
LOWEST_RATE, HIGHEST_RATE = 1e-4, 10.0


def rows(values: np.ndarray) -> tuple[Row, ...]:
    """A matrix as tuples, which compare by value."""
    return tuple(tuple(map(float, row)) for row in values)


@dataclass(frozen=True)
class LabDocument:
    """What undo brings back of the 2-D lab.

    points: (x, y) of each. labels: its class, 0..classes-1. W: (w_x, w_y) of each class and b: its bias, where descent
    starts. Steps do not change the document: rewinding leads back to it.
    """

    points: tuple[Row, ...]
    labels: tuple[int, ...]
    classes: int
    W: tuple[Row, ...]
    b: Row
    objective: Objective = field(default_factory=Objective)

    @classmethod
    def first(cls, classes: int = 3, seed: int = 1) -> LabDocument:
        """Round clouds that lines can part, and lines that do not yet."""
        made = LinearClassifier.of_blobs(classes, seed=seed)
        return cls(rows(made.X), tuple(map(int, made.y)), classes, rows(made.W), tuple(map(float, made.b)))

    def classifier(self) -> LinearClassifier:
        """The classifier at its start, no steps done. Raises `DataError`."""
        made = LinearClassifier(self.array, np.array(self.labels, dtype=np.int64), self.classes, self.objective)
        made.set_weights(np.array(self.W), np.array(self.b))
        return made

    @property
    def array(self) -> np.ndarray:
        """The points, (N, 2)."""
        return np.array(self.points, dtype=np.float64).reshape(len(self.points), 2)

    def moved(self, i: int, x: float, y: float) -> LabDocument:
        return replace(self, points=(*self.points[:i], (x, y), *self.points[i + 1 :]))

    def added(self, x: float, y: float, label: int) -> LabDocument:
        return replace(self, points=(*self.points, (x, y)), labels=(*self.labels, label))

    def without(self, i: int) -> LabDocument:
        return replace(
            self, points=self.points[:i] + self.points[i + 1 :], labels=self.labels[:i] + self.labels[i + 1 :]
        )

    def starting(self, W: np.ndarray, b: np.ndarray) -> LabDocument:
        """With other weights to start from."""
        return replace(self, W=rows(W), b=tuple(map(float, b)))

    def randomised(self, seed: int) -> LabDocument:
        """W drawn from N(0, 1), b = 0."""
        made = self.classifier()
        made.randomise(seed)
        return self.starting(made.W, made.b)


@observable
class LinearState:
    """page: "lab" | "worksheet" | "templates". step_size: of the lab's descent. scale: what W and b are looked at times.

    template_data, template_loss, template_rate: of the classifier of images. image: the test image looked at. magnify: what
    its W and b are taken times for the formulas. shift: the largest score is taken off before the powers.
    """

    sheet: Worksheet = field(default_factory=course_worksheet)
    lab: LabDocument = field(default_factory=LabDocument.first)
    page: str = "lab"
    step_size: float = 0.1
    scale: float = 1.0
    template_data: str = "mnist-mini"
    template_loss: str = "softmax"
    template_rate: float = 0.1
    image: int = 3
    magnify: int = 1
    shift: bool = True


class _Sheet(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)
    W: tuple[tuple[FiniteFloat, ...], ...] = Field(max_length=16)
    x: tuple[FiniteFloat, ...] = Field(max_length=16)
    b: tuple[FiniteFloat, ...] = Field(max_length=16)
    classes: tuple[str, ...] = Field(max_length=16)
    folds_bias: bool = False
    printed: tuple[FiniteFloat, ...] | None = None

    def sheet(self) -> Worksheet:
        return Worksheet(
            np.array(self.W), np.array(self.x), np.array(self.b), self.classes, self.folds_bias, self.printed
        )


class _Lab(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)
    points: tuple[tuple[FiniteFloat, FiniteFloat], ...] = Field(max_length=MAX_POINTS)
    labels: tuple[int, ...] = Field(max_length=MAX_POINTS)
    classes: int = Field(ge=2, le=MAX_CLASSES)
    W: tuple[tuple[FiniteFloat, FiniteFloat], ...] = Field(max_length=MAX_CLASSES)
    b: tuple[FiniteFloat, ...] = Field(max_length=MAX_CLASSES)
    objective: Objective = Objective()

    def document(self) -> LabDocument:
        return LabDocument(self.points, self.labels, self.classes, self.W, self.b, self.objective)


class SavedLinear(SavedState):
    """The panel's part of a project file."""

    sheet: _Sheet | None = None
    lab: _Lab | None = None
    page: Literal["lab", "worksheet", "templates"] = "lab"
    step_size: float = Field(0.1, ge=LOWEST_RATE, le=HIGHEST_RATE)
    scale: float = Field(1.0, ge=0.01, le=100.0)
    template_data: str = Field("mnist-mini", max_length=120)
    template_loss: Literal["hinge", "softmax", "one-vs-all"] = "softmax"
    template_rate: float = Field(0.1, ge=LOWEST_RATE, le=HIGHEST_RATE)
    image: int = Field(3, ge=0, le=1_000_000)
    magnify: Literal[1, 10, 100, 1000] = 1
    shift: bool = True

    @model_validator(mode="after")
    def _fits(self) -> Self:
        try:
            if self.sheet is not None:
                self.sheet.sheet()
            if self.lab is not None:
                self.lab.document().classifier()
        except (CvlabError, ValueError) as error:
            raise ValueError(str(error)) from error
        return self

    @classmethod
    def of(cls, state: LinearState) -> SavedLinear:
        sheet, lab = state.sheet, state.lab
        plain = {name: getattr(state, name) for name in cls.model_fields if name not in ("sheet", "lab")}
        return cls(
            sheet=_Sheet(
                W=rows(sheet.W),
                x=tuple(sheet.x),
                b=tuple(sheet.b),
                classes=sheet.classes,
                folds_bias=sheet.folds_bias,
                printed=sheet.printed,
            ),
            lab=_Lab(
                points=lab.points, labels=lab.labels, classes=lab.classes, W=lab.W, b=lab.b, objective=lab.objective
            ),
            **plain,
        )

    def state(self) -> LinearState:
        plain = {name: getattr(self, name) for name in type(self).model_fields if name not in ("sheet", "lab")}
        made = LinearState(**plain)
        if self.sheet is not None:
            made.sheet = self.sheet.sheet()
        if self.lab is not None:
            made.lab = self.lab.document()
        return made
