"""Layer by layer: weights, gradients and activations over time, dead units, and how far each step moves the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from cvlab.engine.training.events import ViewTaken
from cvlab.ui.panels.training.histogram_strip import HistogramStrip
from cvlab.ui.panels.training.inside_page import InsidePage
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.controls import label, named
from cvlab.ui.widgets.figures import NO_FIGURE

if TYPE_CHECKING:
    from cvlab.engine.training.views import Distribution, LayerFacts, LayersView

GOOD = (1e-4, 1e-2)
"""Between these, about 1e-3, a step changes the weights by a healthy share (course 9.5)."""
MANY_DEAD = 0.4

_HEADS = (
    ("layer", ""),
    ("weights", "Weights without biases. All near zero: nothing is learned; ever wider: too high a learning rate."),
    ("gradients", "Of the loss by the weights. Shrinking from layer to layer towards the input: they vanish."),
    ("outputs", "What the layer puts out for 250 images. All zero, or all at the ends: it has died or saturated."),
    ("update", "Length of the step over length of the weights. About 1e-3 is healthy: 1e-1 is wild, 1e-6 asleep."),
    ("dead", "Share of a ReLU's units that are zero for every image: they get no gradient, and may never wake."),
)


class LayersPage(InsidePage):
    """A row a layer that learns or rectifies."""

    views = ("layers",)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self.rows: dict[str, _Row] = {}
        self.words = label(self, wraps=True)
        self.scroll = named(QScrollArea(self), "training.layers", "Layers", "Distributions in every layer, over time")
        self.scroll.setWidgetResizable(True)
        self.scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll.setProperty("role", "plain")
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 8, 8)
        column.addWidget(self.words)
        column.addWidget(self.scroll, 1)

    @property
    def has_drawn(self) -> bool:
        return bool(self.rows)

    def show_nothing(self, words: str) -> None:
        self.words.setText(words)
        self.words.show()
        self._names, self.rows = (), {}
        self.scroll.setWidget(QWidget())
        self.scroll.hide()

    def show_view(self, view: ViewTaken, past: bool) -> None:
        content: LayersView = view.content
        layers = [each for each in content.layers if each.weight is not None or each.dead is not None]
        names = tuple(each.name for each in layers)
        if names != self._names or past:
            self._build(layers)
        self.words.setVisible(past)
        self.words.setText(
            f"At step {view.step:,}. Gradients and sizes of steps are known only while a net trains." if past else ""
        )
        for each in layers:
            self.rows[each.name].show_facts(view.step if not past else 1, each)
        self.scroll.show()

    def _build(self, layers: list[LayerFacts]) -> None:
        page = QWidget(self.scroll)
        page.setProperty("role", "page")
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 4, 8, 4)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        for i, (words, tip) in enumerate(_HEADS):
            head = label(page, words)
            head.setToolTip(tip)
            grid.addWidget(head, 0, i)
        for i in (1, 2, 3):
            grid.setColumnStretch(i, 1)
        self._names = tuple(each.name for each in layers)
        self.rows = {each.name: _Row(each, grid, n, page) for n, each in enumerate(layers, 1)}
        grid.setRowStretch(len(layers) + 1, 1)
        self.scroll.setWidget(page)


class _Row:
    """The widgets of one layer."""

    def __init__(self, facts: LayerFacts, grid: QGridLayout, row: int, page: QWidget) -> None:
        name = label(page, f"{facts.name}", "small")
        name.setToolTip(facts.title)
        grid.addWidget(name, row, 0)
        self.strips: dict[str, HistogramStrip] = {}
        for column, (part, role, words) in enumerate(
            (
                ("weight", "accent", "weights"),
                ("gradient", "negative", "gradients"),
                ("activation", "positive", "outputs"),
            ),
            1,
        ):
            if part != "activation" and facts.weight is None:
                continue
            self.strips[part] = HistogramStrip(role, f"{facts.name}: {words} over time", page)
            grid.addWidget(self.strips[part], row, column)
        self.update = self._figure(page, grid, row, 4, "0.0000")
        self.dead = self._figure(page, grid, row, 5, "100 %")

    def _figure(self, page: QWidget, grid: QGridLayout, row: int, column: int, widest: str) -> QLabel:
        made = label(page, "", "small")
        made.setMinimumWidth(made.fontMetrics().horizontalAdvance(widest) + 4)
        made.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(made, row, column)
        return made

    def show_facts(self, step: int, facts: LayerFacts) -> None:
        parts: dict[str, Distribution | None] = {
            "weight": facts.weight, "gradient": facts.gradient, "activation": facts.activation,
        }  # fmt: skip
        for part, strip in self.strips.items():
            strip.show_look(step, parts[part])
        ratio = facts.update_ratio
        self.update.setText(
            "" if facts.weight is None else NO_FIGURE if ratio is None else f"{ratio:.0e}".replace("e-0", "e-")
        )
        is_good = ratio is None or GOOD[0] <= ratio <= GOOD[1]
        set_role(self.update, "small" if ratio is None else "small success" if is_good else "small warning")
        self.dead.setText("" if facts.dead is None else f"{facts.dead:.0%}")
        set_role(self.dead, "small warning" if facts.dead is not None and facts.dead > MANY_DEAD else "small")
