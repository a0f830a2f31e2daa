"""FC <-> CONV: the layer as its twin, the proof that outputs agree, and the net slid over a larger image."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from cvlab.core.lab import Lab
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets.architecture import Architecture
from cvlab.ui.canvas.edits import NetEdits
from cvlab.ui.dialogs import Dialog
from cvlab.ui.panels.builder.conversion import Comparison, ConvertRequest, Slid
from cvlab.ui.theme import theme
from cvlab.ui.theme.style import set_role

_SIDE = 264
_VEIL = 0.78
"""How far the image steps back behind the classes that are written on it."""


class SlideView(QWidget):
    """The larger image, a dot for every window in the colour of the class it is taken for, and one window drawn."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._slid: Slid | None = None
        self._image = QImage()
        self.setAccessibleName("The net slid over a larger image")
        self.setToolTip("Each number stands at the middle of a window and says which class the net sees there.")
        self.setFixedHeight(_SIDE)
        self.setMinimumWidth(_SIDE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_slide(self, slid: Slid) -> None:
        self._slid = slid
        height, width = slid.pixels.shape[:2]
        grey = slid.pixels.ndim == 2
        kind = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
        self._image = QImage(slid.pixels.data, width, height, width * (1 if grey else 3), kind).copy()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._slid is not None:
            self._paint(painter, self._slid)
        painter.end()

    def _paint(self, painter: QPainter, slid: Slid) -> None:
        height, width = slid.pixels.shape[:2]
        scale = min(self.width() / width, self.height() / height)
        area = QRectF((self.width() - width * scale) / 2, 0, width * scale, height * scale)
        painter.drawImage(area, self._image)
        look = theme()
        painter.fillRect(area, look.colour("surface", _VEIL))
        font = QFont(self.font())
        font.setPixelSize(max(8, min(15, int(slid.step[0] * scale * 0.8))))
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        rows, columns = slid.labels.shape
        for row in range(rows):
            for column in range(columns):
                label = int(slid.labels[row, column])
                x = area.left() + (column * slid.step[1] + slid.window[1] / 2) * scale
                y = area.top() + (row * slid.step[0] + slid.window[0] / 2) * scale
                painter.setPen(look.colour(f"class-{label % 10}"))
                words = slid.classes[label] if label < len(slid.classes) else str(label)
                cell = QRectF(x - 20, y - 10, 40, 20)
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, words[:3])
        painter.setPen(QPen(look.colour("accent"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(
            QRectF(area.left() + 1, area.top() + 1, slid.window[1] * scale - 2, slid.window[0] * scale - 2)
        )


class ConvertDialog(Dialog):
    """Shows a comparison when it has come. used(net): the person wants the converted net."""

    used = Signal(object)

    def __init__(self, parent: QWidget, name: str, is_linear: bool) -> None:
        heading = f"{name} as a convolution" if is_linear else f"{name} as a linear layer"
        super().__init__(parent, "builder.converting", heading)
        self._net = None
        why = QLabel(
            "A fully connected unit that reads a 5×5×16 volume and a 5×5 filter laid over that whole volume compute the same dot "
            "product. Written as convolutions, a net takes larger images and answers for every window in one pass.",
            self,
        )
        why.setWordWrap(True)
        why.setMinimumWidth(500)
        why.setProperty("role", "muted")
        self.words = QLabel("Converting, and running both nets…", self)
        self.words.setWordWrap(True)
        self.verdict = QLabel(self)
        self.verdict.setWordWrap(True)
        self.slide = SlideView(self)
        self.slide.hide()
        self.slide_words = QLabel(self)
        self.slide_words.setWordWrap(True)
        for widget in (why, self.words, self.verdict, self.slide, self.slide_words):
            self.body.addWidget(widget)
        self.add_button("close", "Close", "Leaves the net as it is.").clicked.connect(self.close)
        self.use = self.add_button(
            "use", "Use it", "Puts the converted layer on the canvas; undo takes it back.", "primary"
        )
        self.use.setEnabled(False)
        self.use.clicked.connect(self._use)

    def show_comparison(self, found: Comparison) -> None:
        self._net = found.net
        self.words.setText(f"{found.before}\n{found.after}")
        weights = (
            f"the weights of {found.trained}" if found.trained else "first weights (this net has not been trained yet)"
        )
        agrees = found.difference < 1e-4
        set_role(self.verdict, "success" if agrees else "error")
        self.verdict.setText(
            f"{'The outputs agree' if agrees else 'The outputs differ'}: over 8 random images, with {weights}, the largest "
            f"difference is {found.difference:.1e} of the largest score."
        )
        if found.slid is None:
            set_role(self.slide_words, "muted")
            self.slide_words.setText(f"It cannot slide over a larger image. {found.no_slide}")
        else:
            self._show_slide(found.slid)
        self.use.setEnabled(True)
        self._fit()

    def _fit(self) -> None:
        """As high as its lines need: Qt's own size of a dialog leaves out what wrapped lines take."""
        self.layout().activate()
        self.resize(self.width(), self.layout().totalHeightForWidth(self.width()))

    def _show_slide(self, slid: Slid) -> None:
        self.slide.show()
        self.slide.show_slide(slid)
        height, width = slid.pixels.shape[:2]
        rows, columns = slid.labels.shape
        same = (
            f"The answers are those of each window alone, to {slid.difference:.1e}."
            if slid.difference is not None
            else "Padding makes a window's edge differ: it meets its neighbours there, not zeros."
        )
        self.slide_words.setText(
            f"All as convolutions, over {width}×{height} pixels: {columns}×{rows} windows, {slid.step[1]} pixels apart, in one "
            f"pass of {1000 * slid.together:.0f} ms; one by one they take {1000 * slid.apart:.0f} ms. {same}"
        )

    def show_failure(self, error: CvlabError) -> None:
        set_role(self.words, "error")
        self.words.setText(str(error))
        self._fit()

    def _use(self) -> None:
        self.used.emit(self._net)
        self.close()


class Converter(QObject):
    """Opens the dialog, and has the work done off the GUI thread. dialog: the one that is open, or None."""

    def __init__(self, lab: Lab, edits: NetEdits, panel: QWidget) -> None:
        super().__init__(panel)
        self._lab, self._edits = lab, edits
        self.dialog: ConvertDialog | None = None

    def convert(self, node_id: int) -> None:
        """Shows the layer as its FC or CONV twin."""
        lab, net = self._lab, self._lab.project.architecture
        node = net.by_id[node_id]
        self.dialog = ConvertDialog(self.parent(), node.name, node.layer.kind == "linear")
        self.dialog.used.connect(self._use)
        self.dialog.destroyed.connect(self._closed)
        self.dialog.open()
        request = ConvertRequest(net, node_id, lab.models, lab.dataset, lab.project.recipe.data)
        lab.jobs.submit("builder.convert", request, done=self._show, failed=self._fail)

    def _show(self, found: Comparison) -> None:
        if self.dialog is not None:
            self.dialog.show_comparison(found)

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, CvlabError):
            raise error
        if self.dialog is not None:
            self.dialog.show_failure(error)

    def _closed(self) -> None:
        self.dialog = None
        self._lab.jobs.cancel("builder.convert")

    def _use(self, net: Architecture) -> None:
        self._edits.replace(net, "Convert a layer")
