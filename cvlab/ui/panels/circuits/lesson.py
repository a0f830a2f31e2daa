"""What the explanation dock says about circuits."""

from __future__ import annotations

from cvlab.engine.circuit.presets import PRESETS
from cvlab.engine.formula import Formula
from cvlab.ui.panel import Lesson

LESSON = Lesson(
    title="The chain rule, one gate at a time",
    looking_at=(
        "An expression is a circuit. Values flow forward, from the inputs at the left to the output at the right: they "
        "stand in green above the wires. Then gradients flow back: they stand in red below, marked ∇. Each says how much "
        "the output would change if the value on that wire grew a little.\n\n"
        "Backpropagation is local. A gate knows two things only: its output, and the slope of its output by each of its "
        "inputs. On the way back it is told how the whole circuit's output depends on its own, and multiplies. Where a "
        "value forks to several gates, what comes back from them adds up.\n\n"
        "A gradient that is negative wants its value to fall, so that the output may rise, and its size says how strongly."
    ),
    formulas=(
        Formula(
            "Chain rule: upstream times local",
            r"\frac{\partial f}{\partial x} = \frac{\partial f}{\partial q}\,\frac{\partial q}{\partial x}",
            lambda upstream, local: upstream * local,
        ),
        Formula(
            "A fork: gradients add",
            r"\frac{\partial f}{\partial x} = \sum_k \frac{\partial f}{\partial q_k}\,\frac{\partial q_k}{\partial x}",
            lambda upstream, local: sum(a * b for a, b in zip(upstream, local, strict=True)),
        ),
        Formula(
            "The sigmoid knows its slope from its output",
            r"\frac{d\sigma}{dx} = (1 - \sigma)\,\sigma",
            lambda sigma: (1 - sigma) * sigma,
        ),
        Formula(
            "Centred difference, to check it",
            r"\frac{df}{dx} \approx \frac{f(x + h) - f(x - h)}{2h}",
            lambda f, x, h: (f(x + h) - f(x - h)) / (2 * h),
        ),
    ),
    try_this=(
        "Rewind, then step forward gate by gate. At each step say the next number before it appears.",
        "Choose “A sigmoid neuron” and double-click its last gate: four gates become one with the slope (1 − s) s.",
        "In “Staged computation”, double-click den: its gates become one. What is its local gradient by xpy? Point at it to see.",
        "Open the page Code and step: the marked lines are what the gate at work does, forward and backward.",
        "In “Add, multiply and max”, turn w above z. The gradient changes sides at once: max routes.",
        "Nudge up with a step of 0.01, then of 1. Why does the large step not always raise the output?",
        "Type abs(x) and put x to 0: the checks say that there is a kink, and which slope is used.",
        "In “Why gradients vanish”, compare the gradient at the last sigmoid with the one that reaches x.",
    ),
)


def lesson_of(text: str) -> Lesson:
    """What to say about a circuit: its own words for a ready one, and the general lesson for the first and for one's own."""
    preset = next((preset for preset in PRESETS[1:] if preset.text == text), None)
    if preset is None:
        return LESSON
    return Lesson(preset.title, f"{preset.shows}\n\n{LESSON.looking_at}", LESSON.formulas, LESSON.try_this)
