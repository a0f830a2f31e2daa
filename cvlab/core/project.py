"""The project: everything that is saved and undone, as observable state. Panels meet only here."""

from __future__ import annotations

from dataclasses import field, fields
from pathlib import Path

from cvlab.core.panels.circuits import CircuitsState
from cvlab.core.panels.linear import LinearState
from cvlab.core.panels.optimization import OptimizationState
from cvlab.core.state import batch, observable
from cvlab.engine.data.drawing import DrawingSteps
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.training.recipe import Recipe


@observable
class BuilderState:
    """selected: ids of the selected layers."""

    selected: tuple[int, ...] = ()


@observable
class TrainingState:
    """smoothing: steps averaged in the smoothed curve, 1..500. log_loss: logarithmic loss axis."""

    smoothing: int = 25
    log_loss: bool = False
    run: str = ""


@observable
class DigitsState:
    """model: "lenet-mnist" (shipped), "live" (the running net), or a run's id. brush: width in canvas pixels, 8..80.
    layer: the layer whose maps are shown ("" for the first convolution)."""

    model: str = "lenet-mnist"
    brush: int = 44
    steps: DrawingSteps = field(default_factory=DrawingSteps)
    layer: str = ""


@observable
class Project:
    """One person's lab. `architecture` and `recipe` are immutable values: an edit puts another one here, through the history."""

    title: str = "Untitled"
    path: Path | None = None
    architecture: Architecture = field(default_factory=zoo.lenet)
    recipe: Recipe = field(default_factory=Recipe)
    panel: str = "builder"
    builder: BuilderState = field(default_factory=BuilderState)
    training: TrainingState = field(default_factory=TrainingState)
    digits: DigitsState = field(default_factory=DigitsState)
    circuits: CircuitsState = field(default_factory=CircuitsState)
    linear: LinearState = field(default_factory=LinearState)
    optimization: OptimizationState = field(default_factory=OptimizationState)

    def adopt(self, other: Project) -> None:
        """Takes over every value of another project, each announced once; the panel states stay the same objects."""
        with batch(self, self.builder, self.training, self.digits, self.circuits, self.linear, self.optimization):
            for own, new in (
                (self.builder, other.builder), (self.training, other.training), (self.digits, other.digits),
                (self.circuits, other.circuits), (self.optimization, other.optimization),
                (self.linear, other.linear),
            ):  # fmt: skip
                for each in fields(own):
                    setattr(own, each.name, getattr(new, each.name))
            for name in ("title", "path", "architecture", "recipe", "panel"):
                setattr(self, name, getattr(other, name))
