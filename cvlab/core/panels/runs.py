"""The runs panel's state: which runs are laid over each other, and how one looks at them. The runs are on disk."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cvlab.core.panels.saved import SavedState
from cvlab.core.state import observable

MOST_CHOSEN = 8
"""Runs that may be laid over each other: more curves than colours can be told apart."""

CURVES = ("held_out_accuracy", "held_out_loss", "epoch_accuracy", "epoch_loss", "accuracy", "loss", "learning_rate")
AGAINST = ("epoch", "step", "seconds")


@observable
class RunsState:
    """chosen: ids of the runs laid over each other, in the order of their colours. curve, against: what is drawn over what.
    find: the words that a run must have to be listed. sort_by, descending: the column that orders the table.
    all_settings: shows what two recipes have in common, too."""

    chosen: tuple[str, ...] = ()
    curve: str = "held_out_accuracy"
    against: str = "epoch"
    log: bool = False
    find: str = ""
    sort_by: str = "when"
    descending: bool = True
    all_settings: bool = False


class SavedRuns(SavedState):
    """The panel's part of a project file."""

    kind = RunsState

    chosen: tuple[str, ...] = Field((), max_length=MOST_CHOSEN)
    curve: Literal[CURVES] = "held_out_accuracy"
    against: Literal[AGAINST] = "epoch"
    log: bool = False
    find: str = Field("", max_length=200)
    sort_by: str = Field("when", max_length=40)
    descending: bool = True
    all_settings: bool = False
