"""The panel of data sets: one chosen set, looked at on several pages, each built when it is first shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind
from cvlab.ui.drops import is_project, local_path
from cvlab.ui.panel import Panel, Stop
from cvlab.ui.panels.datasets.about_card import AboutCard
from cvlab.ui.panels.datasets.arrivals import Arrivals
from cvlab.ui.panels.datasets.fetching import Fetching
from cvlab.ui.panels.datasets.import_card import ImportCard
from cvlab.ui.panels.datasets.info_row import InfoRow
from cvlab.ui.panels.datasets.left_out import LeftOutDialog, manifest_of
from cvlab.ui.panels.datasets.lesson import BROWSE
from cvlab.ui.panels.datasets.loading import LoadData, is_here
from cvlab.ui.panels.datasets.offers import Offers
from cvlab.ui.panels.datasets.page import PAGES, Page
from cvlab.ui.panels.datasets.picker import Picker
from cvlab.ui.panels.datasets.pieces import button
from cvlab.ui.panels.datasets.progress_strip import ProgressStrip

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset

LOAD = "datasets.load"
FIRST = "mnist-mini"


class DatasetsPanel(Panel):
    """dataset: the one that the pages show; None while it is read, or not on this machine."""

    lesson = BROWSE

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(lab, parent)
        self._state = lab.project.datasets
        self.dataset: Dataset | None = None
        self._loading = ""
        self._unread: BaseException | None = None
        self._is_front = False
        self._pages: dict[str, Page] = {}
        self._specs = {spec.id: spec for spec in PAGES}
        self._build()
        self._connect()

    def _build(self) -> None:
        title = QLabel("Datasets", self)
        title.setProperty("role", "heading")
        self.picker, self.info, self.strip = Picker(self.lab, self), InfoRow(self), ProgressStrip(self)
        self.about, self.importing = AboutCard(self), ImportCard(self)
        self.arrivals = Arrivals(self.lab, self.strip, self)
        self.fetching = Fetching(self.lab, self.about, self.arrivals, self)
        self.offers = Offers(self.lab, self.importing, self.arrivals, self)
        self._switch = QButtonGroup(self)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(title)
        top.addSpacing(8)
        top.addWidget(self.picker)
        top.addStretch(1)
        top.addWidget(self.info)
        pages = QHBoxLayout()
        pages.setSpacing(8)
        for number, spec in enumerate(PAGES):
            chip = button(self, f"page.{spec.id}", spec.title, spec.tip, role="chip")
            chip.setCheckable(True)
            self._switch.addButton(chip, number)
            pages.addWidget(chip)
        pages.addStretch(1)
        pages.addWidget(self.info.words)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.about)
        self._stack.addWidget(self.importing)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 24)
        outer.setSpacing(10)
        outer.addLayout(top)
        outer.addLayout(pages)
        outer.addWidget(self.strip)
        outer.addWidget(self._stack, 1)
        self.setAcceptDrops(True)

    def _connect(self) -> None:
        self._switch.idClicked.connect(self._choose_page)
        self.picker.wants_import.connect(self.offers.open)
        self.about.again.connect(self._load_again)
        self.info.train.connect(self.train_on_this)
        self.info.remove.connect(self._ask_to_remove)
        self.info.left_out.connect(self._show_left_out)
        self.offers.changed.connect(self._show_front)
        self.arrivals.arrived.connect(self._arrived)
        self.arrivals.gone.connect(self._gone)
        self.fetching.failed.connect(self._show_not_got)
        self.arrivals.not_taken.connect(self._show_not_taken)
        self.arrivals.busy_changed.connect(self._show_about)
        bind(self, self._state, "page", self._show_page)
        bind(self, self._state, "dataset", self._show_choice)
        bind(self, self.lab.project, "recipe", self._show_info)

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
        self.offers.leave()
        self._state.page = PAGES[number].id

    def _show_page(self, page_id: str) -> None:
        page_id = page_id if page_id in self._specs else PAGES[0].id  # a project of a later cvlab
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
        """What an import would make, or the page if its data are here, else what there is to say about the set."""
        self.info.set_shown(self.dataset is not None and not self.offers.is_open)
        if self.offers.is_open:
            self._stack.setCurrentWidget(self.importing)
        elif self.dataset is None:
            self._show_about()
            self._stack.setCurrentWidget(self.about)
        else:
            self._stack.setCurrentWidget(self.current)
            if self._is_front:
                self.current.wake()

    # -- the set -----------------------------------------------------------------------------------------------------

    def _show_choice(self, dataset_id: str) -> None:
        if self.dataset is not None and self.dataset.id == dataset_id:
            return
        self.offers.leave()
        self._load_again()

    def _load_again(self) -> None:
        self.dataset, self._loading, self._unread = None, "", None
        for page in self._pages.values():
            page.rest()
        self._show_info(None)
        if self._is_front:
            self._load()
        self._show_front()

    def _load(self) -> None:
        wanted = self._state.dataset
        if self.dataset is None and self._loading != wanted and is_here(wanted):
            self._loading = wanted
            self.lab.jobs.submit(LOAD, LoadData(wanted), done=self._take, failed=self._fail)

    def _take(self, dataset: Dataset) -> None:
        self._loading = ""
        self.dataset = dataset
        for page in self._pages.values():
            page.take(dataset)
        self._show_info(None)
        self._show_front()

    def _fail(self, error: BaseException) -> None:
        self._loading, self._unread = "", error
        if not self._is_front:
            self.lab.notices.error(error)
        self._show_about()

    def _show_about(self) -> None:
        wanted = self._state.dataset
        entry, busy = self.picker.entries.get(wanted), self.arrivals.is_busy or bool(self._loading)
        if self._loading:
            said = "Reading the images…"
        elif entry is None:
            said = f"There is no set “{wanted}” on this machine. Choose another, or import it again."
        elif self.arrivals.on_its_way == wanted:
            said = "It is on its way. Work with another set meanwhile, if you like: it goes on."
        else:
            said = "It is not on this machine yet." if entry.is_fetched else ""
        error, unread = self._unread or self.fetching.error(wanted), self._unread is not None
        self.about.show_entry(entry, said, error=error, read=unread, busy=busy)

    def _show_info(self, _: object) -> None:
        is_recipe = self.lab.project.recipe.data == self._state.dataset
        entry = self.picker.entries.get(self._state.dataset) if self.dataset is not None else None
        manifest = manifest_of(entry.id) if entry is not None and entry.kind == "own" else None
        self.info.show_entry(entry, is_recipe=is_recipe, left_out=manifest.skipped_count if manifest else 0)

    def _show_left_out(self) -> None:
        if manifest := manifest_of(self._state.dataset):
            LeftOutDialog(self.window(), manifest).open()

    def train_on_this(self) -> None:
        """Puts the set into the recipe, as one step that can be undone, and goes to the training panel."""
        project = self.lab.project
        recipe = project.recipe.changed(data=self._state.dataset)
        if recipe != project.recipe:
            self.lab.history.push(SetField(project, "recipe", recipe, f"Train on {self._state.dataset}"))
            self.lab.history.end_gesture()
        self.go_to.emit("training")

    # -- getting and importing ---------------------------------------------------------------------------------------

    def _show_not_got(self, dataset_id: str, error: BaseException) -> None:
        """On the set's own card, where the ways to go on are; as a notice if another is looked at."""
        if self._is_front and dataset_id == self._state.dataset and not self.offers.is_open:
            self._show_about()
        else:
            self.arrivals.say_not_got(error)

    def _show_not_taken(self, source: Path, error: BaseException) -> None:
        if self._is_front and not self.offers.is_open:
            self.offers.refused(source, error)
        else:
            self.arrivals.say_not_taken(error)

    def _arrived(self, dataset_id: str) -> None:
        self.picker.refresh()
        if dataset_id == self._state.dataset:
            self._load_again()
        else:
            self.picker.choose(dataset_id)

    def _ask_to_remove(self) -> None:
        self.arrivals.ask_to_remove(self._state.dataset, self.window())

    def _gone(self, dataset_id: str) -> None:
        self.picker.refresh()
        if dataset_id == self._state.dataset:
            self.picker.begin_anew()
            self._state.dataset = FIRST
        self.lab.notices.success("The set is removed", "The pictures that it came from are where they were.")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        path = local_path(event.mimeData())
        if path is not None and not is_project(path):
            event.acceptProposedAction()
            self.importing.zone.show_hot(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.importing.zone.show_hot(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.importing.zone.show_hot(False)
        self.take_drop(local_path(event.mimeData()))

    def take_drop(self, path: Path) -> None:
        self.offers.offer(path)

    # -- the window --------------------------------------------------------------------------------------------------

    def shown(self) -> None:
        self._is_front = True
        self.picker.refresh()
        self._load()
        self._show_front()

    def hidden(self) -> None:
        self._is_front = False
        for page in self._pages.values():
            page.rest()

    def actions_offered(self) -> Sequence[Action]:
        train = Action("datasets.train", "Train on this data set", self.train_on_this, "", "training", menu="Run")
        return (
            *self.offers.actions(),
            train,
            *(action for spec in PAGES for action in self.page(spec.id).actions_offered()),
        )

    def tour(self) -> Iterator[Stop]:
        from cvlab.ui.panels.datasets.tour import stops

        return stops(self)

    def is_loaded(self) -> bool:
        """Whether the set that is looked at is here."""
        return self.dataset is not None and self.dataset.id == self._state.dataset
