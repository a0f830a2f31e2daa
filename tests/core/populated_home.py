"""A CVLAB_HOME with a file of every kind, and what can happen to a file while no window is open."""

from __future__ import annotations

import json
import os

from cvlab.core import paths
from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.recipes import recipe_bytes
from cvlab.core.settings import Settings
from cvlab.core.storage.net_folder import NetRecord
from cvlab.core.storage.queue_folder import QueuedRun, QueueFolder
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe

EPOCHS = 44
KINDS = ("settings", "queue", "run", "notes", "net", "knn", "recipe", "autosave")
"""By a name: see `populate`. The window's own file is made by a window."""


def populate(home):
    """A file of each kind, by its name in `KINDS`."""
    Settings(theme="dark").save()
    net, recipe = zoo.two_layer(), Recipe()
    name = QueueFolder(paths.runs() / "queue").write(QueuedRun(title="waits", architecture=net, recipe=recipe))
    folder = RunFolder.create(paths.runs(), net, recipe)
    folder.annotate(text="good")
    nets = paths.nets() / "net-a"
    nets.mkdir(parents=True)
    record = NetRecord(id="net-a", title="a", created="2026-11-30T10:00:00+00:00", architecture=net)
    (nets / "net.json").write_text(record.model_dump_json())
    knn = {"id": "knn-1", "created": "2026-11-30T10:00:00+00:00", "data": "mnist-mini", "metric": "l2", "k": 1,
           "train_count": 2, "test_count": 2, "right": 1, "seconds": 0.5, "classes": ["a"], "confusion": [[2]]}  # fmt: skip
    (paths.runs() / "knn-1.json").write_text(json.dumps(knn))
    paths.recipes().mkdir(parents=True)
    (paths.recipes() / "mine.json").write_bytes(recipe_bytes(recipe))
    lab = Lab()
    lab.history.push(SetField(lab.project, "recipe", lab.project.recipe.changed(epochs=EPOCHS), "Edit"))
    project = lab.autosave.folder.project
    lab.close()
    return {
        "settings": paths.settings() / "settings.json",
        "queue": paths.runs() / "queue" / f"{name}.json",
        "run": folder.path / "run.json",
        "notes": folder.path / "notes.json",
        "net": nets / "net.json",
        "knn": paths.runs() / "knn-1.json",
        "recipe": paths.recipes() / "mine.json",
        "autosave": project,
    }


def _wrong_types(whole):
    try:
        values = json.loads(whole)
    except ValueError:
        return b"{}"
    return json.dumps({name: [{"deep": value}] for name, value in values.items()}).encode()


def _not_a_number(whole):
    try:
        values = json.loads(whole)
    except ValueError:
        return b"NaN"
    return json.dumps({name: float("nan") for name in values}).encode()


CONTENTS = {
    "empty": lambda whole: b"",
    "cut": lambda whole: whole[: len(whole) // 2],
    "not utf-8": lambda whole: b"\xff\xfe\x00{" + whole,
    "nul bytes": lambda whole: b"\0" * len(whole),
    "byte order mark": lambda whole: b"\xef\xbb\xbf" + whole,
    "another type": lambda whole: b"[1]",
    "nothing": lambda whole: b"null",
    "wrong types": _wrong_types,
    "not a number": _not_a_number,
    "deep": lambda whole: b"[" * 100_000,
    "deep object": lambda whole: b'{"a":' * 50_000,
    "large number": lambda whole: b'{"format": ' + b"9" * 5000 + b"}",
    "two megabytes": lambda whole: b'{"theme": "' + b"x" * 2_000_000 + b'"}',
}
SHAPES = ("folder", "dangling link", "pipe")
MUTATIONS = (*CONTENTS, *SHAPES)


def mutate(path, how):
    """Changes the file; returns what it holds now, None where it is no file."""
    whole = path.read_bytes()
    if how in CONTENTS:
        path.write_bytes(CONTENTS[how](whole))
        return CONTENTS[how](whole)
    path.unlink()
    if how == "folder":
        path.mkdir()
        (path / "inside").write_bytes(b"something")
    elif how == "dangling link":
        path.symlink_to(path.with_name("nowhere"))
    else:
        os.mkfifo(path)
    return None


def is_kept(home, content, how):
    """Whether what the file was is still somewhere."""
    if content is not None:
        files = [path for path in home.rglob("*") if path.is_file() and path.stat().st_size == len(content)]
        return any(path.read_bytes() == content for path in files)
    found = [path for path in home.rglob("*") if ".damaged-" in str(path)]
    tests = {"folder": lambda path: path.name == "inside", "dangling link": lambda path: path.is_symlink(),
             "pipe": lambda path: path.is_fifo()}  # fmt: skip
    return any(tests[how](path) for path in found)
