"""Choosing a neuron of a net, to be opened as a circuit: which net, layer, neuron and image, and how many of its inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLabel, QSpinBox, QWidget

from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.core.models import LIVE, FindModels, ModelChoice, Models
from cvlab.engine.circuit.opened import MOST_INPUTS, OpenLayer, layer_text, neuron_text, neuron_vector_text, openable
from cvlab.engine.errors import CvlabError, NetError
from cvlab.engine.nets.architecture import Architecture
from cvlab.ui.dialogs import Dialog
from cvlab.ui.widgets.finish import finish

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.nets.trained import TrainedNet

BUILDER = "builder"
"""The net on the builder's canvas, with first weights."""

_OPEN, _LIST = "circuits.open", "circuits.nets"

_FORMS = (
    ("scalar", "One neuron, number by number"),
    ("vector", "One neuron, as vectors"),
    ("layer", "The whole layer, W x + b"),
)


@dataclass(frozen=True, eq=False)
class OpenedNet:
    """A net that is there, what of it can be opened, and images of its size."""

    net: TrainedNet
    layers: tuple[OpenLayer, ...]
    data: Dataset


@dataclass(frozen=True, eq=False)
class LoadForOpening:
    """Loads the net and the images. model_id: `BUILDER` for the architecture with first weights, drawn from seed 0."""

    lab: Lab
    models: Models
    model_id: str
    architecture: Architecture
    data_id: str

    def run(self, control: JobControl) -> OpenedNet:
        net = self._built() if self.model_id == BUILDER else self.models.load(self.model_id)
        layers = openable(net.architecture)
        if not layers:
            raise NetError("This net has no linear layer and no convolution.", remedy="Choose another net.")
        wanted = _image_shape(net.architecture)
        data = self.lab.dataset(self.data_id)
        if data.image_shape != wanted:
            data = self.lab.dataset("mnist-mini")
        if data.image_shape != wanted:
            sizes = " × ".join(map(str, wanted))
            raise NetError(
                f"This net takes images of {sizes}, and {data.title} has others.",
                remedy="Choose a data set of that size in the training panel.",
            )
        return OpenedNet(net, layers, data)

    def _built(self) -> TrainedNet:
        from cvlab.engine.data.preprocessing import Preprocessing
        from cvlab.engine.nets.build import build
        from cvlab.engine.nets.trained import TrainedNet

        module = build(self.architecture, seed=0).eval()
        return TrainedNet(self.architecture, module, Preprocessing(), (), f"{self.architecture.name}, untrained")


def _image_shape(net: Architecture) -> tuple[int, ...]:
    from cvlab.engine.nets.shapes import infer

    flat = net.flat
    return infer(net).flat.layers[flat.order[0]].output


@dataclass(frozen=True, eq=False)
class WriteCircuit:
    """The text of the chosen circuit."""

    opened: OpenedNet
    layer: OpenLayer
    form: str
    unit: tuple[int, ...]
    image: int
    most: int

    def run(self, control: JobControl) -> str:
        data = self.opened.data.test
        image, label = data.images[self.image], int(data.labels[self.image])
        about = f"test image {self.image} of {self.opened.data.title}, a {self.opened.data.classes[label]}"
        if self.form == "layer":
            return layer_text(self.opened.net, image, self.layer, label, about)
        if self.form == "vector":
            return neuron_vector_text(self.opened.net, image, self.layer, self.unit, about)
        return neuron_text(self.opened.net, image, self.layer, self.unit, self.most, about)


class OpenLayerDialog(Dialog):
    """opened(text): the circuit that was asked for. Nothing is blocked while a net is loaded.

    layer: of the builder's net, to begin with; "" for the last layer of a trained net.
    """

    opened = Signal(str)

    def __init__(self, lab: Lab, parent: QWidget, layer: str = "") -> None:
        super().__init__(parent, "circuits.open-layer-dialog", "Open a layer as a circuit")
        self._lab, self._wanted = lab, layer
        self._opened: OpenedNet | None = None
        self.net, self.layer, self.form = QComboBox(self), QComboBox(self), QComboBox(self)
        self.unit = [QSpinBox(self) for _ in range(3)]
        self.image, self.most = QSpinBox(self), QSpinBox(self)
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.words.setMinimumWidth(420)
        self.words.setMinimumHeight(56)
        self.words.setObjectName("circuits.open-layer-dialog.words")
        self._name_controls()
        self._lay_out()
        self.cancel = self.add_button("cancel", "Cancel", "Closes this and changes nothing (Esc).")
        self.accept_button = self.add_button("open", "Open", "Opens it; your circuit can be undone back to.", "primary")
        self.cancel.clicked.connect(self.reject)
        self.accept_button.clicked.connect(self._ask)
        self.net.currentIndexChanged.connect(self._load)
        self.layer.currentIndexChanged.connect(self._show_layer)
        self.form.currentIndexChanged.connect(self._show_layer)
        finish(self)
        self._fill_nets()

    def _name_controls(self) -> None:
        spins = [(spin, f"unit-{i}", words) for i, (spin, words) in enumerate(
            zip(self.unit, ("Neuron or filter", "Row of the map", "Column of the map"), strict=True))]  # fmt: skip
        for widget, name, words, tip in (
            (self.net, "net", "Net", "The builder's net with first weights, the one that ships, or one that you trained."),
            (self.layer, "layer", "Layer", "A linear layer or a convolution. Others learn no weighted sum."),
            (self.form, "form", "As", "Number by number shows every product; vectors show the rule of a whole layer."),
            (self.image, "image", "Test image", "The image that the net looks at: it gives the inputs their values."),
            (self.most, "most", "Inputs shown", f"The inputs that weigh most, {MOST_INPUTS} at most; the others are one number."),
            *((spin, name, words, f"{words}, counted from 0.") for spin, name, words in spins),
        ):  # fmt: skip
            widget.setObjectName(f"circuits.open-layer-dialog.{name}")
            widget.setAccessibleName(words)
            widget.setToolTip(tip)
        self.most.setRange(1, MOST_INPUTS)
        self.most.setValue(6)
        for id, title in _FORMS:
            self.form.addItem(title, id)

    def _lay_out(self) -> None:
        units = QHBoxLayout()
        units.setSpacing(6)
        for spin in self.unit:
            units.addWidget(spin, 1)
        rows = QFormLayout()
        rows.setHorizontalSpacing(16)
        rows.setVerticalSpacing(10)
        for words, field in (
            ("Net", self.net), ("Layer", self.layer), ("As", self.form), ("Neuron", units), ("Test image", self.image),
            ("Inputs shown", self.most),
        ):  # fmt: skip
            rows.addRow(words, field)
        self.body.addLayout(rows)
        self.body.addWidget(self.words)

    # -- loading -----------------------------------------------------------------------------------------------------

    def _fill_nets(self) -> None:
        blocker = QSignalBlocker(self.net)
        self.net.addItem(f"{self._lab.project.architecture.name} in the builder, untrained", BUILDER)
        blocker.unblock()
        self._lab.jobs.submit(_LIST, FindModels(self._lab.models), done=self._add_nets)
        if self._wanted:
            self._load()
        else:
            self._enable(False)
            self.words.setText("Looking for trained nets…")

    def _add_nets(self, found: list[ModelChoice]) -> None:
        blocker = QSignalBlocker(self.net)
        for choice in found:
            if choice.id != LIVE:
                self.net.addItem(f"{choice.title}, {choice.detail}" if choice.detail else choice.title, choice.id)
        blocker.unblock()
        if self._opened is None and not self._lab.jobs.is_busy(_OPEN):  # nobody has chosen one meanwhile
            self.net.setCurrentIndex(min(1, self.net.count() - 1))
            self._load()

    def _load(self) -> None:
        self._opened = None
        self._enable(False)
        self.words.setText("The net is being loaded…")
        project = self._lab.project
        request = LoadForOpening(
            self._lab, self._lab.models, self.net.currentData(), project.architecture, project.recipe.data
        )
        self._lab.jobs.submit(_OPEN, request, done=self._have_net, failed=self._say)

    def _have_net(self, opened: OpenedNet) -> None:
        self._opened = opened
        blocker = QSignalBlocker(self.layer)
        self.layer.clear()
        for layer in opened.layers:
            self.layer.addItem(f"{layer.name}: {layer.title}, {' × '.join(map(str, layer.units))}", layer)
        names = [layer.name for layer in opened.layers]
        self.layer.setCurrentIndex(names.index(self._wanted) if self._wanted in names else len(names) - 1)
        blocker.unblock()
        self.image.setRange(0, len(opened.data.test) - 1)
        self._enable(True)
        self._show_layer()

    def _enable(self, there: bool) -> None:
        for widget in (self.layer, self.form, self.image, self.most, self.accept_button, *self.unit):
            widget.setEnabled(there)

    def _show_layer(self, *_: int) -> None:
        layer: OpenLayer | None = self.layer.currentData()
        if self._opened is None or layer is None:
            return
        form = self.form.currentData()
        for spin, size in zip(self.unit, (*layer.units, 0, 0), strict=False):
            spin.setVisible(size > 0)
            spin.setRange(0, max(size - 1, 0))
            spin.setEnabled(form != "layer")
        self.most.setEnabled(form == "scalar")
        follows = f", then {layer.activation}" if layer.activation else ""
        size = f"A neuron of {layer.name} has {layer.inputs:,} inputs{follows}. "
        if form == "scalar":
            self.words.setText(size + "Those that weigh most here get wires of their own; the others are one number.")
        elif form == "vector":
            self.words.setText(size + "All of them are shown, as one inner product.")
        else:
            whole = "All its neurons are shown at once." if layer.fits_whole else (
                "All its neurons are too many numbers for a circuit: open one of them.")  # fmt: skip
            self.words.setText(size + whole)

    def _say(self, error: BaseException) -> None:
        words = f"{error.what} {error.remedy}" if isinstance(error, CvlabError) else "This net could not be loaded."
        self.words.setText(words.strip())

    # -- the answer --------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        layer: OpenLayer = self.layer.currentData()
        unit = tuple(spin.value() for spin in self.unit[: len(layer.units)])
        request = WriteCircuit(
            self._opened, layer, self.form.currentData(), unit, self.image.value(), self.most.value()
        )
        self._lab.jobs.submit(_OPEN, request, done=self._have_text, failed=self._say)

    def _have_text(self, text: str) -> None:
        self.opened.emit(text)
        self.accept()

    def done(self, result: int) -> None:
        for key in (_OPEN, _LIST):
            self._lab.jobs.cancel(key)
        super().done(result)
