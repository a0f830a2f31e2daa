"""What the training panel teaches: what the curves tell, and the formulas of the chosen recipe."""

from __future__ import annotations

from cvlab.engine.training.formulas import recipe_formulas
from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panel import Lesson

_LOOKING_AT = (
    "Every step takes one batch, asks how wrong the net is (the loss), and moves every weight a little downhill. The thin line "
    "is the loss of each batch; the bold line is its running average; the dots are images that the net never trains on.\n\n"
    "A loss that jumps about or grows means a learning rate that is too high. One that sinks like a slow leak means too low. "
    "A bold line that keeps falling while the dots turn up again is overfitting: the net learns the training images by heart."
)
_TRY = (
    "Drag the learning rate up while it trains: the plot marks where, and shows what it does.",
    "Start SGD with a learning rate of 100 and batches of 64, and read what stops it.",
    "Set the batch size to 10: the thin line gets wild, yet the bold one falls.",
    "Train 20 epochs on the small sample and look for the gap between the bold line and the dots.",
)


def lesson_for(recipe: Recipe) -> Lesson:
    """The panel's lesson with the formulas of the recipe; α is the learning rate, dx the gradient by a parameter x."""
    return Lesson("What the curves tell", _LOOKING_AT, recipe_formulas(recipe), _TRY)
