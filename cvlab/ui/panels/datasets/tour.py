"""What the tour shows of the panel: every page, the set that is not here yet, and the import card in its states."""

from __future__ import annotations

from collections.abc import Iterator

from cvlab.core import paths
from cvlab.ui.panel import Stop
from cvlab.ui.panels.datasets.arrivals import LOOK
from cvlab.ui.panels.datasets.datasets import FIRST, DatasetsPanel
from cvlab.ui.panels.datasets.page import PAGES


def stops(panel: DatasetsPanel) -> Iterator[Stop]:
    """The project is as it was when it ends."""
    state = panel.lab.project.datasets
    for spec in PAGES:
        state.page = spec.id
        yield Stop(f"{spec.id}-ready", panel.is_loaded)
        for stop in panel.page(spec.id).tour():
            yield Stop(f"{spec.id}-{stop.name}", stop.is_ready, stop.timeout_s)
    yield from _in_colour(panel)
    yield from _imports(panel)
    state.dataset = "cifar10"
    yield Stop("about", panel.about.isVisible)
    state.dataset = FIRST


def _in_colour(panel: DatasetsPanel) -> Iterator[Stop]:
    """Shapes-32 and the net that was trained on it."""
    state = panel.lab.project.datasets
    state.dataset, state.page = "shapes32", "browse"
    yield Stop("browse-shapes", panel.is_loaded)
    before = state.challenge
    state.challenge = before.changed(kind="occlusion", amount=0.5, seed=0)
    state.page = "challenges"
    yield Stop("challenges-shapes", panel.page("challenges").is_measured)
    state.challenge, state.page = before, PAGES[0].id
    state.dataset = FIRST


def _imports(panel: DatasetsPanel) -> Iterator[Stop]:
    def is_looked_through() -> bool:
        return not panel.lab.jobs.is_busy(LOOK)

    panel.offers.open()
    yield Stop("import-empty", panel.importing.isVisible)
    for name, file in (("found", "mnist-mini.npz"), ("failed", "palace.jpg")):
        panel.offers.offer(paths.resources() / "data" / file)
        yield Stop(f"import-{name}", is_looked_through)
    panel.offers.leave()
