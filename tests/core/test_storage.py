"""Files: atomic, bounded, refused in words when they are not ours; nothing open is touched."""

import errno
import io
import json
import os
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cvlab.core.lab import Lab
from cvlab.core.project import Project
from cvlab.core.settings import Settings
from cvlab.core.storage import project_file
from cvlab.core.storage.project_file import DOCUMENT, load_project, save_project
from cvlab.engine import disk, files
from cvlab.engine.data.drawing import DrawingSteps
from cvlab.engine.errors import CannotWrite, NewerFile, NotOurFile
from cvlab.engine.nets import zoo
from cvlab.engine.nets.layers import Conv


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CVLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def edited_project():
    project = Project()
    net = zoo.lenet()
    project.architecture = net.with_layer(net.by_name["conv1"].id, Conv(filters=9)).moved({2: (3.0, 4.0)})
    project.recipe = project.recipe.changed(epochs=7)
    project.panel = "digits"
    project.digits.steps = DrawingSteps(crop=False)
    project.builder.selected = (2, 3)
    return project


def test_a_project_comes_back_whole(tmp_path):
    path = tmp_path / "ein Netz für Ä.cvlab"
    project = edited_project()
    save_project(project, path)
    again = load_project(path)
    assert again.architecture == project.architecture and again.recipe == project.recipe
    assert again.digits.steps == DrawingSteps(crop=False)
    assert (again.panel, again.builder.selected) == ("digits", (2, 3))


@pytest.mark.parametrize("size", [0, 1, 30, 200, -30])
def test_a_cut_project_is_refused(tmp_path, size):
    path = tmp_path / "x.cvlab"
    save_project(Project(), path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(NotOurFile):
        load_project(path)


def write(path, document):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(DOCUMENT, document if isinstance(document, str) else json.dumps(document))


@pytest.mark.parametrize(
    "document",
    ["", "[]", "{}", '{"format": "1"}', '{"format": 1}', '{"format": 0}', "[" * 100_000,
     {"format": 1, "architecture": {"nodes": 5}, "recipe": {}}, {"format": 1, "architecture": {}, "recipe": {"epochs": -1}}],
)  # fmt: skip
def test_documents_that_are_none(tmp_path, document):
    path = tmp_path / "x.cvlab"
    write(path, document)
    with pytest.raises(NotOurFile):
        load_project(path)


def test_a_later_version_says_so(tmp_path):
    write(tmp_path / "x.cvlab", {"format": 2})
    with pytest.raises(NewerFile, match="later cvlab"):
        load_project(tmp_path / "x.cvlab")


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(project_file, "MAX_DOCUMENT", 1000)
    path = tmp_path / "x.cvlab"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(DOCUMENT, b" " * 1_000_000)
    with pytest.raises(NotOurFile, match="claim to become 1,000,000"):
        load_project(path)


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_are_no_project(tmp_path, data):
    path = tmp_path / "x.cvlab"
    path.write_bytes(data)
    with pytest.raises(NotOurFile):
        load_project(path)


def test_bytes_flipped_anywhere_never_crash(tmp_path):
    path = tmp_path / "x.cvlab"
    save_project(Project(), path)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        try:
            load_project(path)
        except (NotOurFile, NewerFile):
            pass


def test_a_failed_open_leaves_what_is_open(home, tmp_path):
    lab = Lab()
    lab.project.architecture = zoo.two_layer()
    (tmp_path / "x.cvlab").write_bytes(b"nonsense")
    with pytest.raises(NotOurFile):
        lab.open(tmp_path / "x.cvlab")
    assert lab.project.architecture == zoo.two_layer()
    lab.close()


def test_open_keeps_the_project_object_and_clears_history(home, tmp_path):
    lab = Lab()
    held, told = lab.project, []
    held.events.architecture.connect(lambda new: told.append(new))
    save_project(edited_project(), tmp_path / "x.cvlab")
    lab.open(tmp_path / "x.cvlab")
    assert lab.project is held and held.architecture.by_name["conv1"].layer.filters == 9
    assert len(told) == 1 and lab.history.is_clean
    assert lab.settings.recent[0] == str(tmp_path / "x.cvlab")
    lab.close()


def test_autosave_and_restore(home):
    lab = Lab()
    lab.project.architecture = zoo.two_layer()
    lab.close()
    again = Lab()
    assert again.restore()
    assert again.project.architecture == zoo.two_layer()
    again.close()


def test_a_damaged_autosave_is_a_notice_not_a_crash(home):
    (home / "autosave").mkdir(parents=True)
    (home / "autosave" / "last.cvlab").write_bytes(b"nonsense")
    lab = Lab()
    assert not lab.restore()
    assert "could not be read" in lab.notices.all[-1].text
    assert [path.read_bytes() for path in home.rglob("*.damaged-*/*")] == [b"nonsense"]
    lab.close()


def test_settings_survive_damage(home):
    settings_ = Settings(theme="dark")
    settings_.save()
    assert Settings.load().theme == "dark"
    (home / "settings" / "settings.json").write_text('{"theme": "plaid"}')
    assert Settings.load().theme == "system"
    (home / "settings" / "settings.json").write_bytes(b"\xff\xfe")
    assert Settings.load().theme == "system"


def test_a_failed_write_keeps_the_old_file_and_leaves_no_rubbish(tmp_path, monkeypatch):
    path = tmp_path / "x.cvlab"
    disk.write_whole(path, b"old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match="disk is full"):
        disk.write_whole(path, b"new")
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_reading_is_bounded(tmp_path):
    (tmp_path / "big").write_bytes(b"x" * 11)
    assert files.read_bounded(tmp_path / "big", 11) == b"x" * 11
    with pytest.raises(NotOurFile, match="larger"):
        files.read_bounded(tmp_path / "big", 10)


def test_zip_with_another_name_inside(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../evil", "x")
    (tmp_path / "x.cvlab").write_bytes(buffer.getvalue())
    with pytest.raises(NotOurFile):
        load_project(tmp_path / "x.cvlab")
    assert not (tmp_path.parent / "evil").exists()
