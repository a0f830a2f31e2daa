"""What every page of the datasets panel promises, and the one list of them, each built on first need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from cvlab.core.lab import Lab
from cvlab.ui.actions import Action
from cvlab.ui.panel import Lesson, Stop

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset


class Page(QWidget):
    """A page's view. Subclasses set `lesson` and build their widgets in `__init__`; control names begin with "datasets.".

    dataset: what the panel has loaded, the same for all pages; None until then.
    """

    lesson = Lesson("", "")

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self.lab, self.state = lab, lab.project.datasets
        self.dataset: Dataset | None = None

    def take(self, dataset: Dataset) -> None:
        """The set that is looked at from now on. Called before the page is first woken, and at every change of the set."""
        self.dataset = dataset
        self._show_dataset(dataset)

    def _show_dataset(self, dataset: Dataset) -> None:
        """For subclasses: another set is here."""

    def wake(self) -> None:
        """The page has come to the front, and `dataset` is there: take up live views."""

    def rest(self) -> None:
        """The page went behind: cost nothing from now on."""

    def actions_offered(self) -> Sequence[Action]:
        """What the page can do, for menus, shortcuts and the palette; read once, when the panel is built: so build quickly."""
        return ()

    def tour(self) -> Iterator[Stop]:
        """Brings real content up, one stop a picture; the page is in front and awake."""
        yield Stop("open", self.isVisible)


@dataclass(frozen=True)
class PageSpec:
    """id: permanent. tip: what the page teaches. view: "module:Class", imported when the page is first shown."""

    id: str
    title: str
    tip: str
    view: str

    def load(self) -> type[Page]:
        module, name = self.view.split(":")
        return getattr(import_module(f"cvlab.ui.panels.datasets.{module}"), name)


PAGES: tuple[PageSpec, ...] = (
    PageSpec("browse", "Browse", "Every image of the set, and the numbers it is made of.", "browse_page:BrowsePage"),
    PageSpec("splits", "Splits", "What is learned from, what is tuned on, and what stays locked.", "splits_page:SplitsPage"),
    PageSpec("challenges", "Challenges", "Seven reasons why it is hard, each with its dial.", "challenges_page:ChallengesPage"),
    PageSpec("preprocess", "Preprocess", "Centre, turn and stretch: what a net is fed with.", "preprocess_page:PreprocessPage"),
    PageSpec("augment", "Augment", "One image, sixteen ways: what a net should overlook.", "augment_page:AugmentPage"),
)  # fmt: skip
"""In the order of the chips above the pages."""
