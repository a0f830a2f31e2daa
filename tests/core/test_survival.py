"""Killed at any moment, a run goes on and ends bit for bit as if nothing had happened; two processes train as one.

A driver in a process of its own loads PyTorch once and forks: each child is a cvlab that may be killed without warning.
"""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")

DRIVER = '''
import json, os, random, signal, socket, sys
from dataclasses import replace
from pathlib import Path
import torch
torch.set_num_threads(1)
torch.optim.Adam([torch.zeros(1)])  # what the first optimizer imports is then there for every child
from cvlab.core import paths, run
from cvlab.core.runs import Runs
from cvlab.core.storage import run_folder
from cvlab.engine import disk
from cvlab.engine.data import catalogue
from cvlab.engine.data.dataset import Split
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import EpochEnd, RunFinished, StepEnd
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.team import Team
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner

root = Path(sys.argv[1])
data = catalogue.load("mnist-mini", root=paths.data(), bundled=paths.resources() / "data")
few = Split(data.train.images[::50].contiguous(), data.train.labels[::50].contiguous())
data = replace(data, train=few, test=Split(data.test.images[::20].contiguous(), data.test.labels[::20].contiguous()))
recipe = Recipe(batch_size=50, epochs=3, shift=1, threads=1, device="cpu", schedule="cosine", averaging=0.9).changed(
    **{"optimizer.kind": "adamw", "optimizer.l2": 0.01, "early_stopping.patience": 9})
run.SAVE_EVERY = 0.0  # every step is saved: whatever is cut off, is cut off in the middle of saving

def forked(work):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return pid

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def train(folder, moment):
    """Starts or resumes the run and kills the process at the given moment: the n-th time that a file is written, or a line."""
    count = 0
    def counted(whole, before):
        def do(*arguments, **settings):
            nonlocal count
            count += 1
            mine = count
            if mine == moment and before:
                die()
            result = whole(*arguments, **settings)
            if mine == moment:
                die()
            return result
        return do
    log = run_folder.RunFolder.log
    run_folder.RunFolder.log = counted(log, moment % 2 == 0)
    run_folder.write_whole = counted(disk.write_whole, moment % 3 == 0)
    Path.replace = counted(Path.replace, moment % 5 == 0)
    runs = Runs(root / folder, lambda dataset_id: data)
    there = sorted((root / folder).glob("*/run.json"))
    try:
        own = runs.resume(there[0].parent) if there else runs.start(zoo.lenet(), recipe)
    except Exception:
        raise
    while own.is_active:
        own.join(0.01)
        own.deliver()
    if own.state.failure is not None and "nothing to go on" in own.state.failure.what:
        import shutil
        shutil.rmtree(there[0].parent)  # killed before anything was saved: it begins again
        os._exit(3)
    assert own.state.status == "finished", own.state.failure

def figures(folder):
    path = next((root / folder).glob("*/run.json")).parent
    story = run_folder.RunFolder.open(path)
    keep = []
    for e in story.events():
        if isinstance(e, StepEnd): keep.append([e.step, e.loss, e.accuracy, e.learning_rate])
        if isinstance(e, EpochEnd): keep.append([e.epoch, e.train_loss, e.train_accuracy, e.held_out_loss, e.held_out_accuracy])
        if isinstance(e, RunFinished): keep.append([e.test_loss, e.test_accuracy])
    weights = {name: (path / name).read_bytes() for name in (run_folder.WEIGHTS, run_folder.AVERAGE)}
    return keep, weights, story.record.status

os.waitpid(forked(lambda: train("whole", 0)), 0)
dice, kills, tries = random.Random(7), 0, 0
while tries < 40:
    tries += 1
    moment = dice.randint(3, 35) if kills < 6 else 0
    _, status = os.waitpid(forked(lambda: train("cut", moment)), 0)
    if os.WIFSIGNALED(status):
        kills += 1
    elif os.WEXITSTATUS(status) == 0:
        break

def member(rank, size, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE=str(size))
    # A batch that two cannot share evenly, dropout, shifts and augmentation.
    own = Recipe(batch_size=51, epochs=2, shift=1, threads=1, device="cpu").changed(**{"augmentation.rotate": 5})
    with Team(rank, size) as team:
        losses = [e.loss for e in fit(Learner(zoo.lenet(), data, own, team if size > 1 else None)) if isinstance(e, StepEnd)]
    (root / f"team-{size}-{rank}.json").write_text(json.dumps(losses))

for size in (1, 2):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for pid in [forked(lambda rank=rank: member(rank, size, port)) for rank in range(size)]:
        os.waitpid(pid, 0)
team = {name: json.loads((root / f"team-{name}.json").read_text()) for name in ("1-0", "2-0", "2-1")}
json.dump({"kills": kills, "tries": tries, "same": figures("whole") == figures("cut"), "status": figures("cut")[2],
           "steps": len(figures("whole")[0]), "team": team}, sys.stdout)
'''


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    folder = tmp_path_factory.mktemp("survival")
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(folder)], capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_killed_at_random_moments_and_resumed_it_ends_bit_for_bit_the_same(story):
    assert story["kills"] >= 4 and story["status"] == "finished"
    assert story["same"], "metrics and weights equal those of a run that nobody killed"
    assert story["steps"] == 3 * 4 + 3 + 1


def test_two_processes_give_the_loss_curve_of_one(story):
    alone, first, second = story["team"]["1-0"], story["team"]["2-0"], story["team"]["2-1"]
    assert first == second and len(alone) == 8
    assert first == pytest.approx(alone, abs=1e-5)
