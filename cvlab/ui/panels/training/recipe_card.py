"""The recipe: what the next run is made of. Every edit is a command on the history; live knobs reach the running net at once."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.runs import Run
from cvlab.engine.errors import NetError, RecipeError
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.shapes import check_classifier, infer
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.bind import bind
from cvlab.ui.panels.training.beginning import Beginning
from cvlab.ui.panels.training.data_choice import DataChoice
from cvlab.ui.panels.training.schedule_preview import SchedulePreview
from cvlab.ui.panels.training.sections import CAPTIONS, GROUPS, MAIN, Section
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.form import FieldFacts, Form


class RecipeCard(QFrame):
    """Net, data and settings. Reads and writes only `project.recipe`.

    change_net: the person wants to edit the net.
    """

    change_net = Signal()

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lab = lab
        self._run: Run | None = None
        self._recipe = lab.project.recipe
        self.setProperty("role", "card")
        page = QWidget(self)
        page.setProperty("role", "page")
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(12)
        column.addLayout(self._make_net())
        column.addWidget(self._hairline())
        self.data = DataChoice(lab, self)
        self.data.chosen.connect(self._choose_data)
        self.main = Form(Recipe, MAIN, prefix="training", captions=CAPTIONS, parent=self)
        self.sections = {group.id: Section(group, self) for group in GROUPS}
        self.preview = SchedulePreview(self)
        self.sections["schedule"].column.addWidget(self.preview)
        self.preview.hide()
        for part in (self.main, *self.sections.values()):
            part.edited.connect(self._edit)
            part.released.connect(self._release)
        column.addWidget(self.data)
        column.addWidget(self.main)
        folds = QVBoxLayout()
        folds.setSpacing(2)
        for section in self.sections.values():
            folds.addWidget(section)
        column.addWidget(self._hairline())
        column.addLayout(folds)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 1, 0, 1)
        layout.addWidget(scroll)
        bind(self, lab.project, "architecture", self._show_net)
        bind(self, lab.project, "recipe", self._show_recipe)

    def _make_net(self) -> QVBoxLayout:
        self.net = QLabel(self)
        self.net.setProperty("role", "subheading")
        self.net_facts = QLabel(self)
        self.net_facts.setProperty("role", "small muted")
        self.net_facts.setWordWrap(True)
        change = QPushButton("Change", self)
        change.setObjectName("training.change_net")
        change.setAccessibleName("Change the net in the Builder")
        change.setToolTip("The net that will be trained comes from the Builder. Opens it there.")
        change.setProperty("role", "link")
        change.clicked.connect(self.change_net)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.net, 1)
        head.addWidget(change)
        column = QVBoxLayout()
        column.setSpacing(2)
        self.beginning = Beginning(self._lab, self)
        column.addLayout(head)
        column.addWidget(self.net_facts)
        column.addWidget(self.beginning)
        return column

    def _hairline(self) -> QFrame:
        line = QFrame(self)
        line.setProperty("role", "hairline")
        return line

    def _form_of(self, path: str) -> Form:
        """The form that shows a setting."""
        return next(form for form in (self.main, *(s.form for s in self.sections.values())) if path in form.rows)

    # -- from the person -------------------------------------------------------------------------------------------

    def _choose_data(self, dataset_id: str) -> None:
        self._edit("data", dataset_id)
        self._release()

    def _edit(self, path: str, value: object) -> None:
        facts = FieldFacts.of(Recipe, path)
        try:
            recipe = self._lab.project.recipe.changed(**{path: value})
        except RecipeError as error:
            self._form_of(path).show_problem(path, error.what.replace(path, facts.title))
            return
        if recipe == self._lab.project.recipe:
            self._show_recipe(recipe)
            return
        label = f"Change {facts.inline}"
        self._lab.history.push(SetField(self._lab.project, "recipe", recipe, label, f"training.{path}"))

    def _release(self, path: str = "") -> None:
        self._lab.history.end_gesture()

    # -- to the person ---------------------------------------------------------------------------------------------

    def show_run(self, run: Run | None) -> None:
        """The run in training, if any: its knobs follow the form, and the rest of the form is for the next run."""
        self._run = run
        self._show_notes()

    def _show_net(self, net: Architecture) -> None:
        """The net in a line, or why it cannot be trained: at all, or on these data."""
        report, data = infer(net), self.data.entry()
        self.net.setText(net.name)
        words, role = f"{len(net.nodes)} layers, {report.parameters:,} parameters", "small muted"
        if report.errors:
            words, role = report.errors[0].what, "small error"
        elif data is not None:
            try:
                check_classifier(net, data.image_shape, len(data.classes))
            except NetError as error:
                words, role = f"{data.title}: {error.what} {error.remedy}", "small error"
        set_role(self.net_facts, role)
        self.net_facts.setText(words)

    def _show_recipe(self, recipe: Recipe) -> None:
        before, self._recipe = self._recipe, recipe
        if recipe.data != self.data.shown:  # it looks at the disk
            self.data.show_data(recipe.data)
            self._show_net(self._lab.project.architecture)
        self.main.show_values(recipe)
        for section in self.sections.values():
            section.show_recipe(recipe)
        self.preview.show_recipe(recipe)
        self._show_notes()
        if self._run is not None and self._run.is_active:
            for knob in Recipe.live():
                if recipe.look_up(knob) != before.look_up(knob):
                    self._run.turn(knob, recipe.look_up(knob))

    def _show_notes(self) -> None:
        recipe, entry = self._recipe, self.data.entry()
        notes = dict.fromkeys((*MAIN, *(path for group in GROUPS for path in group.fields)), "")
        if entry is not None:
            watching = round(entry.train_count * recipe.held_out)
            steps = ceil((entry.train_count - watching) / recipe.batch_size)
            notes["held_out"] = f"{watching:,} images watch, {entry.train_count - watching:,} teach"
            notes["batch_size"] = f"{steps:,} {'step' if steps == 1 else 'steps'} an epoch"
        if self._run is not None and self._run.is_active:
            running, live = self._run.folder.record.recipe, Recipe.live()
            for path in notes:
                if path not in live and recipe.look_up(path) != running.look_up(path):
                    notes[path] = "Applies to the next run"
        for path, note in notes.items():
            self._form_of(path).show_note(path, note)
