"""Who races: a row each with its colour, its height now, a tick to show it, and a click to look closer."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QHBoxLayout, QLabel, QSizePolicy, QWidget

from cvlab.engine.race import Race
from cvlab.ui.panels.optimization.looks import RACERS, number
from cvlab.ui.panels.optimization.names import named
from cvlab.ui.theme import theme
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.controls import steady

ROW_HEIGHT = 24


class NameButton(QAbstractButton):
    """The racer's colour and name; checked: its steps are taken apart."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(name)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(ROW_HEIGHT)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 36, ROW_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = theme().colour
        painter.setPen(QPen(colour("accent"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(
            colour("accent_soft")
            if self.isChecked()
            else colour("hover")
            if self.underMouse()
            else Qt.BrushStyle.NoBrush
        )
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 5, 5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(RACERS[self.text()]))
        painter.drawEllipse(QRectF(8, self.height() / 2 - 5, 10, 10))
        painter.setPen(colour("accent" if self.isChecked() else "ink"))
        room = self.rect().adjusted(26, 0, -4, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()


class RacerRow(QWidget):
    """toggled(name), chosen(name)."""

    toggled = Signal(str)
    chosen = Signal(str)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = name
        slug = name.lower().replace(",", "").replace(" ", "-")
        self.tick = QCheckBox(self)
        named(self.tick, f"show.{slug}", f"Show {name}", f"Takes {name} into the pictures, or out of them.")
        self.button = NameButton(name, self)
        named(
            self.button,
            f"choose.{slug}",
            f"Look closer at {name}",
            f"Takes the steps of {name} apart and shows its settings.",
        )
        self.height_now = QLabel(self)
        self.height_now.setProperty("role", "small")
        steady(self.height_now, "8.88e−888")
        self.height_now.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.tick)
        row.addWidget(self.button, 1)
        row.addWidget(self.height_now)
        self.setFixedHeight(ROW_HEIGHT)
        self.tick.setFixedWidth(24)
        self.tick.clicked.connect(self._toggle)
        self.button.clicked.connect(self._choose)

    def _toggle(self) -> None:
        self.toggled.emit(self.name)

    def _choose(self) -> None:
        self.chosen.emit(self.name)

    def show_height(self, text: str, tip: str) -> None:
        if text != self.height_now.text():
            self.height_now.setText(text)
            self.height_now.setToolTip(tip)
            set_role(self.height_now, "small error" if tip else "small")


class RacersCard(Card):
    """toggled(name), chosen(name): what a person wants of a row. all_asked, none_asked."""

    toggled = Signal(str)
    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__("Racers", parent)
        self.header.addStretch(1)
        height = QLabel("f now", self)
        height.setProperty("role", "small muted")
        self.header.addWidget(height)
        self.body.setSpacing(0)
        self.rows: dict[str, RacerRow] = {}
        for name in RACERS:
            row = self.rows[name] = RacerRow(name, self)
            row.toggled.connect(self.toggled)
            row.chosen.connect(self.chosen)
            self.body.addWidget(row)

    def show_who(self, resting: tuple[str, ...], chosen: str) -> None:
        for name, row in self.rows.items():
            row.tick.setChecked(name not in resting)
            row.button.setChecked(name == chosen)

    def show_race(self, race: Race | None) -> None:
        for name, row in self.rows.items():
            ending = "" if race is None else race.ending(name)
            row.show_height("–" if race is None else "flew off" if ending else number(race.heights(name)[-1]), ending)
