"""The project file: a zip with one JSON document. Parse, migrate step by step, validate, build; only then replace anything."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import cvlab
from cvlab.core.panels import STATES, saved_class
from cvlab.core.project import Project, ProjectSnapshot
from cvlab.engine.archive import Archive
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import NewerFile, NotOurFile
from cvlab.engine.files import load_json, read_bounded
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.validation import first_problem

FORMAT = 1
MAX_FILE, MAX_DOCUMENT = 50_000_000, 50_000_000
DOCUMENT = "project.json"
MAX_TITLE = 200

MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From format n to n + 1. Format 1 is the first, so there is none yet."""


class _Document(BaseModel):
    """Beside these fields, one section a panel, by its id."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)
    format: Literal[1] = FORMAT
    cvlab: str = cvlab.__version__
    title: str = Field("Untitled", max_length=MAX_TITLE)
    panel: str = Field("builder", max_length=40)
    architecture: Architecture
    recipe: Recipe
    test_unlocked: bool = False
    test_revealed: tuple[str, ...] = Field((), max_length=10_000)
    test_reads: dict[str, int] = Field({}, max_length=10_000)


def save_project(project: Project, path: Path) -> None:
    """Writes the whole project or nothing. Raises `CannotWrite`."""
    snapshot = project.snapshot()
    write_whole(path, project_bytes(snapshot, snapshot.sections()))


def project_bytes(snapshot: ProjectSnapshot, sections: Mapping[str, Any], **more: str) -> bytes:
    """The content of a project file.

    Args:
        snapshot: title, panel, architecture and recipe are taken from it.
        sections: the panels' parts, by panel id.
        **more: texts of further members of the archive, by name without `.json`; opening a project passes over them.
    """
    document = _Document(
        title=title_of(snapshot.title),
        panel=snapshot.panel,
        architecture=snapshot.architecture,
        recipe=snapshot.recipe,
        test_unlocked=snapshot.test_unlocked,
        test_revealed=snapshot.test_revealed,
        test_reads=snapshot.test_reads,
        **sections,
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in more.items():
            archive.writestr(f"{name}.json", text)
        archive.writestr(DOCUMENT, document.model_dump_json(indent=1))
    return buffer.getvalue()


def title_of(name: str) -> str:
    """A project's title from the name of its file: what JSON can hold, at most 200 characters."""
    return name.encode("utf-8", "replace").decode("utf-8")[:MAX_TITLE]


def load_project(path: Path, *, ours: bool = False) -> Project:
    """A project from its file; raises `NotOurFile`, `NewerFile`. Touches nothing that is open.

    ours: the file is our own autosave, and the window waits for it: a panel's section is read when the panel is first looked
    at, instead of being checked here.
    """
    try:
        with Archive(read_bounded(path, MAX_FILE), ratio_from=MAX_DOCUMENT) as archive:
            data = load_json(archive.content(archive.getinfo(DOCUMENT), MAX_DOCUMENT))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise NotOurFile(
            f"{path.name} is not a cvlab project, or only a part of one.",
            received=str(error)[:120],
            remedy="Nothing was changed. Choose another file.",
        ) from error
    document = _validate(_migrate(data, path), path)
    if not ours:
        _check_sections(document, path)
    return _build(document)


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
        raise _unusable(path, error) from error


def _check_sections(document: _Document, path: Path) -> None:
    sections = document.model_extra or {}
    for panel_id in STATES:
        if panel_id in sections:
            try:
                saved_class(panel_id).model_validate(sections[panel_id])
            except ValidationError as error:
                raise _unusable(path, error, panel_id) from error


def _unusable(path: Path, error: ValidationError, place: str = "") -> NotOurFile:
    return NotOurFile(
        f"{path.name} cannot be used: {first_problem(error, place)}",
        remedy="Nothing was changed. Choose another file.",
    )


def _build(document: _Document) -> Project:
    project = Project(
        title=document.title,
        panel=document.panel,
        architecture=document.architecture,
        recipe=document.recipe,
        test_unlocked=document.test_unlocked,
        test_revealed=document.test_revealed,
        test_reads=document.test_reads,
    )
    project.keep(document.model_extra or {})
    selected = project.builder.selected
    project.builder.selected = tuple(i for i in selected if i in document.architecture.by_id)
    return project
