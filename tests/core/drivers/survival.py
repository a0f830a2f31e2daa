"""Runs are killed again and again at random moments and resumed until they end, beside one that nobody kills; then one process
and two train the same."""

import json
import os
import random
import signal
import sys
from pathlib import Path

from cvlab.core import keeper
from cvlab.core.runs import Runs
from cvlab.core.storage import run_folder
from cvlab.engine.disk import remove_leftovers
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import StepEnd
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.team import Team
from tests.core.drivers.processes import end_of, few_digits, followed, forked, free_port, load_torch

KILLS = int(os.environ.get("CVLAB_KILLS", "10"))
"""A long run: CVLAB_KILLS=200 pytest tests/core/test_survival.py"""

DATA = few_digits(50)
NET = zoo.linear_classifier()
RECIPE = Recipe(
    batch_size=50, epochs=3, shift=1, threads=1, device="cpu", schedule="cosine", averaging=0.9
).changed(**{"optimizer.kind": "adamw", "optimizer.l2": 0.01, "early_stopping.patience": 9})  # fmt: skip
VARIES = ("seconds", "images_per_second")
"""Fields of the metrics that depend on the machine's load."""


def kill_at(home, moment):
    """From now on, this process is killed before its so-manieth operation on a file of the run."""
    count, dead, folder = 0, False, str(home)

    def reached():
        nonlocal count, dead
        count += 1
        if count == moment and not dead:
            dead = True
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(event, arguments):
        if event in ("open", "os.rename", "os.link", "os.remove", "os.mkdir") and folder in str(arguments[0]):
            reached()

    sys.addaudithook(heard)
    fsync, log = os.fsync, run_folder.RunFolder.log

    def counted_fsync(handle):
        reached()
        fsync(handle)
        reached()

    def counted_log(self, event):
        reached()
        log(self, event)

    os.fsync, run_folder.RunFolder.log = counted_fsync, counted_log
    return lambda: count


def train(home, kind, moment, save_every, count_file=None):
    """Starts or resumes the run as the command line does. kind: the process is killed before an operation on a file, after some
    microseconds, or not at all. save_every: seconds after which a running epoch is saved."""
    keeper.SAVE_EVERY = save_every
    counted = kill_at(home, moment if kind == "operation" else -1)
    if kind == "time":
        signal.setitimer(
            signal.ITIMER_REAL, moment * 1e-6
        )  # SIGALRM ends a process like SIGKILL: nothing is cleaned up
    remove_leftovers([home])
    runs = Runs(home, lambda dataset_id: DATA)
    there = sorted(home.glob("[!.]*/run.json"))
    run = followed(runs.resume(there[0].parent) if there else runs.start(NET, RECIPE))
    assert run.state.status == "finished", run.state.failure
    if count_file is not None:
        count_file.write_text(json.dumps([counted(), run.state.seconds]))


def outcome(home):
    """All that a run leaves that does not depend on the machine's load, and what lies about besides."""
    (path,) = [each.parent for each in home.glob("[!.]*/run.json")]
    metrics = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    for line in metrics:
        for field in VARIES:
            line.pop(field, None)
    record = json.loads((path / "run.json").read_text())
    weights = {name: (path / name).read_bytes().hex() for name in (run_folder.WEIGHTS, run_folder.AVERAGE)}
    there = sorted(str(each.relative_to(path)) for each in path.rglob("*") if "tfevents" not in each.name)
    return {
        "metrics": metrics, "weights": weights, "status": record["status"], "files": there,
        "beside": [each.name for each in home.iterdir() if each != path],
        "result": {key: value for key, value in record["result"].items() if key not in VARIES},
    }  # fmt: skip


def kills(root):
    """What became of runs that were killed, until there were enough kills, beside the run that was not."""
    end_of(forked(train, root / "whole", "", 0, 1e9, root / "count.json"))
    whole = outcome(root / "whole")
    operations, seconds = json.loads((root / "count.json").read_text())
    generator = random.Random(7)
    told = {
        "kills": 0,
        "runs": 0,
        "different": [],
        "failed": [],
        "steps": sum(e["event"] == "StepEnd" for e in whole["metrics"]),
    }
    while told["kills"] < KILLS:
        home, save_every = root / f"run-{told['runs']}", generator.choice((0.0, 1e9))
        home.mkdir()
        told["runs"] += 1
        moments = []
        for _ in range(generator.randint(1, 5)):
            kind = generator.choice(("operation", "operation", "time"))
            # Of those that are saved at every step, the first do not come far.
            moment = (
                generator.randint(1, operations)
                if kind == "operation"
                else generator.randint(1, int(seconds * 2e6) + 2)
            )
            moments.append((kind, moment))
            status = end_of(forked(train, home, kind, moment, save_every))
            told["kills"] += os.WIFSIGNALED(status)
            if not os.WIFSIGNALED(status):
                told["failed"] += [moments] * (os.WEXITSTATUS(status) != 0)
                break
        status = end_of(forked(train, home, "", 0, save_every))
        if status:
            told["failed"].append(moments)
            continue
        cut = outcome(home)
        told["different"] += [[key, moments, save_every] for key in whole if cut[key] != whole[key]]
    return told


def contend(root, number):
    """How many of three processes that resume one run at once trained it, and what became of it."""
    home = root / f"wanted-{number}"
    run_folder.RunFolder.create(home, NET, RECIPE)
    (go, start), (done, tell), (wait, leave) = os.pipe(), os.pipe(), os.pipe()

    def resume():
        os.close(start)
        os.close(leave)
        os.read(go, 1)  # all at once: when the other end is closed

        def load(dataset_id):
            os.write(tell, b"1")
            os.read(wait, 1)  # who has the run keeps it until all have tried
            return DATA

        (path,) = home.glob("*/run.json")
        run = followed(Runs(home, load).resume(path.parent))
        if run.state.status == "failed":
            assert "trained already" in run.state.failure.what
            os.write(tell, b"0")

    children = [forked(resume) for _ in range(3)]
    os.close(start)
    answers = b""
    while len(answers) < len(children):
        answers += os.read(done, len(children))
    remove_leftovers([home])  # of the one that lives it takes nothing
    os.close(leave)
    assert not any(end_of(pid) for pid in children)
    for end in (go, done, tell, wait):
        os.close(end)
    return answers.count(b"1"), outcome(home)


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
    told = kills(root)
    whole = outcome(root / "whole")
    told["contended"] = [(count, found == whole) for count, found in (contend(root, number) for number in range(4))]
    for size in (1, 2):
        port = free_port()
        for pid in [forked(member, root, rank, size, port) for rank in range(size)]:
            end_of(pid)
    told["team"] = {name: json.loads((root / f"team-{name}.json").read_text()) for name in ("1-0", "2-0", "2-1")}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
