"""Two looks at the trials of a search: lines across all settings, and cells over two of them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QPushButton, QStackedLayout, QWidget

from cvlab.engine.training.search import SearchPlan, Trial
from cvlab.ui.panels.training.search_heat import SearchHeat, title_of
from cvlab.ui.panels.training.search_map import SearchMap
from cvlab.ui.widgets.controls import button, named
from cvlab.ui.widgets.figures import loss_text, share_text
from cvlab.ui.widgets.number import number_text


class SearchViews(QWidget):
    """pointed(words): what the pointer is at, "" for nothing. bar: the choice of the look, for the page to place."""

    pointed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._plan = SearchPlan()
        self._trials: tuple[Trial, ...] = ()
        self.map, self.heat = SearchMap(self), SearchHeat(self)
        self.map.pointed.connect(self._point)
        self.heat.pointed.connect(self.pointed)
        self.bar = QWidget(parent)
        self._make_bar()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.map)
        self._stack.addWidget(self.heat)
        self._turn()

    def _make_bar(self) -> None:
        row = QHBoxLayout(self.bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.across = named(
            QComboBox(self.bar),
            "training.heat_across",
            "Setting across",
            "The setting along the bottom of the heat map.",
        )
        self.up = named(
            QComboBox(self.bar), "training.heat_up", "Setting upwards", "The setting along the side of the heat map."
        )
        for combo in (self.across, self.up):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(9)
            combo.activated.connect(self._show_heat)
            row.addWidget(combo)
        group = QButtonGroup(self)
        self.looks: dict[str, QPushButton] = {}
        for name, words, tip in (
            ("lines", "Lines", "Each trial a line across all settings to its score: what do the good ones share?"),
            (
                "cells",
                "Heat map",
                "The best trial at each place of two settings: is there a ridge, and does it end here?",
            ),
        ):
            chip = self.looks[name] = button(self.bar, f"training.search_{name}", words, tip, role="chip")
            chip.setCheckable(True)
            group.addButton(chip)
            row.addWidget(chip)
        self.looks["lines"].setChecked(True)
        group.buttonClicked.connect(self._turn)

    def turn_to(self, look: str) -> None:
        """ "lines" or "cells"."""
        self.looks[look].setChecked(True)
        self._turn()

    def _turn(self, _: object = None) -> None:
        is_heat = self.looks["cells"].isChecked()
        self._stack.setCurrentWidget(self.heat if is_heat else self.map)
        for combo in (self.across, self.up):
            combo.setVisible(is_heat and len(self._plan.axes) > 2)

    def show_trials(self, plan: SearchPlan, trials: tuple[Trial, ...]) -> None:
        self._plan, self._trials = plan, trials
        self.map.show_trials(plan.axes, trials)
        paths = [axis.path for axis in plan.axes]
        for combo, first in ((self.across, 0), (self.up, 1)):
            if [combo.itemData(i) for i in range(combo.count())] != paths:
                combo.clear()
                for axis in plan.axes:
                    combo.addItem(title_of(axis), axis.path)
                combo.setCurrentIndex(min(first, len(paths) - 1))
        self._show_heat()
        self._turn()

    def show_words(self, words: str) -> None:
        """What stands in both looks while there are no trials."""
        for canvas in (self.map, self.heat):
            canvas.show_words(words)

    def _show_heat(self, _: int = 0) -> None:
        by_path = {axis.path: axis for axis in self._plan.axes}
        across, up = by_path.get(self.across.currentData()), by_path.get(self.up.currentData())
        self.heat.show_trials(across, up if up is not across else None, self._trials)

    def _point(self, number: int) -> None:
        trial = next((each for each in self._trials if each.number == number), None)
        if trial is None:
            self.pointed.emit("")
            return
        early = f", given up after {len(trial.curve)} of {trial.epochs} epochs" if trial.given_up else ""
        self.pointed.emit(f"Trial {number + 1}: {told(trial)}{early}.")


def told(trial: Trial) -> str:
    """A trial in words: 98.1 % (loss 0.071) with learning rate 0.004, batch size 64."""
    settings = ", ".join(
        f"{path.rpartition('.')[2].replace('_', ' ')} {number_text(float(f'{value:.3g}')) if isinstance(value, float) else value}"
        for path, value in trial.values.items()
    )
    return f"{share_text(trial.score)} (loss {loss_text(trial.loss)}) with {settings}"
