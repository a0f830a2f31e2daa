"""What the training panel can do, for its menu, its shortcuts and the palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cvlab.ui.actions import Action

if TYPE_CHECKING:
    from cvlab.ui.panels.training.training import TrainingPanel


def deeds_of(panel: TrainingPanel) -> tuple[Action, ...]:
    return (
        Action("training.start", "Start or resume training", panel.start_or_resume, "Ctrl+Return", "play",
               "Trains the net with the recipe.", "Run", panel.can_start),
        Action("training.pause", "Pause or resume training", panel.pause_or_resume, "Ctrl+P", "pause",
               "Pauses after this batch; resumes a paused run.", "Run", panel.is_active),
        Action("training.step", "Train one batch", panel.step, "Ctrl+.", "step",
               "One batch, then pause.", "Run", panel.can_step),
        Action("training.stop", "Stop training", panel.stop, "", "stop",
               "Ends the run and saves it.", "Run", panel.is_active),
        Action("training.draw", "Draw a digit with this net", panel.draw_digit, "", "digits",
               "Opens Digits with the net of the run shown.", "Run", panel.can_draw),
        Action("training.evaluate_test", "Evaluate on test set", panel.ending.evaluate, "", "success",
               "Measures the run shown on the test set; each reading is counted.", "Run", panel.ending.can_evaluate),
        Action("training.choose_recipe", "Recipes…", panel.heading.open_recipes, "", "open",
               "Recipes by name, and in files: take one, or keep yours.", "Run"),
        Action("training.imported_nets", "Imported nets…", panel.heading.open_nets, "", "lenet",
               "Trained nets from files: rename or delete them.", "Run"),
    )  # fmt: skip
