"""What happens at this step: one sentence, and the arithmetic with the numbers, coloured as the picture is."""

from __future__ import annotations

import html
import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from cvlab.engine.circuit.walk import Step
from cvlab.ui.panels.circuits.face import told
from cvlab.ui.panels.circuits.transport import Transport
from cvlab.ui.theme import theme
from cvlab.ui.theme.style import set_role

_TITLES = {"start": "Ready", "forward": "Forward", "seed": "The turn", "backward": "Backward"}
_ROLES = {"start": "muted", "forward": "success", "seed": "error", "backward": "error"}


class StepCard(QFrame):
    """The transport, and below it the words of the step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self._step: Step | None = None
        self._warning = ""
        self._painted: tuple | None = None
        self.transport = Transport(self)
        self.title = QLabel(self)
        self.sentence = QLabel(self)
        self.sentence.setWordWrap(True)
        self.sentence.setObjectName("circuits.sentence")
        self.arithmetic = QLabel(self)
        self.arithmetic.setObjectName("circuits.arithmetic")
        self.arithmetic.setWordWrap(True)
        self.arithmetic.setTextFormat(Qt.TextFormat.RichText)
        mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        mono.setPixelSize(13)
        self.arithmetic.setFont(mono)
        self.arithmetic.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.arithmetic.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.note = QLabel(self)
        self.note.setProperty("role", "small warning")
        self.note.setWordWrap(True)
        page = QWidget(self)
        page.setProperty("role", "page")
        words = QVBoxLayout(page)
        words.setContentsMargins(0, 0, 4, 0)
        words.setSpacing(4)
        for label in (self.sentence, self.arithmetic, self.note):
            words.addWidget(label)
        words.addStretch()
        self.scroll = QScrollArea(self)
        self.scroll.setWidgetResizable(True)
        self.scroll.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll.setWidget(page)
        self.scroll.setFixedHeight(90)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 10, 16, 12)
        column.setSpacing(6)
        column.addWidget(self.transport)
        column.addWidget(self.scroll)
        theme().changed.connect(self._paint_words)

    def show_step(self, step: Step, warning: str = "") -> None:
        """warning: what is wrong with the circuit as a whole, told where the step itself has nothing to say."""
        self._step, self._warning = step, warning
        self._paint_words()

    def _paint_words(self) -> None:
        step = self._step
        if step is None:
            return
        colour = {"success": "positive", "error": "negative"}.get(_ROLES[step.kind], "muted")
        fresh = (step.kind, step.sentence, step.arithmetic, step.note, self._warning, theme().tokens.name)
        if fresh == self._painted:
            return
        self._painted = fresh
        head = (
            f'<span style="font-weight:600; color:{theme().colour(colour).name()}">{_TITLES[step.kind]}.</span>&nbsp; '
        )
        self.sentence.setText(head + html.escape(told(step.sentence)))
        lines = [_coloured(line, step.kind) for line in step.arithmetic]
        self.arithmetic.setText("<br>".join(lines))
        self.arithmetic.setVisible(bool(lines))
        note = step.note or self._warning
        self.note.setText(told(note))
        self.note.setVisible(bool(note))
        set_role(self.note, "small warning")


def _coloured(line: str, kind: str) -> str:
    """The result at the end of a line, in the colour that it has in the picture."""
    colour = theme().colour("positive" if kind == "forward" else "negative").name()
    if line.startswith(("shapes:", "inside:")):
        return f'<span style="color:{theme().colour("muted").name()}">{html.escape(told(line))}</span>'
    # It may be broken before a sign of equality, and nowhere else.
    text = html.escape(told(line)).replace(" ", "&nbsp;").replace("&nbsp;=", " =")
    return re.sub(r"(=&nbsp;)([^=]*)$", rf'\1<b style="color:{colour}">\2</b>', text)
