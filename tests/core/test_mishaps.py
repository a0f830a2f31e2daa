"""Memory that runs out, a GPU that vanishes, data that are gone, a disk that is full: each ends in a sentence, nothing that was
saved is lost, and a later run works. The errors are PyTorch's own, raised where PyTorch would raise them."""

import errno
import io
from pathlib import Path

import pytest
import torch

from cvlab.core.jobs import JobControl, Jobs
from cvlab.core.run import Run
from cvlab.core.searches import SearchRequest
from cvlab.core.storage import metrics
from cvlab.core.storage.run_folder import RESUME, RunFolder
from cvlab.engine.errors import CvlabError, DataMissing, DeviceLost, OutOfMemory, PartnerLost, in_words
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import EpochEnd, Noticed, RunFailed, StepEnd
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.search import Axis, SearchPlan

from .conftest import wait

NET = zoo.two_layer()
RECIPE = Recipe(batch_size=40, epochs=4, threads=1, device="cpu", averaging=0.9)

GONE = (
    "CUDA error: unspecified launch failure\nCUDA kernel errors might be asynchronously reported at some other API call"
)
ERRORS = {
    "cuda memory": (lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has ..."), OutOfMemory),
    "cpu memory": (lambda: RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you "
                                        "tried to allocate 9 bytes. Error code 12 (Cannot allocate memory)"), OutOfMemory),
    "python memory": (MemoryError, OutOfMemory),
    "cublas": (lambda: RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), OutOfMemory),
    "gpu": (lambda: torch.AcceleratorError(GONE), DeviceLost),
    "old gpu": (lambda: RuntimeError(GONE), DeviceLost),
    "cudnn": (lambda: RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), DeviceLost),
}  # fmt: skip


def losses(folder):
    return [(e.step, e.loss) for e in folder.events() if isinstance(e, StepEnd)]


def fails_at(place, make, step):
    """A function that breaks a learner's step `step` (from 0) at a place of it."""

    def broken(learner, *_):
        if learner.step == step:
            raise make()

    return {
        "forward": lambda learner: learner.module.register_forward_pre_hook(lambda *_: broken(learner)),
        "backward": lambda learner: learner.parameters[0].register_hook(lambda grad: broken(learner)),
        "step": lambda learner: learner.optimizer.register_step_pre_hook(lambda *_: broken(learner)),
    }[place]


@pytest.fixture
def broken_learners(monkeypatch):
    """A function: from now on every learner breaks in this way."""
    first = Learner.__init__

    def install(breaks):
        def init(learner, *arguments, **settings):
            first(learner, *arguments, **settings)
            breaks(learner)

        monkeypatch.setattr(Learner, "__init__", init)

    yield install


@pytest.fixture(scope="module")
def undisturbed():
    """The losses of the run that nothing befell, by the first test that needs them."""
    return {}


def whole_losses(runs, undisturbed):
    if not undisturbed:
        run = runs.start(NET, RECIPE)
        wait(run)
        undisturbed["losses"] = losses(run.folder)
    return undisturbed["losses"]


@pytest.mark.parametrize("place", ["forward", "backward", "step"])
@pytest.mark.parametrize("kind", ERRORS)
def test_what_pytorch_raises_while_it_trains(runs, broken_learners, monkeypatch, undisturbed, caplog, kind, place):
    expected = whole_losses(runs, undisturbed)
    make, family = ERRORS[kind]
    broken_learners(fails_at(place, make, step=12))  # in the second epoch: the first is saved
    run = runs.start(NET, RECIPE)
    wait(run)
    failure, state = run.state.failure, run.state
    assert state.status == "failed" and failure.title == family.title and failure.step == 12
    assert failure.what.endswith(".") and "Traceback" not in failure.what and "saved is safe" in failure.remedy
    if family is OutOfMemory:
        assert (failure.setting, failure.suggestion) == ("batch_size", 20)
    else:
        assert failure.suggestion is None and "CPU" in failure.remedy
    assert not caplog.records, "it is a known mishap, not a fault of ours"
    folder = RunFolder.open(run.folder.path)
    assert folder.record.status == "failed" and folder.record.result["failure"] == failure.what
    assert isinstance(folder.events()[-1], RunFailed) and folder.lock.owner() is None
    assert losses(folder) == expected[:12], "all that was trained is there"
    assert folder.trained().classes

    monkeypatch.undo()
    again = runs.resume(run.folder.path)
    wait(again)
    assert again.state.status == "finished" and losses(again.folder) == expected, (
        "bit for bit as if nothing had happened"
    )
    later = runs.start(NET, RECIPE.changed(epochs=1))
    wait(later)
    assert later.state.status == "finished"


@pytest.mark.parametrize("kind", ["cuda memory", "gpu"])
def test_what_pytorch_raises_while_data_are_brought_to_the_device(runs, monkeypatch, kind):
    make, family = ERRORS[kind]
    monkeypatch.setattr(Learner, "_part", lambda *_: (_ for _ in ()).throw(make()))
    run = runs.start(NET, RECIPE)
    wait(run)
    failure = run.state.failure
    assert failure.title == family.title and failure.suggestion is None and failure.step == 0
    assert ("data and the net" in failure.what) == (family is OutOfMemory)
    assert not run.folder.path.exists(), "a run that never began leaves nothing"
    monkeypatch.undo()
    later = runs.start(NET, RECIPE.changed(epochs=1))
    wait(later)
    assert later.state.status == "finished"


def test_what_a_run_notices_is_told_once_in_the_window_and_kept(lab, few_digits, broken_learners):
    broken_learners(lambda learner: setattr(learner.graph, "notice", "Something is slower than it could be."))
    lab.runs.load_data = lambda dataset_id: few_digits
    run = lab.runs.start(NET, RECIPE.changed(epochs=1))
    while run.is_active:
        run.join(0.01)
        lab.pump()
    lab.pump()
    assert run.state.status == "finished" and run.state.notice == "Something is slower than it could be."
    told = [notice for notice in lab.notices.all if notice.text == run.state.notice]
    assert len(told) == 1 and told[0].title == run.title
    kept = [event for event in run.folder.events() if isinstance(event, Noticed)]
    assert [event.words for event in kept] == [run.state.notice]
    assert Run.read(run.folder).state.notice == run.state.notice


def test_a_run_that_diverges_offers_to_turn_the_rate_down(lab, few_digits):
    lab.runs.load_data = lambda dataset_id: few_digits
    wild = {
        "optimizer.kind": "sgd",
        "optimizer.learning_rate": 100.0,
        "regularisation.max_norm": 50.0,
        "epochs": 10_000,
    }
    run = lab.runs.start(NET, RECIPE.changed(**wild))
    while not lab.notices.all:
        run.join(0.01)
        lab.pump()
    told = lab.notices.all[-1]
    assert (
        told.level == "warning" and "twice as high" in told.text and told.remedies[0].caption == "Turn it down to 0.1"
    )
    told.remedies[0].act()
    while not run.knobs:
        run.join(0.01)
        lab.pump()
    assert run.recipe.optimizer.learning_rate == 0.1
    run.stop()
    run.join()
    lab.pump()
    told.remedies[0].act()  # too late: nothing to turn


def stopped(runs):
    run = runs.start(NET, RECIPE.changed(epochs=1000))
    wait(run, lambda: run.state.epoch >= 2)
    run.stop()
    wait(run)
    assert run.state.status == "stopped"
    return run.folder.path


def content(path: Path):
    return {each.relative_to(path): each.read_bytes() for each in path.rglob("*") if each.is_file()}


def test_a_run_whose_data_were_deleted_stays_as_it_is_and_goes_on_when_they_are_back(runs, few_digits):
    path = stopped(runs)
    before = content(path)

    def gone(dataset_id):
        raise DataMissing("MNIST is not on this machine.", remedy="Get it in Datasets.")

    runs.load_data = gone
    again = runs.resume(path)
    wait(again)
    assert again.state.status == "failed" and again.state.failure.what == "MNIST is not on this machine."
    assert content(path) == before and RunFolder.open(path).record.status == "stopped"
    runs.load_data = lambda dataset_id: few_digits
    again = runs.resume(path)
    wait(again, lambda: again.state.epoch >= 4)
    again.stop()
    wait(again)
    assert again.state.status == "stopped"


def test_a_run_all_of_whose_states_are_damaged_says_so_and_changes_nothing(runs):
    path = stopped(runs)
    for file in (path / RESUME, *(path / "checkpoints").iterdir()):
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 0xFF
        file.unlink()
        file.write_bytes(data)
    before = content(path)
    again = runs.resume(path)
    wait(again)
    assert "damaged" in again.state.failure.what and "start it again" in again.state.failure.remedy
    assert content(path) == before and RunFolder.open(path).record.status == "stopped"
    assert RunFolder.open(path).trained().classes, "the weights are a file of their own"


class FullAfter(io.StringIO):
    """A file on a disk that is full after so many writes."""

    def __init__(self, file, room):
        super().__init__()
        self._file, self._room = file, room

    def write(self, text):
        self._room -= 1
        if self._room < 0:
            self._file.write(text[: len(text) // 2])  # what fits
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(text)

    def flush(self):
        self._file.flush()

    def fileno(self):
        return self._file.fileno()

    def close(self):
        self._file.close()
        super().close()


def test_a_disk_that_fills_in_the_middle_of_a_line(runs, monkeypatch, undisturbed):
    expected = whole_losses(runs, undisturbed)
    opened = Path.open

    def open_(path, mode="r", *arguments, **settings):
        file = opened(path, mode, *arguments, **settings)
        return FullAfter(file, 13) if path.name == metrics.METRICS and mode == "a" else file

    monkeypatch.setattr(Path, "open", open_)
    run = runs.start(NET, RECIPE)
    wait(run)
    assert "disk is full" in run.state.failure.what and "Free some space" in run.state.failure.remedy
    monkeypatch.undo()
    assert RunFolder.open(run.folder.path).trained().classes
    again = runs.resume(run.folder.path)
    wait(again)
    assert again.state.status == "finished" and losses(again.folder) == expected
    assert len([e for e in again.folder.events() if isinstance(e, EpochEnd)]) == 4


def test_a_search_goes_on_after_a_trial_that_was_too_large_and_ends_with_the_gpu(few_digits, tmp_path, monkeypatch):
    forward = Learner.advance
    make = ERRORS["cuda memory"][0]

    def advance(learner):
        if learner.recipe.batch_size == 64:
            raise make()
        return forward(learner)

    monkeypatch.setattr(Learner, "advance", advance)
    plan = SearchPlan(kind="grid", axes=(Axis(path="batch_size", values=(32, 64, 128)),), epochs=1)
    record = SearchRequest(tmp_path, NET, RECIPE, plan, lambda dataset_id: few_digits).run(JobControl())
    assert [trial.score is None for trial in record.trials] == [False, True, False]
    assert "does not fit" in record.trials[1].failure
    make = ERRORS["gpu"][0]
    with pytest.raises(DeviceLost):
        SearchRequest(tmp_path, NET, RECIPE, plan, lambda dataset_id: few_digits).run(JobControl())


def test_jobs_hand_on_what_pytorch_says_in_words():
    class Work:
        def run(self, control):
            raise ERRORS["cuda memory"][0]()

    jobs, heard = Jobs(), []
    jobs.submit("x", Work(), failed=heard.append)
    jobs._pool.shutdown(wait=True)
    jobs.drain()
    assert isinstance(heard[0], OutOfMemory)


def test_other_errors_keep_their_own_words():
    odd = ValueError("odd")
    assert in_words(odd) is odd and in_words(CvlabError("ours.")).what == "ours."
    assert isinstance(
        in_words(RuntimeError("[../gloo/transport/tcp/pair.cc] Connection closed by peer [127.0.0.1]")), PartnerLost
    )
