"""The card that shows what the net receives: each step from the canvas to 28 x 28 bytes, with a switch to leave it out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from cvlab.engine.data.drawing import FIELD, DrawingSteps, Prepared
from cvlab.ui.panels.digits.card import Card
from cvlab.ui.panels.digits.pixel_view import PixelView

_ROWS = (
    (
        "crop",
        "crop",
        "Cut to the ink",
        "Cuts the canvas to the rectangle around the ink, so that it does not matter where and how large you draw. "
        "Without it, a small digit arrives as a few grey specks.",
    ),
    (
        "box20",
        "box20",
        "Fit 20 × 20",
        "Scales the digit to fit 20 × 20 pixels, as all of MNIST is. Without it, it fills the whole 28 × 28, larger than any "
        "digit that the net has seen.",
    ),
    (
        "centre_of_mass",
        "centre",
        "Centre the ink",
        "Lays the centre of mass of the ink in the middle of 28 × 28. Without it, the rectangle is centred, and a 7 or a 9 "
        "sits lower or higher than the net is used to.",
    ),
)
_HINT = "Point at a pixel to read its value"


class Received(Card):
    """edited: other `DrawingSteps`, as the person wants them. The card shows only what it is told to."""

    edited = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("What the net receives", parent)
        self._steps = DrawingSteps()
        self._boxes: dict[str, QCheckBox] = {}
        self._sentences: list[_Sentence] = []
        rows = QVBoxLayout()
        rows.setSpacing(8)
        self._views: list[PixelView] = []
        for field, name, caption, lesson in _ROWS:
            view = PixelView(self, field=0 if field == "crop" else FIELD)
            view.setFixedSize(QSize(48, 48))
            view.setToolTip(lesson)
            box = QCheckBox(caption, self)
            box.setObjectName(f"digits.{name}")
            box.setAccessibleName(caption)
            box.setToolTip(lesson)
            box.toggled.connect(self._edit)
            sentence = _Sentence(self)
            words = QVBoxLayout()
            words.setSpacing(0)
            words.setContentsMargins(0, 0, 0, 0)
            words.addWidget(box)
            words.addWidget(sentence)
            words.addStretch(1)
            row = QHBoxLayout()
            row.setSpacing(12)
            row.addWidget(view)
            row.addLayout(words, 1)
            rows.addLayout(row)
            self._boxes[field] = box
            self._views.append(view)
            self._sentences.append(sentence)
        self.body.addLayout(rows)
        self.input = PixelView(self, field=FIELD, with_grid=True)
        self.input.setObjectName("digits.input")
        self.input.setAccessibleName("The net's input, 28 by 28 pixels")
        self.input.setToolTip(
            "The 28 × 28 bytes that the net is fed. Dashed: the box of 20 × 20. "
            "If a digit lies differently here than in MNIST, the net misreads it."
        )
        self.input.pointed.connect(self._show_pixel)
        self.body.addWidget(self.input, 1)
        self._pixel = QLabel(_HINT, self)
        self._pixel.setProperty("role", "muted small")
        self._pixel.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.body.addWidget(self._pixel)

    def show_steps(self, steps: DrawingSteps) -> None:
        """Puts the switches."""
        self._steps = steps
        for field, box in self._boxes.items():
            blocked = box.blockSignals(True)
            box.setChecked(getattr(steps, field))
            box.blockSignals(blocked)

    def show_prepared(self, prepared: Prepared) -> None:
        """The drawing after each step, one sentence a step."""
        for view, pixels in zip(self._views, (_reduced(prepared.cropped), prepared.boxed, prepared.image), strict=True):
            view.show_pixels(pixels)
        said = ("", "", "") if prepared.is_empty else prepared.sentences
        for label, box, sentence in zip(self._sentences, self._boxes.values(), said, strict=True):
            sentence = sentence.removeprefix(f"{box.text()}: ")  # its name stands above it
            if label.text() != sentence:
                label.setText(sentence)
                label.setToolTip(sentence)
        self.input.show_pixels(prepared.image)

    def _edit(self, checked: bool) -> None:
        wanted = replace(self._steps, **{field: box.isChecked() for field, box in self._boxes.items()})
        if wanted != self._steps:
            self.edited.emit(wanted)

    def _show_pixel(self, words: str) -> None:
        self._pixel.setText(words or _HINT)


class _Sentence(QLabel):
    """Two lines, always: the card must not breathe while one draws. Where they cannot hold a sentence, none is shown."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "muted small")
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.setFixedHeight(30)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.heightForWidth(self.width()) <= self.height():
            super().paintEvent(event)


def _reduced(pixels: np.ndarray) -> np.ndarray:
    """Every n-th pixel, so that a thumbnail is not made from a third of a million bytes at each movement of the pen."""
    step = max(1, max(pixels.shape) // 140)
    return pixels[::step, ::step]
