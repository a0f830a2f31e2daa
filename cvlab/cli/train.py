"""`cvlab train` and `cvlab resume`: the same runs as the window's, in the same folders."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvlab import console
from cvlab.cli.arguments import check_model, check_recipe, data_entry, existing_file, run_folder, unknown
from cvlab.cli.parser import number
from cvlab.cli.progress import Interrupts, ProgressLine, duration
from cvlab.core import leftovers, paths
from cvlab.core.recipes import Recipes, read_recipe
from cvlab.core.run import load_recorded
from cvlab.core.runs import Run, Runs
from cvlab.core.storage.net_folder import RECORD, NetFolder
from cvlab.core.storage.run_folder import WEIGHTS, RunFolder
from cvlab.engine.errors import RecipeError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import Dropout
from cvlab.engine.spec import Spec
from cvlab.engine.training.presets import PRESETS
from cvlab.engine.training.recipe import Recipe

if TYPE_CHECKING:
    from cvlab.core.weights import Weights
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.training.team import Team


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    train = verbs.add_parser("train", parents=[shared], help="train a net; the run folder is the window's, too")
    train.add_argument(
        "net", help=f"one of {', '.join(zoo.ZOO)}; a project or a run's folder, with its recipe; or JSON"
    )
    add_recipe_flag(train)
    add_recipe_flags(train)
    train.add_argument(
        "--dropout", type=number(0, 0.95), metavar="SHARE", help="of LeNet, before its first FC (default: 0.5; 0: none)"
    )
    train.add_argument(
        "--runs", type=Path, metavar="DIR", help="where the run folder goes (default: cvlab's own place)"
    )
    train.add_argument(
        "--begin-with", metavar="NET|FILE",
        help="go on from trained weights: of a run, an imported net, lenet-mnist, or a weights file. Layers that they do not fit "
        "begin anew",
    )  # fmt: skip
    add_test_flag(train)
    train.set_defaults(verb=_train)

    resume = verbs.add_parser("resume", parents=[shared], help="go on with a run that was stopped or cut off")
    resume.add_argument("run", type=Path, help="the run's folder, or its id")
    add_test_flag(resume)
    resume.set_defaults(verb=_resume)

    recipe = verbs.add_parser(
        "recipe", parents=[shared], help="every setting of a recipe: its value, its range, what it does"
    )
    recipe.add_argument("net", nargs="?", default="lenet", help="a project or a run's folder, for its recipe")
    add_recipe_flag(recipe)
    add_recipe_flags(recipe)
    recipe.set_defaults(verb=_show_recipe)


def add_recipe_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--recipe", type=Path, metavar="NAME|FILE",
        help=f"one of {', '.join(PRESETS)}, or of your own; a recipe in JSON, of a project, or of a run's folder",
    )  # fmt: skip


def add_test_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-test", action="store_true", help="do not read the test set at the end: for runs that are still compared"
    )


def add_recipe_flags(parser: argparse.ArgumentParser) -> None:
    """A flag for every setting of the recipe that stands alone, and for the kind of every section; --set reaches the rest."""
    for name, field in Recipe.model_fields.items():
        inner = field.annotation
        section = inner if isinstance(inner, type) and issubclass(inner, Spec) else None
        if section is not None:
            field = section.model_fields.get("kind")
        if field is not None:
            parser.add_argument(
                f"--{name.replace('_', '-')}",
                metavar="KIND" if section else name.upper(),
                help=f"{field.description} (default: {field.default})".replace("%", "%%"),
            )
    parser.add_argument("--lr", metavar="RATE", help="learning rate (optimizer.learning_rate)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE",
        help="any setting, e.g. optimizer.lr=0.01; `cvlab recipe` lists them all",
    )  # fmt: skip


def _train(arguments: argparse.Namespace) -> dict:
    recipe = check_recipe(recipe_of(arguments))
    net = _net(arguments, recipe)
    runs = _runs(arguments.runs or paths.runs(), reads_test=not arguments.no_test)
    if (team := _team()) is not None:
        with team:
            if not team.is_first:
                return _assist(net, recipe, team, reads_test=not arguments.no_test)
            return follow(lambda: runs.start(net, recipe, begin_with=_beginning(arguments, net), team=team))
    return follow(lambda: runs.start(net, recipe, begin_with=_beginning(arguments, net)))


def _beginning(arguments: argparse.Namespace, net: Architecture) -> Weights | None:
    """What --begin-with asks for, or None."""
    if arguments.begin_with is None:
        return None
    from cvlab.core.models import Models
    from cvlab.core.net_import import WEIGHTS as WEIGHTS_FILES
    from cvlab.core.weights import beginning

    models = Models(paths.resources() / "models", _runs(paths.runs()), paths.nets())
    if (path := Path(arguments.begin_with)).suffix.lower() in WEIGHTS_FILES:
        existing_file(path)
    else:
        check_model(models, arguments.begin_with)
    weights = beginning(net, arguments.begin_with, models)
    console.say(f"It begins with the weights of {weights.title}.")
    return weights


def _resume(arguments: argparse.Namespace) -> dict:
    path = run_folder(arguments.run)
    runs = _runs(path.parent, reads_test=not arguments.no_test)
    if (team := _team()) is not None:
        with team:
            if not team.is_first:
                record = RunFolder.open(path).record
                return _assist(record.architecture, record.recipe, team, path, reads_test=not arguments.no_test)
            return follow(lambda: runs.resume(path, team=team))
    return follow(lambda: runs.resume(path))


def _show_recipe(arguments: argparse.Namespace) -> dict:
    if arguments.net not in zoo.ZOO and _file(arguments.net) is None:
        raise unknown("project or run", arguments.net, zoo.ZOO, "Give a file, or the folder of a run.")
    recipe = recipe_of(arguments)
    lines, fields = [], {}
    for path, value in recipe.flat().items():
        info = Recipe.field(path)
        limits = " ".join(str(limit) for limit in info.metadata)
        fields[path] = {"value": value, "title": info.title, "help": info.description, "live": path in Recipe.live()}
        unused = "" if recipe.uses(path) else "  (not used)"
        lines.append(f"{path} = {value}{unused}\n    {info.description} {limits}".rstrip())
    return {"recipe": recipe.model_dump(), "fields": fields, "text": "\n".join(lines)}


def _team() -> Team | None:
    """The processes beside this one, under `torchrun`."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return None  # without loading PyTorch
    from cvlab.engine.training.team import Team

    return Team.launched()


def _assist(
    net: Architecture, recipe: Recipe, team: Team, path: Path | None = None, *, reads_test: bool = True
) -> dict:
    """What the processes beside the first one do: the same steps on their part of each batch. They write nothing."""
    from cvlab.engine.training.control import Control
    from cvlab.engine.training.fit import fit
    from cvlab.engine.training.learner import Learner

    def load() -> Dataset:
        return _runs(paths.runs()).load_data(recipe.data)

    folder = None if path is None else RunFolder.open(path)
    data = load() if folder is None else load_recorded(folder.record, load)
    learner = Learner(net, data, recipe, team)
    if folder is not None:
        folder.restore_state(learner)
    control = Control()
    control.reads_test = lambda: reads_test
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, lambda *_: control.stop())
    for _ in fit(learner, control):
        pass
    return {"silent": True, "text": ""}


def _runs(root: Path, *, reads_test: bool = True) -> Runs:
    from cvlab.engine.data import catalogue

    def load(dataset_id: str) -> Dataset:
        return catalogue.load(dataset_id, root=paths.data(), bundled=paths.resources() / "data")

    def find(net: Architecture, which: str) -> Weights:
        from cvlab.core.models import Models
        from cvlab.core.weights import beginning

        return beginning(net, which, Models(paths.resources() / "models", runs, paths.nets()))

    runs = Runs(root, load, find, reads_test=lambda: reads_test)
    return runs


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    """The recipe of a file, of the project or the run that gives the net, or the default; with the flags over it."""
    recipe = Recipe() if arguments.recipe is None else read_recipe(arguments.recipe, Recipes(paths.recipes()))
    if arguments.recipe is None and (path := _file(arguments.net)) is not None and path.suffix != ".json":
        recipe = read_recipe(path)
    return recipe.changed(**flags_of(arguments))


def flags_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given as flags, by dotted name."""
    values: dict[str, Any] = {}
    for name, field in Recipe.model_fields.items():
        value = getattr(arguments, name, None)
        if value is not None:
            inner = field.annotation
            section = isinstance(inner, type) and issubclass(inner, Spec)
            values[f"{name}.kind" if section else name] = value
    if arguments.lr is not None:
        values["optimizer.learning_rate"] = arguments.lr
    for pair in arguments.set:
        name, equals, value = pair.partition("=")
        if not equals:
            raise RecipeError("--set takes FIELD=VALUE.", received=pair[:80])
        path = Recipe.canonical(name)
        if path not in Recipe.model_fields:
            Recipe.field(path)  # names the setting that was meant, if there is none of this name
        values[path] = value
    return values


def _net(arguments: argparse.Namespace, recipe: Recipe) -> Architecture:
    net = find_net(arguments.net, recipe.data)
    if arguments.dropout is None:
        return net
    dropouts = [node.id for node in net.nodes if isinstance(node.layer, Dropout)]
    if arguments.dropout == 0:
        return net.remove(dropouts)
    for node_id in dropouts:
        net = net.with_layer(node_id, Dropout(drop=arguments.dropout))
    return net


def find_net(name: str, dataset_id: str = "mnist-mini") -> Architecture:
    """A zoo net fitted to the data, the net of a project file or of a run, or an architecture's JSON file."""
    from cvlab.core.storage.project_file import load_project
    from cvlab.engine.files import read_bounded

    path = _file(name)
    kept = path if path is not None else paths.nets() / Path(name).name
    with contextlib.suppress(OSError, ValueError):  # a name that no file can have
        if (kept / RECORD).is_file():
            return NetFolder.open(kept).record.architecture
    if path is not None:
        if path.is_dir():
            return RunFolder.open(path).record.architecture
        if path.suffix == ".json":
            return Architecture.from_json(read_bounded(path, 50_000_000))
        return load_project(path).architecture
    if name not in zoo.ZOO and ("/" in name or "." in name):
        existing_file(path or Path(name))
    if name not in zoo.ZOO:
        kept_ids = [each.parent.name for each in paths.nets().glob(f"*/{RECORD}")]
        raise unknown("net", name, [*zoo.ZOO, *kept_ids], f"The ready nets are {', '.join(zoo.ZOO)}.")
    entry = data_entry(dataset_id)
    return zoo.make(name, entry.image_shape, len(entry.classes))


def _file(name: str) -> Path | None:
    """The file or folder that is meant, if it is not the name of a ready net."""
    path = Path(name)
    with contextlib.suppress(OSError, ValueError):  # a name that no file can have
        return path if name not in zoo.ZOO and path.exists() else None
    return None


def follow(begin: Callable[[], Run]) -> dict:
    """Begins a run and shows its progress until it has ended. The first Ctrl+C stops it after the running batch, and it can be
    resumed; the second ends the program, which loses no more than `kill` does."""
    leftovers.remove_all()
    line = ProgressLine()
    with Interrupts() as interrupts:  # before it begins: a run that is on its way must be stopped, not left
        run = begin()
        interrupts.told(run.stop)
        shown_epoch, said = 0, ""
        try:
            while run.is_active:
                ended = run.join(0.1)
                run.deliver()
                state = run.state
                if state.notice != said:
                    said = state.notice
                    line.end()
                    console.say(said)
                epochs = len(run.curves["epoch_loss"])
                if epochs > shown_epoch:
                    shown_epoch = epochs
                    line.show(_epoch_line(run, epochs), now=sys.stderr.isatty() or epochs == state.epochs)
                    if sys.stderr.isatty():
                        line.end()
                elif state.step:
                    line.show(_step_line(run))
                if ended and run.is_active and not run.mailbox.collect():
                    break
            run.join()  # an interpreter that ends while the thread still frees what it trained with crashes
        finally:
            line.end()
    return _result(run)


def _step_line(run: Run) -> str:
    state = run.state
    text = f"epoch {state.epoch}/{state.epochs}  step {state.step}/{state.total_steps}  loss {state.train_loss:.4f}"
    if state.eta is None:  # the first step: nothing can be said about the pace yet
        return text
    return f"{text}  {state.images_per_second:,.0f} images/s  {duration(state.eta)} left"


def _epoch_line(run: Run, epoch: int) -> str:
    state = run.state
    loss, accuracy = run.curves["epoch_loss"].last, run.curves["epoch_accuracy"].last
    text = f"epoch {epoch}/{state.epochs}  train loss {loss[1]:.4f}, accuracy {accuracy[1]:.2%}"  # type: ignore[index]
    if state.held_out_loss is not None:
        text += f"  held-out loss {state.held_out_loss:.4f}, accuracy {state.held_out_accuracy:.2%}"
    return f"{text}  {state.images_per_second:,.0f} images/s"


def _result(run: Run) -> dict:
    state = run.state
    result = {
        "run": run.id,
        "folder": str(run.folder.path),
        "status": state.status,
        "steps": state.step,
        "epochs": len(run.curves["epoch_loss"]),
        "seconds": round(state.seconds, 3),
        "images_per_second": round(state.images_per_second, 1),
        "device": state.device,
        "notice": state.notice,
        "train_loss": _last(run, "epoch_loss"),
        "train_accuracy": _last(run, "epoch_accuracy"),
        "held_out_loss": state.held_out_loss,
        "held_out_accuracy": state.held_out_accuracy,
        "test_accuracy": state.test_accuracy,
        "recipe": run.recipe.model_dump(),
        "weights": str(run.folder.path / WEIGHTS) if (run.folder.path / WEIGHTS).exists() else None,
    }
    if state.failure is not None:
        failure = state.failure
        words = " ".join(part for part in (f"{failure.title}.", failure.what, failure.remedy) if part)
        console.say(words)
        return result | {"failed": True, "error": {"what": failure.what, "remedy": failure.remedy}, "text": ""}
    text = f"{run.title}: {state.status} after {result['epochs']} epochs in {duration(state.seconds)}."
    if state.test_accuracy is not None:
        text += f"\nTest accuracy {state.test_accuracy:.2%}."
    return result | {"text": f"{text}\nRun folder: {run.folder.path}"}


def _last(run: Run, curve: str) -> float | None:
    last = run.curves[curve].last
    return None if last is None else last[1]
