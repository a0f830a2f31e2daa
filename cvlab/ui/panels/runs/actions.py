"""What the runs panel can do, for its menu, its shortcuts and the palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cvlab.core.storage.trash import KEPT_DAYS
from cvlab.ui.actions import Action

if TYPE_CHECKING:
    from cvlab.ui.panels.runs.runs import RunsPanel


def actions_of(panel: RunsPanel) -> tuple[Action, ...]:
    return (
        Action("runs.take_up", "Take up a run's net and recipe", panel.take_up, "", "copy",
               "To change what you like in Training.", "Run", panel.is_one),
        Action("runs.fork", "Fork a run with one thing changed…", panel.fork, "", "pattern",
               "Same net, data, first weights and batches.", "Run", panel.may_fork),
        Action("runs.resume", "Go on with a stopped run", panel.resume, "", "play",
               "From where it was saved.", "Run", panel.can_go_on),
        Action("runs.throw_away", "Delete the chosen runs", panel.throw_away, "", "delete",
               "Undo brings them back.", "Run", panel.is_any),
        Action("runs.restore", "Restore the run deleted last", panel.restore, "", "undo",
               f"Deleted runs are kept for {KEPT_DAYS} days.", "Run", panel.can_restore),
        Action("runs.script", "Export a run as a script…", panel.export.ask_for_script, "", "code",
               "PyTorch alone; it repeats the run's figures.", "Run", panel.is_one),
        Action("runs.board", "TensorBoard files of the chosen runs…", panel.export.write_board, "", "training",
               "Where they are; written now for runs that have none.", "Run", panel.is_any),
        Action("runs.table_file", "Export the chosen runs as a table…", panel.export.ask_for_table, "", "runs",
               "CSV or JSON, with how often the test set was read.", "Run", panel.is_any),
        Action("runs.evaluate_test", "Evaluate on test set", panel.evaluate_on_test, "", "success",
               "Measures the chosen run on the test set; each reading is counted.", "Run", panel.can_evaluate),
        Action("runs.star", "Star the chosen runs", panel.star_chosen, "Ctrl+D", "success",
               "Your own mark.", "", panel.is_any),
    )  # fmt: skip
