"""Where epochs lie among steps, held against a count of every batch, and in a run whose batch size is changed on the way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvlab.core.epochs import EpochLine
from cvlab.core.run import Run
from cvlab.core.run_list import read_curves
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.nets import zoo
from cvlab.engine.training.recipe import Recipe

from .conftest import wait


def count(images, batch, epochs, turns):
    """(steps after which each epoch ended, by counting batches) with the batch size changed before some steps."""
    ends, step = [], 0
    for _ in range(epochs):
        left = images
        while left > 0:
            step += 1
            batch = turns.get(step, batch)
            left -= batch
        ends.append(step)
    return ends


@given(
    st.integers(1, 500), st.integers(1, 60), st.integers(1, 6),
    st.dictionaries(st.integers(1, 300), st.integers(1, 60), max_size=4),
)  # fmt: skip
def test_it_is_where_counting_says(images, batch, epochs, turns):
    def steps(size):
        return -(-images // size)

    ends = count(images, batch, epochs, turns)
    line = EpochLine(steps(batch), epochs)
    for epoch, end in enumerate(ends, 1):
        start = ends[epoch - 2] if epoch > 1 else 0
        turned = [step for step in sorted(turns) if start < step <= end]
        for step in turned:
            line.turn(step, steps(turns[step]))
        if not turned:
            assert line.step_of(epoch) == end, "nothing was turned: known before it ends"
        line.ended(epoch, end)
        assert line.at(end) == epoch and line.step_of(epoch) == end
    assert line.total == ends[-1]
    grid = np.arange(ends[-1] + 1)
    shares = [line.at(step) for step in grid]
    assert shares == sorted(shares) and shares[0] == 0.0
    np.testing.assert_allclose(line.all_at(grid.astype(float)), shares)
    for epoch in np.linspace(0, epochs, 13):
        assert line.at(line.step_of(epoch)) == pytest.approx(epoch)


@given(st.integers(2, 40), st.integers(2, 40), st.integers(1, 4), st.integers(0, 40))
def test_the_end_is_foretold_to_a_step_an_epoch(each, then, whole, part):
    line = EpochLine(each, whole + 2)
    step = whole * each + min(part, each - 1) + 1
    line.turn(step, then)
    left = whole + 2 - (step - 1) / each
    assert line.total == pytest.approx(step - 1 + left * then, abs=1)


def test_a_run_whose_batch_size_changes_foretells_its_end_and_counts_its_epochs(runs):
    run = runs.start(zoo.two_layer(), Recipe(batch_size=120, epochs=6, held_out=0.1, threads=1, device="cpu"))
    run.step()
    wait(run, lambda: run.state.step >= 1)
    assert run.line.each == 3 and run.state.total_steps == 18
    run.turn("batch_size", 40)
    run.step()
    wait(run, lambda: run.state.step >= 2)
    assert [(knob.knob, knob.step, knob.new) for knob in run.knobs] == [("batch_size", 2, 40.0)]
    assert run.state.total_steps == 1 + 6 + 5 * 9 and run.recipe.batch_size == 40
    run.resume()
    wait(run)
    assert run.state.status == "finished" and run.state.step == run.state.total_steps == 52
    assert [run.line.step_of(epoch) for epoch in range(1, 7)] == run.curves["epoch_loss"].points()[0].tolist()
    again = Run.read(RunFolder.open(run.folder.path))
    assert again.line.bends == run.line.bends and again.state.total_steps == 52
    curves = read_curves(run.folder.path)
    assert curves.of_steps["epoch"][-1] == 6.0 and curves.of_steps["epoch"][6] == pytest.approx(1.0)


def test_a_branch_with_another_batch_size_counts_on(runs):
    run = runs.start(zoo.two_layer(), Recipe(batch_size=120, epochs=2, held_out=0.1, threads=1, device="cpu"))
    wait(run)
    branch = runs.branch(run.folder.path, 3, run.recipe.changed(batch_size=40, epochs=4))
    wait(branch)
    assert branch.state.status == "finished" and branch.state.total_steps == branch.state.step == 3 + 3 * 9
    assert branch.line.step_of(1) == 3 and branch.line.step_of(2) == 12
