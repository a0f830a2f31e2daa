"""The recipe: one typed spec of everything that affects a number. The form, the command line and the file come from it."""

from __future__ import annotations

import difflib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cvlab.engine.errors import RecipeError


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Optimizer(_Spec):
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


class Recipe(_Spec):
    """What a run is made of, besides the architecture. Every field has its range; out of range raises `RecipeError`."""

    data: str = Field("mnist-mini", title="Data", description="The data set's id in the catalogue.")
    preprocessing: Literal["unit", "signed", "standardize"] = Field(
        "signed",
        title="Input scaling",
        description="What pixels 0..255 become: [0, 1], [-1, 1], or zero mean and unit deviation of the training split.",
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

    @classmethod
    def read(cls, values: dict[str, Any]) -> Recipe:
        """A recipe from plain values; raises `RecipeError` that names every field out of range."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise RecipeError(
                " ".join(_sentence(cls, problem) for problem in error.errors()),
                remedy="Put the value in range; nothing was changed.",
            ) from error

    def changed(self, **values: Any) -> Recipe:
        """This recipe with other values; dotted names reach inside: `changed(**{"optimizer.learning_rate": 0.01})`."""
        merged = self.model_dump()
        for name, value in values.items():
            place = merged
            *path, last = name.split(".")
            for part in path:
                place = place.setdefault(part, {})
                if not isinstance(place, dict):
                    raise RecipeError(f"A recipe has no field “{name}”.")
            place[last] = value
        return type(self).read(merged)


def _sentence(cls: type[BaseModel], problem: Any) -> str:
    path = [str(part) for part in problem["loc"]]
    name = ".".join(path) or "the recipe"
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(path[-1], [*cls.model_fields, *Optimizer.model_fields], n=1)
        return f"A recipe has no field “{name}”" + (f"; did you mean “{close[0]}”?" if close else ".")
    message = problem["msg"][:1].lower() + problem["msg"][1:]
    return f"{name} is {str(problem['input'])[:60]}, but {message}."
