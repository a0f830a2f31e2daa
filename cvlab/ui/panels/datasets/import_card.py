"""What an import would make, and how: seen before anything is decoded, and changed if it is not what was meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from cvlab.ui.panels.datasets.pieces import button, label, named
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.number import NumberBox

if TYPE_CHECKING:
    from cvlab.engine.data.planning import Options, Survey

_SIZES = (("As found", None), *((f"{side} × {side}", side) for side in (28, 32, 48, 64, 96, 128, 224)))
_COLOURS = (("As found", "auto"), ("Grey, one channel", "grey"), ("Colour, three channels", "colour"))
_FITS = (("Crop around the middle", "crop"), ("Letterbox, black around", "letterbox"), ("Stretch", "stretch"))


class ImportCard(QWidget):
    """changed: look through the source again with these options. accepted: import. given_up: leave it."""

    changed = Signal()
    accepted = Signal()
    given_up = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        card = Card("Import your own images", self)
        card.setMaximumWidth(620)
        self.found, self.notes = label(card, role="", wraps=True), label(card, wraps=True)
        self.title = named(QLineEdit(card), "import.title", "Title", "What the set is called; its id is made from it.")
        self.size = _combo(
            card,
            "import.size",
            "Size",
            "One size for all: nets take no other. As found: the commonest, if it is small.",
            _SIZES,
        )
        self.colour = _combo(
            card,
            "import.colour",
            "Colour",
            "Grey takes a third of the numbers. As found: grey where no colour is used.",
            _COLOURS,
        )
        self.fit = _combo(
            card, "import.fit", "Other shapes", "What becomes of a picture whose shape is another.", _FITS
        )
        self.share = named(
            NumberBox(1, 90, whole=True, parent=card),
            "import.share",
            "Test share in percent",
            "If there is no test part: how much of every class becomes one, 1 to 90 percent.",
        )
        self.seed = named(
            NumberBox(0, 2**31 - 1, whole=True, parent=card),
            "import.seed",
            "Seed",
            "Of that draw: the same seed gives the same test part.",
        )
        self.merge = named(
            QCheckBox("Class names that differ only in case are one", card),
            "import.merge",
            "Merge names",
            "Cat and cat, or two ways to write é, become one class. Otherwise they are refused.",
        )
        self.share.setValue(20)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        for words, widget in (
            ("Title", self.title),
            ("Size", self.size),
            ("Colour", self.colour),
            ("Other shapes", self.fit),
        ):
            form.addRow(label(card, words, "muted"), widget)
        shares = QHBoxLayout()
        shares.setSpacing(8)
        shares.addWidget(self.share)
        shares.addWidget(label(card, "% of every class, seed", "muted"))
        shares.addWidget(self.seed)
        shares.addStretch(1)
        form.addRow(label(card, "Test part", "muted"), shares)
        form.addRow(label(card), self.merge)
        self.go = button(
            card,
            "import.start",
            "Import",
            "Decodes every picture once, and keeps the numbers. The source stays as it is.",
            role="primary",
        )
        self.leave = button(card, "import.leave", "Cancel", "Imports nothing.")
        row = QHBoxLayout()
        row.addWidget(self.go)
        row.addWidget(self.leave)
        row.addStretch(1)
        card.body.addWidget(self.found)
        card.body.addWidget(self.notes)
        card.body.addLayout(form)
        card.body.addSpacing(4)
        card.body.addLayout(row)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(card, 6)
        across.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(1)
        outer.addLayout(across)
        outer.addStretch(2)
        for combo in (self.size, self.colour, self.fit):
            combo.activated.connect(self._change)
        for box in (self.share, self.seed):
            box.valueChanged.connect(self._change)
        self.merge.toggled.connect(self._change)
        self.go.clicked.connect(self.accepted)
        self.leave.clicked.connect(self.given_up)

    def _change(self, _: object) -> None:
        self.changed.emit()

    def begin(self, source: Path) -> None:
        """Another source: options as they come."""
        self.title.clear()
        self.title.setPlaceholderText(source.stem if source.is_file() else source.name)
        self.wait(source)

    def wait(self, source: Path) -> None:
        """The source is being looked through."""
        set_role(self.found, "")
        self.found.setText(f"Looking through {source} …")
        self.notes.clear()
        self.go.setEnabled(False)

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

    def show_survey(self, survey: Survey) -> None:
        channels, height, width = survey.image_shape
        shown = ", ".join(survey.classes[:8]) + (" …" if len(survey.classes) > 8 else "")
        self.found.setText(
            f"{survey.train_count + survey.test_count:,} pictures in {len(survey.classes):,} classes ({shown}), to be "
            f"{width} × {height} {'grey' if channels == 1 else 'colour'} pixels: {survey.train_count:,} to train on, "
            f"{survey.test_count:,} to test on."
        )
        left_out = (f"{survey.skipped_count:,} files will be left out.",) if survey.skipped_count else ()
        self.notes.setText("\n".join((*survey.notes, *left_out)))
        self.go.setEnabled(True)

    def show_failure(self, error: BaseException) -> None:
        set_role(self.found, "error")
        self.found.setText(str(error))
        self.notes.clear()
        self.go.setEnabled(False)


def _combo(parent: QWidget, name: str, words: str, tip: str, choices: tuple) -> QComboBox:
    made = named(QComboBox(parent), name, words, tip)
    for caption, value in choices:
        made.addItem(caption, value)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made
