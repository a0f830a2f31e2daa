"""A panel on its own, as the window would hold it."""

from __future__ import annotations

import pytest


@pytest.fixture
def host(lab, qapp, qtbot, flush):
    """A function that shows a panel of this class and size and brings it to the front; it is ended with the test."""
    made = []

    def show(view, width, height):
        panel = view(lab)
        made.append(panel)
        panel.resize(width, height)
        with qtbot.waitExposed(panel):
            panel.show()
        panel.shown()
        return panel

    yield show
    for panel in made:
        panel.hidden()
        panel.close()
        panel.deleteLater()
    flush()
