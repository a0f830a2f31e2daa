"""The digits panel's state: which net reads, and what is done to the drawing first."""

from __future__ import annotations

from dataclasses import field

from pydantic import Field

from cvlab.core.panels.saved import SavedState
from cvlab.core.state import observable
from cvlab.engine.data.drawing import DrawingSteps


@observable
class DigitsState:
    """model: "lenet-mnist" (shipped), "live" (the running net), or a run's id. brush: width in canvas pixels, 8..80.
    layer: the layer whose maps are shown ("" for the first convolution)."""

    model: str = "lenet-mnist"
    brush: int = 44
    steps: DrawingSteps = field(default_factory=DrawingSteps)
    layer: str = ""


class SavedDigits(SavedState):
    """The panel's part of a project file."""

    kind = DigitsState

    model: str = Field("lenet-mnist", max_length=200)
    brush: int = Field(44, ge=8, le=80)
    steps: DrawingSteps = DrawingSteps()
    layer: str = Field("", max_length=40)
