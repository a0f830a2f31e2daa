"""A project with its history, and the canvas that shows it, without a builder around."""

from __future__ import annotations

import pytest

from cvlab.core.history import History
from cvlab.core.notices import Notices
from cvlab.core.project import Project
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.canvas.view import NetView


@pytest.fixture
def project() -> Project:
    return Project()


@pytest.fixture
def history() -> History:
    return History()


@pytest.fixture
def notices() -> Notices:
    return Notices()


@pytest.fixture
def edits(project, history, notices) -> NetEdits:
    return NetEdits(project, history, notices)


@pytest.fixture
def canvas(qtbot, project, edits):
    """A function that shows the project's net at this size; blocks are where they belong at once."""

    def show(width, height):
        made = NetView(project, edits)
        made.net_scene.slide_ms = 0
        made.resize(width, height)
        qtbot.addWidget(made)
        with qtbot.waitExposed(made):
            made.show()
        return made

    return show
