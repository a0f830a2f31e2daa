"""Schedules: a curve that is shaped by hand, and what four learning rates do to a small net under it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, Field
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.core.panels.optimization import MAX_EPOCHS, ScheduleDocument
from cvlab.engine.errors import RecipeError
from cvlab.engine.four_rates import RateCurve, four_rates
from cvlab.engine.schedules import FORMULAS, Schedule
from cvlab.engine.spec import Spec
from cvlab.ui.bind import bind
from cvlab.ui.panels.optimization.curve_plot import CurvePlot
from cvlab.ui.panels.optimization.rate_curves import TICKS, curves
from cvlab.ui.panels.optimization.schedule_plot import SchedulePlot
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.form import Form
from cvlab.ui.widgets.formula import FormulaLabel

_KINDS = {
    "constant": "Constant",
    "step": "Step decay",
    "exponential": "Exponential",
    "1/t": "1/t decay",
    "cosine": "Cosine",
    "warm-up": "Warm-up",
    "one-cycle": "One cycle",
}


class Frame(Spec):
    """What a schedule is drawn over, as a form shows it."""

    base: float = Field(
        0.1,
        gt=0.0,
        le=100.0,
        title="Rate α₀",
        description="The first or highest learning rate. Too high: the loss climbs. Too low: it hardly falls.",
        json_schema_extra={"scale": "log"},
    )
    epochs: int = Field(
        20,
        ge=1,
        le=MAX_EPOCHS,
        title="Epochs T",
        description="How long the training lasts. Too few: a slow schedule never gets to cool down.",
    )


@dataclass(frozen=True)
class RatesRequest:
    """The four trainings under one schedule."""

    schedule: Schedule
    epochs: int

    def run(self, control: JobControl) -> tuple[RateCurve, ...]:
        return four_rates(self.epochs, self._share, check=control.check)

    def _share(self, epoch: float) -> float:
        return self.schedule.rate(1.0, epoch, self.epochs)


class SchedulesPage(QWidget):
    """Edits go through the history; the four nets are trained again, in a job, whenever the shape changes."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self.lab, self._state = lab, lab.project.optimization
        self._asked: RatesRequest | None = None
        self._shown: RatesRequest | None = None
        self._build()
        self.form.edited.connect(self._edit_schedule)
        self.frame.edited.connect(self._edit_frame)
        self.form.released.connect(self._end_gesture)
        self.frame.released.connect(self._end_gesture)
        self.plot.asked.connect(self._drag)
        self.plot.let_go.connect(self._end_gesture)
        bind(self, self._state, "schedule", self._show_document)

    def _build(self) -> None:
        self.curve_card, self.rates_card = Card("Learning rate", self), Card("One small net, four learning rates", self)
        self.plot = SchedulePlot(self)
        self.rates = CurvePlot(
            "rate_curves",
            "Training loss for four learning rates",
            "Too low: a slow line. Good: steep, then flat and low. High: it gets stuck. Very high: it flies off.",
            self,
            ticks=TICKS,
            across="epoch",
            up="loss",
            margin=92,
        )
        self.rates.show_curves((), 1, "Training four small nets…")
        self.formula = FormulaLabel(FORMULAS["constant"], self)
        self.form = Form(Schedule, prefix="optimization.schedule", captions={"kind": _KINDS}, parent=self)
        self.form.rows["kind"].editor.setObjectName("optimization.schedule")
        for name in ("every", "warm"):  # a slider over 10,000 epochs cannot be aimed; the handle on the curve can
            self.form.rows[name].slider.hide()
        self.frame = Form(Frame, prefix="optimization.schedule", parent=self)
        words = QLabel(
            "The course's spiral, 180 points; 24 hidden numbers; SGD with batches of 30. The same first weights and the same "
            "batches in all four: only the rate differs, and each follows the shape of the schedule.",
            self,
        )
        words.setWordWrap(True)
        words.setProperty("role", "small muted")
        self.curve_card.header.addStretch(1)
        self.curve_card.body.addWidget(self.formula)
        self.curve_card.body.addWidget(self.plot, 1)
        forms = QHBoxLayout()
        forms.setSpacing(16)
        for form, share in ((self.frame, 4), (self.form, 5)):
            column = QVBoxLayout()
            column.addWidget(form)
            column.addStretch(1)
            forms.addLayout(column, share)
        self.curve_card.body.addLayout(forms)
        self.rates_card.body.addWidget(words)
        self.rates_card.body.addWidget(self.rates, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.curve_card, 12)
        row.addWidget(self.rates_card, 10)

    def showEvent(self, event) -> None:
        super().showEvent(event)
        self._train()

    def _show_document(self, document: ScheduleDocument) -> None:
        self.form.show_values(document.schedule)
        self.frame.show_values(Frame(base=document.base, epochs=document.epochs))
        self.formula.show_formula(FORMULAS[document.schedule.kind])
        self.plot.show_document(document)
        self._train()

    def _train(self) -> None:
        document = self._state.schedule
        request = RatesRequest(document.schedule, document.epochs)
        if self.isVisible() and request != self._asked:
            self._asked = request
            self.lab.jobs.submit("optimization.rates", request, done=self._trained)

    def _trained(self, trained: tuple[RateCurve, ...]) -> None:
        self._shown = self._asked
        self.rates.show_curves(curves(trained), len(trained[0].losses) - 1)

    @property
    def is_drawn(self) -> bool:
        """Whether the four curves are those of the schedule in force, and the formula is set."""
        document = self._state.schedule
        return self._shown == RatesRequest(document.schedule, document.epochs) and self.formula.is_ready

    # -- what a person does ------------------------------------------------------------------------------------------

    def _edit_schedule(self, field: str, value: object) -> None:
        self._edit(self.form, field, {field: value})

    def _edit_frame(self, field: str, value: object) -> None:
        self._edit(self.frame, field, {field: value})

    def _edit(self, form: Form, field: str, values: Mapping[str, object]) -> None:
        try:
            document = self._with(values)
        except RecipeError as error:
            form.show_problem(field, f"{error.what} {error.remedy}".strip())
            return
        self._push(document, field)

    def _drag(self, values: Mapping[str, float]) -> None:
        self._push(self._with(values), "handle")

    def _with(self, values: Mapping[str, object]) -> ScheduleDocument:
        """Raises `RecipeError` for a value out of range."""
        document = self._state.schedule
        own = {name: value for name, value in values.items() if name in Schedule.model_fields}
        frame: BaseModel = Frame(base=document.base, epochs=document.epochs).changed(
            **{name: value for name, value in values.items() if name not in own}
        )
        return replace(document, schedule=document.schedule.changed(**own), **frame.model_dump())

    def _push(self, document: ScheduleDocument, what: str) -> None:
        if document != self._state.schedule:
            command = SetField(self._state, "schedule", document, "Shape the schedule", f"optimization.schedule.{what}")
            self.lab.history.push(command)

    def _end_gesture(self) -> None:
        self.lab.history.end_gesture()
