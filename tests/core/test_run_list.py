"""All runs as rows: figures, the best, what differs, curves, notes, and the trash."""

import numpy as np
import pytest

from cvlab.core.panels.runs import RunsState
from cvlab.core.run_list import DeleteRuns, RestoreRuns, best_of, flat, read_curves, read_rows, settings_of, tags_in
from cvlab.core.storage.run_folder import RunFolder
from cvlab.core.storage.trash import Trash
from cvlab.engine.errors import CannotWrite
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import EpochEnd, RunFinished, StepEnd
from cvlab.engine.training.recipe import Recipe


@pytest.fixture
def make(tmp_path):
    """A function that writes a finished run of ten steps in two epochs and gives its folder."""

    def write(held_out=(0.8, 0.9), net=None, **settings):
        folder = RunFolder.create(tmp_path, net or zoo.two_layer(), Recipe.read({"epochs": 2, **settings}))
        for step in range(1, 11):
            folder.log(StepEnd(step, (step + 4) // 5, 2.0 / step, step / 20, 0.1, 250, 0.5 * step))
            if step % 5 == 0:
                epoch = step // 5
                folder.log(EpochEnd(epoch, step, 1.0, 0.5, 0.7, held_out[epoch - 1], 0.1, 0.5 * step, 500.0))
        folder.log(RunFinished(10, 2, 5.0, False, 0.3, 0.88))
        folder.close()
        return folder

    return write


def test_rows_come_newest_first_and_damaged_runs_are_left_out(make, tmp_path):
    first, second = make(), make()
    third = make()
    (third.path / "run.json").write_text("{")
    assert [row.id for row in read_rows(tmp_path)] == sorted([first.record.id, second.record.id], reverse=True)
    row = read_rows(tmp_path)[0]
    assert row.figure("test_accuracy") == 0.88 and row.figure("held_out_accuracy") == 0.9
    assert row.figure("nonsense") is None
    assert row.parameters == sum((784 * 100, 100, 100 * 10, 10))


def test_reading_stops_when_asked(make, tmp_path):
    make()
    assert read_rows(tmp_path, lambda: True) == []


def test_the_best_is_chosen_on_held_out_data_a_data_set_at_a_time(make, tmp_path):
    good, other = make((0.5, 0.95)), make((0.5, 0.1), data="mnist")
    make((0.9, 0.94))
    assert best_of(read_rows(tmp_path)) == {good.record.id, other.record.id}
    assert best_of([]) == set()


def test_what_differs_is_found_inside_settings_and_in_the_net(make, tmp_path):
    make()
    make(seed=3, optimizer={"learning_rate": 0.5}, net=zoo.linear_classifier())
    rows = read_rows(tmp_path)
    differing = {setting.name: setting.values for setting in settings_of(rows) if setting.differs}
    assert differing["seed"] == ("3", "0")
    assert differing["optimizer.learning_rate"] == ("0.5", "0.001")
    assert {"net", "net.layers", "net.parameters"} <= set(differing)
    assert "epochs" not in differing
    titles = {setting.name: setting.title for setting in settings_of(rows)}
    assert titles["optimizer.learning_rate"] == "Learning rate"


def test_settings_lie_flat_under_dotted_names():
    assert flat({"a": 1, "b": {"c": 2, "d": {"e": 3}}, "f": {}}) == {"a": 1, "b.c": 2, "b.d.e": 3, "f": {}}


def test_curves_run_over_steps_epochs_and_seconds(make):
    curves = read_curves(make().path)
    x, y = curves.over("step", "loss")
    assert np.array_equal(x, np.arange(1, 11)) and np.allclose(y, 2.0 / x)
    assert curves.over("epoch", "loss")[0][-1] == 2.0 and curves.over("seconds", "loss")[0][-1] == 5.0
    assert [list(part) for part in curves.over("epoch", "held_out_accuracy")] == [[1, 2], [0.8, 0.9]]
    assert len(curves.over("step", "no such")[0]) == 0


def test_curves_leave_out_what_was_not_measured(make):
    folder = make((None, 0.9))
    assert [list(part) for part in read_curves(folder.path).over("step", "held_out_accuracy")] == [[10], [0.9]]


def test_words_are_found_in_the_name_the_recipe_the_tags_and_the_notes(make, tmp_path):
    folder = make(optimizer={"kind": "momentum"})
    folder.annotate(tags=("baseline",), text="Slow but sure")
    (row,) = read_rows(tmp_path)
    assert row.has("") and row.has("BASELINE momentum") and row.has("2-layer slow")
    assert not row.has("momentum adam")


@pytest.mark.parametrize(
    ("typed", "tags"),
    [("", ()), (" a,b ; a,, c  d ", ("a", "b", "c d")), (",".join(map(str, range(99))), tuple(map(str, range(20))))],
)
def test_tags_are_read_as_people_type_them(typed, tags):
    assert tags_in(typed) == tags


def test_deleted_runs_come_back_with_undo(make, tmp_path):
    folder, calls = make(), []
    command = DeleteRuns([folder.path], changed=lambda: calls.append(1))
    command.do()
    assert not folder.path.exists() and read_rows(tmp_path) == []
    command.undo()
    assert len(read_rows(tmp_path)) == 1
    command.do()
    command.do()  # gone already: nothing happens
    command.undo()
    assert len(read_rows(tmp_path)) == 1 and len(calls) == 5


def test_a_deletion_is_undone_whole_and_moves_all_runs_or_none(make, tmp_path, monkeypatch):
    folders = [make(), make(), make()]
    folders[1].annotate(tags=("deep",), text="Kept.")
    (folders[1].path / "weights-final.safetensors").write_bytes(b"weights")
    state = RunsState(chosen=(folders[1].record.id,))

    def files():
        return {path.relative_to(tmp_path): path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file()}

    before = files()
    command = DeleteRuns([folders[1].path, folders[2].path], lambda: None, state, (folders[0].record.id,))
    command.do()
    assert [row.id for row in read_rows(tmp_path)] == [folders[0].record.id] == list(state.chosen)
    RestoreRuns(command).do()
    assert files() == before and state.chosen == (folders[1].record.id,)
    put = Trash.put

    def fail(self, folder):
        if folder == folders[2].path:
            raise CannotWrite("The disk is full.")
        put(self, folder)

    monkeypatch.setattr(Trash, "put", fail)
    with pytest.raises(CannotWrite):
        command.do()
    assert files() == before and state.chosen == (folders[1].record.id,)


def test_a_run_that_was_cut_off_does_not_train(runs):
    folder = RunFolder.create(runs.root, zoo.two_layer(), Recipe())
    folder.record.status = "running"
    folder.write_record()
    assert folder.status == "cut off" and [row.status for row in read_rows(runs.root)] == ["cut off"]
    folder.lock.take()
    assert folder.status == "running" and [row.status for row in read_rows(runs.root)] == ["running"]
    folder.lock.release()
