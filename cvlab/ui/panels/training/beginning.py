"""What a new run begins with: weights that are drawn, or those of a trained net."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cvlab.core.beginnings import FindBeginnings
from cvlab.core.lab import Lab
from cvlab.core.models import ModelChoice
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets.architecture import Architecture
from cvlab.ui.bind import bind, listen
from cvlab.ui.widgets.controls import icon_button
from cvlab.ui.widgets.form import Choice

_JOB = "training.beginnings"
_DRAWN = "Random first weights"


class Beginning(QWidget):
    """A combo over the trained nets that the project's net can begin with; beneath it, which layers begin anew. It is not
    there where none fits.

    order_asked: the person wants to rename or delete imported nets.
    """

    order_asked = Signal()

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._state = lab, lab.project.training
        self._anew: dict[str, tuple[str, ...]] = {}
        self._titles: dict[str, str] = {}
        self._known = False  # which nets fit the one of now
        self.combo = Choice(self)
        self.combo.setObjectName("training.begin_with")
        self.combo.setAccessibleName("First weights")
        self.combo.setToolTip(
            "Drawn at random, or those of a trained net: fine-tuning. Layers of the same name and shape take its weights."
        )
        self.combo.setMinimumContentsLength(6)
        self.combo.setSizeAdjustPolicy(self.combo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.activated.connect(self._choose)
        self.order = icon_button(
            self, "training.order_nets", "more", "Imported nets", "Renames or deletes trained nets that were imported."
        )
        self.order.clicked.connect(self.order_asked)
        self.words = QLabel(self)
        self.words.setProperty("role", "small muted")
        self.words.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.combo, 1)
        row.addWidget(self.order)
        column.addLayout(row)
        column.addWidget(self.words)
        self.setVisible(False)
        bind(self, lab.project, "architecture", self._show_net)
        bind(self, self._state, "begin_with", self._show)
        listen(self, lab.models.changed, self._show_net_again)
        listen(self, lab.test_set.changed, self._figures_changed)

    def which(self) -> str:
        """The trained net that a run begins with, by id; "" where weights are drawn, or that net does not fit."""
        begin_with = self._state.begin_with
        return begin_with if begin_with in self._anew or not self._known else ""

    def title_of(self, which: str) -> str:
        """What that net is called; its id where it has not been found yet."""
        return self._titles.get(which, which)

    def find(self) -> None:
        """Looks for nets anew."""
        request = FindBeginnings(self._lab.models, self._lab.project.architecture)
        self._lab.jobs.submit(_JOB, request, done=self._found, failed=self._found_none)

    def _show_net(self, net: Architecture) -> None:
        self._known = False
        if self.parentWidget().isVisible():  # else the panel asks when it is shown
            self.find()

    def _show_net_again(self, _: object = None) -> None:
        self._show_net(self._lab.project.architecture)

    def _figures_changed(self, _: object = None) -> None:
        """Names no figure that may no longer be shown, though the panel is hidden."""
        if self.combo.count():
            self.find()

    def _found(self, found: list[tuple[ModelChoice, tuple[str, ...]]]) -> None:
        self._anew, self._known = {choice.id: anew for choice, anew in found}, True
        self._titles = {choice.id: choice.title for choice, _ in found}
        self.combo.clear()
        self.combo.addItem(_DRAWN, "")
        for choice, _ in found:
            detail = f"  ·  {choice.detail}" if choice.detail else ""
            self.combo.addItem(f"Weights of {choice.title}{detail}", choice.id)
        self.setVisible(bool(found))
        self._show(self._state.begin_with)

    def _found_none(self, error: BaseException) -> None:
        if not isinstance(error, CvlabError):
            raise error
        self._found([])

    def _show(self, begin_with: str) -> None:
        which = self.which()
        self.combo.setCurrentIndex(max(self.combo.findData(which), 0))
        anew = self._anew.get(which, ())
        self.words.setVisible(bool(which))
        some = ", ".join(anew[:4]) + (" …" if len(anew) > 4 else "")
        self.words.setText(f"Begins anew: {some}." if anew else "All of its weights are taken over.")

    def _choose(self, index: int) -> None:
        self._state.begin_with = self.combo.itemData(index)
