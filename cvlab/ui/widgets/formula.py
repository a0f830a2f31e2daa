"""A formula as an outline in the ink's colour. Typeset by matplotlib's mathtext on a thread of its own, once a formula.

matplotlib is imported there and then, never with the window; until it is ready the label keeps the place.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import deque

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cvlab.engine.formula import Formula
from cvlab.ui.theme.theme import theme

log = logging.getLogger("cvlab.ui")

SIZE = 17
"""Height of the type in pixels."""

SMALLEST = 0.62
"""How far a formula that is too wide is scaled down; beyond that it is clipped."""

Outline = tuple[np.ndarray, np.ndarray]


class Typesetter:
    """Typesets one formula after the other on a thread that ends when there is nothing left to do."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted: deque[str] = deque()
        self._outlines: dict[str, Outline | None] = {}
        self._paths: dict[str, QPainterPath] = {}
        self._thread: threading.Thread | None = None

    def ask(self, tex: str) -> None:
        with self._lock:
            if tex in self._outlines or tex in self._wanted:
                return
            self._wanted.append(tex)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="cvlab-formulas", daemon=True)
                self._thread.start()

    def is_ready(self, tex: str) -> bool:
        with self._lock:
            return tex in self._outlines

    def path(self, tex: str) -> QPainterPath | None:
        """The outline at 1 pixel a pixel of `SIZE`, baseline at 0; None if it is not ready or cannot be typeset."""
        if tex not in self._paths:
            with self._lock:
                outline = self._outlines.get(tex)
            if outline is None:
                return None
            self._paths[tex] = _painter_path(*outline)
        return self._paths[tex]

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._thread = None
                    return
                tex = self._wanted[0]
            try:
                outline: Outline | None = _typeset(tex)
            except Exception:
                # A formula that mathtext cannot read is shown as it is written.
                log.exception("cannot typeset %s", tex)
                outline = None
            with self._lock:
                self._outlines[tex] = outline
                self._wanted.popleft()


typesetter = Typesetter()


def _typeset(tex: str) -> Outline:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    # Fractions in full size, and room for the limits of a sum behind one: mathtext sets both as in a line of text.
    tex = re.sub(r"}\s*\\sum", r"}\\;\\sum", tex.replace(r"\frac", r"\dfrac"))
    text = tex if "$" in tex else f"${tex}$"
    vertices, codes = text_to_path.get_text_path(FontProperties(math_fontfamily="cm"), text, ismath=True)
    scale = SIZE / text_to_path.FONT_SCALE
    return np.asarray(vertices, dtype=float) * (scale, -scale), np.asarray(codes)


def _painter_path(vertices: np.ndarray, codes: np.ndarray) -> QPainterPath:
    # matplotlib's codes: 1 move, 2 line, 3 quadratic (two points), 4 cubic (three points), 79 close.
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    i = 0
    while i < len(codes):
        x, y = vertices[i]
        if codes[i] == 1:
            path.moveTo(x, y)
        elif codes[i] == 2:
            path.lineTo(x, y)
        elif codes[i] == 3:
            path.quadTo(x, y, *vertices[i + 1])
            i += 1
        elif codes[i] == 4:
            path.cubicTo(x, y, *vertices[i + 1], *vertices[i + 2])
            i += 2
        elif codes[i] == 79:
            path.closeSubpath()
        i += 1
    return path


class FormulaLabel(QWidget):
    """Shows one formula, at most as wide as it may be. Text between dollar signs is mathtext; without them all of it is."""

    def __init__(self, formula: Formula, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tex = ""
        self._path: QPainterPath | None = None
        self._is_set = False
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._timer = QTimer(self)
        self._timer.setInterval(40)
        self._timer.timeout.connect(self._look)
        self.show_formula(formula)

    @property
    def is_ready(self) -> bool:
        """Whether the label shows all that it will: the formula, or its text if it cannot be typeset."""
        return self._is_set

    def show_formula(self, formula: Formula) -> None:
        if formula.tex == self._tex:
            return
        self._tex = formula.tex
        self.setAccessibleName(formula.tex)
        self._path, self._is_set = None, False
        self._show_or_wait()

    def showEvent(self, event) -> None:
        self._show_or_wait()

    def hideEvent(self, event) -> None:
        self._timer.stop()

    def _show_or_wait(self) -> None:
        if self._is_set:
            return
        if typesetter.is_ready(self._tex):
            self._set()
        elif self.isVisible():
            # Asked for by the timer, once the event loop runs: the window's first paint comes before matplotlib.
            self._timer.start()

    def _look(self) -> None:
        typesetter.ask(self._tex)
        if typesetter.is_ready(self._tex):
            self._set()

    def _set(self) -> None:
        self._timer.stop()
        self._is_set = True
        self._path = typesetter.path(self._tex)
        self.updateGeometry()
        self.update()

    def _bounds(self) -> QRectF:
        return self._path.boundingRect() if self._path is not None else QRectF(0, 0, 80, 24)

    def _scale(self, width: int) -> float:
        natural = self._bounds().width() + 2
        return max(SMALLEST, min(1.0, width / natural))

    def heightForWidth(self, width: int) -> int:
        return round(self._bounds().height() * self._scale(width)) + 4

    def sizeHint(self) -> QSize:
        bounds = self._bounds()
        return QSize(round(bounds.width()) + 2, round(bounds.height()) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.heightForWidth(max(40, self.width())))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._path is not None:
            bounds, scale = self._bounds(), self._scale(self.width())
            painter.translate(1, (self.height() - bounds.height() * scale) / 2)
            painter.scale(scale, scale)
            painter.translate(-bounds.left(), -bounds.top())
            painter.fillPath(self._path, theme().colour("ink"))
        elif self.is_ready:
            painter.setPen(theme().colour("ink"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, self._tex)
        painter.end()
