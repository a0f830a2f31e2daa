"""A search trains its trials, never looks at a test image, and goes on where it was stopped."""

from dataclasses import replace

import pytest

from cvlab.core.jobs import JobControl
from cvlab.core.searches import SearchRequest, read_search, searches
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.errors import Cancelled, NotOurFile, RecipeError
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import RunFinished
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.search import Axis, SearchPlan, best_of

RECIPE = Recipe(batch_size=40, threads=1, device="cpu")
PLAN = SearchPlan(kind="coarse-to-fine", trials=4, rounds=2, epochs=2,
                  axes=(Axis(path="optimizer.learning_rate", low=1e-5, high=0.1, log=True),))  # fmt: skip


@pytest.fixture
def request_of(tmp_path, few_digits):
    # Test labels that nobody may look at.
    blind = replace(few_digits, test=replace(few_digits.test, images=None, labels=None))

    def make(plan=PLAN, recipe=RECIPE):
        return SearchRequest(tmp_path, zoo.linear_classifier(), recipe, plan, lambda dataset_id: blind)

    return make


class StopsAfter(JobControl):
    """Cancelled when so many trials are done."""

    def __init__(self, trials):
        super().__init__()
        self._trials = trials

    def report(self, progress):
        super().report(progress)
        if len(progress.trials) == self._trials:
            self.cancel()


def test_trials_are_trained_and_kept(request_of, tmp_path):
    control = JobControl()
    record = request_of().run(control)
    assert len(record.trials) == 4 and control.progress.now is None and control.progress.total == 4
    assert read_search(tmp_path / record.id) == record and searches(tmp_path) == [record]
    best = best_of(record.trials)
    folder = RunFolder.open(tmp_path / record.id / best.run)
    assert folder.record.recipe.optimizer.learning_rate == best.values["optimizer.learning_rate"]
    assert folder.trained().classes and not [e for e in folder.events() if isinstance(e, RunFinished)]


def test_a_stopped_search_goes_on_as_if_it_had_not_been(request_of, tmp_path):
    whole = [(t.values, t.score) for t in request_of().run(JobControl()).trials]
    with pytest.raises(Cancelled):
        request_of().run(StopsAfter(2))
    stopped = next(record for record in searches(tmp_path) if len(record.trials) == 2)
    again = SearchRequest.again(tmp_path / stopped.id, request_of().load_data)
    assert [(t.values, t.score) for t in again.run(JobControl()).trials] == whole


def test_what_a_trial_left_that_was_cut_off_is_removed_when_the_search_goes_on(request_of, tmp_path, few_digits):
    with pytest.raises(Cancelled):
        request_of().run(StopsAfter(2))
    (stopped,) = searches(tmp_path)
    path = tmp_path / stopped.id
    RunFolder.create(path, zoo.linear_classifier(), RECIPE, "Cut off")
    trained = RunFolder.create(path, zoo.linear_classifier(), RECIPE, "Trained")
    trained.lock.take()
    record = SearchRequest.again(path, lambda dataset_id: few_digits).run(JobControl())
    there = {folder.name for folder in path.iterdir() if folder.is_dir()}
    assert there == {trial.run for trial in record.trials} | {trained.path.name}
    assert "Cut off" not in {RunFolder.open(path / name).title for name in there}
    trained.lock.release()


def test_a_trial_that_diverges_is_a_failure_and_no_end(request_of):
    axes = (Axis(path="optimizer.learning_rate", values=(0.001, 100.0)),)
    recipe = RECIPE.changed(**{"optimizer.kind": "sgd", "optimizer.weight_decay": 1.0, "epochs": 30})
    record = request_of(SearchPlan(kind="grid", axes=axes, epochs=30), recipe).run(JobControl())
    assert [t.score is None for t in record.trials] == [False, True] and "step" in record.trials[1].failure


def test_a_hopeless_trial_is_given_up(request_of, tmp_path):
    axes = (Axis(path="optimizer.learning_rate", values=(0.01, 0.02, 0.03, 0.04, 1e-9)),)
    record = request_of(SearchPlan(kind="grid", axes=axes, epochs=3, prune=True)).run(JobControl())
    assert [t.given_up for t in record.trials] == [False] * 4 + [True]
    assert [len(t.curve) for t in record.trials] == [3, 3, 3, 3, 1]
    assert read_search(tmp_path / record.id) == record
    assert RunFolder.open(tmp_path / record.id / record.trials[-1].run).record.status == "stopped"
    assert all(max(t.curve) == t.score for t in record.trials)


def test_optuna_searches_in_the_same_folders(request_of, tmp_path):
    pytest.importorskip("optuna", reason="TPE IS NOT CHECKED: pip install cvlab[search]")
    plan = PLAN.changed(kind="optuna", trials=5, epochs=1)
    whole = request_of(plan).run(JobControl()).trials
    with pytest.raises(Cancelled):
        request_of(plan).run(StopsAfter(3))
    stopped = next(record for record in searches(tmp_path) if len(record.trials) == 3)
    again = SearchRequest.again(tmp_path / stopped.id, request_of().load_data).run(JobControl())
    assert [(t.values, t.score, t.curve) for t in again.trials] == [(t.values, t.score, t.curve) for t in whole]


def test_what_cannot_be_searched(request_of, tmp_path):
    with pytest.raises(RecipeError):
        request_of(SearchPlan()).run(JobControl())
    with pytest.raises(NotOurFile, match="no search"):
        read_search(tmp_path)
    (tmp_path / "search.json").write_text("{}")
    with pytest.raises(NotOurFile, match="cannot be read"):
        read_search(tmp_path)
