"""The page of preprocessing: images before and after, two features as a cloud, and what a fit from elsewhere spoils."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind
from cvlab.ui.panel import Stop
from cvlab.ui.panels.datasets.image_lessons import PREPROCESS
from cvlab.ui.panels.datasets.page import Page
from cvlab.ui.panels.datasets.pieces import label, named
from cvlab.ui.panels.datasets.pixel_picker import PixelPicker
from cvlab.ui.panels.datasets.preprocess_card import FiguresCard, RuleCard
from cvlab.ui.panels.datasets.preprocess_work import SHOWN, Fit, Preprocess, Preprocessed, as_pictures
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.cloud_plot import CloudPlot
from cvlab.ui.widgets.image_tiles import ImageTiles
from cvlab.ui.widgets.legend import Key
from cvlab.ui.widgets.number import number_text

JOB = "datasets.preprocess"
_STAGES = 4


class PreprocessPage(Page):
    lesson = PREPROCESS

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(lab, parent)
        self._awake = False
        self._known: dict[tuple[str, str], Fit] = {}
        self._asked: tuple[Any, ...] | None = None
        self.found: Preprocessed | None = None
        self._build()
        self.rule.kind_choice.activated.connect(self._choose_kind)
        self.rule.source_choice.activated.connect(self._choose_source)
        self.rule.epsilon.moved.connect(self._turn_epsilon)
        self.rule.use.clicked.connect(self.use)
        self.picker.picked.connect(self._pick)
        bind(self, self.state, "preprocess", self._show_view)
        bind(self, lab.project, "recipe", self._show_recipe)

    def _build(self) -> None:
        self.rule, self.figures = RuleCard(self), FiguresCard(self)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self.rule, 1)
        left.addWidget(self.figures)
        images = Card("Test images before and after", self)
        self.scale = label(self, "")
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 0)
        self.progress.setFixedWidth(80)
        self.progress.hide()
        images.header.addStretch(1)
        images.header.addWidget(self.progress)
        images.header.addWidget(self.scale)
        self.pairs = ImageTiles(SHOWN, most=130, parent=self)
        self.pairs.set_caption_lines(0)
        self.axes = ImageTiles(SHOWN, most=130, parent=self)
        self.axes_title = label(self, "The widest principal axes, and their shares of all variance", "muted")
        images.body.addWidget(self.pairs, 2)
        images.body.addWidget(self.axes_title)
        images.body.addWidget(self.axes, 1)
        cloud = Card("Two features as a cloud", self)
        cloud.header.addStretch(1)
        for words, role in (("training images", "train"), ("test images", "held_out")):
            cloud.header.addWidget(Key(words, role, "points", "", self))
        self.picker = named(
            PixelPicker(self),
            "preprocess_pixels",
            "Two pixels on the mean image",
            "Drag A and B: their values in every image make the cloud. Keys: arrows move a marker, space takes the other.",
        )
        self.where = label(self, "", "small muted", wraps=True)
        picking = QVBoxLayout()
        picking.addWidget(self.picker)
        picking.addWidget(self.where)
        picking.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addLayout(picking)
        self.clouds = [CloudPlot(self) for _ in range(_STAGES)]
        for plot in self.clouds:
            row.addWidget(plot, 1)
        cloud.body.addLayout(row, 1)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(images, 3)
        right.addWidget(cloud, 2)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(12)
        grid.addLayout(left, 0, 0)
        grid.addLayout(right, 0, 1)
        self.rule.setFixedWidth(256)
        self.figures.setFixedWidth(256)
        grid.setColumnStretch(1, 1)

    # -- in front and behind -----------------------------------------------------------------------------------------

    def _show_dataset(self, dataset) -> None:
        self._known, self._asked, self.found = {}, None, None
        self.pairs.show_message("")
        self._ask()

    def wake(self) -> None:
        self._awake = True
        self._ask()

    def rest(self) -> None:
        self._awake = False
        if self.lab.jobs.is_busy(JOB):
            self.lab.jobs.cancel(JOB)
            self._asked = None
        self.progress.hide()

    # -- what a person does ------------------------------------------------------------------------------------------

    @property
    def view(self):
        return self.state.preprocess

    def _put(self, **values: Any) -> None:
        self.state.preprocess = self.view.changed(**values)

    def _choose_kind(self, index: int) -> None:
        self._put(kind=self.rule.kind_choice.itemData(index))

    def _choose_source(self, index: int) -> None:
        self._put(source=self.rule.source_choice.itemData(index))

    def _turn_epsilon(self, epsilon: float) -> None:
        self._put(epsilon=epsilon)

    def _pick(self, which: int, row: int, column: int) -> None:
        _, _, width = self.dataset.image_shape
        place = self._channel() * self._plane() + row * width + column
        self._put(**{"second" if which else "first": place})

    def use(self) -> None:
        """The recipe takes this preprocessing; one step of the history."""
        recipe, view = self.lab.project.recipe, self.view
        changed = recipe.changed(preprocessing=view.kind, whitening_epsilon=view.epsilon)
        self.lab.history.push(SetField(self.lab.project, "recipe", changed, "Use this preprocessing"))
        self.lab.history.end_gesture()

    # -- two features ------------------------------------------------------------------------------------------------

    def _plane(self) -> int:
        _, height, width = self.dataset.image_shape
        return height * width

    def _channel(self) -> int:
        """Of colour images the green one, which carries most of the brightness."""
        return 1 if self.dataset.image_shape[0] == 3 else 0

    def features(self) -> tuple[int, int]:
        """The two positions in an image laid out (C, H, W); neighbours in the middle until others are chosen."""
        channels, height, width = self.dataset.image_shape
        middle = self._channel() * self._plane() + height // 2 * width + width // 2
        most = channels * height * width
        first, second = self.view.first, self.view.second
        return (
            first if 0 <= first < most else middle,
            second if 0 <= second < most else min(middle + 1, most - 1),
        )

    # -- showing -----------------------------------------------------------------------------------------------------

    def _show_view(self, view) -> None:
        self.rule.show_rule(view.kind, view.epsilon, view.source)
        self._show_recipe(self.lab.project.recipe)
        self._ask()

    def _show_recipe(self, recipe) -> None:
        view = self.view
        is_same = recipe.preprocessing == view.kind and (
            view.kind != "whiten" or recipe.whitening_epsilon == view.epsilon
        )
        self.rule.show_in_use(recipe.preprocessing, is_same)

    def _ask(self) -> None:
        if self.dataset is None or not self._awake:
            return
        view, (first, second) = self.view, self.features()
        asked = (self.dataset.digest, view.kind, view.epsilon, view.source, first, second)
        if asked == self._asked:
            return
        self._asked = asked
        self._show_places(first, second)
        self.progress.show()
        request = Preprocess(self.dataset, view.kind, view.epsilon, view.source, first, second, self._known)
        self.lab.jobs.submit(JOB, request, done=self._take, failed=self._fail, progress=self._tell)

    def _show_places(self, first: int, second: int) -> None:
        width, plane = self.dataset.image_shape[2], self._plane()
        a, b = (divmod(place % plane, width) for place in (first, second))
        self.picker.show_places(a, b)
        channel = ", green" if self.dataset.image_shape[0] == 3 else ""
        self.where.setText(f"x: A, row {a[0]}, column {a[1]}\ny: B, row {b[0]}, column {b[1]}{channel}")

    def _tell(self, words: str) -> None:
        self.rule.show_waiting(words)

    def _take(self, found: Preprocessed) -> None:
        self.found = found
        view = self.view
        self.progress.hide()
        after, low, high = as_pictures(found.after, view.kind)
        self.pairs.show_images(np.concatenate([found.images, after]))
        self.scale.setText(
            f"black {number_text(round(low, 2))} · white {number_text(round(high, 2))}".replace("-", "−")
        )
        self.rule.show_outcome(view.kind, view.source, found)
        self.figures.show_figures(found.before_figures, found.after_figures)
        self.picker.show_image(found.mean)
        self._show_axes(found)
        for plot, stage, other in zip(self.clouds, found.cloud, found.others, strict=True):
            (a, c), (_, b) = stage.covariance
            caption = f"var {_short(a)}, {_short(b)}\ncov {_short(c)}"
            axes = stage.directions * stage.deviations
            plot.show_cloud(stage.title, caption, stage.points, other.points, stage.mean, axes)

    def _show_axes(self, found: Preprocessed) -> None:
        has_axes = len(found.axes) > 0
        self.axes.setVisible(has_axes)
        self.axes_title.setVisible(has_axes)
        if has_axes:
            pictures, _, _ = as_pictures(found.axes, self.view.kind)
            self.axes.show_images(pictures, [f"{share:.1%}".replace("%", " %") for share in found.shares])

    def _fail(self, error: BaseException) -> None:
        self.progress.hide()
        self.rule.show_waiting(str(error), failed=True)
        self.pairs.show_message("")

    # -- the window --------------------------------------------------------------------------------------------------

    def actions_offered(self) -> Sequence[Action]:
        return (Action("datasets.preprocess_use", "Use this preprocessing in the recipe", self.use, "", "training"),)

    def tour(self) -> Iterator[Stop]:
        self._put(kind="whiten", source="train")
        yield Stop("whitened", self._is_shown)
        self._put(kind="mean-image", source="shown")
        yield Stop("wrong", self._is_shown)
        self._put(kind="whiten", source="train")

    def _is_shown(self) -> bool:
        return self.found is not None and not self.lab.jobs.is_busy(JOB) and self.rule.formula.is_ready


def _short(value: float) -> str:
    value = 0.0 if abs(value) < 5e-5 else value
    return f"{value:.2g}".replace("-", "−") if abs(value) < 0.01 else f"{value:.2f}".replace("-", "−")
