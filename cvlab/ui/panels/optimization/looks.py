"""Which colour stands for which racer and for which part of a step, the same in every picture of this panel."""

from __future__ import annotations

from cvlab.engine.optimizers import Arrow

RACERS = {
    "SGD": "class-0",
    "Momentum": "class-1",
    "Nesterov": "class-2",
    "Adagrad": "class-3",
    "RMSprop": "class-4",
    "Adam": "class-5",
    "Adam, no correction": "class-6",
    "AdamW": "class-8",
    "SGD, short step": "class-7",
}

PARTS = {
    "gradient": "negative",
    "velocity": "accent",
    "look-ahead": "warning",
    "scaled step": "positive",
    "decay": "held_out",
    "step": "ink",
}
"""Part of a step -> colour role. "gradient" is drawn downhill: it is -dx."""


def is_direction(arrow: Arrow, kind: str) -> bool:
    """Whether the arrow is a slope, which has no length on the map: the gradient, and the average slope of the Adam family."""
    return arrow.role == "gradient" or (arrow.role == "velocity" and kind.startswith("adam"))


def number(value: float) -> str:
    """A height in few characters: 0.0123, 4.56, 1.2e+05."""
    return f"{value:.3g}".replace("-", "−")
