"""The panel of the convolution: the arithmetic of a layer made visible, a kernel to paint, pooling, and what sharing saves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.core.panels.convolution_documents import KernelDocument, PictureChoice, PoolDocument, SlideDocument
from cvlab.engine.data.photo import Photo
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind
from cvlab.ui.panel import Panel, Stop
from cvlab.ui.panels.convolution.gallery import Gallery
from cvlab.ui.panels.convolution.kernel_page import KernelPage
from cvlab.ui.panels.convolution.lesson import LESSONS, SLIDE
from cvlab.ui.panels.convolution.picture_bar import PictureBar
from cvlab.ui.panels.convolution.pieces import Chips
from cvlab.ui.panels.convolution.pool_page import PoolPage
from cvlab.ui.panels.convolution.sharing_page import SharingPage
from cvlab.ui.panels.convolution.slide_page import SlidePage

_PAGES = (
    ("slide", "Slide", "One filter at one place, or one number's stamp: every product, every sum, and what fits."),
    ("kernel", "Kernel", "Paint a kernel, and see what it makes of a whole picture."),
    ("pool", "Pool", "Max, average and L2 pooling: who wins, and where the gradient goes."),
    ("sharing", "Sharing", "How many weights a layer has, and how many it would have without sharing."),
)


class ConvolutionPanel(Panel):
    """A Stepper: everything is computed on the GUI thread within a frame; only pictures are fetched in jobs."""

    lesson = SLIDE

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(lab, parent)
        self._state = lab.project.convolution
        self._is_front = False
        self.gallery = Gallery(lab, self)
        self.bar = PictureBar(self.gallery, self)
        self.slide, self.kernel = SlidePage(lab, self), KernelPage(lab, self)
        self.pool, self.sharing = PoolPage(lab, self), SharingPage(lab, self)
        self.pages = {"slide": self.slide, "kernel": self.kernel, "pool": self.pool, "sharing": self.sharing}
        self._build()
        self.setAcceptDrops(True)
        self.gallery.came.connect(self._show_photo)
        self.tabs.chosen.connect(self._choose)
        self.slide.turned_over.connect(self._explain)
        bind(self, self._state, "picture", self._show_picture)
        bind(self, self._state, "page", self._show_page)

    def _build(self) -> None:
        title = QLabel("Convolution", self)
        title.setProperty("role", "heading")
        self.tabs = Chips("page", _PAGES, self)
        kept = self.bar.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # the cards below do not jump when a page has no picture
        self.bar.setSizePolicy(kept)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(title)
        top.addStretch(1)
        top.addWidget(self.bar)
        top.addSpacing(8)
        top.addWidget(self.tabs)
        self._stack = QStackedWidget(self)
        for page in self.pages.values():
            self._stack.addWidget(page)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 24)
        outer.setSpacing(12)
        outer.addLayout(top)
        outer.addWidget(self._stack, 1)

    # -- showing -----------------------------------------------------------------------------------------------------

    def _show_page(self, page: str) -> None:
        for id, view in self.pages.items():
            if id != page:
                view.rest()
        self._stack.setCurrentWidget(self.pages[page])
        self.tabs.show_value(page)
        self.bar.setVisible(page != "sharing")
        if self._is_front:
            self.pages[page].wake()
        self._explain()

    def _explain(self) -> None:
        """The page's lesson; the stage has one for each of its operations."""
        page = self._state.page
        self.lesson = LESSONS["stamp" if page == "slide" and self._state.slide.is_transposed else page]
        self.explain.emit(self.lesson)

    def _show_picture(self, choice: PictureChoice) -> None:
        self.bar.show_choice(choice.source, choice.index)

    def _show_photo(self, photo: Photo) -> None:
        for id in ("slide", "kernel", "pool"):
            self.pages[id].show_photo(photo)

    def shown(self) -> None:
        self._is_front = True
        self._show_picture(self._state.picture)  # a set may have come onto this machine
        self.gallery.wake()
        self.pages[self._state.page].wake()

    def hidden(self) -> None:
        self._is_front = False
        self.gallery.rest()
        for page in self.pages.values():
            page.rest()

    # -- what a person does ------------------------------------------------------------------------------------------

    def _choose(self, page: str) -> None:
        self._state.page = page

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.gallery.takes(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.gallery.take(event.mimeData())
        event.acceptProposedAction()

    def _on_slide(self) -> bool:
        return self._state.page == "slide"

    def actions_offered(self) -> Sequence[Action]:
        transport, slides = self.slide.transport, self._on_slide
        walk = (
            ("play", "Slide the window, or stop it", transport.toggle, "F5", "play"),
            ("forward", "One position on", transport.step, "Alt+Right", "right"),
            ("back", "One position back", transport.step_back, "Alt+Left", "left"),
            ("rewind", "To the first position", transport.go_first, "Home", "rewind"),
        )
        return (
            *(
                Action(f"convolution.{id}", text, act, key, glyph, menu="Run", enabled=slides)
                for id, text, act, key, glyph in walk
            ),
            Action(
                "convolution.last",
                "To the last position",
                self.slide.go_last,
                "End",
                "right",
                menu="Run",
                enabled=slides,
            ),
            Action(
                "convolution.operation",
                "Slide or stamp (transposed convolution)",
                self.slide.turn_over,
                "Ctrl+Shift+T",
                "convert",
                menu="Run",
                enabled=slides,
            ),
            Action("convolution.open", "Open a picture…", self.bar.choose_file, "Ctrl+Shift+O", "open", menu="File"),
            Action("convolution.paste", "Paste a picture", self.gallery.paste, "Ctrl+V", "copy", menu="Edit"),
        )

    # -- the tour ----------------------------------------------------------------------------------------------------

    def tour(self) -> Iterator[Stop]:
        state, course = self._state, SlideDocument.course()
        state.page, state.slide, state.position = "slide", course, 4
        yield Stop("slide", self._is_ready)
        state.slide = replace(course.sized(6), padding=0)
        yield Stop("left-over", self._is_ready)
        state.slide = replace(course.filtered(4), padding=0, dilation=3)
        yield Stop("no-fit", self._is_ready)
        state.slide, state.position = replace(course.with_edges(), uses_picture=True), 1120
        yield Stop("picture", self._is_ready)
        stamps = SlideDocument.stamps()
        state.slide, state.position = stamps, 4
        yield Stop("stamp", self._is_ready)
        state.slide, state.position = replace(course, operation="transposed"), 30
        yield Stop("stamp-channels", self._is_ready)
        state.slide, state.position = replace(stamps, uses_picture=True).with_blending(3), 1900
        yield Stop("stamp-picture", self._is_ready)
        state.slide, state.position = replace(stamps, output_padding=3), 0
        yield Stop("stamp-no-fit", self._is_ready)
        state.slide, state.page, state.position = course, "kernel", 4
        yield Stop("kernel", self._is_ready)
        state.kernel = replace(KernelDocument().chosen("sharpen"), grey=False)
        yield Stop("colour", self._is_ready)
        state.kernel, state.page, state.gradient = KernelDocument(), "pool", True
        yield Stop("pool", self._is_ready)
        state.pool, state.picture = PoolDocument(uses_picture=True), PictureChoice("mnist-mini", 3)
        yield Stop("digit", self._is_ready)
        state.pool, state.page, state.picture = PoolDocument(), "sharing", PictureChoice()
        yield Stop("sharing", self._is_ready)
        state.page = "slide"

    def _is_ready(self) -> bool:
        return self.gallery.is_settled
