"""Mishaps that nobody acts out: a disk that is really full, processes that race for a folder, a data set that is deleted."""

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
from cvlab.engine.training.recipe import Recipe
from tests.core.drivers.processes import losses, told_by
from tests.engine.data.pictures import noise, two_classes, write

from .conftest import wait


def test_a_disk_that_is_full_ends_in_a_sentence_and_the_run_goes_on_when_there_is_room(tmp_path):
    disk, other = tmp_path / "disk", tmp_path / "other"
    disk.mkdir()
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("a small disk of one's own needs Linux's namespaces")
    mount = f"mount -t tmpfs -o size=3000k tmpfs '{disk}'"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount], capture_output=True, check=False).returncode:
        pytest.skip("this system does not let us mount a small disk")
    within = ["unshare", "-rm", "sh", "-c", f'{mount} && exec "$0" "$@"']
    told = told_by("full_disk", disk, other, before=within)
    assert told["status"] == "failed" and told["what"] == "The disk is full." and "Free some space" in told["remedy"]
    assert told["step"] >= 5, "the first epoch was saved"
    assert told["readable"] and told["left"] == [], "nothing half is left"
    assert told["again"] == "finished" and told["same"] and not told["locked"], "bit for bit as on a large disk"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_of_processes_that_want_one_folder_at_once_one_gets_it(tmp_path):
    assert told_by("lock_race", tmp_path) == [1] * 40


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
    assert again.state.status == "failed" and failure.what == (
        f"The data set “{mine.title}” ({mine.id}) that this run was trained on is no longer imported."
    )
    assert "mnist" not in failure.remedy and "cvlab data import" in failure.remedy
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
