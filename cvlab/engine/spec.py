"""Settings that a person may turn: frozen, each with its range, and a sentence for whatever is out of it."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from cvlab.engine.errors import RecipeError


class Spec(BaseModel):
    """The base of every settings class: fields carry title, description and range, from which forms are made."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Settings from plain values; raises `RecipeError` that names every field out of range."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise RecipeError(
                " ".join(_sentence(problem) for problem in error.errors()),
                remedy="Put the value in range; nothing was changed.",
            ) from error

    def changed(self, **values: Any) -> Self:
        """These settings with other values, checked like the first ones."""
        return type(self).read(self.model_dump() | values)


def _sentence(problem: Any) -> str:
    name = ".".join(map(str, problem["loc"])) or "the settings"
    if problem["type"] == "extra_forbidden":
        return f"There is no setting “{name}” here."
    message = problem["msg"][:1].lower() + problem["msg"][1:]
    return f"{name} is {str(problem['input'])[:60]}, but {message}."
