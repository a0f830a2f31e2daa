"""The panel where one draws a digit and sees it read, while the pen still moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.models import FindModels, ModelChoice
from cvlab.engine.data.drawing import DrawingSteps, prepare
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind, bind_choice, bind_slider, listen
from cvlab.ui.panel import Panel, Stop
from cvlab.ui.panels.digits.latency import Latency
from cvlab.ui.panels.digits.lesson import LESSON
from cvlab.ui.panels.digits.maps_card import MapsCard
from cvlab.ui.panels.digits.net_in_use import NetInUse
from cvlab.ui.panels.digits.paper_card import PaperCard
from cvlab.ui.panels.digits.pictures import FORMATS, Pictures
from cvlab.ui.panels.digits.reading import IMAGE, Reading, read
from cvlab.ui.panels.digits.ready_made import seven, three
from cvlab.ui.panels.digits.received import Received
from cvlab.ui.panels.digits.verdict import Verdict
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.ink import Page, Sheet, Stroke

_TOUR_DIGIT = 1_234
_MODELS = "digits.models"


class DigitsPanel(Panel):
    """Reads the drawing at most once in a pass of the event loop, on the GUI thread: LeNet takes about a millisecond.

    latency: from a movement of the pen to its probabilities painted. reading: the newest, None without ink or net.
    """

    lesson = LESSON

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(lab, parent)
        self._state = lab.project.digits
        self.sheet = Sheet(three())
        self.latency = Latency()
        self.reading: Reading | None = None
        self.net = NetInUse(lab, self)
        self.pictures = Pictures(lab, self)
        self._moved_at: float | None = None
        self._in_front = False
        self._reader = QTimer(self)
        self._reader.setSingleShot(True)
        self._reader.setInterval(0)
        self._reader.timeout.connect(self._read)
        self._build()
        self._connect()

    # -- building ----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.paper, self.received = PaperCard(self), Received(self)
        self.verdict, self.maps = Verdict(self), MapsCard(self)
        grid = QGridLayout()
        grid.setSpacing(12)
        grid.addWidget(self.paper, 0, 0)
        grid.addWidget(self.received, 0, 1)
        grid.addWidget(self.verdict, 0, 2)
        grid.addWidget(self.maps, 1, 0, 1, 3)
        for column, share in enumerate((42, 29, 29)):
            grid.setColumnStretch(column, share)
        grid.setRowStretch(0, 68)
        grid.setRowStretch(1, 32)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 24)
        outer.setSpacing(12)
        outer.addLayout(self._top_bar())
        outer.addLayout(grid, 1)

    def _top_bar(self) -> QHBoxLayout:
        title = QLabel("Digits", self)
        title.setProperty("role", "heading")
        self.model = QComboBox(self)
        self.model.setObjectName("digits.model")
        self.model.setAccessibleName("Net that reads")
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.model.setMinimumWidth(128)
        self.model.setToolTip(
            "Which net reads your drawing: the one that ships, the one in training, or a run of yours. "
            "A net that was trained for a minute misreads more: compare."
        )
        surprise = QPushButton(icon("replay"), "Surprise me", self)
        surprise.setObjectName("digits.surprise")
        surprise.setAccessibleName("Load a random test digit")
        surprise.setToolTip("A random digit of MNIST's test set, one that no net here was trained on (Ctrl+R).")
        surprise.clicked.connect(self.surprise)
        open_picture = QPushButton(icon("open"), "Open picture", self)
        open_picture.setObjectName("digits.open")
        open_picture.setAccessibleName("Open a picture of a digit")
        open_picture.setToolTip(
            "A photo or scan of one digit (Ctrl+Shift+O). You may also drop or paste it on the pad."
        )
        open_picture.clicked.connect(self.choose_picture)
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(title)
        bar.addStretch(1)
        bar.addWidget(self.model)
        bar.addWidget(surprise)
        bar.addWidget(open_picture)
        return bar

    def _connect(self) -> None:
        pad, paper = self.paper.pad, self.paper
        pad.inked.connect(self._read_soon)
        pad.drawn.connect(self._add_stroke)
        pad.offered.connect(self.pictures.open)
        self.pictures.came.connect(self._turn_page)
        pad.cleared.connect(self.clear)
        paper.undo.clicked.connect(self.undo_stroke)
        paper.clear.clicked.connect(self.clear)
        self.received.edited.connect(self._edit_steps)
        self.maps.chosen.connect(self._choose_layer)
        self.verdict.bars.painted.connect(self._painted)
        self.net.changed.connect(self._show_net)
        self._fill_models()
        listen(self, self.lab.models.changed, self._fill_models)
        bind(self, self.sheet, "page", self.paper.show_page)
        bind_slider(paper.brush, self._state, "brush")
        bind(self, self._state, "brush", pad.set_brush)
        bind(self, self._state, "steps", self._show_steps)
        bind(self, self._state, "layer", self._show_layer)
        bind_choice(self.model, self._state, "model")
        bind(self, self._state, "model", self._show_model)

    # -- in front and behind -----------------------------------------------------------------------------------------

    def shown(self) -> None:
        self._in_front = True
        self.net.wake()
        self._read_soon()

    def hidden(self) -> None:
        self._in_front = False
        self._reader.stop()
        self.net.rest()

    def tick(self) -> None:
        self.net.tick()

    # -- reading -----------------------------------------------------------------------------------------------------

    def _read_soon(self) -> None:
        # Any number of movements in one pass of the event loop are read once.
        if self._in_front and not self._reader.isActive():
            self._reader.start()

    def _read(self) -> None:
        moved_at = self.paper.pad.inked_at
        prepared = prepare(self.paper.pad.mask(), self._state.steps)
        self.received.show_prepared(prepared)
        net = self.net.net
        self.reading = None if net is None or prepared.is_empty else read(net, prepared.image)
        if self.reading is not None:
            self.verdict.show_reading(self.reading, net.classes)
            self.maps.show_outputs(self.reading.outputs)
            self._moved_at = moved_at
        elif net is None:
            self.net.explain_absence(self.verdict)
            self.maps.clear()
        else:
            self.verdict.show_clean()
            self.maps.clear()

    def _painted(self) -> None:
        moved_at, self._moved_at = self._moved_at, None
        if moved_at is not None:
            self.latency.add(perf_counter() - moved_at)
        self.net.was_drawn()

    # -- showing state -----------------------------------------------------------------------------------------------

    def _show_net(self) -> None:
        if self.net.net is not None:
            self.verdict.set_classes(self.net.net.classes)
            self.maps.set_net(self.net.net.architecture)
        self._read_soon()

    def _show_model(self, model_id: str) -> None:
        self.net.choose(model_id)
        self._read_soon()

    def _show_steps(self, steps: DrawingSteps) -> None:
        self.received.show_steps(steps)
        self._read_soon()

    def _show_layer(self, name: str) -> None:
        self.maps.set_layer(name)
        self._read_soon()

    def _fill_models(self, _: object = None) -> None:
        self.lab.jobs.submit(_MODELS, FindModels(self.lab.models), done=self._show_models)

    def _show_models(self, found: list[ModelChoice]) -> None:
        choices = [choice for choice in found if choice.reads == IMAGE]
        self.model.clear()
        for choice in choices:
            self.model.addItem(f"{choice.title}  ·  {choice.detail}" if choice.detail else choice.title, choice.id)
        self._state.model = self.net.still_there(self._state.model, [choice.id for choice in choices])
        self.model.setCurrentIndex(self.model.findData(self._state.model))

    # -- what a person does ------------------------------------------------------------------------------------------

    def _turn_page(self, page: Page, label: str) -> None:
        self.lab.history.push(SetField(self.sheet, "page", page, label))
        self.lab.history.end_gesture()

    def _add_stroke(self, stroke: Stroke) -> None:
        self._turn_page(self.sheet.page.with_stroke(stroke), "Draw a stroke")

    def _edit_steps(self, steps: DrawingSteps) -> None:
        self.lab.history.push(SetField(self._state, "steps", steps, "Change the preparation"))

    def _choose_layer(self, name: str) -> None:
        self._state.layer = name

    def undo_stroke(self) -> None:
        """Takes the last stroke off the paper; an undoable step like any other."""
        if self.can_undo_stroke():
            self._turn_page(self.sheet.page.without_last_stroke(), "Take back a stroke")

    def can_undo_stroke(self) -> bool:
        return bool(self.sheet.page.strokes) and not self.sheet.page.is_example

    def clear(self) -> None:
        """Clean paper."""
        if not self.sheet.page.is_empty:
            self._turn_page(Page(), "Clear the paper")

    def surprise(self) -> None:
        """A random test digit on the paper."""
        self.pictures.test_digit()

    def choose_picture(self) -> None:
        """Asks for a picture file."""
        name, _ = QFileDialog.getOpenFileName(self, "Open a picture of a digit", "", FORMATS)
        if name:
            self.pictures.open(Path(name))

    def actions_offered(self) -> Sequence[Action]:
        return (
            Action("digits.clear", "Clear the paper", self.clear, "Ctrl+Backspace", "clear", menu="Edit"),
            Action("digits.undo", "Undo stroke", self.undo_stroke, "", "undo", enabled=self.can_undo_stroke),
            Action("digits.surprise", "Surprise me with a test digit", self.surprise, "Ctrl+R", "replay", menu="Run"),
            Action(
                "digits.open", "Open a picture of a digit…", self.choose_picture, "Ctrl+Shift+O", "open", menu="File"
            ),
            Action("digits.paste", "Paste a picture of a digit", self.pictures.paste, "Ctrl+V", "copy", menu="Edit"),
        )

    # -- the tour ----------------------------------------------------------------------------------------------------

    def tour(self) -> Iterator[Stop]:
        self.sheet.page = seven()
        yield Stop("drawn", self._is_read)
        self.pictures.test_digit(_TOUR_DIGIT)
        yield Stop("test-digit", self._is_test_digit_read)

    def _is_read(self) -> bool:
        return self.reading is not None and not self._reader.isActive()

    def _is_test_digit_read(self) -> bool:
        return self.sheet.page.picture is not None and self._is_read()
