"""Ways out of the builder: PyTorch source, a training script, ONNX, pictures, files of nets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF
from PySide6.QtGui import QAction, QPainter
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from cvlab.core.jobs import JobControl
from cvlab.core.lab import Lab
from cvlab.core.models import FindModels, ModelChoice, Models
from cvlab.core.weights import NONE, find_weights, first_weights
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets.architecture import Architecture
from cvlab.ui.canvas.scene import NetScene
from cvlab.ui.canvas.volumes import Volumes
from cvlab.ui.theme import theme
from cvlab.ui.theme.icons import icon
from cvlab.ui.widgets.picture_file import save_picture

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.training.recipe import Recipe
    from cvlab.ui.panels.builder.weights_dialog import WeightsDialog

EXPORTS = {
    "source": ("PyTorch source…", "code", "net.py", "Python (*.py)"),
    "script": ("Training script…", "training", "train.py", "Python (*.py)"),
    "onnx": ("ONNX…", "export", "net.onnx", "ONNX (*.onnx)"),
    "graph": ("Picture of the graph…", "image", "graph.svg", "SVG (*.svg);;PNG (*.png)"),
    "volumes": ("Picture of the volumes…", "volumes", "volumes.svg", "SVG (*.svg);;PNG (*.png)"),
    "file": ("Net as a file…", "save", "net.json", "Net (*.json)"),
}
"""By id: the menu's words, icon, proposed file name, and the dialog's filter."""

_MARGIN = 24.0


@dataclass(frozen=True)
class WriteRequest:
    """An export that needs PyTorch or a while. recipe, dataset: for the training script; a function that loads data by id.

    models, which: where weights are found, and which (`find_weights`, or NONE)."""

    kind: str
    net: Architecture
    recipe: Recipe
    dataset: Callable[[str], Dataset]
    path: Path
    models: Models
    which: str = NONE

    def run(self, control: JobControl) -> str:
        """Writes, and says what there is now."""
        from cvlab.core.net_export import write_onnx_file, write_source

        if self.kind == "script":
            write_whole(self.path, self.content(control))
            return self.path.name
        weights = None if self.which == NONE else find_weights(self.net, self.which, self.models)
        control.check()
        whose = (
            ""
            if weights is None
            else f", with the weights of {weights.title}"
            if weights.title
            else ", with first weights"
        )
        if self.kind == "source":
            return " and ".join(path.name for path in write_source(self.net, weights, self.path)) + whose
        difference = write_onnx_file(self.net, weights or first_weights(self.net), self.path)
        return f"{self.path.name}{whose}. onnxruntime computes the same: scores differ by {difference:.0e} at most."

    def content(self, control: JobControl) -> bytes:
        """The training script."""
        from cvlab.engine.data.preprocessing import Preprocessing
        from cvlab.engine.training.starter_script import starter_script

        # The exact numbers that a run here would use: found from the same training images.
        images = self.dataset(self.recipe.data).train.images
        fitted = Preprocessing.fit(self.recipe.preprocessing, images, self.recipe.whitening_epsilon, control.cancelled)
        return starter_script(self.net, fitted, self.recipe).encode()


class Exchange(QObject):
    """Writes; what takes time runs as a job, one at a time."""

    def __init__(self, lab: Lab, scene: NetScene, parent: QWidget) -> None:
        super().__init__(parent)
        self._lab, self._scene = lab, scene
        self.dialog: WeightsDialog | None = None

    # -- menus -------------------------------------------------------------------------------------------------------

    def export_menu(self, parent: QWidget) -> QMenu:
        menu = QMenu(parent)
        for kind, (words, picture, _, _) in EXPORTS.items():
            if kind == "graph":
                menu.addSeparator()
            menu.addAction(icon(picture, "muted"), words).setData(kind)
        menu.triggered.connect(self._export)
        return menu

    def _export(self, action: QAction) -> None:
        self.export(action.data())

    def export(self, kind: str) -> None:
        """Asks what is left to ask: which weights, where it is known that there are some, and the name of the file."""
        if kind not in ("onnx", "source"):
            self._ask_file(kind)
            return
        from cvlab.ui.panels.builder.weights_dialog import WeightsDialog

        net = self._scene.net
        self.dialog = WeightsDialog(self.parent(), net, kind)
        self.dialog.chosen.connect(self._ask_file)
        self.dialog.destroyed.connect(self._closed)
        self.dialog.open()
        self._lab.jobs.submit(
            "builder.weights", FindModels(self._lab.models, net), done=self._show_runs, failed=self._failed
        )

    def _show_runs(self, found: list[ModelChoice]) -> None:
        if self.dialog is not None:
            self.dialog.show_runs(found, self._lab.project.training.begin_with)

    def _closed(self) -> None:
        self.dialog = None

    def _ask_file(self, kind: str, which: str = NONE) -> None:
        _, _, proposed, accepted = EXPORTS[kind]
        name, chosen = QFileDialog.getSaveFileName(self.parent(), "Save", proposed, accepted)
        if name:
            suffix = ".png" if "PNG" in chosen else Path(proposed).suffix
            self.save(kind, Path(name) if Path(name).suffix else Path(name).with_suffix(suffix), which)

    # -- what they do --------------------------------------------------------------------------------------------------

    def save(self, kind: str, path: Path, which: str = NONE) -> None:
        """Writes the net, with these weights where it has some; says what became of it."""
        if kind in ("graph", "volumes", "file"):
            try:
                self._save_now(kind, path)
            except CvlabError as error:
                self._lab.notices.error(error)
            else:
                self._saved(path.name)
            return
        lab = self._lab
        request = WriteRequest(kind, self._scene.net, lab.project.recipe, lab.dataset, path, lab.models, which)
        self._lab.jobs.submit("builder.exchange", request, done=self._saved, failed=self._failed)

    def _save_now(self, kind: str, path: Path) -> None:
        scene = self._scene
        if kind == "file":
            write_whole(path, scene.net.model_dump_json(indent=1).encode())
        elif kind == "graph":
            area = scene.content().adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
            save_picture(path, area.size(), scene.net.name, _GraphPainter(scene, area), "sunken")
        else:
            volumes = Volumes(scene.net, scene.report, scene.drawing)
            save_picture(path, volumes.size.size(), scene.net.name, _VolumePainter(volumes), "raised")

    def _saved(self, words: str) -> None:
        self._lab.notices.success("Saved.", words)

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, CvlabError):
            raise error
        self._lab.notices.error(error)


class _GraphPainter:
    def __init__(self, scene: NetScene, area: QRectF) -> None:
        self._scene, self._area = scene, area

    def __call__(self, painter: QPainter, target: QRectF) -> None:
        painter.fillRect(target, theme().colour("sunken"))
        self._scene.show_selected(())
        # Blocks are painted anew, not copied from their cache: lines and letters stay such in an SVG.
        with self._scene.uncached():
            self._scene.render(painter, target, self._area)


class _VolumePainter:
    def __init__(self, volumes: Volumes) -> None:
        self._volumes = volumes

    def __call__(self, painter: QPainter, target: QRectF) -> None:
        size = self._volumes.size
        painter.fillRect(target, theme().colour("raised"))
        painter.scale(target.width() / size.width(), target.height() / size.height())
        painter.translate(-size.topLeft())
        self._volumes.paint(painter)
