"""Settings that a person may turn: frozen, each with its range, and a sentence for whatever is out of it."""

from __future__ import annotations

import difflib
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
                " ".join(_sentence(cls, problem) for problem in error.errors()),
                remedy="Put the value in range; nothing was changed.",
            ) from error

    def changed(self, **values: Any) -> Self:
        """These settings with other values, checked like the first ones; dotted names reach inside:
        `changed(**{"optimizer.learning_rate": 0.01})`."""
        merged = self.model_dump()
        for name, value in values.items():
            place = merged
            *path, last = name.split(".")
            for part in path:
                place = place.setdefault(part, {})
                if not isinstance(place, dict):
                    raise RecipeError(f"There is no setting “{name}” here.")
            place[last] = value
        return type(self).read(merged)


def _sentence(cls: type[BaseModel], problem: Any) -> str:
    *_, last = path = [str(part) for part in problem["loc"]] or ["the settings"]
    name = ".".join(path)
    if problem["type"] == "extra_forbidden":
        close = difflib.get_close_matches(last, _names(cls), n=1)
        return f"There is no setting “{name}” here" + (f"; did you mean “{close[0]}”?" if close else ".")
    message = problem["msg"][:1].lower() + problem["msg"][1:].replace("nput should be", "t must be")
    return f"{name} is {str(problem['input'])[:60]}, but {message}."


def _names(cls: type[BaseModel]) -> list[str]:
    """The names of all fields, those inside other settings too."""
    names = []
    for name, field in cls.model_fields.items():
        names.append(name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names += _names(field.annotation)
    return names
