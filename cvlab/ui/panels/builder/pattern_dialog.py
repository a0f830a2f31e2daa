"""The course's pattern as a small form and as text, each following the other; then a net on the canvas."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from cvlab.engine.errors import CvlabError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import volume
from cvlab.engine.nets.pattern import Pattern, describe, parse
from cvlab.engine.nets.shapes import infer
from cvlab.ui.canvas.face import count_text
from cvlab.ui.dialogs import Dialog
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.finish import finish
from cvlab.ui.widgets.form import Form

_WIDTH = 640


class PatternDialog(Dialog):
    """Starts from the net that is given, where it follows the pattern. `use`: called with the net that the person wants."""

    def __init__(
        self,
        parent: QWidget,
        net: Architecture,
        image: tuple[int, int, int],
        classes: int,
        use: Callable[[Architecture], None],
    ) -> None:
        super().__init__(parent, "builder.pattern", "The pattern of a ConvNet")
        self._image, self._classes, self._use = image, classes, use
        self._pattern = Pattern.of(net) or Pattern()
        self.net: Architecture | None = None
        words = QLabel(
            "INPUT → [[CONV → RELU]·N → POOL?]·M → [FC → RELU]·K → FC: most nets of the course follow it.", self
        )
        words.setWordWrap(True)
        words.setProperty("role", "muted")
        self.form = Form(Pattern, list(Pattern.model_fields), prefix="builder.pattern", parent=self)
        self.form.edited.connect(self._edit)
        self.text = QPlainTextEdit(self)
        self.text.setObjectName("builder.pattern.text")
        self.text.setAccessibleName("The pattern as text")
        self.text.setToolTip(
            "Also typed: [CONV 16|32@3x3 -> RELU -> POOL]*2 -> FC 120 -> RELU -> FC. The form follows."
        )
        self.text.setMinimumWidth(300)
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._typed)
        self.aside = QLabel("The text says more than the form can: a change in the form writes its own text.", self)
        self.aside.setWordWrap(True)
        self.aside.setProperty("role", "muted small")
        self.outcome = QLabel(self)
        self.outcome.setWordWrap(True)
        self.outcome.setMinimumHeight(64)
        right = QVBoxLayout()
        right.addWidget(self.text, 1)
        right.addWidget(self.aside)
        right.addWidget(self.outcome)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.form)
        row.addLayout(right, 1)
        self.body.addWidget(words)
        self.body.addLayout(row)
        self.add_button("cancel", "Cancel", "Leaves the net on the canvas as it is.").clicked.connect(self.close)
        self.take = self.add_button("use", "Put it on the canvas", "One step: undo brings your net back.", "primary")
        self.take.clicked.connect(self._take)
        self.setMinimumWidth(_WIDTH)
        finish(self)
        self.form.show_values(self._pattern)
        self._write(self._start_text(net))

    def _start_text(self, net: Architecture) -> str:
        try:
            return describe(net)
        except CvlabError:  # it branches, or has layers without a word: the form's own pattern then
            return self._pattern.text()

    def _edit(self, field: str, value: object) -> None:
        try:
            self._pattern = Pattern.model_validate(self._pattern.model_dump() | {field: value})
        except (ValidationError, CvlabError):
            self.form.show_problem(field, self.form.rows[field].facts.tooltip.splitlines()[-1])
            return
        self.form.show_values(self._pattern)
        self._write(self._pattern.text())

    def _write(self, text: str) -> None:
        blocked = self.text.blockSignals(True)
        self.text.setPlainText(text)
        self.text.blockSignals(blocked)
        self._read()

    def _typed(self) -> None:
        self._read()
        found = Pattern.of(self.net) if self.net is not None else None
        if found is not None:
            self._pattern = found
            self.form.show_values(found)

    def _read(self) -> None:
        self._work_out()
        self.aside.setVisible(self.net is not None and Pattern.of(self.net) is None)

    def _work_out(self) -> None:
        try:
            self.net = parse(self.text.toPlainText(), self._image, self._classes, "Pattern net")
            report = infer(self.net)
            report.raise_first()
        except CvlabError as error:
            self.net = None
            set_role(self.outcome, "error")
            self.outcome.setText(str(error))
        else:
            set_role(self.outcome, "muted")
            flow = [volume(each.output) for each in report.layers.values() if each.output is not None]
            flow = [words for index, words in enumerate(flow) if index == 0 or words != flow[index - 1]]
            self.outcome.setText(
                f"{len(self.net.nodes)} layers, {report.parameters:,} parameters, {count_text(report.multiply_adds)} "
                f"multiply-adds.\n{' → '.join(flow[:14])}"
            )
        self.take.setEnabled(self.net is not None)

    def _take(self) -> None:
        if self.net is not None:
            self._use(self.net)
            self.close()
