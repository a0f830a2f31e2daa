"""The page of the seven challenges: a dial, an image, two judges, and their accuracy against the dial."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from cvlab.core.lab import Lab
from cvlab.engine.data import challenges, robustness
from cvlab.engine.data.challenges import CHALLENGES
from cvlab.engine.data.robustness import Nearest
from cvlab.ui.actions import Action
from cvlab.ui.bind import bind
from cvlab.ui.panel import Stop
from cvlab.ui.panels.datasets.asked_net import AskedNet
from cvlab.ui.panels.datasets.challenge_work import (
    Judge,
    MeasureCurves,
    Verdict,
    Within,
    reference_of,
)
from cvlab.ui.panels.datasets.curve_card import CurveCard
from cvlab.ui.panels.datasets.dial_card import DialCard
from cvlab.ui.panels.datasets.image_lessons import CHALLENGES as LESSON
from cvlab.ui.panels.datasets.measuring import Measuring
from cvlab.ui.panels.datasets.page import Page
from cvlab.ui.panels.datasets.pieces import button
from cvlab.ui.panels.datasets.variation_card import COUNT, VariationCard
from cvlab.ui.panels.datasets.verdict_card import VerdictCard

VARIATION = "variation"
VERDICT, WITHIN = "datasets.challenge_verdict", "datasets.challenge_within"
_SHORT = {"clutter": "Clutter", VARIATION: "Within a class"}


class ChallengesPage(Page):
    lesson = LESSON

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(lab, parent)
        self._awake = False
        self._nearest: Nearest | None = None
        self._places: dict[int, int] = {}  # from the training split into the reference
        self._within_key: tuple[str, int] | None = None
        self.verdict: Verdict | None = None
        self._build()
        self._connect()

    def _build(self) -> None:
        self.chips = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(6)
        for number, id in enumerate((*CHALLENGES, VARIATION)):
            says = CHALLENGES[id].says if id in CHALLENGES else "Chairs have many shapes and one name."
            chip = button(self, f"challenge.{id}", _SHORT.get(id) or CHALLENGES[id].title, says, role="chip")
            chip.setCheckable(True)
            self.chips.addButton(chip, number)
            row.addWidget(chip)
        row.addStretch(1)
        self.image, self.judges = DialCard(self.lab, self), VerdictCard(self)
        self.curve, self.gallery = CurveCard(self), VariationCard(self)
        dials = QWidget(self)
        grid = QGridLayout(dials)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(12)
        grid.addWidget(self.image, 0, 0)
        grid.addWidget(self.judges, 0, 1, 2, 1)
        grid.addWidget(self.curve, 1, 0)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        grid.setRowStretch(0, 3)
        grid.setRowStretch(1, 2)
        self.judges.setMinimumWidth(300)
        self.stack = QStackedWidget(self)
        self.stack.addWidget(dials)
        self.stack.addWidget(self.gallery)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(12)
        outer.addLayout(row)
        outer.addWidget(self.stack, 1)
        self.measuring = Measuring(self.lab, self.curve, self)
        self.asked = AskedNet(self.lab, self.judges, self)

    def _connect(self) -> None:
        self.chips.idClicked.connect(self._choose)
        self.image.turned.connect(self._turn)
        self.image.again.clicked.connect(self.another_way)
        self.curve.plot.picked.connect(self._turn)
        self.judges.metric_choice.activated.connect(self._choose_metric)
        self.judges.model_choice.activated.connect(self._choose_model)
        self.asked.changed.connect(self._have_net)
        self.gallery.wanted.connect(self._choose_class)
        self.gallery.opened.connect(self._open)
        bind(self, self.state, "challenge", self._show_view)
        for field in ("image", "split"):
            bind(self, self.state, field, self._show_image)

    # -- in front and behind -----------------------------------------------------------------------------------------

    def _show_dataset(self, dataset) -> None:
        self.measuring.stop()
        self.image.choice.take(dataset)
        reference, places = reference_of(dataset)
        self._nearest = Nearest(reference, self.view.metric)
        self._places = {int(place): i for i, place in enumerate(places)}
        self._within_key = None
        self.judges.show_classes(dataset.classes)
        self.asked.take(dataset)
        self.gallery.show_classes(dataset.classes)
        self._show_all()

    def wake(self) -> None:
        self._awake = True
        self._show_all()

    def rest(self) -> None:
        self._awake = False
        self.image.stop()
        self.measuring.stop()
        self.asked.rest()
        for key in (VERDICT, WITHIN):
            self.lab.jobs.cancel(key)

    # -- what a person does ------------------------------------------------------------------------------------------

    @property
    def view(self):
        return self.state.challenge

    def _put(self, **values: Any) -> None:
        self.state.challenge = self.view.changed(**values)

    def _choose(self, number: int) -> None:
        self._put(kind=(*CHALLENGES, VARIATION)[number])

    def _turn(self, amount: float) -> None:
        self._put(amount=amount)

    def _choose_metric(self, index: int) -> None:
        self._put(metric=self.judges.metric_choice.itemData(index))

    def _choose_model(self, index: int) -> None:
        self._put(model=self.judges.model_choice.itemData(index))

    def _choose_class(self, label: int) -> None:
        self._put(label=label)

    def _open(self, index: int) -> None:
        """A member of the gallery goes to the dials."""
        self.state.split, self.state.image = "train", index
        self._put(kind=next(iter(CHALLENGES)))

    def another_way(self) -> None:
        """The same amount with another seed."""
        self._put(seed=(self.view.seed + 1) % 1000)

    # -- showing -----------------------------------------------------------------------------------------------------

    def _is_dialled(self) -> bool:
        return self.dataset is not None and self.view.kind in CHALLENGES

    def _show_view(self, view) -> None:
        kinds = (*CHALLENGES, VARIATION)
        self.chips.button(kinds.index(view.kind) if view.kind in kinds else 0).setChecked(True)
        if self.dataset is not None:
            self._show_all()

    def _show_image(self, value: object) -> None:
        if self.dataset is not None and self._is_dialled():
            self._look()

    def _show_all(self) -> None:
        if self.dataset is None:
            return
        view = self.view
        if view.kind == VARIATION:
            self.image.stop()
            self.stack.setCurrentWidget(self.gallery)
            self._show_within()
            return
        if view.kind not in CHALLENGES:  # a project of a later cvlab
            self._put(kind=next(iter(CHALLENGES)))
            return
        self.stack.setCurrentIndex(0)
        self.image.says.setText(CHALLENGES[view.kind].says)
        self.image.show_amount(view.amount)
        self.judges.metric_choice.setCurrentIndex(self.judges.metric_choice.findData(view.metric))
        if self._nearest is not None and self._nearest.metric != view.metric:
            self._nearest = Nearest(self._nearest.reference, view.metric)
        self.curve.show_here(view.amount)
        if self._awake:
            self.asked.look(view.model)
        self._look()
        net, net_id = self.asked.net, self.asked.id
        request = MeasureCurves(self.dataset, view.kind, view.seed, view.sample, self._nearest, net, net_id)
        self.measuring.look(request, soon=self._awake)

    def _look(self) -> None:
        """The image now, and the judges as soon as they are free."""
        split, index = self.image.choice.split, self.image.choice.index
        view, before = self.view, split.images[index]
        masks = robustness.masks_of(self.dataset, self.state.split, [index])
        after = challenges.apply(view.kind, before[None], view.amount, view.seed, masks)[0]
        self.image.show_images(before.numpy(), after.numpy(), view.amount)
        if self._awake:
            own = self._places.get(index, -1) if self.state.split == "train" else -1
            self.lab.jobs.submit(VERDICT, Judge(after, self._nearest, own, self.asked.net), done=self._have_verdict)

    def _have_verdict(self, verdict: Verdict) -> None:
        self.verdict = verdict
        image = self._nearest.reference.images[verdict.neighbour].numpy()
        self.judges.show_neighbour(image, verdict.label, self.image.choice.label, verdict.distance)
        if verdict.probabilities is not None:
            self.judges.show_probabilities(verdict.probabilities)

    def _have_net(self) -> None:
        self.measuring.stop()
        self._show_all()

    # -- the seventh -------------------------------------------------------------------------------------------------

    def _show_within(self) -> None:
        label = self.view.label % len(self.dataset.classes)
        key = (self.dataset.digest, label)
        if not self._awake or self._within_key == key:
            return
        self._within_key = key
        self.gallery.show_waiting()
        self.lab.jobs.submit(
            WITHIN, Within(self.dataset, label, COUNT), done=self._have_within, failed=self._have_no_within
        )

    def _have_within(self, found: tuple) -> None:
        self.gallery.show_variation(self.dataset, self._within_key[1], *found)

    def _have_no_within(self, error: BaseException) -> None:
        self._within_key = None
        self.gallery.show_waiting(str(error))

    # -- the window --------------------------------------------------------------------------------------------------

    def actions_offered(self) -> Sequence[Action]:
        return (
            Action("datasets.challenge_again", "The challenge another way", self.another_way, "", "replay"),
            Action("datasets.challenge_sweep", "Sweep the challenge's dial", self.image.toggle, "", "play"),
            Action(
                "datasets.challenge_measure", "Measure accuracy against the dial", self.measuring.toggle, "", "chart"
            ),
        )

    def tour(self) -> Iterator[Stop]:
        self._put(kind="viewpoint", amount=0.6, seed=0)
        yield Stop("dial", self.is_measured)
        self._put(kind="clutter", amount=0.8)
        yield Stop("clutter", self.is_measured)
        self._put(kind=VARIATION)
        yield Stop("within", self._is_compared)
        self._put(kind="viewpoint", amount=0.4)

    def is_measured(self) -> bool:
        """Whether curve and verdict are those of what is shown."""
        return self.measuring.is_known() and not self.lab.jobs.is_busy(VERDICT)

    def _is_compared(self) -> bool:
        return self.gallery.rows["apart"].count > 0
