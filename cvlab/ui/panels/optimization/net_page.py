"""The race on a real net: who takes part, how long, and their curves while they learn in the background."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QWidget,
)

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.panels.optimization import NET_STEPS, NetRaceDocument
from cvlab.engine.errors import CvlabError
from cvlab.engine.race import Racer
from cvlab.engine.training.net_race import NetRaceSettings, usual_net_racers
from cvlab.ui.bind import bind
from cvlab.ui.panels.optimization.curve_plot import CurvePlot
from cvlab.ui.panels.optimization.names import named
from cvlab.ui.panels.optimization.net_curves import TICKS, curves
from cvlab.ui.panels.optimization.net_job import NetRaceRequest, Standing
from cvlab.ui.panels.optimization.net_racer import RacerLine
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.controls import steady
from cvlab.ui.widgets.number import NumberBox

JOB = "optimization.net"


class NetPage(QWidget):
    """Settings are edits of the document; a race that runs keeps those with which it began."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self.lab, self._state = lab, lab.project.optimization
        self._usual = {racer.name: racer for racer in usual_net_racers()}
        self._request: NetRaceRequest | None = None
        self.standing: Standing | None = None
        self._build()
        self.start.clicked.connect(self.toggle)
        self.cancel.clicked.connect(self.stop)
        bind(self, self._state, "net", self._show_document)
        self._show_standing()

    def _build(self) -> None:
        who, learning = Card("Racers", self), Card("LeNet learns digits", self)
        self.lines = {name: RacerLine(name, self) for name in self._usual}
        who.header.addStretch(1)
        next(iter(self.lines.values())).head(who.header)
        for line in self.lines.values():
            who.body.addWidget(line)
            line.toggled.connect(self._toggle_racer)
            line.turned.connect(self._turn_rate)
        who.body.addLayout(self._make_settings())
        who.body.addStretch(1)
        words = QLabel(
            "The MNIST sample, LeNet without dropout. The same first weights and the same batches for all: only the update "
            "rule differs. The same seed gives the same curves, bit for bit.", self,
        )  # fmt: skip
        words.setWordWrap(True)
        words.setProperty("role", "small muted")
        self.curves = CurvePlot(
            "net.curves",
            "Training loss of each racer against its steps",
            "The loss over each batch, as the mean of nine steps. All begin with the same weights and batches.",
            self,
            ticks=TICKS,
            across="step",
            up="loss of a batch",
            margin=126,
        )
        learning.body.addWidget(words)
        learning.body.addWidget(self.curves, 1)
        learning.body.addLayout(self._make_transport())
        learning.header.addStretch(1)
        learning.header.addWidget(self.words)
        who.setFixedWidth(426)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(learning, 1)
        row.addWidget(who)

    def _make_settings(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(0, 12, 0, 0)
        self.boxes: dict[str, NumberBox] = {}
        for column, (name, words, low, high, tip) in enumerate((
            ("steps", "Steps", 1, NET_STEPS, "Updates of each racer. Short races favour rules that start fast."),
            ("batch", "Batch", 1, 500, "Images a step. Small batches: noisy slopes, quick steps."),
            ("seed", "Seed", 0, 9999, "First weights and order of batches. The same seed is the same race."),
        )):  # fmt: skip
            box = self.boxes[name] = NumberBox(low, high, whole=True, parent=self)
            named(box, f"net.{name}", words, tip)
            label = QLabel(words, self)
            label.setProperty("role", "small muted")
            grid.addWidget(label, 0, column)
            grid.addWidget(box, 1, column)
            box.valueChanged.connect(self._edit_boxes)
        return grid

    def _make_transport(self) -> QHBoxLayout:
        self.start = named(QPushButton(icon("play", "accent_ink"), "Start", self), "net.start", "Start the race",
                           "Trains all racers in the background. While it runs: pause and go on.")  # fmt: skip
        self.start.setProperty("role", "primary")
        self.start.setMinimumWidth(110)
        self.cancel = named(
            QPushButton("Cancel", self), "net.cancel", "Cancel the race", "Ends the race; its curves stay."
        )
        self.progress = QProgressBar(self)
        self.progress.setTextVisible(False)
        self.words = QLabel(self)
        self.words.setProperty("role", "small muted")
        self.words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        steady(self.words, "step 8,888 of 8,888, paused")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.start)
        row.addWidget(self.cancel)
        row.addWidget(self.progress, 1)
        return row

    # -- showing -----------------------------------------------------------------------------------------------------

    def _show_document(self, document: NetRaceDocument) -> None:
        rates = dict(document.rates)
        for name, line in self.lines.items():
            line.show_settings(name not in document.resting, rates.get(name, self._usual[name].optimizer.learning_rate))
        for name, box in self.boxes.items():
            blocker = QSignalBlocker(box)
            box.setValue(getattr(document, name))
            blocker.unblock()

    def _show_standing(self) -> None:
        standing, request = self.standing, self._request
        steps = request.settings.steps if request is not None else self._state.net.steps
        t = 0 if standing is None else standing.t
        waiting = "The net is waking up…" if self.is_running else "Press start: LeNet is trained by each racer."
        self.curves.show_curves([] if standing is None else curves(standing.losses), steps, waiting)
        for line in self.lines.values():
            line.show_standing(standing)
        self.progress.setRange(0, steps)
        self.progress.setValue(t)
        is_paused = self.is_running and not request.going.is_set()
        self.words.setText(f"step {t:,} of {steps:,}{', paused' if is_paused else ''}" if t or self.is_running else "")
        self.start.setText("Go on" if is_paused else "Pause" if self.is_running else "Start")
        self.start.setIcon(icon("pause" if self.is_running and not is_paused else "play", "accent_ink"))
        self.cancel.setEnabled(self.is_running)

    # -- what a person does ------------------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        return self._request is not None and self.lab.jobs.is_busy(JOB)

    def toggle(self) -> None:
        """Starts the race, or pauses it, or goes on."""
        if self.is_running:
            going = self._request.going
            going.clear() if going.is_set() else going.set()
        else:
            self._begin()
        self._show_standing()

    def _begin(self) -> None:
        document = self._state.net
        rates = dict(document.rates)
        racers = tuple(
            Racer(name, racer.optimizer.changed(learning_rate=rates.get(name, racer.optimizer.learning_rate)))
            for name, racer in self._usual.items()
            if name not in document.resting
        )
        settings = NetRaceSettings(racers, document.steps, document.batch, document.seed)
        try:
            settings.check()
        except CvlabError as error:
            self.lab.notices.error(error)
            return
        self._request, self.standing = NetRaceRequest(self.lab, settings), None
        self._request.going.set()
        self.lab.jobs.submit(JOB, self._request, done=self._have, failed=self._fail, progress=self._have)

    def stop(self) -> None:
        """Ends the race where it is. Harmless when there is none."""
        self.lab.jobs.cancel(JOB)
        self._show_standing()

    def _have(self, standing: Standing) -> None:
        self.standing = standing
        self._show_standing()

    def _fail(self, error: BaseException) -> None:
        self.lab.notices.error(error)
        self._show_standing()

    def _push(self, document: NetRaceDocument, label: str, key: str = "") -> None:
        if document != self._state.net:
            self.lab.history.push(SetField(self._state, "net", document, label, key))

    def _toggle_racer(self, name: str) -> None:
        self._push(self._state.net.resting_toggled(name), f"{name} takes part or rests")

    def _turn_rate(self, name: str, rate: float) -> None:
        self._push(
            self._state.net.turned(name, min(max(rate, 1e-6), 100.0)), f"Rate of {name}", f"optimization.net.{name}"
        )
        self._show_document(self._state.net)

    def _edit_boxes(self, *_: float) -> None:
        limits = {"steps": (1, NET_STEPS), "batch": (1, 500), "seed": (0, 2**31)}
        values = {
            name: int(min(max(box.value(), limits[name][0]), limits[name][1])) for name, box in self.boxes.items()
        }
        self._push(replace(self._state.net, **values), "Settings of the race", "optimization.net.settings")
        self._show_document(self._state.net)
