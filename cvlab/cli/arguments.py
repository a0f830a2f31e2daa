"""What the arguments name, found before any work begins: files, runs, nets, data sets, devices. Whatever is not there is a
`UsageError`, exit status 2, with the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.cli.parser import did_you_mean
from cvlab.core import paths
from cvlab.engine.errors import CvlabError, DataError

if TYPE_CHECKING:
    from cvlab.core.models import Models
    from cvlab.engine.data.entries import Entry
    from cvlab.engine.training.recipe import Recipe


class UsageError(CvlabError):
    """The arguments are wrong: exit status 2."""

    title = "The arguments are wrong"


def failure(what: str, remedy: str = "") -> dict:
    """What a verb adds to its document where its work has failed: exit status 1."""
    return {"failed": True, "error": {"what": what, "remedy": remedy}}


def unknown(kind: str, name: str, known: Iterable[str] = (), remedy: str = "") -> UsageError:
    """There is no such run, net, panel. known: the names there are; the nearest is suggested. remedy: what lists them."""
    guess = did_you_mean(name, known)
    return UsageError(f"There is no {kind} “{name[:80]}”.", remedy=f"{guess} {remedy}".strip())


def existing_file(path: Path) -> Path:
    """The path, of a file or a folder that is there."""
    if not _exists(path):
        beside = [each.name for each in _within(path.parent)]
        raise UsageError(f"There is no file {path}.", remedy=did_you_mean(path.name, beside))
    return path


def existing_folder(path: Path) -> Path:
    """The path, of a folder that is there."""
    if not (_exists(path) and path.is_dir()):
        raise UsageError(f"There is no folder {path}.")
    return path


def run_folder(name: Path) -> Path:
    """The folder of a run that is given by its path or its id."""
    for path in (name, paths.runs() / name):
        if _exists(path / "run.json"):
            return path
    if _exists(name):
        raise UsageError(f"{name} holds no run.", remedy="Give the id of a run, or a folder with a run.json in it.")
    ids = [path.parent.name for path in paths.runs().glob("*/run.json")]
    raise unknown("run", str(name), ids, "`cvlab runs list` shows those there are.")


def search_folder(name: Path, root: Path) -> Path:
    """The folder of a search that is given by its path or its id."""
    from cvlab.core.searches import RECORD

    for path in (name, root / name):
        if _exists(path / RECORD):
            return path
    raise unknown("search", str(name), [path.parent.name for path in root.glob(f"*/{RECORD}")])


def data_entry(dataset_id: str) -> Entry:
    """The data set's entry in the catalogue."""
    from cvlab.engine.data import catalogue

    try:
        return catalogue.find(dataset_id, paths.data())
    except DataError as error:
        raise UsageError(error.what, remedy=error.remedy) from error


def check_model(models: Models, model_id: str) -> str:
    """The id or path of a trained net that is there."""
    if models.find(model_id) is None:
        raise unknown(
            "trained net", model_id, models.ids(), "Give lenet-mnist, the id or folder of a run, or of an imported net."
        )
    return model_id


def check_recipe(recipe: Recipe) -> Recipe:
    """The recipe, whose data set is in the catalogue and whose device is in this machine."""
    data_entry(recipe.data)
    if recipe.device not in ("auto", "cpu"):
        from cvlab.engine.training import device

        device.choose(recipe.device)  # raises RecipeError, exit status 2 as well
    return recipe


def check_device(name: str) -> str:
    """The name of one of PyTorch's devices that can be computed on here."""
    import torch

    try:
        torch.zeros(1, device=torch.device(name))
    except (RuntimeError, AssertionError, NotImplementedError, ValueError, TypeError, ImportError) as error:
        raise UsageError(
            f"This machine has no device “{name[:40]}” that PyTorch can use.",
            remedy="`cvlab doctor` shows what there is.",
        ) from error
    return name


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _within(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (OSError, ValueError):
        return []
