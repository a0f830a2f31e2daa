"""A linear classifier of images whose templates are watched while it learns, and what it says about one image."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from cvlab.core.lab import Lab
from cvlab.core.panels.linear import HIGHEST_RATE, LOWEST_RATE
from cvlab.engine.classifier import Objective
from cvlab.engine.errors import CvlabError
from cvlab.engine.losses import LOSSES
from cvlab.engine.template_learner import TemplateLearner
from cvlab.ui.bind import bind, bind_choice
from cvlab.ui.panels.linear.fetch_images import FetchImages, ImageSet
from cvlab.ui.panels.linear.image_card import ImageCard
from cvlab.ui.panels.linear.image_choice import ImageChoice
from cvlab.ui.panels.linear.pieces import icon_button, label, named
from cvlab.ui.panels.linear.template_tiles import TemplateTiles
from cvlab.ui.theme.icons import icon
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.number import NumberSlider

CLASSES = 10
FRAME_MS, BUDGET = 16, 0.008
FIRST_STEPS = 150
"""Batches that it learns from by itself when it is first seen."""
L2 = 1e-3
"""Strength of the penalty: just enough that no template grows for ever."""
_EVERY = 25
"""Steps between two looks at the held-out images."""


class TemplatesPage(QWidget):
    """learner: None until the images are here. names: of the classes."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._state = lab, lab.project.linear
        self.learner: TemplateLearner | None = None
        self._images, self._labels = np.empty((0, 1, 28, 28), np.uint8), np.empty(0, np.int64)
        self._fetched = ""
        self._accuracy, self._goal = 0.0, 0
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._beat)
        self._build()
        self._connect()
        self._show_progress()

    def _build(self) -> None:
        left, right = Card("Each row of W as an image", self), ImageCard(CLASSES, self._state, self)
        self.image = right
        self.tiles = TemplateTiles(left)
        self.play = icon_button(self, "train", "play", "Train", "Learns from 200 images a step until it is stopped.")
        self.one = icon_button(self, "train_step", "right", "One batch", "Learns from the next 200 images.")
        self.reset = icon_button(
            self, "reset", "rewind", "Start anew", "W = 0 and b = 0: no template yet, all scores alike."
        )
        self.figures = label(self, "")
        self.loss = named(
            QComboBox(self),
            "template_loss",
            "Loss of the training",
            "What the training makes small. Softmax goes on sharpening; hinge stops where the margins are met.",
        )
        for loss in LOSSES.values():
            self.loss.addItem(loss.title, loss.id)
        self.rate = named(
            NumberSlider(LOWEST_RATE, HIGHEST_RATE, log=True, parent=self),
            "template_rate",
            "Learning rate",
            "How far W goes at each batch. Too small: templates stay pale sums of digits. Too large: they turn to noise.",
        )
        self.rate_text = label(self, "", "small")
        self.rate_text.setFixedWidth(44)
        self.check = named(
            QPushButton("Check gradient", self),
            "template_check",
            "Check the gradient",
            "Compares 24 numbers of the gradient by W with centred differences, on 50 images.",
        )
        self.check.setProperty("role", "chip")
        self.verdict = label(self, role="small success", wraps=True)
        self.verdict.hide()
        self.data = ImageChoice(self._lab, self)
        left.header.addStretch(1)
        left.header.addWidget(self.data)
        row = QHBoxLayout()
        row.setSpacing(4)
        for button in (self.reset, self.play, self.one, self.check):
            row.addWidget(button)
        row.addStretch(1)
        rate = QHBoxLayout()
        rate.setSpacing(8)
        self.loss.setMinimumContentsLength(16)
        self.loss.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        rate.addWidget(self.loss)
        rate.addSpacing(8)
        rate.addWidget(label(self, "learning rate"))
        rate.addWidget(self.rate, 1)
        rate.addWidget(self.rate_text)
        left.body.addWidget(self.tiles, 1)
        left.body.addWidget(self.figures, 0, Qt.AlignmentFlag.AlignCenter)
        left.body.addLayout(row)
        left.body.addLayout(rate)
        left.body.addWidget(self.verdict)
        right.setFixedWidth(436)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(12)
        outer.addWidget(left, 1)
        outer.addWidget(right)

    def _connect(self) -> None:
        self.play.clicked.connect(self.toggle)
        self.one.clicked.connect(self.step)
        self.reset.clicked.connect(self.start_anew)
        self.check.clicked.connect(self.check_gradient)
        self.rate.moved.connect(self._set_rate)
        self.image.before.clicked.connect(self._go_before)
        self.image.after.clicked.connect(self._go_after)
        self.image.mistake.clicked.connect(self._go_to_mistake)
        bind_choice(self.loss, self._state, "template_loss")
        bind(self, self._state, "template_data", self._show_data)
        bind(self, self._state, "template_rate", self._show_rate)
        for field in ("image", "magnify", "shift"):
            bind(self, self._state, field, self._show_again)

    # -- in front and behind -----------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Fetches the images when it is first seen; sets may have come meanwhile."""
        self.data.fill()
        self._fetch()

    def _show_data(self, _: str) -> None:
        if self.isVisible():
            self._fetch()

    def _fetch(self) -> None:
        wanted = self._state.template_data
        if wanted == self._fetched:
            return
        self.stop()
        self.learner, self._fetched = None, wanted
        self.tiles.show_message("Fetching the images…")
        self._show_progress()
        self._lab.jobs.submit("linear.images", FetchImages(self._lab, wanted), done=self._take, failed=self._fail)

    def rest(self) -> None:
        self.stop()

    def _take(self, found: ImageSet) -> None:
        self._images, self._labels = found.watched, found.watched_labels
        self.tiles.names = self.image.names = found.classes
        self.learner = TemplateLearner(found.images, found.labels, len(found.classes))
        self._goal = FIRST_STEPS
        if self.isVisible():
            self._timer.start()
        self._look()
        self._show()

    def _fail(self, error: BaseException) -> None:
        self._fetched = ""
        self.tiles.show_message(str(error))
        if isinstance(error, CvlabError):
            self._lab.notices.error(error)

    # -- showing -----------------------------------------------------------------------------------------------------

    @property
    def objective(self) -> Objective:
        return Objective(loss=self._state.template_loss, lambda_2=L2)

    @property
    def index(self) -> int:
        return self._state.image % max(1, len(self._labels))

    def _show_rate(self, rate: float) -> None:
        self.rate.show_number(rate)
        self.rate_text.setText(f"{rate:.2g}")

    def _show_again(self, _: object) -> None:
        self._show()

    def _show(self) -> None:
        if self.learner is None:
            return
        image, right = self._images[self.index], int(self._labels[self.index])
        scores = self.learner.scores(image[None])[0]
        self.tiles.show_templates(self.learner.templates, scores, right)
        self.image.show_image(self.index + 1, image, right, scores)
        self.verdict.hide()
        self._show_progress()

    def _show_progress(self) -> None:
        there, made = self.learner is not None, self.learner
        looking = (self.image.before, self.image.after, self.image.mistake)
        for widget in (self.play, self.one, self.reset, self.check, *looking):
            widget.setEnabled(there)
        if there:
            loss, share = "—" if made.loss is None else f"{made.loss:.3f}", f"{self._accuracy * 100:.1f} %"
            self.figures.setText(f"{made.steps:,} batches · loss {loss} · held out {share}")
        words, sign = ("Pause", "pause") if self.is_playing else ("Train", "play")
        if words != self.play.accessibleName():
            self.play.setIcon(icon(sign, "accent_ink"))
            self.play.setAccessibleName(words)

    def _look(self) -> None:
        self._accuracy = self.learner.accuracy(self._images, self._labels)

    # -- learning ----------------------------------------------------------------------------------------------------

    @property
    def is_playing(self) -> bool:
        return self._timer.isActive()

    def toggle(self) -> None:
        """Trains, or stops."""
        if self.is_playing:
            self.stop()
        elif self.learner is not None:
            self._goal = 0
            self._timer.start()
            self._show_progress()

    def stop(self) -> None:
        if self.is_playing:
            self._timer.stop()
            self._look()
            self._show_progress()

    def step(self) -> None:
        """One batch; the training stops for it."""
        self.stop()
        if self.learner is not None and self._learn():
            self._look()
            self._show()

    def start_anew(self) -> None:
        self.stop()
        if self.learner is not None:
            self.learner.reset()
            self._look()
            self._show()

    def _learn(self) -> bool:
        try:
            self.learner.step(self.objective, self._state.template_rate)
        except CvlabError as error:
            self.stop()
            self._lab.notices.error(error)
            return False
        return True

    def _beat(self) -> None:
        end, before = perf_counter() + BUDGET / 2, self.learner.steps
        while self._learn():
            if self._goal and self.learner.steps >= self._goal:
                self._goal = 0
                self.stop()
                break
            if perf_counter() > end:
                break
        if self.learner.steps // _EVERY != before // _EVERY:
            self._look()
        self._show()

    def check_gradient(self) -> None:
        """Some numbers of the gradient against centred differences."""
        self.stop()
        if self.learner is None:
            return
        check = self.learner.check_gradient(self.objective)
        self.verdict.setText(("✓ " if check.passed else "✗ ") + check.summary.replace("e-", "e−"))
        set_role(self.verdict, "small success" if check.passed else "small error")
        self.verdict.show()

    # -- the image ---------------------------------------------------------------------------------------------------

    def _set_rate(self, rate: float) -> None:
        self._state.template_rate = rate

    def _go_before(self) -> None:
        self._state.image = (self.index - 1) % len(self._labels)

    def _go_after(self) -> None:
        self._state.image = (self.index + 1) % len(self._labels)

    def _go_to_mistake(self) -> None:
        wrong = np.flatnonzero(self.learner.scores(self._images).argmax(axis=1) != self._labels)
        if len(wrong):
            later = wrong[wrong > self.index]
            self._state.image = int(later[0] if len(later) else wrong[0])
