"""A run is killed again and again at random moments and resumed until it ends, beside one that nobody kills; then one process
and two train the same."""

import json
import os
import random
import shutil
import signal
import sys
from pathlib import Path

from cvlab.core import run
from cvlab.core.runs import Runs
from cvlab.core.storage import run_folder
from cvlab.engine import disk
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import EpochEnd, RunFinished, StepEnd
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.team import Team
from tests.core.drivers.processes import end_of, few_digits, followed, forked, free_port, load_torch

DATA = few_digits(50)
RECIPE = Recipe(
    batch_size=50, epochs=3, shift=1, threads=1, device="cpu", schedule="cosine", averaging=0.9
).changed(**{"optimizer.kind": "adamw", "optimizer.l2": 0.01, "early_stopping.patience": 9})  # fmt: skip
AGAIN = 3
"""The status of a child that was killed before anything was saved: the run begins again."""


def train(home, moment):
    """Starts or resumes the run and kills the process at the given moment: the n-th time that a file is written, or a line."""
    count = 0

    def counted(whole, before):
        def do(*arguments, **settings):
            nonlocal count
            count += 1
            mine = count
            if mine == moment and before:
                os.kill(os.getpid(), signal.SIGKILL)
            result = whole(*arguments, **settings)
            if mine == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return do

    run.SAVE_EVERY = 0.0  # every step is saved: whatever is cut off, is cut off in the middle of saving
    run_folder.RunFolder.log = counted(run_folder.RunFolder.log, moment % 2 == 0)
    run_folder.write_whole = counted(disk.write_whole, moment % 3 == 0)
    Path.replace = counted(Path.replace, moment % 5 == 0)
    runs = Runs(home, lambda dataset_id: DATA)
    there = sorted(home.glob("*/run.json"))
    own = followed(runs.resume(there[0].parent) if there else runs.start(zoo.lenet(), RECIPE))
    if own.state.failure is not None and "nothing to go on" in own.state.failure.what:
        shutil.rmtree(there[0].parent)
        os._exit(AGAIN)
    assert own.state.status == "finished", own.state.failure


def figures(home):
    """Every number of the run but times, its weights, and how it ended."""
    path = next(home.glob("*/run.json")).parent
    folder = run_folder.RunFolder.open(path)
    keep = []
    for e in folder.events():
        match e:
            case StepEnd():
                keep.append([e.step, e.loss, e.accuracy, e.learning_rate])
            case EpochEnd():
                keep.append([e.epoch, e.train_loss, e.train_accuracy, e.held_out_loss, e.held_out_accuracy])
            case RunFinished():
                keep.append([e.test_loss, e.test_accuracy])
    weights = {name: (path / name).read_bytes() for name in (run_folder.WEIGHTS, run_folder.AVERAGE)}
    return keep, weights, folder.record.status


def member(root, rank, size, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE=str(size))
    # A batch that two cannot share evenly, dropout, shifts and augmentation.
    own = Recipe(batch_size=51, epochs=2, shift=1, threads=1, device="cpu").changed(**{"augmentation.rotate": 5})
    with Team(rank, size) as team:
        learner = Learner(zoo.lenet(), DATA, own, team if size > 1 else None)
        losses = [event.loss for event in fit(learner) if isinstance(event, StepEnd)]
    (root / f"team-{size}-{rank}.json").write_text(json.dumps(losses))


def main(root):
    load_torch()
    end_of(forked(train, root / "whole", 0))
    dice, kills, tries = random.Random(7), 0, 0
    while tries < 40:
        tries += 1
        status = end_of(forked(train, root / "cut", dice.randint(3, 35) if kills < 6 else 0))
        if os.WIFSIGNALED(status):
            kills += 1
        elif os.WEXITSTATUS(status) == 0:
            break
    for size in (1, 2):
        port = free_port()
        for pid in [forked(member, root, rank, size, port) for rank in range(size)]:
            end_of(pid)
    team = {name: json.loads((root / f"team-{name}.json").read_text()) for name in ("1-0", "2-0", "2-1")}
    whole, cut = figures(root / "whole"), figures(root / "cut")
    told = {"kills": kills, "same": whole == cut, "status": cut[2], "steps": len(whole[0]), "team": team}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
