"""What the explanation dock says about the way down."""

from __future__ import annotations

import numpy as np

from cvlab.engine.formula import Formula
from cvlab.engine.schedules import FORMULAS as SCHEDULE_FORMULAS
from cvlab.ui.panel import Lesson


def _rmsprop(x, memory, slope, rule, t):
    c = rule.decay_rate * memory["cache"] + (1 - rule.decay_rate) * slope(x) ** 2
    return x - rule.learning_rate * slope(x) / (np.sqrt(c) + rule.eps)


def _adam(x, memory, slope, rule, t):
    m = rule.beta1 * memory["m"] + (1 - rule.beta1) * slope(x)
    v = rule.beta2 * memory["v"] + (1 - rule.beta2) * slope(x) ** 2
    return x - rule.learning_rate * m / (1 - rule.beta1**t) / (np.sqrt(v / (1 - rule.beta2**t)) + rule.eps)


RACE = Lesson(
    title="The way down",
    looking_at=(
        "A loss is a landscape over the parameters, and training is a walk down it that only feels the slope underfoot. "
        "Every racer starts at the ring and feels the same slopes; they differ in what they make of them.\n\n"
        "Plain SGD steps against the gradient. Momentum keeps a velocity, which carries it along a valley and cancels the "
        "zigzag across. Nesterov asks for the slope where the velocity is about to carry it. Adagrad, RMSprop and Adam "
        "divide each direction by the size of its recent slopes, so that steep and flat directions move alike.\n\n"
        "One step is taken apart below. Arrows of the step are to scale; dashed ones are slopes, which have a direction on "
        "the map but no length."
    ),
    formulas=(
        Formula(
            "SGD", r"x \leftarrow x - \alpha\, dx", lambda x, memory, slope, rule, t: x - rule.learning_rate * slope(x)
        ),
        Formula(
            "Momentum",
            r"v \leftarrow \mu v - \alpha\, dx, \quad x \leftarrow x + v",
            lambda x, memory, slope, rule, t: x + (rule.mu * memory["v"] - rule.learning_rate * slope(x)),
        ),
        Formula(
            "Nesterov: dx at the place ahead",
            r"v \leftarrow \mu v - \alpha\, dx(x + \mu v), \quad x \leftarrow x + v",
            lambda x, memory, slope, rule, t: (
                x + (rule.mu * memory["v"] - rule.learning_rate * slope(x + rule.mu * memory["v"]))
            ),
        ),
        Formula(
            "RMSprop",
            r"c \leftarrow \gamma c + (1 - \gamma)\, dx^2, \quad x \leftarrow x - \alpha \frac{dx}{\sqrt{c} + \epsilon}",
            _rmsprop,
        ),
        Formula(
            "Adam, with m and v the averages of dx and dx²",
            r"x \leftarrow x - \alpha \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}",
            _adam,
        ),
    ),
    try_this=(
        "On the long valley, drag the learning rate of SGD up until it zigzags, then flies off. Where exactly?",
        "Click a start near the ridge of the saddle. Who leaves it first, and why does SGD wait?",
        "Compare Adam with and without correction: look at the length of the very first step.",
        "Turn the wheel over the cross of a minimum. Who is really there, and who still circles it?",
        "Turn the noise to 0.5. Which paths stagger, and which stay calm?",
        "Choose your own surface and type abs(x) + abs(y). Nobody with a fixed step comes to rest: why?",
        "On the noisy plateau, take the momentum to 0.5, then to 0.99.",
    ),
)

SCHEDULES = Lesson(
    title="Cooling down",
    looking_at=(
        "With a high learning rate the parameters bounce about and cannot settle into the narrow parts of the loss; with a "
        "low one they hardly move. A schedule begins high and cools down. Drag the handles on the curve and watch the "
        "formula's numbers.\n\n"
        "On the right one small net is trained four times on the course's spiral, with the same first weights and the "
        "same batches; only the learning rate differs, and all four follow the shape of the schedule on the left."
    ),
    formulas=tuple(SCHEDULE_FORMULAS[kind] for kind in ("step", "exponential", "1/t", "cosine")),
    try_this=(
        "With a constant rate, tell from the four curves which rate is too low and which too high.",
        "Choose cosine: does the high rate end lower than with a constant one? That is what cooling buys.",
        "Make step decay drop to a tenth after two epochs. Learning stops before it is done.",
    ),
)
