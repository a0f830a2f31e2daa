"""The builder's stops on the tour: nets, what is wrong and mended, a group that repeats, and its dialogs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog

from cvlab.engine.nets import zoo
from cvlab.ui.panel import Stop

if TYPE_CHECKING:
    from cvlab.ui.panels.builder.builder import BuilderPanel


def walk(panel: BuilderPanel) -> Iterator[Stop]:
    project, edits, canvas = panel.lab.project, panel.edits, panel.canvas
    before = project.architecture, project.builder.selected
    still = _Still(panel)

    def stop(name: str) -> Stop:
        panel.adviser.ask()
        return Stop(name, still, 20.0)

    def names() -> dict[str, int]:
        return {node.name: node.id for node in project.architecture.nodes}

    edits.replace(zoo.lenet())
    canvas.select(names()["conv1"])
    yield stop("lenet")
    edits.delete([names()["flatten1"]])
    canvas.select(names()["fc1"])
    yield stop("error")
    edits.replace(zoo.make("resnet20"))
    canvas.fit()
    yield stop("branches")
    edits.replace(zoo.make("vgg-small"))
    group = edits.group([names()[name] for name in ("conv2", "relu2")])
    edits.repeat(group, 3)
    canvas.fit()
    yield stop("group")
    edits.replace(zoo.make("alexnet-small"))
    panel.header.volumes.setChecked(True)
    yield stop("volumes")
    panel.header.volumes.setChecked(False)
    edits.replace(zoo.lenet())
    yield from _dialog(panel, "pattern", panel.open_pattern, still)
    yield from _dialog(panel, "convert", _Convert(panel), still)
    yield from _dialog(panel, "weights", _Export(panel), still)
    while project.architecture is not before[0] and panel.lab.history.can_undo:
        panel.lab.history.undo()
    project.architecture, project.builder.selected = before


def _dialog(panel: BuilderPanel, name: str, ask: Callable[[], None], still: Callable[[], bool]) -> Iterator[Stop]:
    ask()
    yield Stop(name, still, 60.0)
    for dialog in panel.findChildren(QDialog):
        dialog.close()


@dataclass(frozen=True)
class _Still:
    """Whether nothing moves and nothing is worked out any more."""

    panel: BuilderPanel

    def __call__(self) -> bool:
        jobs = self.panel.lab.jobs
        jobs.drain()
        busy = any(jobs.is_busy(f"builder.{key}") for key in ("advice", "convert", "weights"))
        return self.panel.isVisible() and self.panel.canvas.net_scene.is_settled and not busy


@dataclass(frozen=True)
class _Convert:
    panel: BuilderPanel

    def __call__(self) -> None:
        self.panel.dialogs.convert(self.panel.lab.project.architecture.by_name["fc1"].id)


@dataclass(frozen=True)
class _Export:
    panel: BuilderPanel

    def __call__(self) -> None:
        self.panel.exchange.export("onnx")
