"""What fits and what does not: the formula with its numbers, the windows along one row, and a sentence."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from cvlab.core.panels.convolution_documents import MAX_PADDING
from cvlab.engine.convolution import Fit
from cvlab.ui.panels.convolution.pieces import label, named, number, strong
from cvlab.ui.panels.convolution.scene import Scene
from cvlab.ui.panels.convolution.tile import sized
from cvlab.ui.theme import theme
from cvlab.ui.theme.style import set_role
from cvlab.ui.widgets.card import Card
from cvlab.ui.widgets.formula import FormulaLabel
from cvlab.ui.widgets.room import Room

WIDTH = 230
"""Pixels for its words."""
_MOST_ROWS, _LINE = 6, 12.0
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class FitCard(Card):
    """Shows one `Fit`. It changes with every step of a slider, so that what changes lays out nothing around it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("What fits", parent)
        self.formula = FormulaLabel(r"\frac{W - F + 2P}{S} + 1", self)
        self.numbers = label(self, "", "")
        self.numbers.setFixedSize(WIDTH, 2 * self.numbers.fontMetrics().lineSpacing())
        self.numbers.setAlignment(Qt.AlignmentFlag.AlignTop)
        below = QWidget(self)
        self.strip = FitStrip(below)
        self.words = named(label(below, wraps=True), "slide.fit", "What fits", "How many windows fit along one side.")
        self.sizes = label(below, wraps=True)
        said = QVBoxLayout(below)
        said.setContentsMargins(0, 0, 0, 0)
        said.setSpacing(8)
        said.addWidget(self.strip)
        said.addWidget(self.words)
        said.addWidget(self.sizes)
        said.addStretch(1)
        room = Room(self)
        room.hold(below)
        self.body.addWidget(self.formula)
        self.body.addWidget(self.numbers)
        self.body.addWidget(room, 1)

    def show_sizes(self, scene: Scene) -> None:
        """What goes in, what comes out, and how many numbers the layer learns."""
        (C, H, W), (K, _, F, _) = scene.x.shape, scene.w.shape
        down, across = scene.fits
        out = "nothing" if scene.problem else f"{across.count} × {down.count} × {K}"
        said = f"{W} × {H} × {C} in, {out} out. "
        if scene.is_grouped_well:
            depth, groups = C // scene.groups, "" if scene.groups == 1 else f"In {scene.groups} groups: "
            counted = f"{K * (F * F * depth + 1):,} parameters"
            said += f"{groups}{K} × ({F} × {F} × {depth} weights + 1 bias) = {strong(counted)}."
        else:
            said = scene.problem
        self.sizes.setText(said)

    def show_fit(self, fit: Fit) -> None:
        reach = f"({fit.extent}" if fit.dilation > 1 else f"{fit.filter}"
        covers = f"{fit.dilation}·({fit.filter} − 1) + 1 = {fit.extent} for F" if fit.dilation > 1 else ""
        top = f"({fit.length} − {reach.strip('(')} + 2·{fit.padding}) / {fit.stride} + 1"
        exact = number(float(fit.exact), 4)
        self.numbers.setText(f"{top} = {strong(exact)}" + (f"<br>dilated: {covers}" if covers else ""))
        set_role(self.numbers, "" if fit.is_whole else "error" if not fit.count else "warning")
        self.words.setText(sentence(fit))
        self.strip.show_fit(fit)


def sentence(fit: Fit) -> str:
    """Whether it fits, in words, and what would."""
    if not fit.count:
        needed = -(-(fit.extent - fit.length) // 2)
        way = f"Padding of {needed} would make room." if needed <= MAX_PADDING else "Take a smaller filter or dilation."
        return f"A window of {fit.extent} cells is wider than the {fit.padded} there are: it fits nowhere. {way}"
    how_many = _WORDS[fit.count] if fit.count < len(_WORDS) else str(fit.count)
    windows = f"{how_many.capitalize()} window{'s' if fit.count > 1 else ''}"
    if fit.left_over:
        cells = f"{fit.left_over} column{'s' if fit.left_over > 1 else ''}"
        inside = "" if fit.unvisited else " Here they are padding only, so no pixel is lost."
        return (
            f"Not whole: {windows.lower()} fit, the next would stick out. PyTorch rounds down, and the last {cells} "
            f"(hatched) {'are' if fit.left_over > 1 else 'is'} never read.{inside}{_mend(fit)}"
        )
    said = f"{windows} fit{'' if fit.count > 1 else 's'} exactly."
    if fit.unvisited:
        said += f" But {fit.unvisited} of {fit.length} columns (hatched) lie between the taps and are never read."
    elif fit.count == fit.length:
        said += " The output is as large as the input."
    return said


def _mend(fit: Fit) -> str:
    for padding in sorted(range(MAX_PADDING + 1), key=lambda P: abs(P - fit.padding)):
        if replace(fit, padding=padding).is_whole:
            return f" Padding {padding} would fit."
    for stride in range(fit.stride - 1, 0, -1):
        if replace(fit, stride=stride).is_whole:
            return f" Stride {stride} would fit."
    return ""


class FitStrip(QWidget):
    """One row of the padded input, and below it the windows, one under the other; what no window reads is hatched."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(
            self,
            "slide.strip",
            "Windows along one row",
            "One row of the input with its padding (dotted), and every window below it. Filled squares are taps; hatched cells "
            "are read by none.",
        )
        self._fit: Fit | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        rows = 1 if self._fit is None else min(self._fit.count + (not self._fit.is_whole), _MOST_ROWS)
        return QSize(200, round(_LINE * rows) + 26)

    def show_fit(self, fit: Fit) -> None:
        self._fit = fit
        self.updateGeometry()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._fit is not None:
            self._paint(painter, self._fit)
        painter.end()

    def _paint(self, painter: QPainter, fit: Fit) -> None:
        look = theme()
        cells = max(fit.padded, fit.extent)
        step = min(self.width() / cells, 20.0)
        left = (self.width() - step * cells) / 2
        high = min(step, 18.0)
        for cell in range(fit.padded):
            area = QRectF(left + cell * step, 0, step, high).adjusted(0.75, 0.75, -0.75, -0.75)
            is_own = fit.padding <= cell < fit.padding + fit.length
            painter.setPen(QPen(look.colour("line", 0.6), 1, Qt.PenStyle.DotLine) if not is_own else Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("accent", 0.28) if is_own else Qt.BrushStyle.NoBrush)
            painter.drawRect(area)
            if fit.count and not fit.visited[cell]:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QBrush(look.colour("warning"), Qt.BrushStyle.BDiagPattern))
                painter.drawRect(area)
        self._paint_windows(painter, fit, left, step, high)

    def _paint_windows(self, painter: QPainter, fit: Fit, left: float, step: float, high: float) -> None:
        look = theme()
        shown = [*range(min(fit.count, _MOST_ROWS))]
        if fit.count > _MOST_ROWS:
            shown[-1] = fit.count - 1
        extra = not fit.count or (fit.left_over and len(shown) < _MOST_ROWS)
        rows = [(window * fit.stride, True) for window in shown]
        if extra:
            rows.append((fit.count * fit.stride, False))
        for row, (first, fits) in enumerate(rows):
            top = high + 6 + row * _LINE
            colour = look.colour("accent" if fits else "negative")
            painter.setPen(QPen(colour, 1.5, Qt.PenStyle.SolidLine if fits else Qt.PenStyle.DotLine))
            middle, start = top + _LINE / 2, left + first * step
            painter.drawLine(
                round(start + 2), round(middle), round(min(start + fit.extent * step - 2, self.width())), round(middle)
            )
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            for tap in range(fit.filter):
                x = start + tap * fit.dilation * step
                painter.drawRoundedRect(QRectF(x + 2, middle - 3, max(step - 4, 1.5), 6), 1.5, 1.5)
        if fit.count > _MOST_ROWS:
            painter.setFont(sized(self.font(), 11))
            painter.setPen(look.colour("muted"))
            hidden = fit.count - _MOST_ROWS
            room = QRectF(0, high + 6 + (_MOST_ROWS - 2) * _LINE, self.width(), _LINE * 0.9)
            painter.drawText(room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), f"{hidden} more")
