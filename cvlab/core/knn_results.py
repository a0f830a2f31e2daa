"""What k-NN over a whole test set gave, kept: one small JSON file a measurement, beside the training runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

import cvlab
from cvlab.core import paths
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import CvlabError
from cvlab.engine.files import load_model, read_bounded
from cvlab.engine.neighbors.accuracy import Estimate, wilson

MAX_BYTES = 2_000_000
MOST = 200
"""Results that are listed, the newest."""


class KnnResult(BaseModel):
    """One measurement. data, digest: which images. confusion: (C, C) counts [true, predicted]. seconds: of the search."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    id: str = Field(pattern=r"^knn-[0-9a-z-]{1,60}$")
    created: str = Field(max_length=40)
    cvlab: str = Field(cvlab.__version__, max_length=40)
    data: str = Field(max_length=200)
    digest: str = Field("", max_length=100)
    metric: str = Field(max_length=20)
    k: int = Field(ge=1)
    weighted: bool = False
    train_count: int = Field(ge=1)
    test_count: int = Field(ge=1)
    right: int = Field(ge=0)
    seconds: float = Field(ge=0)
    classes: tuple[str, ...] = Field(max_length=2_000)
    confusion: tuple[tuple[int, ...], ...] = Field(max_length=2_000)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if any(len(row) != len(self.classes) for row in self.confusion) or len(self.confusion) != len(self.classes):
            raise ValueError("the confusion matrix has not a row and a column for each class")
        return self

    @property
    def share(self) -> float:
        """The share of test images that got the right class, 0..1."""
        return self.right / self.test_count

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence."""
        return wilson(self.right, self.test_count)

    @property
    def counts(self) -> np.ndarray:
        return np.array(self.confusion, np.int64).reshape(len(self.classes), len(self.classes))

    @classmethod
    def of(
        cls, estimate: Estimate, *, data: str, digest: str, metric: str, k: int, weighted: bool, train_count: int,
        classes: tuple[str, ...],
    ) -> KnnResult:  # fmt: skip
        """The result of a measurement that has come to its end."""
        now = datetime.now(UTC).astimezone()
        return cls(
            id=f"knn-{now:%Y%m%d-%H%M%S}-{uuid4().hex[:6]}",
            created=now.isoformat(timespec="seconds"),
            data=data,
            digest=digest,
            metric=metric,
            k=k,
            weighted=weighted,
            train_count=train_count,
            test_count=estimate.total,
            right=estimate.right,
            seconds=estimate.seconds,
            classes=classes,
            confusion=tuple(tuple(map(int, row)) for row in estimate.confusion),
        )


def keep(result: KnnResult, folder: Path | None = None) -> Path:
    """Writes it and says where. Raises CannotWrite."""
    path = (folder or paths.runs()) / f"{result.id}.json"
    write_whole(path, result.model_dump_json(indent=1).encode())
    return path


def kept(folder: Path | None = None) -> list[KnnResult]:
    """All that can be read, newest first."""
    found = []
    for path in sorted((folder or paths.runs()).glob("knn-*.json"), reverse=True)[:MOST]:
        with contextlib.suppress(OSError, ValueError, CvlabError):
            found.append(load_model(KnnResult, read_bounded(path, MAX_BYTES)))
    return found


def forget(result: KnnResult, folder: Path | None = None) -> None:
    """Deletes it; nothing happens if it is gone."""
    ((folder or paths.runs()) / f"{result.id}.json").unlink(missing_ok=True)


class DeleteResult:
    """Deletes a kept result; undo writes it again. `changed` is called after either. Undo raises `CannotWrite`."""

    label = "Delete a result"

    def __init__(self, result: KnnResult, changed: Callable[[], None]) -> None:
        self._result, self._changed = result, changed

    def do(self) -> None:
        forget(self._result)
        self._changed()

    def undo(self) -> None:
        keep(self._result)
        self._changed()

    def merge(self, later: object) -> bool:
        return False
