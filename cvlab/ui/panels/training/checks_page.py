"""The course's checks before a long training: each passes or fails with its reason, at the press of a button."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.bind import listen
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.controls import button, label

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.training.sanity import SanityResult

_JOB = "training.checks"
CHECKS = (
    (
        "loss-at-start",
        "Loss at start",
        "Before any step, a net that knows nothing should lose what guessing loses: ln C.",
    ),
    ("overfit", "Overfit twenty images", "If it cannot learn twenty images by heart, it will not learn thousands."),
    ("regularisation", "Loss rises with regularisation", "The penalty must show in the loss, or it is not there."),
    ("gradients", "Gradient check", "Backpropagation through the whole net against centred differences, in float64."),
)


@dataclass(frozen=True)
class RunChecks:
    """All checks of a net and a recipe, one after the other; each result is reported as it comes."""

    net: Architecture
    recipe: Recipe
    load_data: Callable[[str], Dataset]

    def run(self, control: JobControl) -> list[SanityResult]:
        from cvlab.engine.training import sanity

        data = self.load_data(self.recipe.data)
        results: list[SanityResult] = []
        for name, _, _ in CHECKS:
            control.check()
            results.append(sanity.CHECKS[name](self.net, data, self.recipe, control.cancelled))
            control.report(tuple(results))
        return results


class ChecksPage(QWidget):
    """Four rows, a verdict each. What was checked is the project's net and recipe of that moment; later edits make it stale."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab = lab
        self._checked: tuple[Architecture, Recipe] | None = None
        self._came = 0  # results so far
        self.words = label(
            self, "Four checks of the course, with this net and this recipe. They take a few seconds.", wraps=True
        )
        self.go = button(
            self, "training.check", "Run the checks", "Loss at start, overfitting, penalty, gradients.", role="primary"
        )
        self.go.clicked.connect(self.toggle)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.words, 1)
        head.addWidget(self.go)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(12)
        grid.setColumnStretch(1, 1)
        self.verdicts: dict[str, QLabel] = {}
        self.reasons: dict[str, QLabel] = {}
        for i, (name, title, why) in enumerate(CHECKS):
            self.verdicts[name] = label(self, "·", "badge")
            self.verdicts[name].setMinimumWidth(64)
            self.verdicts[name].setAlignment(Qt.AlignmentFlag.AlignCenter)
            cell = QVBoxLayout()
            cell.setSpacing(2)
            cell.addWidget(label(self, title, "subheading"))
            self.reasons[name] = label(self, why, "small muted", wraps=True)
            cell.addWidget(self.reasons[name])
            grid.addWidget(self.verdicts[name], i, 0, Qt.AlignmentFlag.AlignTop)
            grid.addLayout(cell, i, 1)
        self._verdict = self.words.text()
        line = QFrame(self)
        line.setProperty("role", "hairline")
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 12)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(line)
        column.addLayout(grid)
        column.addStretch(1)
        for field in ("architecture", "recipe"):
            listen(self, getattr(lab.project.events, field), self.show_document)

    @property
    def is_busy(self) -> bool:
        return self._lab.jobs.is_busy(_JOB)

    def toggle(self) -> None:
        """Starts the checks, or stops those that run."""
        if self.is_busy:
            self._lab.jobs.cancel(_JOB)
            self._rest("Stopped. What has been checked still holds." if self._came else "Stopped.")
            return
        self._came = 0
        project = self._lab.project
        self._checked = (project.architecture, project.recipe)
        for name, _, why in CHECKS:
            self._show(name, "…", "badge", why)
        self.go.setText("Stop")
        self._show_place()
        request = RunChecks(*self._checked, self._lab.dataset)
        self._lab.jobs.submit(_JOB, request, done=self._done, failed=self._failed, progress=self._show_results)

    def show_document(self, _: object = None) -> None:
        """Says so when the net or the recipe are no longer those that were checked."""
        project = self._lab.project
        if self._checked is None or self.is_busy or not self._came:
            return
        is_same = self._checked == (project.architecture, project.recipe)
        self.words.setText(self._verdict if is_same else "The net or the recipe has changed since these checks.")

    def _show_place(self) -> None:
        title = CHECKS[min(self._came, len(CHECKS) - 1)][1]
        self.words.setText(f"Check {min(self._came + 1, len(CHECKS))} of {len(CHECKS)}: {title.lower()}…")

    def _show_results(self, results: tuple[SanityResult, ...]) -> None:
        self._came = len(results)
        self._show_place()
        for each in results:
            self._show(
                each.id,
                "✓ pass" if each.passed else "✗ fail",
                "badge good" if each.passed else "badge bad",
                each.reason,
            )

    def _show(self, name: str, verdict: str, role: str, reason: str) -> None:
        self.verdicts[name].setText(verdict)
        set_role(self.verdicts[name], role)
        self.reasons[name].setText(reason)

    def _done(self, results: list[SanityResult]) -> None:
        self._show_results(tuple(results))
        failed = sum(not each.passed for each in results)
        self._rest(
            f"{failed} of {len(results)} checks failed: mend that before a long training."
            if failed
            else "All checks passed."
        )

    def _failed(self, error: BaseException) -> None:
        self._rest(str(error) if isinstance(error, CvlabError) else "The checks could not be made.", "small error")
        if not isinstance(error, CvlabError):
            self._lab.notices.error(error)

    def _rest(self, words: str, role: str = "small muted") -> None:
        """Not checking: those that have no verdict say so."""
        self.go.setText("Run the checks")
        set_role(self.words, role)
        self.words.setText(words)
        self._verdict = words
        for name, _, _ in CHECKS:
            if self.verdicts[name].text() == "…":
                self.verdicts[name].setText("·")
