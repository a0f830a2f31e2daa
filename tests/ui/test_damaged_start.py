"""The window itself starts with damaged files, and says what it found."""

from __future__ import annotations

import json
import os

import pytest
from PySide6.QtWidgets import QPushButton

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.ui.app import Session
from cvlab.ui.window import MainWindow
from tests.core.populated_home import KINDS, is_kept, mutate, populate


@pytest.fixture
def start(qapp, qtbot, flush, specs, calm_and_wild):
    """A function that starts the window as the application does, in the home as it is."""
    windows = []

    def started(panels=specs):
        lab = Lab()
        lab.restore()
        window = MainWindow(lab, panels=panels)
        windows.append(window)
        with qtbot.waitExposed(window):
            window.show()
        lab.check_files()
        qtbot.waitUntil(lambda: not lab.jobs.is_busy("files"))
        return window

    yield started
    for window in windows:
        if not window._is_left:
            window.leave()
    flush()


@pytest.mark.parametrize("kind", KINDS)
def test_the_window_starts_with_a_damaged_file_of_every_kind(kind, start, home):
    content = mutate(populate(home)[kind], "wrong types")
    window = start()
    assert [notice.level for notice in window.lab.notices.all] == ["warning"]
    assert window.notice_bar.notice is window.lab.notices.all[0]
    assert is_kept(home, content, "")


GEOMETRIES = {
    "empty": b"",
    "not utf-8": b"\xff\xfe\x00[General]\n",
    "a word": b"[General]\ngeometry=large\nexplanation=true\n",
    "a number": b"[General]\ngeometry=5\nstate=7\n",
    "a list": b"[General]\ngeometry=1, 2, 3\nexplanation=true\n",
    "cut bytes": b"[General]\ngeometry=@ByteArray(\\x1\\xd9\\xd0\nexplanation=true\n",
    "other bytes": b"[General]\ngeometry=@ByteArray(abc)\nexplanation=true\n",
    "another answer": b"[General]\ngeometry=@ByteArray(abc)\nexplanation=perhaps\n",
    "two megabytes": b"[General]\ngeometry=" + b"x" * 2_000_000,
    "json": json.dumps({"geometry": None}).encode(),
}


@pytest.mark.parametrize("what", [*GEOMETRIES, "folder"])
def test_a_damaged_geometry_gives_way_to_the_usual_size(what, start, home):
    path = home / "settings" / "window.ini"
    path.parent.mkdir()
    if what == "folder":
        path.mkdir()
    else:
        path.write_bytes(GEOMETRIES[what])
    window = start()
    assert "window.ini cannot be read" in [notice.title for notice in window.lab.notices.all]
    assert path.with_name("window.ini.damaged-1").exists()
    if what != "folder":
        assert path.with_name("window.ini.damaged-1").read_bytes() == GEOMETRIES[what]
    window.toggle_explanation()
    wanted = window._wants_explanation
    window.leave()
    again = start()
    assert not again.lab.notices.all and again._wants_explanation == wanted


def test_recovered_work_is_offered_on_a_card_and_restored(start, tmp_path, home, qtbot):
    window = start()
    lab = window.lab
    lab.save(tmp_path / "net.cvlab")
    lab.history.push(SetField(lab.project, "recipe", lab.project.recipe.changed(epochs=77), "Epochs"))
    lab.autosave.write_now()
    lab.autosave.folder.release()  # as if the process were gone
    window.pump.stop()
    again = start()
    bar = again.notice_bar
    assert bar.notice.title.startswith("Recovered work from ") and len(again.lab.notices.all) == 1
    remedies = [bar.findChild(QPushButton, f"notices.remedy_{number}") for number in range(2)]
    assert [button.text() for button in remedies] == ["Restore", "Discard"]
    assert again.windowTitle() == "net[*] - cvlab" and not again.isWindowModified()
    remedies[0].click()
    assert again.lab.project.recipe.epochs == 77
    assert again.windowTitle() == "net[*] - cvlab" and again.isWindowModified()
    assert [each.title.split(" from")[0] for each in again.lab.notices.all] == ["Restored work"]


def test_a_window_that_only_starts_leaves_nothing_to_recover(lab, window, home):
    """What panels fill in by themselves is no change of a person's."""
    for panel_id in window.panel_ids()[:: 1 if "CVLAB_EXAMPLES" in os.environ else 4]:
        window.go(panel_id)
        window.pump.tick()
    lab.project.panel = window.panel_ids()[0]
    lab.autosave.write_now()
    assert not list((home / "autosave").glob("*/project.cvlab"))


def test_the_session_of_the_application_looks_for_damaged_files(small_window, monkeypatch):
    asked = []
    monkeypatch.setattr(small_window.lab, "check_files", lambda: asked.append(True))
    session = Session(small_window.lab, small_window, warm=False)
    monkeypatch.setattr(session.collector, "start", lambda: None)
    session._painted()
    assert asked == [True]
