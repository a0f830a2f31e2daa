"""Windows that are killed while somebody works in them, many at a time, and what the next start makes of what they leave.

Every edit is written to a log with its time before the next one is made; the log is the oracle of what may be lost.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import random
import signal
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import monotonic

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.panels import STATES
from cvlab.core.project import Project
from cvlab.engine.nets import zoo
from cvlab.engine.nets.layers import Conv
from tests.core.drivers.processes import end_of, forked

EDIT_MS = 20
LOG = "edits.jsonl"


def fingerprint(project):
    """Of everything that a project file holds of the project."""
    parts = (project.title, project.panel, project.architecture.model_dump_json(), project.recipe.model_dump_json())
    return hashlib.sha256(json.dumps([parts, project.sections()], sort_keys=True).encode()).hexdigest()


def edit(lab, dice):
    """One random edit, through the history or past it, of the net, the recipe or a panel."""
    project, number = lab.project, dice.randrange(1, 100_000)
    net, conv = project.architecture, project.architecture.by_name["conv1"].id
    change = dice.choice(
        [
            (project, "architecture", net.with_layer(conv, Conv(filters=1 + number % 60))),
            (project, "architecture", net.moved({conv: (float(number), 1.0)})),
            (project, "recipe", project.recipe.changed(epochs=1 + number % 900)),
            (project, "title", f"Title {number}"),
            (project, "panel", dice.choice(("builder", "digits", "training"))),
            (project.digits, "brush", 8 + number % 70),
            (project.training, "smoothing", 1 + number % 500),
            (project.builder, "selected", (conv,) if number % 2 else ()),
            (project.circuits, "document", project.circuits.document.turned({"x": float(number)})),
            (project.convolution, "speed", 1 + number % 1000),
            (project.linear, "lab", project.linear.lab.moved(0, number / 1e5, 0.5)),
            (project.neighbors, "plane", project.neighbors.plane.ruled(k=1 + number % 10)),
            (project.optimization, "race", replace(project.optimization.race, seed=number)),
            (project.runs, "find", f"words {number}"),
            (project.datasets, "image", number),
        ]
    )
    if dice.random() < 0.1:
        lab.history.undo()
    elif dice.random() < 0.6:
        lab.history.push(SetField(*change, "Edit"))
    else:
        setattr(*change)


def dies_in_writing(count):
    """The process is killed at its n-th autosave, when the temporary file is whole and not renamed yet."""
    rename, left = Path.replace, [count]

    def replace_or_die(self, target):
        if self.name.startswith(".project.cvlab."):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
        return rename(self, target)

    Path.replace = replace_or_die


def session(home, seed, seconds, delay, has_window, file):
    """Works until it is killed: after `seconds`, in every fifth session in the middle of an autosave."""
    if seed % 5 == 4:
        dies_in_writing(2)
    os.environ["CVLAB_HOME"] = str(home)
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from cvlab.ui.pump import Pump

    application = QApplication(sys.argv[:1])
    lab = Lab(autosave_delay=delay)
    lab.restore()
    lab.project.architecture = zoo.lenet()
    if file:
        lab.save(home / "work.cvlab")
    if has_window:
        from cvlab.ui.window import MainWindow

        window = MainWindow(lab)
        window.show()
    else:
        pump = Pump(lab)
        pump.start()
    dice, began = random.Random(seed), monotonic()
    log = os.open(home / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def work():
        if monotonic() - began > seconds:
            os.kill(os.getpid(), signal.SIGKILL)
        edit(lab, dice)
        os.write(log, f"{json.dumps([monotonic(), fingerprint(lab.project)])}\n".encode())

    timer = QTimer()
    timer.timeout.connect(work)
    timer.start(EDIT_MS)
    application.exec()


def recovered(home, file):
    """What a new start makes of it: the fingerprint after Restore, and how many seconds of edits are missing."""
    os.environ["CVLAB_HOME"] = str(home)
    edits = [json.loads(line) for line in (home / LOG).read_text().splitlines()]
    torn = [path.name for path in (home / "autosave").rglob(".project.cvlab.*")]
    lab = Lab()
    lab.restore()
    told = {
        "torn": torn,
        "opened": str(lab.project.path or ""),
        "title": lab.project.title,
        "clean": lab.history.is_clean,
    }
    offers = [notice for notice in lab.notices.all if notice.title.startswith("Recovered work from")]
    told |= {"offers": len(offers), "edits": len(edits)}
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(edits)]
    told["gap"] = max(gaps, default=0.0)
    if offers:
        offers[0].remedies[0].act()
        mark = fingerprint(lab.project)
        known = [at for at, (_, each) in enumerate(edits) if each == mark]
        told["known"] = bool(known)
        told["unsaved"] = not lab.history.is_clean
        lost = edits[known[-1] + 1 :] if known else edits
        told["lost"] = edits[-1][0] - lost[0][0] if lost else 0.0
    else:
        told["lost"] = edits[-1][0] - edits[0][0] if edits else 0.0
    lab.close()
    told["temporary"] = [path.name for path in (home / "autosave").rglob(".*")]
    told["path"] = str(home / "work.cvlab") if file else ""
    return told


def main(root, kills, delay, longest, seed):
    dice, told = random.Random(seed), []
    for name in STATES:
        getattr(Project(), name)  # imports what the children need once for all
    importlib.import_module("cvlab.ui.window")
    for first in range(0, kills, 10):
        children = []
        for number in range(first, min(first + 10, kills)):
            home, file = root / str(number), number % 2 == 1
            home.mkdir()
            seconds = dice.uniform(0.3, longest)
            work = (home, number, seconds, delay, number % 5 == 0, file)
            children.append((home, file, forked(session, *work)))
        for _, _, pid in children:
            end_of(pid)
        for home, file, _ in children:
            if (home / LOG).exists():
                told.append(recovered(home, file))
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *map(float, sys.argv[3:5]), int(sys.argv[5]))
