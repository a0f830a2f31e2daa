"""Several nets as one: the members' accuracies, the ensemble's, and what chance alone would do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from cvlab.core.ensembles import (
    EnsembleRequest,
    Member,
    hold_out_the_same,
    newest_search,
    of_checkpoints,
    of_search,
)
from cvlab.core.lab import Lab
from cvlab.core.run_list import RunRow
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.errors import CvlabError
from cvlab.ui.bind import listen
from cvlab.ui.panels.runs.names import short_names
from cvlab.ui.theme import theme
from cvlab.ui.theme.tokens import SMALL
from cvlab.ui.widgets.bars import tabular
from cvlab.ui.widgets.controls import button, label, named

if TYPE_CHECKING:
    from cvlab.engine.training.ensemble import Accuracy, Comparison

_JOB = "runs.ensemble"
_CHECKPOINTS = _TOP = 5
_ROW, _NAME, _FIGURE, _FOOT = 24, 130, 58, 24
_WIDE = 190
"""Pixels from which the scale has room for what the lines are."""


class EnsembleCard(QWidget):
    """Asks the chosen runs, the last checkpoints of one, or the best of a search to vote; nothing is trained."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab = lab
        self._rows: list[RunRow] = []
        self._names: tuple[str, ...] = ()
        self.words = label(self, wraps=True)
        self.of = named(
            QComboBox(self), "runs.members", "Members",
            "Different first weights, points of one run, running averages, the best trials of a search: the course's ways "
            "to an ensemble.",
        )  # fmt: skip
        self.of.addItem("Chosen runs", "runs")
        self.of.addItem("Checkpoints", "checkpoints")
        self.of.addItem("Averages", "averages")
        self.of.addItem("Best of a search", "search")
        self.split = named(
            QComboBox(self), "runs.judges", "Judged by",
            "Choose members by held-out images; look at the test set once, when the choice is made.",
        )  # fmt: skip
        self.split.addItem("Held out", "held-out")
        self.split.addItem("Test", "test")
        self._unlocked: bool | None = None
        self._votes_on_test = ""  # the data whose test set the bars were measured on
        self.go = button(
            self, "runs.vote", "Vote", "The mean of their probabilities, beside each of them.", role="primary"
        )
        self.go.clicked.connect(self.vote)
        self.bars = _Bars(self)
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in (self.of, self.split):
            widget.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            widget.setMinimumContentsLength(8)
            row.addWidget(widget, 1)
        row.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(self.words)
        column.addWidget(self.bars)
        column.addStretch(1)
        self.of.activated.connect(self._show_choice)
        listen(self, lab.test_set.changed, self._show_lock)
        self._show_lock()
        self._show_choice()

    def show_runs(self, rows: list[RunRow]) -> None:
        """The chosen runs; what was compared before stays until the next vote."""
        if [row.id for row in rows] != [row.id for row in self._rows]:
            self._rows = rows
            self._lab.jobs.cancel(_JOB)
            self.bars.show_comparison(None, ())
            self._show_choice()

    def _show_lock(self, _: object = None) -> None:
        """While the test set is locked, the held-out images judge, and what the test set said is taken away."""
        unlocked, test = self._lab.test_set.is_unlocked, self.split.findData("test")
        if unlocked == self._unlocked:
            return
        self._unlocked = unlocked
        self.split.setItemText(test, "Test" if unlocked else "Test, locked")
        self.split.model().item(test).setEnabled(unlocked)
        self.split.model().item(test).setToolTip("" if unlocked else "Unlock test set on the Splits page of Datasets.")
        if not unlocked:
            self.split.setCurrentIndex(self.split.findData("held-out"))
            if self._votes_on_test:
                self._votes_on_test = ""
                self._lab.jobs.cancel(_JOB)
                self.bars.show_comparison(None, ())
                self._show_choice()

    def _show_choice(self, _: int = 0) -> None:
        of, count = self.of.currentData(), len(self._rows)
        needed = {"checkpoints": 1, "search": 0}.get(of, 2)
        self.go.setEnabled(count >= needed)
        self.words.setText(
            f"Choose at least {needed} run{'s' if needed > 1 else ''} in the table." if count < needed
            else f"The last {_CHECKPOINTS} checkpoints of {self._rows[-1].title}." if of == "checkpoints"
            else f"The {_TOP} best trials of the newest search." if of == "search"
            else f"{count} members."
        )  # fmt: skip

    def vote(self) -> None:
        if self.split.currentData() == "test" and not self._lab.test_set.is_unlocked:
            self.words.setText(
                "Test set locked: unlock it on the Splits page of Datasets, or judge by the held-out images."
            )
            return
        try:
            members = self._members()
            if self.split.currentData() == "held-out" and not hold_out_the_same(members):
                self.words.setText(
                    "These runs hold out different images (seeds or shares differ): each has trained on images that would judge "
                    "it. Choose runs that hold out the same, or unlock the test set (Datasets, Splits) and judge by it."
                )
                return
        except CvlabError as error:
            self.words.setText(str(error))
            return
        self._votes_on_test = ""
        if self.split.currentData() == "test":
            self._votes_on_test = RunFolder.open(members[0].path).record.recipe.data
        # Runs of one net have one title: they are told apart as beside the curves.
        self._names = tuple(short_names(self._rows)) if self.of.currentData() in ("runs", "averages") else ()
        self.go.setEnabled(False)
        self.words.setText(f"0 of {len(members)} nets have voted…")
        request = EnsembleRequest(tuple(members), self._lab.dataset, self.split.currentData())
        self._lab.jobs.submit(_JOB, request, done=self._done, failed=self._failed, progress=self._voted)

    def _members(self) -> list[Member]:
        of = self.of.currentData()
        if of == "checkpoints":
            return of_checkpoints(self._rows[-1].folder, _CHECKPOINTS)
        if of == "search":
            return of_search(newest_search(self._lab.runs.root), _TOP)
        return [Member(row.folder, average=of == "averages") for row in self._rows]

    def _voted(self, done: object) -> None:
        self.words.setText(f"{done} nets have voted…")

    def _done(self, found: Comparison) -> None:
        self.go.setEnabled(True)
        self.bars.show_comparison(found, self._names)
        self.words.setText(sentence(found))
        if self._votes_on_test:
            self._lab.test_set.count_read(self._votes_on_test)

    def _failed(self, error: BaseException) -> None:
        self.go.setEnabled(True)
        self.words.setText(str(error))


def sentence(found: Comparison) -> str:
    """What the comparison says, with how far it can be trusted."""
    points = 100 * found.gain
    said = (
        f"The mean member reads {found.mean:.2%}, the ensemble {found.whole.share:.2%}: {points:+.2f} points. Against the best "
        f"member it mends {found.mended} images and breaks {found.broken} of {found.whole.count:,}"
    )
    if found.chance > 0.05:
        return f"{said}; chance alone does as much in {found.chance:.0%} of cases."
    return f"{said}: more than chance would do."


class _Bars(QWidget):
    """A row a member and one for the ensemble: the accuracy as a dot, its 95 % interval as a line."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: list[tuple[str, Accuracy]] = []
        self.setAccessibleName("Members and ensemble")
        self.setToolTip("Dot: accuracy. Line: where it would most likely lie on other images of the same kind (95 %).")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(260, _ROW * max(len(self._rows), 1) + _FOOT)

    def show_comparison(self, found: Comparison | None, names: Sequence[str]) -> None:
        """names: of the members, where their titles would not tell them apart."""
        self._rows = []
        if found is not None:
            self._rows = [*zip(names or found.titles, found.members, strict=True), ("Ensemble", found.whole)]
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = tabular(self.font())
        font.setPixelSize(SMALL)
        painter.setFont(font)
        low = min(a.low for _, a in self._rows)
        high = max(a.high for _, a in self._rows)
        left, right = _NAME + 8.0, self.width() - _FIGURE - 8.0

        def at(share: float) -> float:
            return left + (right - left) * (share - low) / max(high - low, 1e-9)

        for i, (title, accuracy) in enumerate(self._rows):
            middle = i * _ROW + _ROW / 2
            is_whole = i == len(self._rows) - 1
            ink = theme().colour("accent" if is_whole else "muted")
            painter.setPen(theme().colour("ink" if is_whole else "muted"))
            words = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideMiddle, _NAME)
            painter.drawText(QRectF(0, i * _ROW, _NAME, _ROW), Qt.AlignmentFlag.AlignVCenter, words)
            painter.drawText(
                QRectF(self.width() - _FIGURE, i * _ROW, _FIGURE, _ROW),
                int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), f"{accuracy.share:.2%}",
            )  # fmt: skip
            painter.setPen(QPen(ink, 2))
            painter.drawLine(QPointF(at(accuracy.low), middle), QPointF(at(accuracy.high), middle))
            painter.setBrush(ink)
            painter.drawEllipse(QPointF(at(accuracy.share), middle), 4, 4)
        self._paint_scale(painter, left, right, low, high)
        painter.end()

    def _paint_scale(self, painter: QPainter, left: float, right: float, low: float, high: float) -> None:
        """Which accuracies the ends of the lines stand for."""
        top = len(self._rows) * _ROW
        painter.setPen(QPen(theme().colour("line"), 1))
        painter.drawLine(QPointF(left, top + 2), QPointF(right, top + 2))
        painter.setPen(theme().colour("muted"))
        foot = QRectF(left, top + 4, right - left, _FOOT - 4)
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), f"{low:.1%}")
        painter.drawText(foot, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop), f"{high:.1%}")
        if foot.width() > _WIDE:
            painter.drawText(foot, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop), "95 % intervals")
