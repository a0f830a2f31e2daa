"""Runs that wait are kept on disk, begin only when a person says so, and are begun by one window of two."""

import errno
import json

import numpy as np
import pytest

from cvlab.core.runs import QUEUE, Runs, Unqueue
from cvlab.core.storage.queue_folder import QueueFolder
from cvlab.core.storage.record import Parent
from cvlab.core.weights import Weights, first_weights
from cvlab.engine import disk
from cvlab.engine.errors import CannotWrite, DataMissing
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe

NET = zoo.linear_classifier()
RECIPE = Recipe(batch_size=40, threads=1, device="cpu", epochs=1)


@pytest.fixture
def busy(runs):
    """Runs of which one trains, long, and two wait."""
    runs.start(NET, RECIPE.changed(epochs=10_000))
    for title in ("one", "two"):
        runs.queue(NET, RECIPE, title=title, parent=Parent(run="x"))
    return runs


@pytest.fixture
def next_window(runs, few_digits):
    """Another window over the same folder of runs."""
    other = Runs(runs.root, lambda dataset_id: few_digits)
    other.line.recall()
    yield other
    other.close()


def end(runs, run=None):
    """Until the run, the one that trains now, has ended and `runs` knows it."""
    run = run or runs.current
    while run.is_active:
        run.join(0.01)
        runs.deliver()


def end_all(runs):
    while runs.current.is_active:
        end(runs)


def titles(runs):
    return [waiting.title for waiting in runs.waiting]


def reopened(runs):
    other = Runs(runs.root, runs.load_data)
    other.line.recall()
    return other


def test_closing_forgets_none_and_the_next_window_begins_none(busy):
    busy.close()
    assert busy.waiting == [] and not busy.current.is_active
    later = reopened(busy)
    assert titles(later) == ["one", "two"] and all(waiting.held for waiting in later.waiting)
    assert later.waiting[0].architecture == NET and later.waiting[0].recipe == RECIPE
    assert later.waiting[0].parent == Parent(run="x")
    later.deliver()
    assert later.current is None
    later.line.recall()
    assert titles(later) == ["one", "two"], "once each"
    later.let_begin(later.waiting[1].id)
    assert later.current.title == "two" and titles(later) == ["one"]
    end(later)
    assert titles(later) == ["one"], "the other still waits for a word"
    later.let_begin()
    end(later)
    assert not list((busy.root / QUEUE).iterdir())


def test_a_removal_can_be_undone_in_its_place(busy):
    busy.queue(NET, RECIPE, title="three")
    removal = Unqueue(busy, busy.waiting[1])
    removal.do()
    assert titles(busy) == titles(reopened(busy)) == ["one", "three"]
    removal.undo()
    assert titles(busy) == titles(reopened(busy)) == ["one", "two", "three"]
    assert [waiting.held for waiting in busy.waiting] == [False, True, False]
    removal.do()
    assert titles(busy) == ["one", "three"]
    removal.undo()
    busy.current.stop()
    end_all(busy)
    assert titles(busy) == ["two"] and busy.current.title == "three", "what was brought back begins nothing by itself"


def test_undo_of_a_removal_starts_nothing_where_nothing_trains(busy):
    removal = Unqueue(busy, busy.waiting[0])
    removal.do()
    busy.unqueue(busy.waiting[0].id)
    busy.current.stop()
    end(busy)
    ended = busy.current
    removal.undo()
    busy.deliver()
    assert busy.current is ended and titles(busy) == ["one"]


@pytest.mark.parametrize("moves", [[(1, 0)], [(2, 0), (2, 1)], [(0, 2)], [(3, 1), (0, 3), (2, 0)]])
def test_the_order_is_kept(busy, moves):
    for title in ("three", "four"):
        busy.queue(NET, RECIPE, title=title)
    expected = titles(busy)
    for start, end in moves:
        busy.line.move(busy.waiting[start].id, end)
        expected.insert(end, expected.pop(start))
        assert titles(busy) == titles(reopened(busy)) == expected


def test_of_two_windows_one_begins_a_run(busy, next_window):
    assert titles(next_window) == ["one", "two"]
    next_window.let_begin(next_window.waiting[0].id)
    end(next_window)
    busy.current.stop()
    end(busy)
    assert busy.current.title == "two", "the other window has begun the first"
    end(busy)
    assert sorted(record.title for record in busy.past()) == ["Linear classifier on mnist-mini", "one", "two"]


def test_what_cannot_begin_waits_on(runs, monkeypatch):
    runs.start(NET, RECIPE.changed(epochs=10_000))
    runs.queue(NET, RECIPE, title="one")
    heard = []
    runs.refused.connect(lambda title, error: heard.append((title, str(error))))
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(Runs, "start", lambda *_, **__: (_ for _ in ()).throw(disk.refused(full, runs.root)))
    runs.current.stop()
    end(runs)
    assert heard and heard[0][0] == "one" and "disk is full" in heard[0][1]
    assert titles(runs) == titles(reopened(runs)) == ["one"] and runs.waiting[0].held


def test_a_queued_run_whose_data_are_gone_waits_on(runs, few_digits):
    runs.start(NET, RECIPE.changed(epochs=10_000))
    runs.queue(NET, RECIPE, title="one")

    def gone(dataset_id):
        raise DataMissing("The data are not on this machine.", remedy="Get them in Datasets.")

    runs.load_data = gone
    runs.current.stop()
    end(runs)
    failed = runs.current
    end(runs)
    assert failed.state.status == "failed" and "not on this machine" in failed.state.failure.what
    assert titles(runs) == titles(reopened(runs)) == ["one"] and runs.waiting[0].held
    runs.load_data = lambda dataset_id: few_digits
    runs.let_begin()
    end(runs)
    assert runs.current.state.status == "finished" and runs.waiting == []


def test_a_full_disk_refuses_to_queue_and_keeps_the_rest(busy, monkeypatch):
    def full(*_, **__):
        raise disk.refused(OSError(errno.ENOSPC, "full"), busy.root)

    monkeypatch.setattr("cvlab.core.storage.queue_folder.write_whole", full)
    with pytest.raises(CannotWrite):
        busy.queue(NET, RECIPE, title="three")
    assert titles(busy) == ["one", "two"]


def test_damaged_and_foreign_files_are_left_out_and_left_alone(busy, tmp_path):
    folder = busy.root / QUEUE
    (folder / "damaged.json").write_text('{"title": "x"')
    (folder / "later.json").write_text('{"format": 3}')
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "notes.txt").write_text("mine")
    assert titles(reopened(busy)) == ["one", "two"]
    busy.close()
    kept = {"damaged.json.damaged-1", "later.json", "deep.json.damaged-1", "notes.txt"}
    assert {path.name for path in folder.iterdir()} >= kept


def test_a_window_that_died_while_it_began_a_run_loses_none(busy):
    assert QueueFolder(busy.root / QUEUE).take(busy.waiting[0].file)
    later = reopened(busy)
    assert titles(later) == ["one", "two"]
    later.let_begin(later.waiting[0].id)
    assert later.current.title == "one"
    end(later)
    assert titles(reopened(busy)) == ["two"]


# -- runs that begin with trained weights --------------------------------------------------------------------------------


@pytest.fixture
def weights():
    drawn = first_weights(NET)
    return Weights({name: value + np.float32(0.5) for name, value in drawn.values.items()}, title="mine")


def test_it_begins_with_the_weights_of_the_net_that_was_chosen_also_after_a_restart(runs, weights, few_digits):
    asked = []

    def find(net, which):
        asked.append((net, which))
        return weights

    runs.find_weights = find
    runs.start(NET, RECIPE.changed(epochs=10_000))
    runs.queue(NET, RECIPE, begin_with="net-mine", whose="mine")
    assert asked == [], "nothing is read before its turn"
    runs.close()
    later = Runs(runs.root, lambda _: few_digits, find)
    later.line.recall()
    (waiting,) = later.waiting
    assert (waiting.begin_with, waiting.whose, waiting.held) == ("net-mine", "mine", True)
    later.let_begin()
    end(later)
    folder = later.current.folder
    assert later.current.state.status == "finished" and folder.record.begins_with == "mine"
    assert asked == [(NET, "net-mine")]
    began = folder.trained_at(0).weights()
    for name, value in weights.values.items():
        np.testing.assert_array_equal(began[name], value)
    later.close()


def test_its_weights_may_be_gone_when_its_turn_comes_and_then_it_waits_on(busy, weights):
    while busy.waiting:
        busy.unqueue(busy.waiting[0].id)
    busy.queue(NET, RECIPE, title="three", begin_with="net-gone", whose="gone")
    busy.current.stop()
    end(busy)
    failed = busy.current
    end(busy)
    assert failed.state.status == "failed" and failed.state.failure.what.endswith(
        "cannot be had. There is no such net."
    )
    assert not failed.folder.path.exists(), "of a run that never began nothing is left"
    (waiting,) = busy.waiting
    assert waiting.held and (waiting.title, waiting.begin_with) == ("three", "net-gone")
    busy.find_weights = lambda net, which: weights
    busy.let_begin()
    end(busy)
    assert busy.current.state.status == "finished" and busy.waiting == []


def test_undo_and_another_order_keep_what_it_begins_with(busy):
    busy.queue(NET, RECIPE, title="three", begin_with="net-mine", whose="mine")
    removal = Unqueue(busy, busy.waiting[2])
    removal.do()
    removal.undo()
    busy.line.move(busy.waiting[2].id, 0)
    assert [waiting.begin_with for waiting in reopened(busy).waiting] == ["net-mine", "", ""]
    assert busy.line.needing("net-mine") == busy.waiting[:1] and busy.line.needing("other") == []


def test_an_earlier_cvlab_would_leave_it_alone(busy):
    busy.queue(NET, RECIPE, title="three", begin_with="net-mine")
    formats = {run["title"]: run["format"] for run in map(json.loads, _texts(busy.root / QUEUE))}
    assert formats == {"one": 1, "two": 1, "three": 2}


def _texts(folder):
    return [path.read_text() for path in folder.iterdir()]
