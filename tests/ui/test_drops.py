"""Files let fall on the window: projects open, images go to where they are taken in, and nothing else is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from cvlab.ui import drops

# Qt 6.12 has a newer constructor, which 6.11 does not know.
pytestmark = pytest.mark.filterwarnings("ignore:Function. .Q(Drag|Drop):DeprecationWarning")

ACTION, BUTTON, KEYS = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def data_of(*paths: str) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path) if "://" not in path else QUrl(path) for path in paths])
    return data


def entering(window, *paths: str) -> bool:
    data = data_of(*paths)
    event = QDragEnterEvent(QPoint(5, 5), ACTION, data, BUTTON, KEYS)
    event.ignore()
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def drop(window, path: str) -> None:
    data = data_of(path)
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), ACTION, data, BUTTON, KEYS))


@pytest.fixture
def taking(small_window, monkeypatch):
    """The window whose panel "wild" takes in images, and what it was given."""
    taken = []
    monkeypatch.setattr(drops, "IMPORTS", "wild")
    monkeypatch.setattr(small_window.panel("wild"), "take_drop", taken.append)
    return small_window, taken


def test_images_go_to_the_panel_that_takes_them_in(taking):
    window, taken = taking
    assert entering(window, "/tmp/pets")
    drop(window, "/tmp/pets")
    assert taken == [Path("/tmp/pets")] and window.lab.project.panel == "wild"


def test_a_project_is_opened(taking, tmp_path):
    window, taken = taking
    window.lab.project.title = "dropped"
    window.lab.save(tmp_path / "dropped.cvlab")
    window.lab.new()
    assert entering(window, str(tmp_path / "dropped.cvlab"))
    drop(window, str(tmp_path / "dropped.cvlab"))
    assert window.lab.project.title == "dropped" and taken == []


@pytest.mark.parametrize("paths", [(), ("/tmp/a", "/tmp/b"), ("https://example.org/x.zip",)])
def test_what_is_not_one_file_of_this_machine_is_not_accepted(taking, paths):
    assert not entering(taking[0], *paths)


def test_without_such_a_panel_only_projects_are_accepted(small_window):
    assert not entering(small_window, "/tmp/pets") and entering(small_window, "/tmp/x.cvlab")
