"""Ways into the builder: PyTorch source, ONNX, files of nets, torchvision's models, and weights for the net that is there."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from cvlab.core.lab import Lab
from cvlab.core.net_import import READABLE, WEIGHTS, TakeIn, Taken, TakeWeights
from cvlab.core.notices import Remedy
from cvlab.engine.errors import CvlabError
from cvlab.ui.theme.icons import icon

DROPPABLE = (*READABLE, *WEIGHTS)
JOB = "builder.exchange"
_NETS = "Nets (*.py *.onnx *.json)"
_WEIGHTS = "Weights (*.safetensors *.pth *.pt)"
_MODELS = ("alexnet", "vgg11", "vgg16", "resnet18", "resnet34", "resnet50", "squeezenet1_1", "googlenet", "densenet121")
_DIGIT = (1, 28, 28)


class Importer(QObject):
    """Reads in the background, one at a time. came(net, words): a net is to be put on the canvas. go_to: another panel's id."""

    came = Signal(object, str)
    go_to = Signal(str)

    def __init__(self, lab: Lab, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab = lab
        self._name = ""
        self._weights_of = ""

    def menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        menu.setToolTipsVisible(True)
        self._add(
            menu,
            "From a file: PyTorch source, ONNX, net …",
            "file",
            "open",
            "Its weights come along where it has them.",
        )
        models = menu.addMenu(icon("lenet", "muted"), "From torchvision")
        for name in _MODELS:
            models.addAction(name).setData(f"model:{name}")
        menu.addSeparator()
        self._add(
            menu, "Weights for this net…", "weights", "export",
            "From .safetensors, or PyTorch's .pth or .pt: by the layers' names here, or by those in torchvision's model.",
        )  # fmt: skip
        menu.triggered.connect(self._chosen)
        return menu

    def _add(self, menu: QMenu, words: str, data: str, picture: str, tip: str) -> None:
        action = menu.addAction(icon(picture, "muted"), words)
        action.setData(data)
        action.setToolTip(tip)

    def _chosen(self, action: QAction) -> None:
        verb, _, name = action.data().partition(":")
        if verb == "model":
            self._submit(TakeIn(self._lab.models, model=name), name)
            return
        title, accepted = ("Weights", _WEIGHTS) if verb == "weights" else ("Open a net", _NETS)
        path, _ = QFileDialog.getOpenFileName(self.parent(), title, "", accepted)
        if path:
            self.open(Path(path))

    def open(self, path: Path) -> None:
        """Reads a net, or weights for the one on the canvas, from a file, or says why not."""
        lab = self._lab
        if path.suffix.lower() in WEIGHTS:
            self._name = path.name
            request = TakeWeights(lab.models, lab.project.architecture, path)
            lab.jobs.submit(JOB, request, done=self._weights_came, failed=self._failed)
        else:
            self._submit(TakeIn(lab.models, path), path.name)

    def _submit(self, request: TakeIn, name: str) -> None:
        self._name = name
        self._lab.jobs.submit(JOB, request, done=self._net_came, failed=self._failed)

    def _net_came(self, found: Taken) -> None:
        self.came.emit(found.net, f"Open {self._name}")
        self._tell(found, f"{self._name} is on the canvas", "Undo brings back what was there.")

    def _weights_came(self, found: Taken) -> None:
        self._tell(found, f"{self._lab.project.architecture.name} has the weights of {self._name}", "")

    def _tell(self, found: Taken, title: str, without: str) -> None:
        notices, remedies = self._lab.notices, ()
        if found.id:
            self._weights_of = found.id
            self._lab.models.changed.emit()
            self._lab.project.training.begin_with = found.id
            without = "Export offers its weights, Training begins with them, and Circuits opens its layers with them."
            remedies = (Remedy("Fine-tune it", self._fine_tune),)
            if found.net.image_shape == _DIGIT:
                remedies += (Remedy("Draw for it", self._draw),)
        with_weights = ", with its weights" if found.id and "weights" not in title else ""
        if found.notes:
            notices.warning(f"{title}{with_weights or ', with changes'}.", " ".join((*found.notes, without)), *remedies)
        else:
            notices.success(f"{title}{with_weights}.", without, *remedies)

    def _fine_tune(self) -> None:
        self._lab.project.training.begin_with = self._weights_of
        self.go_to.emit("training")

    def _draw(self) -> None:
        self._lab.project.digits.model = self._weights_of
        self.go_to.emit("digits")

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, CvlabError):
            raise error
        self._lab.notices.error(error)
