"""The chosen racer's last step, taken apart: its arrows at a size that can be seen, and its rule with the numbers filled in."""

from __future__ import annotations

from html import escape
from math import hypot

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontDatabase, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from cvlab.engine.optimizers import Step
from cvlab.engine.race import Race
from cvlab.ui.panels.optimization.arrows import draw_arrow
from cvlab.ui.panels.optimization.looks import PARTS, is_direction
from cvlab.ui.theme import theme
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.controls import steady

_WIDTHS = {"scaled step": 6.0, "velocity": 4.0, "look-ahead": 4.0, "step": 1.8}
"""Pixels, by part."""


class StepView(QWidget):
    """Arrows of one step, enlarged until they fill the place; dashed ones have a direction only."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Arrows of the last step")
        self.setToolTip(
            "The last step, enlarged. Solid arrows are to scale with each other; dashed ones are slopes, of which only the "
            "direction is shown."
        )
        self.setMinimumSize(190, 90)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._step: Step | None = None
        self._kind = ""
        theme().changed.connect(self.update)

    def show_step(self, step: Step | None, kind: str) -> None:
        self._step, self._kind = step, kind
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("sunken"))
        painter.drawRoundedRect(QRectF(self.rect()), 6, 6)
        if self._step is not None:
            with np.errstate(all="ignore"):  # a slope may be as long as a number can be; only its direction is drawn
                self._paint_step(painter, self._step)
        painter.end()

    def _paint_step(self, painter: QPainter, step: Step) -> None:
        solid = [arrow for arrow in step.arrows if not is_direction(arrow, self._kind)]
        ends = [step.x, *(arrow.tail for arrow in solid), *(arrow.tail + arrow.shift for arrow in solid)]
        lows, highs = [min(end[i] for end in ends) for i in (0, 1)], [max(end[i] for end in ends) for i in (0, 1)]
        # To the right stands the key.
        area = QRectF(self.rect()).adjusted(22, 22, -104, -22)
        scale = min(
            area.width() / max(highs[0] - lows[0], 1e-300), area.height() / max(highs[1] - lows[1], 1e-300), 1e300
        )
        middle = [(low + high) / 2 for low, high in zip(lows, highs, strict=True)]

        def pixel(place) -> QPointF:
            return QPointF(
                area.center().x() + (place[0] - middle[0]) * scale, area.center().y() - (place[1] - middle[1]) * scale
            )

        # The wide ones lie beneath, so that arrows on one line can all be seen.
        for i, arrow in sorted(enumerate(step.arrows), key=lambda each: -_WIDTHS.get(each[1].role, 2.4)):
            tail, tip, slope = pixel(arrow.tail), pixel(arrow.tail + arrow.shift), is_direction(arrow, self._kind)
            length = hypot(*arrow.shift)
            if slope and length > 0:
                reach = 0.42 * min(area.width(), area.height())
                tip = QPointF(tail.x() + arrow.shift[0] / length * reach, tail.y() - arrow.shift[1] / length * reach)
            width = _WIDTHS.get(arrow.role, 2.4)
            draw_arrow(painter, tail, tip, PARTS[arrow.role], width, dashed=slope)
            self._paint_key(painter, i, arrow.role, slope)

    def _paint_key(self, painter: QPainter, row: int, role: str, slope: bool) -> None:
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        left, middle = self.width() - 96.0, 16.0 + 17 * row
        draw_arrow(painter, QPointF(left, middle), QPointF(left + 20, middle), PARTS[role], 2.0, dashed=slope)
        painter.setPen(theme().colour("ink"))
        painter.drawText(QPointF(left + 25, middle + 4), "−gradient" if role == "gradient" else role)


class StepCard(Card):
    """Shows the last step of one racer of a race."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("This step", parent)
        self.where = QLabel(self)
        self.where.setProperty("role", "small muted")
        self.where.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        steady(self.where, "step 88,888")
        self.header.addStretch(1)
        self.header.addWidget(self.where)
        self.arrows = StepView(self)
        self.rule = QLabel(self)
        self.rule.setObjectName("optimization.rule")
        self.rule.setAccessibleName("The update rule with this step's numbers")
        self.rule.setTextFormat(Qt.TextFormat.RichText)
        self.rule.setWordWrap(True)
        self.rule.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.rule.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
        page = QWidget(self)
        page.setProperty("role", "page")
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 8, 0)
        column.addWidget(self.rule)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.arrows, 2)
        row.addWidget(scroll, 5)
        self.body.addLayout(row, 1)
        theme().changed.connect(self._show_rule)
        self._lines: tuple[tuple[str, str], ...] = ()
        self._words = ""

    def show_race(self, race: Race | None, name: str, kind: str) -> None:
        step = None if race is None else race.last_step(name)
        self.arrows.show_step(step, kind)
        self.title.setText(f"{name}: this step")
        self.where.setText("" if race is None else f"step {race.t:,}")
        self._lines = () if race is None else race.worked(name)
        self._words = (
            "" if race is None else race.ending(name) or "At the start. Step once, and its numbers stand here."
        )
        self._show_rule()

    def _show_rule(self) -> None:
        muted, ink = theme().colour("muted").name(), theme().colour("ink").name()
        if not self._lines:
            self.rule.setText(f"<span style='color:{muted}'>{escape(self._words)}</span>")
            return
        lines = "".join(
            f"<div style='color:{muted}'>{escape(plain)}</div><div style='color:{ink}; margin-bottom:6px'>{escape(filled)}</div>"
            for plain, filled in self._lines
        )
        self.rule.setText(f"<div style=\"font-family:'{self._mono}'; font-size:12px\">{lines}</div>")
