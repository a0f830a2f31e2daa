"""A panel on its own, as the window would hold it, and the crank that the window's pump turns."""

from __future__ import annotations

import pytest


@pytest.fixture
def shown():
    """The panels that `host` shows."""
    return []


@pytest.fixture
def host(lab, qapp, qtbot, flush, shown):
    """A function that shows a panel of this class and size and brings it to the front; it is ended with the test."""

    def show(view, width, height):
        panel = view(lab)
        shown.append(panel)
        panel.resize(width, height)
        with qtbot.waitExposed(panel):
            panel.show()
        panel.shown()
        return panel

    yield show
    for panel in shown:
        panel.hidden()
        panel.close()
        panel.deleteLater()
    flush()


@pytest.fixture
def until(lab, qtbot, shown):
    """A function that pumps the lab and ticks what is shown, as the window does at each frame, until something is so."""

    def wait(is_so, timeout=30_000):
        def look():
            lab.pump()
            for panel in shown:
                panel.tick()
            assert is_so()

        qtbot.waitUntil(look, timeout=timeout)

    return wait


@pytest.fixture
def settle(lab, until):
    """A function that waits until no job of these keys, or of any, is on its way."""

    def wait(*keys):
        until(lambda: not any(map(lab.jobs.is_busy, keys)) if keys else not lab.jobs.is_busy(), 60_000)

    return wait


@pytest.fixture
def builder(host):
    """The builder; blocks are where they belong at once."""
    from cvlab.ui.panels.builder.builder import BuilderPanel

    made = host(BuilderPanel, 1048, 820)
    made.canvas.net_scene.slide_ms = 0
    return made
