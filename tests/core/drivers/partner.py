"""Two processes train one net together, once undisturbed and once until one of them is killed, and go on from there."""

import json
import os
import signal
import sys
from pathlib import Path

from cvlab.core.runs import Runs
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import StepEnd
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.team import Team
from tests.core.drivers.processes import end_of, few_digits, followed, forked, free_port, load_torch, losses

DATA, NET = few_digits(50), zoo.two_layer()
RECIPE = Recipe(batch_size=50, epochs=3, threads=1, device="cpu")
DEATH = 6  # in the second epoch: the first is saved


def team(rank, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE="2")
    return Team(rank, 2)


def first(root, port, path):
    runs = Runs(root / "runs", lambda dataset_id: DATA)
    with team(0, port) as both:
        run = followed(runs.resume(path, team=both) if path else runs.start(NET, RECIPE, team=both))
    failure, folder = run.state.failure, RunFolder.open(run.folder.path)
    told = {
        "status": run.state.status, "step": run.state.step, "id": run.id, "locked": folder.lock.owner() is not None,
        "failure": failure and [failure.title, failure.what, failure.received, failure.remedy, failure.suggestion],
        "losses": losses(run.folder),
    }  # fmt: skip
    (root / "told.json").write_text(json.dumps(told))


def second(port, path, death):
    with team(1, port) as both:
        learner = Learner(NET, DATA, RECIPE, both)
        if path:
            RunFolder.open(path).restore_state(learner)
        for event in fit(learner):
            if isinstance(event, StepEnd) and event.step == death:
                os.kill(os.getpid(), signal.SIGKILL)


def both(root, path=None, death=0):
    port = free_port()
    pids = [forked(first, root, port, path), forked(second, port, path, death)]
    ends = [end_of(pid) for pid in pids]
    return json.loads((root / "told.json").read_text()) | {"ends": ends}


def main(root):
    load_torch()
    whole, cut = both(root), both(root, death=DEATH)
    folder = root / "runs" / cut["id"]
    alone = {"status": RunFolder.open(folder).record.status, "files": sorted(each.name for each in folder.iterdir())}
    json.dump({"whole": whole, "cut": cut, "alone": alone, "again": both(root, path=folder)}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
