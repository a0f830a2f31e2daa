"""Whatever stands in a run's metrics.jsonl, what can be read is read: no exception, no hang, no memory beyond a line."""

import json
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cvlab.core.export import BoardExport
from cvlab.core.jobs import JobControl
from cvlab.core.run import Run
from cvlab.core.run_list import read_curves
from cvlab.core.storage import metrics
from cvlab.core.storage.metrics import MetricsTail, line_of
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.nets import zoo
from cvlab.engine.training.events import (
    EpochEnd,
    KnobTurned,
    Noticed,
    RunFailed,
    RunFinished,
    RunStarted,
    StepEnd,
)
from cvlab.engine.training.recipe import Recipe

STORY = [
    RunStarted("CPU", 1, 40, 10, 2, 2, 100), StepEnd(1, 1, 2.3, 0.1, 0.01, 20, 0.1), StepEnd(2, 1, 2.0, 0.2, 0.01, 20, 0.2),
    EpochEnd(1, 2, 2.1, 0.15, 2.0, 0.3, 0.01, 0.3, 200.0), KnobTurned(3, "optimizer.learning_rate", 0.01, 0.1),
    Noticed(3, "Look."),
    StepEnd(3, 2, 1.9, 0.3, 0.1, 20, 0.4), EpochEnd(2, 4, 1.8, 0.4, None, None, 0.1, 0.5, 200.0),
    RunFailed(4, "Stopped", "It did.", "", "Try.", 0.01), RunFinished(4, 2, 0.6, False, 1.7, 0.5, 2),
]  # fmt: skip
HOSTILE = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(), st.text(max_size=5), st.just([]), st.just({}),
    st.just(10**400), st.just(0), st.just("9" * 3000), st.just("optimizer.kind"), st.just("batch_size"),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return RunFolder.create(tmp_path_factory.mktemp("runs"), zoo.linear_classifier(), Recipe(threads=1, device="cpu"))


def read_by_all(folder):
    story = Run.read(folder)
    curves = read_curves(folder.path)
    for against in ("step", "epoch", "seconds"):
        for name in (*curves.of_steps, *curves.of_epochs):
            x, y = curves.over(against, name)
            assert len(x) == len(y) and np.isfinite(y).all()
    for curve in story.curves.values():
        curve.visible(0.0, 10.0, 50) if hasattr(curve, "visible") else curve.last
    folder.board.path.mkdir(exist_ok=True)
    for path in folder.board.path.iterdir():
        path.unlink()
    BoardExport((folder.path,)).run(JobControl())
    return story


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lines_that_are_json_but_not_what_they_should_be(folder, data):
    lines = []
    for event in STORY:
        line = json.loads(line_of(event))
        for name in data.draw(st.lists(st.sampled_from([f.name for f in fields(event)]), max_size=2)):
            line[name] = data.draw(HOSTILE)
        lines.append(json.dumps(line))
    (folder.path / metrics.METRICS).write_text("\n".join([*lines, ""]))
    read_by_all(folder)


@given(st.binary(max_size=400), st.integers(0, 2000), st.booleans())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lines_that_are_no_json(folder, junk, place, replaces):
    whole = "".join(map(line_of, STORY)).encode()
    (folder.path / metrics.METRICS).write_bytes(whole[:place] + junk + whole[place + replaces * len(junk) :])
    read_by_all(folder)


def test_what_is_whole_is_read_as_it_was(folder):
    (folder.path / metrics.METRICS).write_text("".join(map(line_of, STORY)))
    assert folder.events() == STORY


def test_a_line_without_end_is_passed_over_piece_by_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(metrics, "MAX_LINE", 1000)
    path = tmp_path / "metrics.jsonl"
    first, second = map(line_of, STORY[1:3])
    path.write_text(first + "x" * 5000)
    tail = MetricsTail(path)
    assert list(tail.read()) == [STORY[1]] and list(tail.read()) == []
    with path.open("a") as file:
        file.write("x" * 500 + "\n" + second[:50])
    assert list(tail.read()) == []
    with path.open("a") as file:
        file.write(second[50:])
    assert list(tail.read()) == [STORY[2]] and list(tail.read()) == []
