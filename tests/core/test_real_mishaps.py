"""Mishaps that nobody acts out: a disk that is really full, processes that race for a folder, a data set that is deleted."""

import json
import shutil
import subprocess
import sys

import pytest

from cvlab.core import paths
from cvlab.core.runs import Runs
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.data import catalogue
from cvlab.engine.data.importing import bring
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import StepEnd
from cvlab.engine.training.recipe import Recipe
from tests.engine.data.pictures import noise, two_classes, write

from .conftest import wait

FULL = """
import json, subprocess, sys
from pathlib import Path
from cvlab.core import paths
from cvlab.core.runs import Runs
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.data import catalogue
from cvlab.engine.data.dataset import Split
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import StepEnd
from cvlab.engine.training.recipe import Recipe
from dataclasses import replace

disk, other = Path(sys.argv[1]), Path(sys.argv[2])
data = catalogue.load("mnist-mini", root=paths.data(), bundled=paths.resources() / "data")
few = Split(data.train.images[::50].contiguous(), data.train.labels[::50].contiguous())
data = replace(data, train=few, test=Split(data.test.images[::20].contiguous(), data.test.labels[::20].contiguous()))
recipe = Recipe(batch_size=40, epochs=20, threads=1, device="cpu", optimizer="sgd")

def end(run):
    while run.is_active:
        run.join(0.01)
        run.deliver()
    return run

def losses(run):
    return [[e.step, e.loss] for e in run.folder.events() if isinstance(e, StepEnd)]

whole = end(Runs(other, lambda dataset_id: data).start(zoo.two_layer(), recipe))
runs = Runs(disk, lambda dataset_id: data)
run = end(runs.start(zoo.two_layer(), recipe))
failure = run.state.failure
told = {"status": run.state.status, "what": failure.what, "remedy": failure.remedy, "step": run.state.step}
subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
folder = RunFolder.open(run.folder.path)
told |= {"readable": bool(folder.trained().classes), "left": sorted(p.name for p in folder.path.iterdir() if p.name[0] == ".")}
again = end(runs.resume(run.folder.path))
told |= {"again": again.state.status, "same": losses(again) == losses(whole), "locked": folder.lock.owner() is not None}
print(json.dumps(told))
"""


def test_a_disk_that_is_full_ends_in_a_sentence_and_the_run_goes_on_when_there_is_room(tmp_path):
    disk, other = tmp_path / "disk", tmp_path / "other"
    disk.mkdir()
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("a small disk of one's own needs Linux's namespaces")
    mount = f"mount -t tmpfs -o size=3000k tmpfs '{disk}'"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True, check=False).returncode:
        pytest.skip("this system does not let us mount a small disk")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"{mount} && exec \"$0\" \"$@\"", sys.executable, "-c", FULL, str(disk), str(other)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["status"] == "failed" and told["what"] == "The disk is full." and "Free some space" in told["remedy"]
    assert told["step"] >= 5, "the first epoch was saved"
    assert told["readable"] and told["left"] == [], "nothing half is left"
    assert told["again"] == "finished" and told["same"] and not told["locked"], "bit for bit as on a large disk"


RACE = """
import json, os, sys
from pathlib import Path
from cvlab.core.storage.lock import LOCK, RunLock
from cvlab.engine.errors import TrainingError

root, won, clashes = Path(sys.argv[1]), [], 0
for turn in range(40):
    folder = root / str(turn)
    folder.mkdir()
    if turn % 2:  # the lock of a process that is gone lies there
        dead = os.fork()
        if dead == 0:
            RunLock(folder).take()
            os._exit(0)
        os.waitpid(dead, 0)
    go, start = os.pipe()
    done, tell = os.pipe()
    wait, leave = os.pipe()
    for number in range(4):
        if os.fork() == 0:
            os.close(start); os.close(leave)
            os.read(go, 1)  # all at once: when the other end is closed
            try:
                RunLock(folder).take()
                os.write(tell, b"1")
            except TrainingError:
                os.write(tell, b"0")
            os.read(wait, 1)  # who has it lives until all have tried
            os._exit(0)
    os.close(start)
    answers = b""
    while len(answers) < 4:
        answers += os.read(done, 4)
    won.append(answers.count(b"1"))
    os.close(leave)
    for _ in range(4):
        os.wait()
    for end in (go, done, tell, wait):
        os.close(end)
    left = [each.name for each in folder.iterdir() if each.name != LOCK]
    assert not left, left
print(json.dumps(won))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_of_processes_that_want_one_folder_at_once_one_gets_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", RACE, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == [1] * 40


HOLD = """
import sys
from pathlib import Path
from cvlab.core.storage.lock import RunLock
RunLock(Path(sys.argv[1])).take()
print("taken", flush=True)
sys.stdin.read()
"""


def test_a_run_that_another_process_trains_is_left_alone_until_that_is_killed(runs):
    run = runs.start(zoo.two_layer(), Recipe(batch_size=40, epochs=2, threads=1, device="cpu"))
    wait(run)
    folder = run.folder.path
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "taken\n"
        before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        again = runs.resume(folder)
        wait(again)
        failure = again.state.failure
        assert failure.what == "This run is being trained already." and str(other.pid) in failure.received
        assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before
    finally:
        other.kill()
        other.communicate()
    again = runs.resume(folder)
    wait(again)
    assert again.state.status == "finished" and RunFolder.open(folder).lock.owner() is None


def test_a_data_set_that_is_deleted_between_two_starts(tmp_path):
    """A folder of one's own images: imported, trained on, thrown away, and brought back."""
    root, pictures = paths.data(), write(tmp_path / "animals", two_classes())
    mine = bring(pictures, root)
    entry = catalogue.find(mine.id, root)
    runs = Runs(tmp_path / "runs", lambda each: catalogue.load(each, root=root, bundled=root))
    recipe = Recipe(data=mine.id, batch_size=4, held_out=0.0, epochs=10_000, threads=1, device="cpu")
    run = runs.start(zoo.two_layer(entry.image_shape, 2), recipe)
    wait(run, lambda: run.state.epoch >= 2)
    run.stop()
    wait(run)
    path = run.folder.path
    before = losses(run.folder)
    catalogue.remove(mine.id, root=root)
    again = runs.resume(path)
    wait(again)
    failure = again.state.failure
    assert again.state.status == "failed" and failure.what == f"There is no data set called “{mine.id}”."
    assert "mnist-mini" in failure.remedy
    assert RunFolder.open(path).record.status == "stopped" and losses(RunFolder.open(path)) == before
    write(pictures, {"train/cat/new.png": noise(77)})  # other images under the old name are not what it was trained on
    other = bring(pictures, root)
    assert other.id == mine.id
    again = runs.resume(path)
    wait(again)
    assert "not those that this run" in again.state.failure.what and losses(RunFolder.open(path)) == before
    catalogue.remove(mine.id, root=root)
    (pictures / "train/cat/new.png").unlink()
    assert bring(pictures, root).digest == mine.digest
    again = runs.resume(path)
    wait(again, lambda: again.state.step > len(before) + 2)
    again.stop()
    wait(again)
    assert again.state.status == "stopped" and losses(again.folder)[: len(before)] == before
    runs.close()


def losses(folder):
    return [(e.step, e.loss) for e in folder.events() if isinstance(e, StepEnd)]
