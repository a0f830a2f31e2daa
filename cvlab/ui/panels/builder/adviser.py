"""Looks for advice on the project's net, off the GUI thread, once the person has stopped editing for a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.engine.nets.architecture import Architecture
from cvlab.ui.canvas.edits import NetEdits

if TYPE_CHECKING:
    from cvlab.engine.nets.advice import Advice

AFTER = 150
"""Milliseconds without an edit before advice is looked for."""


@dataclass(frozen=True)
class AdviceRequest:
    """All that the work needs. image, classes: of the data that the recipe names; None where they are not known."""

    net: Architecture
    image: tuple[int, int, int] | None
    classes: int | None

    def run(self, control: JobControl) -> tuple[Architecture, tuple[Advice, ...]]:
        from cvlab.engine.nets.advice import advise

        return self.net, advise(self.net, image=self.image, classes=self.classes)


class Adviser(QObject):
    """advice: on the net as it was when it was last looked at. came(advice): it is on the net that is open now.

    Rests while its panel is not seen."""

    came = Signal(object)

    def __init__(self, lab: Lab, edits: NetEdits, panel: QWidget) -> None:
        super().__init__(panel)
        self._lab, self._edits = lab, edits
        self.advice: tuple[Advice, ...] = ()
        self._net: Architecture | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(AFTER)
        self._soon.timeout.connect(self.ask)

    def ask_soon(self) -> None:
        self._soon.start()

    def rest(self) -> None:
        self._soon.stop()

    def ask(self) -> None:
        if self.parent().isVisible():
            request = AdviceRequest(self._lab.project.architecture, *self.data())
            self._lab.jobs.submit("builder.advice", request, done=self._tell)

    def data(self) -> tuple[tuple[int, int, int] | None, int | None]:
        """Image shape and number of classes of the recipe's data, where they are known."""
        from cvlab.engine.data import catalogue

        entry = catalogue.CATALOGUE.get(self._lab.project.recipe.data)
        return (tuple(entry.image_shape), len(entry.classes)) if entry is not None else (None, None)

    def _tell(self, found: tuple[Architecture, tuple[Advice, ...]]) -> None:
        net, advice = found
        if net == self._lab.project.architecture:
            self._net, self.advice = net, advice
            self.came.emit(advice)

    def take(self, advice: Advice | None) -> None:
        """Makes the change, one step. One that was thought out for another net is not made: new advice is on its way."""
        if advice is not None and advice.apply is not None and self._net == self._edits.net:
            self._edits.change(advice.apply, advice.change)

    def mends(self) -> list[Advice]:
        """Changes that are advised on the selected layers, or else on the net; the gravest first."""
        selected = self._edits.selected()
        return [each for each in self.advice if each.apply is not None and (not selected or each.node in selected)]

    def mend(self) -> None:
        """Makes the first of them."""
        self.take(next(iter(self.mends()), None))
