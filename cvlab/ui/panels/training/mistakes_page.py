"""Who is taken for whom: the confusion matrix, and the mistakes that the net is surest of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cvlab.engine.training.events import ViewTaken
from cvlab.ui.panels.training.inside_page import InsidePage
from cvlab.ui.panels.training.mistake_tiles import MistakeTiles
from cvlab.ui.widgets.confusion import ConfusionMatrix
from cvlab.ui.widgets.controls import label

if TYPE_CHECKING:
    from cvlab.engine.training.views import MistakesView


class MistakesPage(InsidePage):
    """A click on a cell shows the mistakes of that kind; a second one, all of them again."""

    views = ("confusion", "mistakes")

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._mistakes: MistakesView | None = None
        self._cell: tuple[int, int] | None = None
        self.words = label(self, wraps=True)
        self.matrix = ConfusionMatrix(self)
        self.matrix.setObjectName("training.confusion")
        self.tiles = MistakeTiles(self)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.matrix, 1)
        row.addWidget(self.tiles, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 4, 16, 12)
        column.setSpacing(8)
        column.addWidget(self.words)
        column.addLayout(row, 1)
        self.matrix.chosen.connect(self._choose)

    @property
    def has_drawn(self) -> bool:
        return self.matrix.counts is not None

    def show_nothing(self, words: str) -> None:
        self._mistakes, self._cell = None, None
        self.words.setText("")
        self.matrix.show_message(words)
        self.tiles.show_message("")

    def show_view(self, view: ViewTaken, past: bool) -> None:
        content = view.content
        if view.view == "confusion":
            self.matrix.show_counts(content.matrix, content.classes)
            return
        self._mistakes = content
        when = f" at step {view.step:,}" if past else ""
        whose = "held-out images" if content.held_out else "training images (nothing is held out)"
        self.words.setText(
            f"{content.count:,} of {content.judged:,} {whose} are read wrongly{when}; the surest mistakes first."
        )
        self.tiles.show_mistakes(content, self._cell)

    def _choose(self, row: int, column: int) -> None:
        cell = (row, column)
        self._cell = None if cell == self._cell or row == column else cell
        self.matrix.pick(self._cell)
        if self._mistakes is not None:
            self.tiles.show_mistakes(self._mistakes, self._cell)
