"""How an import is to be made: title, size, colour, shapes, test part; what the source decides by itself is greyed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QWidget

from cvlab.ui.panels.datasets.pieces import label, named
from cvlab.ui.widgets.number import NumberBox

if TYPE_CHECKING:
    from cvlab.engine.data.planning import Options, Survey

_SIZES = (("As found", None), *((f"{side} × {side}", side) for side in (28, 32, 48, 64, 96, 128, 224)))
_COLOURS = (("As found", "auto"), ("Grey, one channel", "grey"), ("Colour, three channels", "colour"))
_FITS = (("Crop around the middle", "crop"), ("Letterbox, black around", "letterbox"), ("Stretch", "stretch"))


class ImportForm(QWidget):
    """changed: an option that what is found depends on."""

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = named(QLineEdit(self), "import.title", "Title", "What the set is called; its id is made from it.")
        self.size = _combo(
            self, "import.size", "Size", "One size for all: nets take no other. As found: the commonest, if it is small.",
            _SIZES,
        )  # fmt: skip
        self.colour = _combo(
            self, "import.colour", "Colour", "Grey takes a third of the numbers. As found: grey where no colour is used.",
            _COLOURS,
        )  # fmt: skip
        self.fit = _combo(
            self, "import.fit", "Other shapes", "What becomes of a picture whose shape is another.", _FITS
        )
        self.share = named(
            NumberBox(1, 90, whole=True, parent=self),
            "import.share",
            "Test share in percent",
            "If there is no test part: how much of every class becomes one, 1 to 90 percent.",
        )
        self.seed = named(
            NumberBox(0, 2**31 - 1, whole=True, parent=self),
            "import.seed",
            "Seed",
            "Of that draw: the same seed gives the same test part.",
        )
        self.merge = named(
            QCheckBox("Class names that differ only in case are one", self),
            "import.merge",
            "Merge names",
            "Cat and cat, or two ways to write é, become one class. Otherwise they are refused.",
        )
        self.share.setValue(20)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        for words, widget in (
            ("Title", self.title),
            ("Size", self.size),
            ("Colour", self.colour),
            ("Other shapes", self.fit),
        ):
            form.addRow(label(self, words, "muted"), widget)
        shares = QHBoxLayout()
        shares.setSpacing(8)
        shares.addWidget(self.share)
        shares.addWidget(label(self, "% of every class, seed", "muted"))
        shares.addWidget(self.seed)
        shares.addStretch(1)
        form.addRow(label(self, "Test part", "muted"), shares)
        form.addRow(label(self), self.merge)
        for combo in (self.size, self.colour, self.fit):
            combo.activated.connect(self._change)
        for box in (self.share, self.seed):
            box.valueChanged.connect(self._change)
        self.merge.toggled.connect(self._change)

    def _change(self, _: object) -> None:
        self.changed.emit()

    def begin(self, title: str) -> None:
        """Another source: its own name, and options as they come."""
        blockers = [QSignalBlocker(each) for each in (self.share, self.seed, self.merge)]
        self.title.clear()
        self.title.setPlaceholderText(title)
        for combo in (self.size, self.colour, self.fit):
            combo.setCurrentIndex(0)
        self.share.setValue(20)
        self.seed.setValue(0)
        self.merge.setChecked(False)
        del blockers

    def show_survey(self, survey: Survey) -> None:
        """What this source leaves open: arrays are taken as they are, and a test part that is there is not drawn."""
        for each in (self.size, self.colour, self.fit, self.merge):
            each.setEnabled(not survey.are_arrays)
        for each in (self.share, self.seed):
            each.setEnabled(survey.draws_test)

    def options(self) -> Options:
        from cvlab.engine.data.planning import Options

        return Options(
            title=self.title.text().strip()[:200],
            size=self.size.currentData(),
            colour=self.colour.currentData(),
            fit=self.fit.currentData(),
            test_share=min(max(self.share.value() / 100, 0.01), 0.9),
            seed=int(min(max(self.seed.value(), 0), 2**31 - 1)),
            merge=self.merge.isChecked(),
        )


def _combo(parent: QWidget, name: str, words: str, tip: str, choices: tuple) -> QComboBox:
    made = named(QComboBox(parent), name, words, tip)
    for caption, value in choices:
        made.addItem(caption, value)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made
