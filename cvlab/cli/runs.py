"""`cvlab runs`: what was trained on this machine: list, show, compare, note, export; fork and branch off."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cvlab.cli.arguments import UsageError, check_recipe, existing_folder, run_folder, search_folder
from cvlab.cli.parser import whole
from cvlab.cli.progress import Shown
from cvlab.cli.train import _runs, add_recipe_flags, add_test_flag, flags_of, follow
from cvlab.core import paths
from cvlab.core.locked_test_set import reads_words
from cvlab.core.run import Run
from cvlab.core.run_list import changed_words
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.errors import CvlabError, NotOurFile
from cvlab.engine.training.recipe import Recipe

_FIGURES = ("held_out_accuracy", "train_accuracy", "test_accuracy", "train_loss")
"""Figures of a run: first that by which runs are chosen."""


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    group = verbs.add_parser(
        "runs", help="the runs on this machine: list, show, compare, note, export, tensorboard, fork, branch"
    )
    group.set_defaults(group_parser=group, json=False)
    inner = group.add_subparsers(metavar="list|show|compare|note|export|tensorboard|fork|branch")

    listed = inner.add_parser("list", parents=[shared], help="every run, newest first")
    listed.add_argument("--sort", choices=("created", "accuracy", "seconds"), default="created")
    listed.add_argument(
        "--filter", default="", metavar="WORD", help="only runs with this word in title, data, tags or notes"
    )
    listed.add_argument("--runs", type=Path, metavar="DIR", help="another folder of runs")
    listed.set_defaults(verb=_list)

    show = inner.add_parser("show", parents=[shared], help="one run: recipe, figures, checkpoints")
    show.add_argument("run", type=Path, help="a run's id or folder")
    show.set_defaults(verb=_show)

    compare = inner.add_parser("compare", parents=[shared], help="what differs between runs, and how they did")
    compare.add_argument("runs", type=Path, nargs="+", metavar="run")
    compare.set_defaults(verb=_compare)

    note = inner.add_parser("note", parents=[shared], help="write a note, tags or a title for a run; star it")
    note.add_argument("run", type=Path)
    note.add_argument("--text")
    note.add_argument("--title")
    note.add_argument("--tag", action="append", help="may be repeated; replaces the tags it has")
    note.add_argument("--star", action=argparse.BooleanOptionalAction, default=None)
    note.set_defaults(verb=_note)

    export = inner.add_parser("export", parents=[shared], help="a PyTorch script that repeats the run, with its data")
    export.add_argument("run", type=Path)
    export.add_argument("folder", type=Path, help="where train.py and data.npz go")
    export.set_defaults(verb=_export)

    board = inner.add_parser(
        "tensorboard", parents=[shared], help="TensorBoard's files, written for runs that have none; where they are"
    )
    board.add_argument("runs", type=Path, nargs="*", metavar="run", help="runs, by id or folder (default: all)")
    board.set_defaults(verb=_tensorboard)

    fork = inner.add_parser(
        "fork", parents=[shared], help="train again with something changed: same first weights, same batches"
    )
    fork.add_argument("run", type=Path)
    add_recipe_flags(fork)
    add_test_flag(fork)
    fork.set_defaults(verb=_fork)

    branch = inner.add_parser("branch", parents=[shared], help="go on from a checkpoint, with something changed")
    branch.add_argument("run", type=Path)
    branch.add_argument("step", type=whole(0, 10**12), help="one of the run's checkpoints: see `cvlab runs show`")
    add_recipe_flags(branch)
    add_test_flag(branch)
    branch.set_defaults(verb=_branch)


def _figure(folder: RunFolder) -> float | None:
    """By which runs are listed and sorted: never the test set's."""
    result = folder.result
    return next((result[key] for key in _FIGURES[:2] if result.get(key) is not None), None)


def _summary(folder: RunFolder) -> dict:
    record, notes, result = folder.record, folder.notes, folder.result
    return {
        "run": record.id, "title": folder.title, "created": record.created, "status": folder.status, "data": record.recipe.data,
        **{key: result.get(key) for key in _FIGURES}, "test_reads": record.times_test_read, "epochs": result.get("epoch"),
        "seconds": result.get("seconds"), "starred": notes.starred, "tags": list(notes.tags), "notes": notes.text,
        "parent": None if record.parent is None else record.parent.model_dump(),
    }  # fmt: skip


def _list(arguments: argparse.Namespace) -> dict:
    folders = _runs(existing_folder(arguments.runs) if arguments.runs else paths.runs()).folders()
    word = arguments.filter.lower()

    def matches(folder: RunFolder) -> bool:
        notes = folder.notes
        return word in " ".join([folder.title, folder.record.recipe.data, notes.text, *notes.tags]).lower()

    folders = [folder for folder in folders if matches(folder)]
    if arguments.sort == "accuracy":
        folders.sort(key=lambda folder: -(_figure(folder) or 0.0))
    elif arguments.sort == "seconds":
        folders.sort(key=lambda folder: folder.record.result.get("seconds") or 0.0)
    found = [_summary(folder) for folder in folders]
    lines = [
        f"{'*' if row['starred'] else ' '} {row['run']:<44} {row['status']:<9} {_share(_figure(folder)):>8}  {row['title']}"
        for row, folder in zip(found, folders, strict=True)
    ]
    return {"runs": found, "text": "\n".join(lines) or "There are no runs yet: `cvlab train lenet` makes one."}


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.2%}"


def _show(arguments: argparse.Namespace) -> dict:
    folder = RunFolder.open(run_folder(arguments.run))
    run = Run.read(folder)
    points = [{"step": point.step, "epoch": point.epoch, "bytes": point.size} for point in folder.checkpoints.all()]
    summary = _summary(folder) | {
        "folder": str(folder.path), "recipe": folder.record.recipe.model_dump(), "versions": folder.record.versions,
        "steps": run.state.step, "checkpoints": points,
        "knobs": [{"step": knob.step, "knob": knob.knob, "old": knob.old, "new": knob.new} for knob in run.knobs],
        "live_changes": [change.model_dump() for change in folder.live_changes],
        "failure": folder.record.result.get("failure"),
    }  # fmt: skip
    recipe = folder.record.recipe
    lines = [
        f"{folder.title} ({folder.record.id})",
        f"{summary['status']}, {summary['epochs'] or 0} epochs, {run.state.step:,} steps, "
        f"test {_share(summary['test_accuracy']) or '-'}, held out {_share(summary['held_out_accuracy']) or '-'}",
        reads_words(folder.record.times_test_read),
        *(f"  {path} = {_setting(folder, path)}" for path in recipe.flat() if recipe.uses(path)),
        f"Checkpoints at steps: {', '.join(str(point['step']) for point in points) or 'none'}",
    ]
    return summary | {"text": "\n".join(lines)}


def _compare(arguments: argparse.Namespace) -> dict:
    folders = [RunFolder.open(run_folder(run)) for run in arguments.runs]
    first = folders[0].record.recipe
    differing = {path for folder in folders[1:] for path in first.difference(folder.record.recipe)}
    differing |= {Recipe.canonical(change.setting) for folder in folders for change in folder.live_changes}
    differences = {path: [_setting(folder, path) for folder in folders] for path in first.flat() if path in differing}
    same_net = all(folder.record.architecture == folders[0].record.architecture for folder in folders)
    figures = {key: [folder.result.get(key) for folder in folders] for key in _FIGURES}
    rows = {"": [folder.record.id for folder in folders], **differences, **figures}
    cells = {name: [_cell(value) for value in values] for name, values in rows.items()}
    width = max(22, *(len(cell) for name in differences for cell in cells[name])) if differences else 22
    lines = [f"{name:<28} " + "  ".join(f"{cell:>{width}.{width}}" for cell in row) for name, row in cells.items()]
    if not same_net:
        lines.append("The nets differ, too.")
    return {
        "runs": [_summary(folder) for folder in folders],
        "differences": differences,
        "same_net": same_net,
        "text": "\n".join(lines),
    }


def _setting(folder: RunFolder, path: str) -> Any:
    """A setting of a run; where it was changed while the run trained, in words: "0.001 → 0.01 at step 117"."""
    value = folder.record.recipe.look_up(path)
    changes = [change for change in folder.live_changes if Recipe.canonical(change.setting) == path]
    return changed_words(value, changes) if changes else value


def _cell(value: Any) -> str:
    return "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _note(arguments: argparse.Namespace) -> dict:
    folder = RunFolder.open(run_folder(arguments.run))
    given = {"text": arguments.text, "title": arguments.title, "tags": arguments.tag, "starred": arguments.star}
    changes = {key: value for key, value in given.items() if value is not None}
    try:
        notes = folder.annotate(**changes)
    except NotOurFile as error:  # too long
        raise UsageError(error.what, remedy=error.remedy) from error
    return {"run": folder.record.id, **notes.model_dump(), "text": f"Noted for {folder.record.id}."}


def _export(arguments: argparse.Namespace) -> dict:
    from cvlab.core.export import ScriptExport

    path = run_folder(arguments.run)
    with Shown(lambda share: f"packing the data, {share:.0%}") as control:
        files = ScriptExport(path, arguments.folder, _runs(path.parent).load_data).run(control)
    return {"files": [str(path) for path in files], "text": "\n".join(map(str, files))}


def _tensorboard(arguments: argparse.Namespace) -> dict:
    from cvlab.core.export import BoardExport, board_folder

    folders = tuple(run_folder(run) for run in arguments.runs) or tuple(
        folder.path for folder in _runs(paths.runs()).folders()
    )
    if not folders:
        raise CvlabError("There are no runs yet.", remedy="`cvlab train lenet` makes one.")
    with Shown(lambda share: f"{share:.0%} of the runs") as control:
        written = BoardExport(folders).run(control)
    folder = board_folder(folders)
    return {
        "folder": str(folder), "written": written,
        "text": f"{written} of {len(folders)} had no files yet. To look at them: tensorboard --logdir {folder}",
    }  # fmt: skip


def _fork(arguments: argparse.Namespace) -> dict:
    path = run_folder(arguments.run)
    recipe = check_recipe(RunFolder.open(path).record.recipe.changed(**flags_of(arguments)))
    return follow(lambda: _runs(path.parent, reads_test=not arguments.no_test).fork(path, recipe))


def _branch(arguments: argparse.Namespace) -> dict:
    path = run_folder(arguments.run)
    folder = RunFolder.open(path)
    recipe = check_recipe(folder.record.recipe.changed(**flags_of(arguments)))
    steps = [point.step for point in folder.checkpoints.all()]
    if arguments.step not in steps:
        there = f"There are checkpoints at {', '.join(f'{step:,}' for step in steps)}." if steps else "It has none."
        raise UsageError(f"The run has no checkpoint at step {arguments.step:,}.", remedy=there)
    runs = _runs(path.parent, reads_test=not arguments.no_test)
    return follow(lambda: runs.branch(path, arguments.step, recipe))


def members_of(arguments: argparse.Namespace) -> list[Any]:
    """The nets that `cvlab ensemble` is asked for. Raises `UsageError` for none."""
    from cvlab.core import ensembles

    found = [ensembles.Member(run_folder(run), average=arguments.average) for run in arguments.runs]
    if arguments.search is not None:
        found += ensembles.of_search(search_folder(arguments.search, paths.runs()), arguments.top)
    if arguments.checkpoints is not None:
        found += ensembles.of_checkpoints(run_folder(arguments.checkpoints), arguments.top)
    if not found:
        raise UsageError("No nets were named.", remedy="Give runs, or --search, or --checkpoints.")
    return found
