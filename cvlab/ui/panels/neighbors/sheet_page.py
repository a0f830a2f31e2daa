"""The worksheet: two images, every difference, and what they add up to; a pixel that is pointed at is lit in all three."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.panels.neighbors import SheetDocument
from cvlab.engine.neighbors.differences import Differences
from cvlab.ui.bind import bind
from cvlab.ui.panels.neighbors.pieces import chip, icon_button, label
from cvlab.ui.panels.neighbors.pixel_cells import PixelCells
from cvlab.ui.panels.neighbors.the_set import TheSet
from cvlab.ui.widgets.card import Card

_SIDES = ("a", "b")


class SheetPage(QWidget):
    """cells: the three grids: the test image, the training image, the differences."""

    def __init__(self, lab: Lab, set: TheSet, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._history, self._set = lab.project.neighbors, lab.history, set
        self.made: Differences | None = None
        card = Card("Pixel by pixel", self)
        self.source, self.metrics = QButtonGroup(self), QButtonGroup(self)
        card.header.addStretch(1)
        for number, (id, words, tip) in enumerate(
            (
                ("grid", "4 × 4 numbers", "Two small images whose numbers can be typed over; at first the course's."),
                ("images", "Images of the set", "A test and a training image of the chosen data set."),
            )
        ):
            made = chip(self, f"source.{id}", words, tip, checkable=True)
            self.source.addButton(made, number)
            card.header.addWidget(made)
        card.header.addSpacing(12)
        for number, (id, words, tip) in enumerate(
            (
                ("l1", "L1", "Add up the differences without their signs."),
                ("l2", "L2", "Add up their squares; take the root."),
            )
        ):
            made = chip(self, f"sheet.{id}", words, tip, checkable=True)
            self.metrics.addButton(made, number)
            card.header.addWidget(made)
        self.course = chip(
            self, "course", "Course's numbers", "Puts the course's two images back: their distance is 456."
        )
        card.header.addSpacing(12)
        card.header.addWidget(self.course)
        grids = QHBoxLayout()
        grids.setSpacing(8)
        self.cells = [
            PixelCells(f"sheet_{name}", words, self)
            for name, words in (("a", "Test image"), ("b", "Training image"), ("d", "Differences"))
        ]
        self.heads = [label(self, "", "subheading") for _ in self.cells]
        for head in self.heads:
            head.setMinimumHeight(32)  # as high as the buttons beside two of them
        self.turns = {side: self._turn(side) for side in _SIDES}
        signs = ("−", "=")
        self._signs: list[QLabel] = []
        for number, grid in enumerate(self.cells):
            column = QVBoxLayout()
            column.setSpacing(6)
            head = QHBoxLayout()
            head.addWidget(self.heads[number])
            head.addStretch(1)
            for each in self.turns.get("ab"[number], ()) if number < 2 else ():
                head.addWidget(each)
            column.addLayout(head)
            column.addWidget(grid, 1)
            grids.addLayout(column, 1)
            if number < 2:
                self._signs.append(self._sign(signs[number]))
                grids.addWidget(self._signs[-1])
        self.total = label(self, "", "number")
        self.words = label(self, "", wraps=True)
        self.pointed = label(self, "", "", wraps=True)
        self.pointed.setMinimumHeight(20)
        for part in (self.total, self.words, self.pointed):
            card.body.addWidget(part)
        card.body.addSpacing(8)
        card.body.addLayout(grids, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(card)
        self._connect()

    def _sign(self, text: str) -> QLabel:
        made = label(self, text, "heading")
        made.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        made.setFixedWidth(20)
        return made

    def _place_signs(self) -> None:
        """Level with the middle of the grids, which are square and stand at the top."""
        first = self.cells[0]
        if self.made is not None:
            middle = first.geometry().top() - self._signs[0].geometry().top() + first.area().center().y()
            for sign in self._signs:
                sign.setContentsMargins(0, max(0, round(middle - sign.fontMetrics().height() / 2)), 0, 0)

    def _turn(self, side: str) -> tuple[QWidget, QWidget]:
        what = "test" if side == "a" else "training"
        before = icon_button(
            self, f"{side}_before", "left", f"{what.capitalize()} image before", f"The {what} image before this one."
        )
        after = icon_button(self, f"{side}_after", "right", f"Next {what} image", f"The next {what} image.")
        return before, after

    def _connect(self) -> None:
        self.source.idClicked.connect(self._choose_source)
        self.metrics.idClicked.connect(self._choose_metric)
        self.course.clicked.connect(self._reset)
        self.turns["a"][0].clicked.connect(self._test_before)
        self.turns["a"][1].clicked.connect(self._test_after)
        self.turns["b"][0].clicked.connect(self._train_before)
        self.turns["b"][1].clicked.connect(self._train_after)
        for grid in self.cells:
            grid.pointed.connect(self._point)
        self.cells[0].resized.connect(self._place_signs)
        self.cells[0].written.connect(self._write_a)
        self.cells[1].written.connect(self._write_b)
        self._set.changed.connect(self._show_set)
        bind(self, self._state, "sheet", self._show_sheet)

    def wake(self) -> None:
        if self._state.sheet.source == "images":
            self._set.wake()

    def rest(self) -> None:
        """Nothing runs here."""

    # -- showing -----------------------------------------------------------------------------------------------------

    def _show_set(self) -> None:
        if self._state.sheet.source == "images":
            self._show_sheet(self._state.sheet)

    def _show_sheet(self, sheet: SheetDocument) -> None:
        of_set = sheet.source == "images"
        self.source.button(int(of_set)).setChecked(True)
        self.metrics.button(int(sheet.metric == "l2")).setChecked(True)
        self.course.setVisible(not of_set)
        for pair in self.turns.values():
            for each in pair:
                each.setVisible(of_set)
        pair, names = self._pair(sheet)
        if pair is None:
            self.made = None
            for grid in self.cells:
                grid.show_message(self._set.message)
            self.total.setText("")
            self.words.setText("")
            return
        made = self.made = Differences(*pair, sheet.metric)
        self.heads[0].setText(names[0])
        self.heads[1].setText(names[1])
        self.heads[2].setText("|a − b|" if sheet.metric == "l1" else "(a − b)²")
        self.cells[0].show_image(made.a, editable=not of_set)
        self.cells[1].show_image(made.b, editable=not of_set)
        self.cells[2].show_terms(made.cells)
        self._show_total(made)
        self._place_signs()
        self._point(None)

    def _pair(self, sheet: SheetDocument) -> tuple[tuple[np.ndarray, np.ndarray] | None, tuple[str, str]]:
        if sheet.source == "grid":
            return sheet.arrays(), ("Test image a", "Training image b")
        images = self._set.images
        if images is None:
            self._set.wake()
            return None, ("", "")
        i, j = sheet.test % len(images.Q), sheet.train % len(images.X)
        names = f"a: test, {images.classes[images.truth[i]]}", f"b: training, {images.classes[images.y[j]]}"
        return (images.Q[i].astype(np.int64), images.X[j].astype(np.int64)), names

    def _show_total(self, made: Differences) -> None:
        count = made.terms.size
        if made.metric == "l1":
            self.total.setText(f"d₁(a, b) = {made.total:,}")
            shown = (
                " + ".join(str(v) for v in made.cells.reshape(-1))
                if count <= 16
                else f"the sum of {count:,} differences"
            )
            self.words.setText(f"{shown}{f' = {made.total:,}' if count <= 16 else ''}")
        else:
            self.total.setText(f"d₂(a, b) = √{made.total:,} = {made.distance:,.2f}")
            shown = (
                " + ".join(f"{v}²" for v in np.abs(made.gaps).reshape(-1))
                if count <= 16
                else f"the root of {count:,} squares"
            )
            self.words.setText(f"{f'√({shown})' if count <= 16 else shown}")

    def _point(self, cell: tuple[int, int] | None) -> None:
        for grid in self.cells:
            grid.light(cell)
        if cell is None or self.made is None:
            self.pointed.setText("Point at a pixel, or walk with the arrow keys.")
            return
        row, column = cell
        parts = []
        for a, b, term in zip(
            self.made.a[:, row, column], self.made.b[:, row, column], self.made.terms[:, row, column], strict=True
        ):
            parts.append(f"|{a} − {b}| = {term}" if self.made.metric == "l1" else f"({a} − {b})² = {term:,}")
        total = f"   Together {int(self.made.cells[row, column]):,}." if len(parts) > 1 else ""
        share = self.made.cells[row, column] / self.made.total if self.made.total else 0.0
        of = f"   {share:.1%} of the sum.".replace("%", " %")
        self.pointed.setText(f"Row {row + 1}, column {column + 1}:   {'   '.join(parts)}{total}{of}")

    # -- edits -------------------------------------------------------------------------------------------------------

    def _push(self, words: str, **values: object) -> None:
        self._history.push(SetField(self._state, "sheet", replace(self._state.sheet, **values), words))
        self._history.end_gesture()

    def _choose_source(self, number: int) -> None:
        self._push("Compare images of the set" if number else "Compare grids", source=("grid", "images")[number])

    def _choose_metric(self, number: int) -> None:
        self._push("Change the metric", metric=("l1", "l2")[number])

    def _reset(self) -> None:
        first = SheetDocument()
        self._push("The course's numbers", a=first.a, b=first.b)

    def _write(self, side: str, row: int, column: int, value: int) -> None:
        self._history.push(
            SetField(self._state, "sheet", self._state.sheet.written(side, row, column, value), "Change a pixel")
        )
        self._history.end_gesture()

    def _write_a(self, row: int, column: int, value: int) -> None:
        self._write("a", row, column, value)

    def _write_b(self, row: int, column: int, value: int) -> None:
        self._write("b", row, column, value)

    def _go(self, which: str, by: int) -> None:
        images = self._set.images
        if images is not None:
            count = len(images.Q if which == "test" else images.X)
            now = getattr(self._state.sheet, which) % count
            self._push("Another image", **{which: (now + by) % count})

    def _test_before(self) -> None:
        self._go("test", -1)

    def _test_after(self) -> None:
        self._go("test", 1)

    def _train_before(self) -> None:
        self._go("train", -1)

    def _train_after(self) -> None:
        self._go("train", 1)
