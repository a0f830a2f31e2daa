"""What the training panel teaches: what the curves tell, the loss, and the update rule of the chosen optimizer."""

from __future__ import annotations

from cvlab.engine.training.recipe import Recipe
from cvlab.ui.panel import Lesson

_LOOKING_AT = (
    "Every step takes one batch, asks how wrong the net is (the loss), and moves every weight a little downhill. The thin line "
    "is the loss of each batch; the bold line is its running average; the dots are images that the net never trains on.\n\n"
    "A loss that jumps about or grows means a learning rate that is too high. One that sinks like a slow leak means too low. "
    "A bold line that keeps falling while the dots turn up again is overfitting: the net learns the training images by heart."
)
_LOSS = ("Softmax loss of one image", r"$L_i = -\log\left(\frac{e^{f_{y_i}}}{\sum_j e^{f_j}}\right)$")
_RULES = {
    "sgd": (("SGD: straight down the gradient", r"$x \leftarrow x - \alpha\,dx$"),),
    "momentum": (
        ("Momentum: a velocity that remembers", r"$v \leftarrow \mu v + dx$"),
        ("and a step along it", r"$x \leftarrow x - \alpha v$"),
    ),
    "nesterov": (
        ("Nesterov: the gradient where momentum is about to carry it", r"$v \leftarrow \mu v - \alpha\,dx_{ahead}$"),
        ("and a step along it", r"$x \leftarrow x + v$"),
    ),
    "adagrad": (
        ("Adagrad: a cache of squared gradients", r"$c \leftarrow c + dx^2$"),
        ("that shortens the steps", r"$x \leftarrow x - \alpha\,\frac{dx}{\sqrt{c} + \epsilon}$"),
    ),
    "rmsprop": (
        ("RMSprop: a cache that leaks", r"$c \leftarrow \gamma c + (1 - \gamma)\,dx^2$"),
        ("and scales each step", r"$x \leftarrow x - \alpha\,\frac{dx}{\sqrt{c} + \epsilon}$"),
    ),
    "adam": (
        ("Adam: mean of the gradient", r"$m \leftarrow \beta_1 m + (1 - \beta_1)\,dx$"),
        ("and of its square", r"$v \leftarrow \beta_2 v + (1 - \beta_2)\,dx^2$"),
        (
            "both freed of their start at zero",
            r"$\hat m = \frac{m}{1 - \beta_1^t},\quad \hat v = \frac{v}{1 - \beta_2^t}$",
        ),
        ("and a step scaled weight by weight", r"$x \leftarrow x - \alpha\,\frac{\hat m}{\sqrt{\hat v} + \epsilon}$"),
    ),
}
_RULES["adamw"] = (
    *_RULES["adam"],
    ("AdamW: each step also shrinks the weights", r"$x \leftarrow x - \alpha \lambda x$"),
)
_TRY = (
    "Drag the learning rate up while it trains: the plot marks where, and shows what it does.",
    "Start SGD with a learning rate of 100 and batches of 64, and read what stops it.",
    "Set the batch size to 10: the thin line gets wild, yet the bold one falls.",
    "Train 20 epochs on the small sample and look for the gap between the bold line and the dots.",
)


def lesson_for(recipe: Recipe) -> Lesson:
    """The panel's lesson with the update rule of the recipe's optimizer; α is the learning rate, dx the gradient."""
    return Lesson("What the curves tell", _LOOKING_AT, (_LOSS, *_RULES[recipe.optimizer.kind]), _TRY)
