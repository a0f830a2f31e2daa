"""Bytes of a run's folder are changed at random: whoever reads it ends in a sentence, or with what can be read."""

import contextlib
import os
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cvlab.core.ensembles import EnsembleRequest, Member
from cvlab.core.export import BoardExport, ScriptExport
from cvlab.core.jobs import JobControl
from cvlab.core.run import Run
from cvlab.core.run_list import best_of, read_curves, read_rows, settings_of
from cvlab.core.runs import Runs
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets import zoo
from cvlab.engine.training.checkpoint import restore, resume_bytes
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe

from .conftest import wait

EXAMPLES = int(os.environ.get("CVLAB_EXAMPLES", "15"))
"""A long run: CVLAB_EXAMPLES=3000 pytest tests/core/test_damaged_folder.py"""
RECIPE = Recipe(batch_size=50, epochs=2, threads=1, device="cpu", averaging=0.9, preprocessing="mean-image")
TEXTS = (b"null", b"{}", b"[]", b"NaN", b"1e999", b'"', b"true", b"-1", b"9" * 30, b"\0" * 20, b"\xff")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, few_digits):
    """A finished run's folder, and the runs that it is one of."""
    runs = Runs(tmp_path_factory.mktemp("runs"), lambda dataset_id: few_digits)
    run = runs.start(zoo.two_layer(), RECIPE)
    wait(run)
    run.folder.annotate(text="A note", tags=("a", "b"))
    return run.folder.path


kinds = st.sampled_from(["flip", "cut", "text", "digit"])
change = st.tuples(st.integers(0, 2**20), st.integers(0, 2**31), kinds, st.integers(0, 255))
damage = st.lists(change, min_size=1, max_size=4)


def damaged(content, changes):
    data = bytearray(content)
    for _, place, kind, what in changes:
        if not data:
            break
        # Mostly near the beginning: there stands what is not merely numbers.
        at = place % min(len(data), 4000 if what % 3 else len(data))
        if kind == "flip":
            data[at] ^= 1 << what % 8
        elif kind == "cut":
            del data[at:]
        elif kind == "text":
            data[at : at + 1] = TEXTS[what % len(TEXTS)]
        else:
            digits = [i for i in range(min(len(data), 4000)) if 48 <= data[i] <= 57]
            if digits:
                data[digits[place % len(digits)]] = b"0123456789-eE."[what % 14]
    return bytes(data)


@given(damage)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_reader_of_a_damaged_folder(whole, few_digits, tmp_path, changes):
    path = tmp_path / "runs" / whole.name
    shutil.rmtree(tmp_path / "runs", ignore_errors=True)
    shutil.copytree(whole, path)
    files = sorted(each for each in path.rglob("*") if each.is_file() and "tensorboard" not in each.parts)
    file = files[changes[0][0] % len(files)]
    file.write_bytes(damaged(file.read_bytes(), changes))

    rows = read_rows(path.parent)
    assert len(best_of(rows)) <= len(rows) <= 1
    settings_of(rows)
    for row in rows:
        assert row.has("") and (row.created is None or row.created.year) and row.figure("held_out_loss") is not Ellipsis
    with contextlib.suppress(CvlabError):
        read_curves(path)
    with contextlib.suppress(CvlabError):
        Run.read(RunFolder.open(path))
    for deed in (
        lambda folder: folder.trained().predict(few_digits.test.images[:2]),
        lambda folder: folder.trained(average=True),
        lambda folder: [folder.trained_at(point.step) for point in folder.checkpoints.all()],
        lambda folder: EnsembleRequest((Member(path), Member(path, average=True)), lambda _: few_digits).run(JobControl()),
        lambda folder: ScriptExport(path, tmp_path / "out", lambda _: few_digits).run(JobControl()),
        lambda folder: (shutil.rmtree(path / "tensorboard"), BoardExport((path,)).run(JobControl())),
        lambda folder: folder.restore(Learner(folder.record.architecture, few_digits, RECIPE)),
    ):  # fmt: skip
        with contextlib.suppress(CvlabError):
            deed(RunFolder.open(path))


def test_a_changed_place_in_the_run_is_noticed(few_digits):
    """Not only weights have a checksum: a step that is another would train on other images, silently."""
    learner = Learner(zoo.linear_classifier(), few_digits, RECIPE.changed(preprocessing="signed"))
    learner.advance()
    data = resume_bytes(learner)
    for old, new in ((b'\\"step\\": 1', b'\\"step\\": 2'), (b'\\"position\\": 50', b'\\"position\\": 51')):
        assert data.count(old) == 1
        with pytest.raises(CvlabError, match="damaged"):
            restore(learner, data.replace(old, new))
    restore(learner, data)
