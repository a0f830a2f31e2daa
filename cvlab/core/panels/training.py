"""The training panel's state: how its curves are looked at. The recipe is the project's, the run is the lab's."""

from __future__ import annotations

from pydantic import Field

from cvlab.core.panels.saved import SavedState
from cvlab.core.state import observable


@observable
class TrainingState:
    """smoothing: steps averaged in the smoothed curve, 1..500. log_loss: logarithmic loss axis. run: the one shown, by its id.
    begin_with: id of the trained net whose weights a new run begins with, as far as they fit; "" where they are drawn."""

    smoothing: int = 25
    log_loss: bool = False
    run: str = ""
    begin_with: str = ""


class SavedTraining(SavedState):
    """The panel's part of a project file."""

    kind = TrainingState

    smoothing: int = Field(25, ge=1, le=500)
    log_loss: bool = False
    run: str = Field("", max_length=200)
    begin_with: str = Field("", max_length=200)
