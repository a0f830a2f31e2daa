"""The panel of data sets: one chosen set, looked at on several pages, each built when it is first shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind
from cvlab.ui.panel import Panel, Stop
from cvlab.ui.panels.datasets.lesson import BROWSE
from cvlab.ui.panels.datasets.loading import LoadData, is_here
from cvlab.ui.panels.datasets.page import PAGES, Page
from cvlab.ui.panels.datasets.picker import Picker
from cvlab.ui.panels.datasets.pieces import button, label
from cvlab.ui.theme.style import set_role

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset

LOAD = "datasets.load"


class DatasetsPanel(Panel):
    """dataset: the one that the pages show; None while it is read, or not on this machine."""

    lesson = BROWSE

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(lab, parent)
        self._state = lab.project.datasets
        self.dataset: Dataset | None = None
        self._wanted = ""
        self._is_front = False
        self._pages: dict[str, Page] = {}
        self._specs = {spec.id: spec for spec in PAGES}
        self._build()
        bind(self, self._state, "page", self._show_page)
        bind(self, self._state, "dataset", self._show_choice)

    def _build(self) -> None:
        title = QLabel("Datasets", self)
        title.setProperty("role", "heading")
        self.picker = Picker(self.lab, self)
        self._switch = QButtonGroup(self)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(title)
        top.addSpacing(8)
        top.addWidget(self.picker)
        top.addStretch(1)
        for number, spec in enumerate(PAGES):
            chip = button(self, f"page.{spec.id}", spec.title, spec.tip, role="chip")
            chip.setCheckable(True)
            self._switch.addButton(chip, number)
            top.addWidget(chip)
        self._stack = QStackedWidget(self)
        self.message = label(self, role="muted", wraps=True)
        self._stack.addWidget(self.message)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 24)
        outer.setSpacing(12)
        outer.addLayout(top)
        outer.addWidget(self._stack, 1)
        self._switch.idClicked.connect(self._choose_page)

    # -- pages -------------------------------------------------------------------------------------------------------

    def page(self, page_id: str) -> Page:
        """The page of this id, built now if it was not yet."""
        if page_id not in self._pages:
            made = self._specs[page_id].load()(self.lab, self)
            self._pages[page_id] = made
            self._stack.addWidget(made)
            if self.dataset is not None:
                made.take(self.dataset)
        return self._pages[page_id]

    def _choose_page(self, number: int) -> None:
        self._state.page = PAGES[number].id

    def _show_page(self, page_id: str) -> None:
        if page_id not in self._specs:  # a project of a later cvlab
            page_id = PAGES[0].id
        for id, page in self._pages.items():
            if id != page_id:
                page.rest()
        self._switch.button(list(self._specs).index(page_id)).setChecked(True)
        self.lesson = self._specs[page_id].load().lesson
        self.explain.emit(self.lesson)
        self._show_front()

    @property
    def current(self) -> Page:
        return self.page(self._state.page if self._state.page in self._specs else PAGES[0].id)

    def _show_front(self) -> None:
        """The page if its data are here, else what there is to say."""
        if self.dataset is None:
            self._stack.setCurrentWidget(self.message)
            return
        self._stack.setCurrentWidget(self.current)
        if self._is_front:
            self.current.wake()

    # -- the set -----------------------------------------------------------------------------------------------------

    def _show_choice(self, dataset_id: str) -> None:
        if self.dataset is not None and self.dataset.id == dataset_id:
            return
        self.dataset, self._wanted = None, ""
        if self._is_front:
            self._load()
        self._show_front()

    def _load(self) -> None:
        wanted = self._state.dataset
        if self.dataset is not None or self._wanted == wanted:
            return
        if not is_here(wanted):
            self._say("This data set is not on this machine yet.")
            return
        self._wanted = wanted
        self._say("Reading the images …")
        self.lab.jobs.submit(LOAD, LoadData(wanted), done=self._take, failed=self._fail)

    def _take(self, dataset: Dataset) -> None:
        self._wanted = ""
        self.dataset = dataset
        for page in self._pages.values():
            page.take(dataset)
        self._show_front()

    def _fail(self, error: BaseException) -> None:
        self._wanted = ""
        self._say(str(error), failed=True)
        self.lab.notices.error(error)

    def _say(self, words: str, *, failed: bool = False) -> None:
        set_role(self.message, "error" if failed else "muted")
        self.message.setText(words)

    # -- the window --------------------------------------------------------------------------------------------------

    def shown(self) -> None:
        self._is_front = True
        self._load()
        self._show_front()

    def hidden(self) -> None:
        self._is_front = False
        for page in self._pages.values():
            page.rest()

    def actions_offered(self) -> Sequence[Action]:
        return [action for spec in PAGES for action in self.page(spec.id).actions_offered()]

    def tour(self) -> Iterator[Stop]:
        for spec in PAGES:
            self._state.page = spec.id
            yield Stop(f"{spec.id}-ready", self._is_loaded)
            for stop in self.page(spec.id).tour():
                yield Stop(f"{spec.id}-{stop.name}", stop.is_ready, stop.timeout_s)
        self._state.page = PAGES[0].id

    def _is_loaded(self) -> bool:
        return self.dataset is not None
