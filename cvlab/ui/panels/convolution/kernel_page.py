"""The workbench: a kernel to paint, presets, and what it makes of the whole picture at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from cvlab.core.history import SetField
from cvlab.core.lab import Lab
from cvlab.core.panels.convolution_documents import KernelDocument
from cvlab.engine.convolution import filtered, pad
from cvlab.engine.data.photo import Photo
from cvlab.engine.kernels import PRESETS, answers
from cvlab.ui.bind import bind
from cvlab.ui.panels.convolution.closer_look import CloserLook
from cvlab.ui.panels.convolution.kernel_pad import KernelPad
from cvlab.ui.panels.convolution.picture_pair import PicturePair
from cvlab.ui.panels.convolution.pieces import Chips, label, named, number, strong
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.room import roomed

_SIDE_WIDTH = 264
GREY = np.array([0.299, 0.587, 0.114], np.float32)
"""Shares of red, green and blue in a grey (ITU-R BT.601)."""
_BRUSHES = (-2.0, -1.0, 0.0, 1.0, 2.0)


class KernelPage(QWidget):
    """The result is computed anew at every change of kernel or picture, within a frame."""

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._state, self._history = lab.project.convolution, lab.history
        self._photo: Photo | None = None
        self._input = self._result = np.zeros((1, 1, 1), np.float32)
        self._taken: tuple[Photo | None, bool] = (None, True)
        self._spot = (0, 0)
        self._build()
        self._connect()

    def _build(self) -> None:
        left, right = Card("Kernel", self), Card("What it makes of the picture", self)
        left.setFixedWidth(_SIDE_WIDTH)
        self.size = Chips(
            "kernel.size",
            ((3, "3 × 3", "Nine numbers: the smallest kernel that knows left from right."),
             (5, "5 × 5", "Twenty-five numbers: sees further, and costs nearly three times as much.")),
            left,
        )  # fmt: skip
        left.header.addStretch(1)
        left.header.addWidget(self.size)
        self.pad = KernelPad(left)
        self.brush = Chips(
            "kernel.brush",
            tuple((value, number(value), f"Dragging over the kernel sets {number(value)}.") for value in _BRUSHES),
            left,
            columns=len(_BRUSHES),
        )
        self.presets = Chips(
            "kernel.preset", tuple((made.id, made.title, made.says) for made in PRESETS.values()), left, columns=2
        )
        self.normalise = named(
            QCheckBox("Normalise", left),
            "kernel.normalise",
            "Normalise",
            "Divides the kernel by the sum of its numbers, so that even ground keeps its brightness (by half the sum of their "
            "magnitudes, if they sum to 0).",
        )
        self.sums = label(left, wraps=True)
        self.says = label(left, wraps=True)
        left.body.addWidget(self.pad, 100)
        left.body.addWidget(label(left, "The brush sets"))
        left.body.addWidget(self.brush)
        left.body.addWidget(self.presets)
        left.body.addWidget(self.normalise)
        left.body.addWidget(roomed(self.sums, 3))
        left.body.addWidget(self.says)
        left.body.addStretch(1)
        self.colour = Chips(
            "kernel.colour",
            ((True, "Grey", "One channel: 0.299 red + 0.587 green + 0.114 blue."),
             (False, "Colour", "The kernel over red, green and blue, each by itself.")),
            right,
        )  # fmt: skip
        self.signed = Chips(
            "kernel.show",
            (("auto", "Auto", "As a picture while even ground keeps its brightness; signed for kernels that sum to about 0."),
             ("picture", "Picture", "Cut to 0..1: below is black, above is white."),
             ("signed", "Signed", "Centred on 0: blue above, orange below; in colour, mid grey is 0.")),
            right,
        )  # fmt: skip
        right.header.addStretch(1)
        right.header.addWidget(self.colour)
        right.header.addSpacing(12)
        right.header.addWidget(self.signed)
        self.pair, self.closer = PicturePair(right), CloserLook(right)
        self.range = label(right, wraps=True)
        right.body.addWidget(self.pair, 1)
        right.body.addWidget(roomed(self.range, 2))
        right.body.addWidget(self.closer)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(12)
        outer.addWidget(left)
        outer.addWidget(right, 1)

    def _connect(self) -> None:
        self.pad.painted.connect(self._paint)
        self.pad.given.connect(self._give)
        self.pad.settled.connect(self._history.end_gesture)
        self.brush.chosen.connect(self._take_brush)
        self.presets.chosen.connect(self._choose_preset)
        self.size.chosen.connect(self._set_size)
        self.normalise.clicked.connect(self._set_normalise)
        self.colour.chosen.connect(self._set_grey)
        self.signed.chosen.connect(self._set_signed)
        self.pair.looked.connect(self._look)
        self.brush.show_value(self.pad.brush)
        bind(self, self._state, "signed", self._show_signed)
        bind(self, self._state, "kernel", self._show_document)

    def wake(self) -> None:
        self._show_document(self._state.kernel)

    def rest(self) -> None:
        """Nothing runs here."""

    # -- showing -----------------------------------------------------------------------------------------------------

    def show_photo(self, photo: Photo) -> None:
        self._photo = photo
        H, W = photo.pixels.shape[1:]
        self._spot = (H * 2 // 5, W // 2)
        self._show_document(self._state.kernel)

    def _show_document(self, document: KernelDocument) -> None:
        self.pad.show_kernel(document.array)
        self.size.show_value(document.size)
        self.colour.show_value(document.grey)
        self.normalise.setChecked(document.normalise)
        self.presets.show_value(document.preset)
        kernel = document.in_force
        low, high = answers(kernel)
        total = float(kernel.sum())
        self.sums.setText(
            f"The numbers sum to {strong(number(total))}. On pixels in 0..1 it can answer {number(low)} to {number(high)}."
        )
        self.says.setText(PRESETS[document.preset].says if document.preset else "Your own kernel.")
        if self.isVisible() or self._photo is not None:
            self._show_result()

    def _show_signed(self, signed: str) -> None:
        self.signed.show_value(signed)
        self._show_result()

    def _show_result(self) -> None:
        if self._photo is None:
            return
        document = self._state.kernel
        if (self._photo, document.grey) != self._taken:
            self._take_input(document.grey)
        self._result = filtered(self._input, document.in_force)
        low, high = float(self._result.min()), float(self._result.max())
        wanted = self._state.signed
        signed = wanted == "signed" or (wanted == "auto" and document.in_force.sum() < 0.5)
        largest = max(abs(low), abs(high), 1e-9)
        self.pair.show_result(self._result, largest, f"result  ·  {number(low)} to {number(high)}", signed=signed)
        how = (
            f"Shown from −{number(largest)} to {number(largest)}: "
            + ("blue above 0, orange below." if len(self._result) == 1 else "mid grey is 0 in each channel.")
            if signed
            else "Shown from 0 (black) to 1 (white)" + ("; what lies outside is cut." if low < 0 or high > 1 else ".")
        )
        self.range.setText(f"The result runs from {number(low)} to {number(high)}. {how}")
        self._show_sum()

    def _take_input(self, grey: bool) -> None:
        """The picture as the kernel gets it: in colour, or in grey."""
        photo = self._photo
        self._taken = (photo, grey)
        whole = photo.unit
        self._input = np.tensordot(GREY, whole, axes=1)[None] if grey and len(whole) == 3 else whole
        H, W = whole.shape[1:]
        was = f", reduced from {photo.was[1]} × {photo.was[0]}" if photo.was != (H, W) else ""
        self.pair.show_picture(self._input, f"{photo.title}  ·  {W} × {H}{was}")

    def _show_sum(self) -> None:
        kernel = self._state.kernel.in_force
        F, (row, column) = len(kernel), self._spot
        H, W = self._input.shape[1:]
        row, column = min(row, H - 1), min(column, W - 1)
        patch = pad(self._input, F // 2)[0, row : row + F, column : column + F]
        self.pair.show_spot((row, column), F)
        self.closer.show_sum(patch, kernel, "  (red)" if len(self._input) == 3 else "")

    # -- what a person does ------------------------------------------------------------------------------------------

    def _push(self, document: KernelDocument, words: str, key: str = "") -> None:
        if document != self._state.kernel:
            self._history.push(SetField(self._state, "kernel", document, words, key))
        if not key:
            self._history.end_gesture()

    def _paint(self, row: int, column: int, value: float) -> None:
        self._push(self._state.kernel.painted(row, column, value), "Paint the kernel", "convolution.kernel.paint")

    def _give(self, name: str, place: tuple[int, ...], value: float) -> None:
        self._push(self._state.kernel.painted(*place, value), "Change the kernel", f"convolution.kernel.{place}")

    def _take_brush(self, value: float) -> None:
        self.pad.brush = value
        self.brush.show_value(value)

    def _choose_preset(self, id: str) -> None:
        self._push(self._state.kernel.chosen(id), f"Kernel: {PRESETS[id].title}")

    def _set_size(self, size: int) -> None:
        self._push(self._state.kernel.sized(size), f"A kernel of {size} × {size}")

    def _set_normalise(self, on: bool) -> None:
        self._push(replace(self._state.kernel, normalise=on), "Normalise the kernel")

    def _set_grey(self, grey: bool) -> None:
        self._push(replace(self._state.kernel, grey=grey), "Grey or colour")

    def _set_signed(self, signed: str) -> None:
        self._state.signed = signed

    def _look(self, row: int, column: int) -> None:
        self._spot = (row, column)
        self._show_sum()
