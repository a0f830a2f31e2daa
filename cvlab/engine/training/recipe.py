"""The recipe: one typed spec of everything that affects a number. The form, the command line and the file come from it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cvlab.engine.data.preprocessing import Kind
from cvlab.engine.data.whitening import EPSILON
from cvlab.engine.spec import Spec


class Optimizer(Spec):
    """How gradients become steps (course 9.5)."""

    kind: Literal["sgd", "momentum", "adam"] = Field(
        "adam",
        title="Optimizer",
        description="SGD steps straight down the gradient; momentum keeps rolling; Adam also scales each weight's step.",
    )
    learning_rate: float = Field(
        0.001,
        gt=0.0,
        le=100.0,
        title="Learning rate",
        description="Length of a step. Too high: the loss jumps or becomes infinite. Too low: it hardly falls.",
        json_schema_extra={"scale": "log", "live": True},
    )
    momentum: float = Field(
        0.9,
        ge=0.0,
        lt=1.0,
        title="Momentum",
        description="Share of the last step that is kept. Only for the momentum optimizer; 0.9 is usual.",
        json_schema_extra={"only": {"kind": ["momentum"]}},
    )
    weight_decay: float = Field(
        0.0,
        ge=0.0,
        le=10.0,
        title="L2 strength",
        description="λ of the penalty ½λw² on every weight. Too high: the net cannot fit even the training data.",
        json_schema_extra={"scale": "log", "live": True},
    )


class Recipe(Spec):
    """What a run is made of, besides the architecture. Every field has its range; out of range raises `RecipeError`."""

    data: str = Field("mnist-mini", title="Data", description="The data set's id in the catalogue.")
    preprocessing: Kind = Field(
        "signed",
        title="Input scaling",
        description="What pixels 0..255 become: a fixed range, or numbers around the mean of the training split.",
    )
    whitening_epsilon: float = Field(
        EPSILON,
        ge=0.0,
        le=1.0,
        title="Whitening ε",
        description="Added to every variance before the division. Too small: noise is blown up to the size of the signal.",
        json_schema_extra={"only": {"preprocessing": ["whiten"]}, "scale": "log"},
    )
    held_out: float = Field(
        0.1,
        ge=0.0,
        le=0.9,
        title="Held out",
        description="Share of the training split kept for validation. 0 trains on all of it and watches nothing.",
    )
    loss: Literal["softmax"] = Field(
        "softmax", title="Loss", description="Softmax cross-entropy: minus the log probability of the right class."
    )
    optimizer: Optimizer = Optimizer()
    schedule: Literal["constant", "cosine"] = Field(
        "constant",
        title="Schedule",
        description="How the learning rate changes: not at all, or falling to zero along half a cosine.",
    )
    shift: int = Field(
        0,
        ge=0,
        le=8,
        title="Random shift",
        description="Each training image is moved by up to this many pixels, anew at every epoch. 2 suits digits.",
    )
    batch_size: int = Field(
        250,
        ge=1,
        le=65536,
        title="Batch size",
        description="Images averaged for one step. Small: noisy, slow. Large: smooth, but fewer steps an epoch.",
        json_schema_extra={"live": True},
    )
    epochs: int = Field(5, ge=1, le=10000, title="Epochs", description="Passes over the training images.")
    seed: int = Field(
        0,
        ge=0,
        le=2**31 - 1,
        title="Seed",
        description="Fixes the first weights, the batch order and dropout: the same seed gives the same run.",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", title="Device", description="Where the numbers are crunched. Auto takes a GPU where there is one."
    )
    threads: int = Field(
        0,
        ge=0,
        le=256,
        title="CPU threads",
        description="0 lets cvlab choose. 1 makes a run on the CPU repeatable to the last bit.",
    )
