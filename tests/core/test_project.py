"""Panel states in the project: made on first need, kept as they were read until then, and carried over whole."""

import json
import subprocess
import sys
import zipfile

import pytest

from cvlab.core.panels import STATES, saved_class, state_class
from cvlab.core.project import Project
from cvlab.core.storage.project_file import DOCUMENT, load_project, save_project
from cvlab.engine.errors import NotOurFile


@pytest.fixture
def path(tmp_path):
    return tmp_path / "p.cvlab"


def sections(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(DOCUMENT))


def with_sections(path, **changed):
    save_project(Project(), path)
    document = sections(path) | changed
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(DOCUMENT, json.dumps(document))
    return path


@pytest.mark.parametrize("panel_id", STATES)
def test_every_state_starts_as_its_empty_section_says(panel_id):
    """A file from before a panel, and one that leaves out what is as it was, give the same as a new project."""
    saved = saved_class(panel_id)
    assert saved.of(state_class(panel_id)()) == saved.of(saved().state())


@pytest.mark.parametrize("panel_id", STATES)
def test_every_state_comes_back_from_a_file(panel_id, path):
    project = Project()
    before = saved_class(panel_id).of(getattr(project, panel_id))
    save_project(project, path)
    assert panel_id in sections(path)
    assert saved_class(panel_id).of(getattr(load_project(path), panel_id)) == before


def test_a_state_is_one_object_and_an_unknown_name_is_none():
    project = Project()
    assert project.linear is project.linear
    with pytest.raises(AttributeError, match="nonsense"):
        project.nonsense  # noqa: B018


def test_a_new_project_imports_no_engine_of_a_panel():
    code = "import sys; from cvlab.core.project import Project; Project(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"cvlab.engine.race", "cvlab.engine.circuit.grammar", "cvlab.engine.classifier", "torch"}


def test_a_section_that_nobody_looks_at_is_kept_word_for_word(path):
    with_sections(path, training={"smoothing": 99, "of_a_later_version": [1, 2]}, telescope={"zoom": 3})
    project = load_project(path)
    save_project(project, path)
    assert sections(path)["training"] == {"smoothing": 99, "of_a_later_version": [1, 2]}
    assert sections(path)["telescope"] == {"zoom": 3}
    assert load_project(path).training.smoothing == 99


def test_taking_over_a_project_changes_the_states_in_use_and_keeps_them(path):
    with_sections(path, training={"smoothing": 99}, digits={"brush": 20})
    open_one = Project()
    training, heard = open_one.training, []
    training.events.smoothing.connect(heard.append)
    open_one.adopt(load_project(path))
    assert open_one.training is training and heard == [99]
    assert open_one.digits.brush == 20


def test_our_own_autosave_is_read_when_it_is_needed_and_a_bad_section_costs_that_panel_only(path, caplog):
    with_sections(path, training={"smoothing": -5}, digits={"brush": 20})
    with pytest.raises(NotOurFile, match=r"training\.smoothing"):
        load_project(path)
    project = load_project(path, ours=True)
    assert project.digits.brush == 20
    assert project.training.smoothing == Project().training.smoothing
    assert "training" in caplog.text
