"""The one list of panels, in the order of the course. Each is declared here and built in its own folder, on first need."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class PanelSpec:
    """id: permanent. icon: a name known to theme.icons. view: "module:Class", imported when the panel is first shown."""

    id: str
    title: str
    summary: str
    icon: str
    view: str

    def load(self) -> type:
        module, name = self.view.split(":")
        return getattr(import_module(module), name)


PANELS: tuple[PanelSpec, ...] = (
    PanelSpec(
        "datasets", "Datasets", "See what a computer sees", "data", "cvlab.ui.panels.datasets.datasets:DatasetsPanel"
    ),
    PanelSpec(
        "neighbors",
        "Nearest",
        "Decide by looking up",
        "neighbors",
        "cvlab.ui.panels.neighbors.neighbors:NeighborsPanel",
    ),
    PanelSpec("linear", "Linear", "Score, and be wrong", "linear", "cvlab.ui.panels.linear.linear:LinearPanel"),
    PanelSpec(
        "optimization",
        "Optimize",
        "Race down a loss",
        "chart",
        "cvlab.ui.panels.optimization.optimization:OptimizationPanel",
    ),
    PanelSpec(
        "circuits",
        "Circuits",
        "Watch the chain rule",
        "circuits",
        "cvlab.ui.panels.circuits.circuits:CircuitsPanel",
    ),
    PanelSpec(
        "convolution",
        "Convolve",
        "See a window slide",
        "convolution",
        "cvlab.ui.panels.convolution.convolution:ConvolutionPanel",
    ),
    PanelSpec(
        "builder", "Builder", "Drag a ConvNet together", "builder", "cvlab.ui.panels.builder.builder:BuilderPanel"
    ),
    PanelSpec("training", "Training", "Watch it learn", "training", "cvlab.ui.panels.training.training:TrainingPanel"),
    PanelSpec("digits", "Digits", "Draw, and see it read", "digits", "cvlab.ui.panels.digits.digits:DigitsPanel"),
    PanelSpec("runs", "Runs", "Compare what was learned", "runs", "cvlab.ui.panels.runs.runs:RunsPanel"),
)
