"""One of two processes that train together is killed: the other ends with a sentence, and what it saved goes on.

The processes and their connection are real (gloo). One driver loads PyTorch and forks them, as in `test_survival`; nobody waits
for time to pass: the survivor learns of it from the connection that breaks.
"""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")

DRIVER = """
import json, os, signal, socket, sys
from dataclasses import replace
from pathlib import Path
import torch
torch.set_num_threads(1)
torch.optim.Adam([torch.zeros(1)])
from cvlab.core import paths
from cvlab.core.runs import Runs
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.data import catalogue
from cvlab.engine.data.dataset import Split
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import StepEnd
from cvlab.engine.training.fit import fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.team import Team

root = Path(sys.argv[1])
data = catalogue.load("mnist-mini", root=paths.data(), bundled=paths.resources() / "data")
few = Split(data.train.images[::50].contiguous(), data.train.labels[::50].contiguous())
data = replace(data, train=few, test=Split(data.test.images[::20].contiguous(), data.test.labels[::20].contiguous()))
recipe = Recipe(batch_size=50, epochs=3, threads=1, device="cpu")
net = zoo.two_layer()
DEATH = 6  # in the second epoch: the first is saved

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

def team(rank, port):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE="2")
    return Team(rank, 2)

def follow(run):
    while run.is_active:
        run.join(0.01)
        run.deliver()
    failure = run.state.failure
    return {
        "status": run.state.status, "step": run.state.step, "id": run.id,
        "failure": failure and [failure.title, failure.what, failure.received, failure.remedy, failure.suggestion],
    }

def first(port, path):
    runs = Runs(root / "runs", lambda dataset_id: data)
    with team(0, port) as both:
        run = runs.resume(path, team=both) if path else runs.start(net, recipe, team=both)
        told = follow(run)
    told["locked"] = RunFolder.open(run.folder.path).lock.owner() is not None
    told["losses"] = [e.loss for e in run.folder.events() if isinstance(e, StepEnd)]
    (root / "told.json").write_text(json.dumps(told))

def second(port, path, death):
    with team(1, port) as both:
        learner = Learner(net, data, recipe, both)
        if path:
            RunFolder.open(path).restore_state(learner)
        for event in fit(learner):
            if isinstance(event, StepEnd) and event.step == death:
                os.kill(os.getpid(), signal.SIGKILL)

def both(path=None, death=0):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pids = [forked(lambda: first(port, path)), forked(lambda: second(port, path, death))]
    ends = [os.waitpid(pid, 0)[1] for pid in pids]
    return json.loads((root / "told.json").read_text()) | {"ends": ends}

whole = both()
cut = both(death=DEATH)
folder = root / "runs" / cut["id"]
alone = {"status": RunFolder.open(folder).record.status, "files": sorted(each.name for each in folder.iterdir())}
again = both(path=folder)
json.dump({"whole": whole, "cut": cut, "alone": alone, "again": again}, sys.stdout)
"""


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    folder = tmp_path_factory.mktemp("partner")
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(folder)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_the_survivor_ends_with_a_sentence(story):
    cut = story["cut"]
    title, what, received, remedy, suggestion = cut["failure"]
    assert cut["status"] == "failed" and "another process is gone" in title
    assert what == "Another process of this run no longer answers." and received
    assert "saved is safe" in remedy and "resume" in remedy and suggestion is None
    assert 4 <= cut["step"] <= 6, "it is noticed at the next message"
    assert cut["ends"] == [0, 9], "one was killed, the other ended by itself"


def test_what_it_had_saved_is_there_and_nobody_holds_the_folder(story):
    assert story["alone"]["status"] == "failed" and not story["cut"]["locked"]
    assert {"run.json", "metrics.jsonl", "resume.safetensors", "weights-final.safetensors"} <= set(
        story["alone"]["files"]
    )


def test_both_go_on_from_there_to_the_same_end(story):
    whole, again = story["whole"], story["again"]
    assert again["status"] == "finished" and again["ends"] == [0, 0]
    assert again["losses"] == whole["losses"] and len(whole["losses"]) == 12
