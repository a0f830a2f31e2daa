"""Recipes by name: those that ship, and the person's own, a file each; and recipes in files, projects and run folders."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from psygnal import Signal

from cvlab.core.jobs import JobControl
from cvlab.core.project import Project
from cvlab.core.state import batch
from cvlab.core.storage.project_file import load_project
from cvlab.core.storage.record import RECORD
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.disk import refused, write_whole
from cvlab.engine.errors import CvlabError, RecipeError
from cvlab.engine.files import load_json, read_bounded
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.presets import PRESETS
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.validation import read_failure

SUFFIX = ".json"
MAX_FILE = 1_000_000
MOST = 500
DEFAULT = "default"
"""The name of the recipe that everything begins with."""

_NAME = re.compile(r"[^\W_][\w .,()+=@%-]{0,59}")
_OF_THE_SYSTEM = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that a file may not have on Windows."""


@dataclass(frozen=True)
class NamedRecipe:
    """name: by which the command line knows it, too. words: what it is, in a line; "" where only its
    settings tell; of one that cannot be read, why. net: of the
    zoo, that it was made for, "" where that is not known. own: the person's. recipe: None where it cannot be read."""

    name: str
    title: str
    words: str
    recipe: Recipe | None
    net: str = ""
    own: bool = False


class Recipes:
    """Reads and writes the person's own in `folder`; `changed` when there are others. Names are told apart as Windows does it,
    whatever their letters' case."""

    changed = Signal()

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[NamedRecipe]:
        """The default, then what ships, then the person's own by name. One that cannot be read is there with the reason."""
        return [*SHIPPED, *self.own()]

    def own(self) -> list[NamedRecipe]:
        return [self._read(path) for path in self._files()]

    def _files(self) -> list[Path]:
        with suppress(OSError):
            found = sorted(self.folder.glob(f"*{SUFFIX}"), key=lambda path: path.stem.casefold())
            return [path for path in found if not path.name.startswith(".")][:MOST]
        return []

    def _file(self, name: str) -> Path | None:
        """Where one's own recipe of this name lies, if there is one."""
        wanted = name.strip().casefold()
        return next((path for path in self._files() if path.stem.casefold() == wanted), None)

    def has(self, name: str) -> bool:
        """Whether one's own recipe has this name."""
        return self._file(name) is not None

    def _read(self, path: Path) -> NamedRecipe:
        try:
            recipe = read_recipe_file(path)
        except CvlabError as error:
            return NamedRecipe(path.stem, path.stem, str(error), None, own=True)
        return NamedRecipe(path.stem, path.stem, "", recipe, own=True)

    def find(self, name: str) -> NamedRecipe | None:
        """The recipe of this name, if there is one."""
        wanted = name.strip().casefold()
        path = self._file(wanted)
        return next((each for each in SHIPPED if each.name == wanted), self._read(path) if path is not None else None)

    def why_not(self, name: str) -> str:
        """Why one's own recipe cannot have this name; "" where it can. One that is there already can be replaced."""
        if not name.strip():
            return "Give it a name."
        if any(each.name.casefold() == name.strip().casefold() for each in SHIPPED):
            return f"“{name.strip()}” ships with cvlab. Choose another name."
        if not _NAME.fullmatch(name.strip()) or _OF_THE_SYSTEM.fullmatch(name.strip()) or name.strip().endswith("."):
            return "A name has up to 60 letters, digits, spaces and . , ( ) + = @ % - _, and begins with a letter or a digit."
        return ""

    def keep(self, name: str, recipe: Recipe) -> None:
        """Keeps it under this name, in place of the one that has it. Raises `RecipeError` for a bad name, `CannotWrite`."""
        if words := self.why_not(name):
            raise RecipeError(words, received=name[:80])
        write_whole(self._file(name) or self.folder / f"{name.strip()}{SUFFIX}", recipe_bytes(recipe))
        self.changed.emit()

    def forget(self, name: str) -> None:
        """Deletes one's own recipe; nothing where there is none. Raises `CannotWrite`."""
        path = self._file(name)
        try:
            if path is not None:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise refused(error, self.folder, kept=False) from error
        self.changed.emit()

    def bytes_of(self, name: str) -> tuple[str, bytes] | None:
        """Name and content of the file of one's own recipe, readable or not; None where there is none."""
        path = self._file(name)
        with suppress(OSError, CvlabError):
            return None if path is None else (path.stem, read_bounded(path, MAX_FILE))
        return None

    def put_back(self, name: str, before: tuple[str, bytes] | None) -> None:
        """One's own recipe as `bytes_of` had it. Raises `CannotWrite`."""
        if before is None:
            self.forget(name)
        else:
            write_whole(self.folder / f"{before[0]}{SUFFIX}", before[1])
            self.changed.emit()


@dataclass(frozen=True)
class FindRecipes:
    """A job: all of them."""

    recipes: Recipes

    def run(self, control: JobControl) -> list[NamedRecipe]:
        return self.recipes.all()


@dataclass(frozen=True)
class ReadRecipe:
    """A job: the recipe in a file, a project or a run's folder, called after it."""

    path: Path

    def run(self, control: JobControl) -> NamedRecipe:
        recipe = read_recipe(self.path)
        return NamedRecipe(str(self.path), self.path.name, "", recipe)


# -- files ---------------------------------------------------------------------------------------------------------------


def recipe_bytes(recipe: Recipe) -> bytes:
    """A recipe as a file: its settings as JSON. `cvlab train --recipe FILE` reads it."""
    return f"{recipe.model_dump_json(indent=1)}\n".encode()


def read_recipe(path: Path, recipes: Recipes | None = None) -> Recipe:
    """A recipe by its name, or in a JSON file, a project or a run's folder. Raises `RecipeError`, `NotOurFile`."""
    named = recipes.find(str(path)) if recipes is not None else next((n for n in SHIPPED if n.name == str(path)), None)
    if named is not None:
        if named.recipe is None:
            raise RecipeError(named.words)
        return named.recipe
    if path.name == RECORD:
        path = path.parent
    if path.is_dir():
        return RunFolder.open(path).record.recipe
    if path.suffix == ".cvlab":
        return load_project(path).recipe
    return read_recipe_file(path, names=[each.name for each in (recipes.all() if recipes is not None else SHIPPED)])


def read_recipe_file(path: Path, names: list[str] | None = None) -> Recipe:
    """The settings in a JSON file; those that it leaves out are the default's. names: that would have been understood, too.
    Raises `RecipeError`, `NotOurFile`."""
    try:
        values = load_json(read_bounded(path, MAX_FILE))
    except (OSError, ValueError) as error:
        if names and isinstance(error, FileNotFoundError):
            close = difflib.get_close_matches(str(path), names, n=1)
            guess = f"Did you mean “{close[0]}”? " if close else ""
            raise RecipeError(
                f"There is no recipe “{str(path)[:80]}”.",
                remedy=f"{guess}Give a file, or one of these names: {', '.join(names)}.",
            ) from error
        raise RecipeError(
            f"{path.name[:80]} cannot be read as a recipe.",
            received=read_failure(error),
            remedy=f"Give a file, or one of these names: {', '.join(names)}." if names else "Is it a recipe's file?",
        ) from error
    if not isinstance(values, dict):
        raise RecipeError(f"{path.name} is not a recipe.", received=type(values).__name__)
    return Recipe.read(values)


SHIPPED: tuple[NamedRecipe, ...] = (
    NamedRecipe(DEFAULT, "Default", "What a new project begins with", Recipe()),
    *(NamedRecipe(name, made.title, made.words, made.recipe, made.net) for name, made in PRESETS.items()),
)


# -- what can be undone --------------------------------------------------------------------------------------------------


class TakeRecipe:
    """A recipe, and perhaps the net that it was made for, becomes the project's: one step to undo."""

    def __init__(self, project: Project, recipe: Recipe, title: str, net: Architecture | None = None) -> None:
        self._project, self._old = project, (project.architecture, project.recipe)
        self._new = (net or project.architecture, recipe)
        self.label = f"Take the recipe {title}"

    def do(self) -> None:
        self._put(*self._new)

    def undo(self) -> None:
        self._put(*self._old)

    def _put(self, net: Architecture, recipe: Recipe) -> None:
        with batch(self._project):
            self._project.architecture, self._project.recipe = net, recipe

    def merge(self, later: object) -> bool:
        return False


class _OnDisk:
    """One's own recipe of a name changes; undo puts its file back as it was. Raises `RecipeError`, `CannotWrite`."""

    def __init__(self, recipes: Recipes, name: str, label: str, deed: Callable[[], None]) -> None:
        self._recipes, self._deed, self.label = recipes, deed, label
        self._name, self._before = name.strip(), recipes.bytes_of(name)

    def do(self) -> None:
        self._deed()

    def undo(self) -> None:
        self._recipes.put_back(self._name, self._before)

    def merge(self, later: object) -> bool:
        return False


def keeping(recipes: Recipes, name: str, recipe: Recipe) -> _OnDisk:
    """The command that keeps a recipe under a name."""
    return _OnDisk(recipes, name, f"Keep the recipe {name.strip()}", lambda: recipes.keep(name, recipe))


def forgetting(recipes: Recipes, name: str) -> _OnDisk:
    """The command that deletes one's own recipe."""
    return _OnDisk(recipes, name, f"Delete the recipe {name}", lambda: recipes.forget(name))
