"""The project file: a zip with one JSON document. Parse, migrate step by step, validate, build; only then replace anything."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

import cvlab
from cvlab.core.panels.circuits import FAR, CircuitDocument, CircuitsState
from cvlab.core.panels.linear import SavedLinear
from cvlab.core.panels.optimization import SavedOptimization
from cvlab.core.project import BuilderState, DigitsState, Project, TrainingState
from cvlab.core.storage.files import read_bounded
from cvlab.engine.circuit.tokens import MAX_CHARACTERS
from cvlab.engine.data.drawing import DrawingSteps
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import ExpressionError, NewerFile, NotOurFile
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.recipe import Recipe

FORMAT = 1
MAX_FILE, MAX_DOCUMENT = 50_000_000, 50_000_000
DOCUMENT = "project.json"

MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From format n to n + 1. Format 1 is the first, so there is none yet."""


class _Panel(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Builder(_Panel):
    selected: tuple[int, ...] = Field((), max_length=2000)


class _Training(_Panel):
    smoothing: int = Field(25, ge=1, le=500)
    log_loss: bool = False
    run: str = Field("", max_length=200)


class _Digits(_Panel):
    model: str = Field("lenet-mnist", max_length=200)
    brush: int = Field(44, ge=8, le=80)
    steps: DrawingSteps = DrawingSteps()
    layer: str = Field("", max_length=40)


class _Circuits(_Panel):
    text: str = Field(CircuitDocument().text, max_length=MAX_CHARACTERS)
    values: dict[str, FiniteFloat] = {}
    merge: bool = False
    collapsed: tuple[tuple[int, int], ...] = ()
    expanded: tuple[tuple[int, int], ...] = ()
    moved: dict[str, tuple[FiniteFloat, FiniteFloat]] = {}
    position: int = Field(FAR, ge=0)
    along: str = Field("", max_length=40)
    step: float = Field(0.1, gt=0, le=1e6)


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore")
    format: Literal[1] = FORMAT
    cvlab: str = cvlab.__version__
    title: str = Field("Untitled", max_length=200)
    panel: str = Field("builder", max_length=40)
    architecture: Architecture
    recipe: Recipe
    builder: _Builder = _Builder()
    training: _Training = _Training()
    digits: _Digits = _Digits()
    circuits: _Circuits = _Circuits()
    linear: SavedLinear = SavedLinear()
    optimization: SavedOptimization = SavedOptimization()


def save_project(project: Project, path: Path) -> None:
    """Writes the whole project or nothing. Raises `CannotWrite`."""
    document = _Document(
        title=project.title,
        panel=project.panel,
        architecture=project.architecture,
        recipe=project.recipe,
        builder=_Builder(**asdict(project.builder)),
        training=_Training(**asdict(project.training)),
        digits=_Digits(**asdict(project.digits)),
        circuits=_saved(project.circuits),
        linear=SavedLinear.of(project.linear),
        optimization=SavedOptimization.of(project.optimization),
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(DOCUMENT, document.model_dump_json(indent=1))
    write_whole(path, buffer.getvalue())


def _saved(circuits: CircuitsState) -> _Circuits:
    return _Circuits(**asdict(circuits.document), position=circuits.position, along=circuits.along, step=circuits.step)


def load_project(path: Path) -> Project:
    """A project from its file; raises `NotOurFile`, `NewerFile`. Touches nothing that is open."""
    try:
        with zipfile.ZipFile(io.BytesIO(read_bounded(path, MAX_FILE))) as archive:
            info = archive.getinfo(DOCUMENT)
            if info.file_size > MAX_DOCUMENT:
                raise NotOurFile(f"The document in {path.name} is larger than {MAX_DOCUMENT / 1e6:.0f} MB.")
            with archive.open(info) as file:
                data = json.loads(file.read(MAX_DOCUMENT + 1))
    except (
        OSError,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        RuntimeError,
        EOFError,
        RecursionError,
        NotImplementedError,
    ) as error:
        raise NotOurFile(
            f"{path.name} is not a cvlab project, or only a part of one.",
            received=str(error)[:120],
            remedy="Nothing was changed. Choose another file.",
        ) from error
    except Exception as error:
        if type(error).__module__ != "zlib":
            raise
        raise NotOurFile(f"{path.name} is damaged.", remedy="Nothing was changed. Choose another file.") from error
    return _build(_validate(_migrate(data, path), path))


def _migrate(data: Any, path: Path) -> dict[str, Any]:
    version = data.get("format") if isinstance(data, dict) else None
    if not isinstance(version, int) or version < 1:
        raise NotOurFile(f"{path.name} is not a cvlab project.", remedy="Nothing was changed. Choose another file.")
    if version > FORMAT:
        raise NewerFile(
            f"{path.name} was written by a later cvlab.",
            received=f"format {version}, this version knows {FORMAT}",
            remedy="Update cvlab to open it.",
        )
    while version < FORMAT:
        data = MIGRATIONS[version](data)
        version += 1
    return data


def _validate(data: dict[str, Any], path: Path) -> _Document:
    try:
        return _Document.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise NotOurFile(
            f"{path.name} cannot be used: {'.'.join(map(str, first['loc']))}: {first['msg']}.",
            remedy="Nothing was changed. Choose another file.",
        ) from error


def _build(document: _Document) -> Project:
    selected = tuple(i for i in document.builder.selected if i in document.architecture.by_id)
    return Project(
        title=document.title,
        panel=document.panel,
        architecture=document.architecture,
        recipe=document.recipe,
        builder=BuilderState(selected=selected),
        training=TrainingState(**document.training.model_dump()),
        digits=DigitsState(**document.digits.model_dump() | {"steps": document.digits.steps}),
        circuits=_circuits(document.circuits),
        linear=document.linear.state(),
        optimization=document.optimization.state(),
    )


def _circuits(saved: _Circuits) -> CircuitsState:
    fields = ("text", "values", "merge", "collapsed", "expanded", "moved")
    document = CircuitDocument(**{name: getattr(saved, name) for name in fields})
    try:
        document.circuit  # noqa: B018  (reading it is the check)
    except ExpressionError as error:
        raise NotOurFile(
            f"The circuit in this project cannot be read: {error}", remedy="Nothing was changed. Choose another file."
        ) from error
    return CircuitsState(document=document, position=saved.position, along=saved.along, step=saved.step)
