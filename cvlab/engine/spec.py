"""Settings that a person may turn: frozen, each with its range, and a sentence for whatever is out of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.fields import FieldInfo

from cvlab.engine import validation
from cvlab.engine.errors import RecipeError

MOST_TOLD = 8
"""Settings out of range that a message names one by one."""


class Spec(BaseModel):
    """The base of every settings class: fields carry title, description and range, from which forms are made.

    aliases: short names that are understood beside a field's own. Settings that have a `kind` may be given as that word alone:
    "cosine" is read as {"kind": "cosine"}, which is also how files of before there was more to set are read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    aliases: ClassVar[dict[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _understand(cls, values: Any) -> Any:
        if isinstance(values, str) and "kind" in cls.model_fields:
            return {"kind": values}
        if isinstance(values, dict) and not cls.aliases.keys().isdisjoint(values):
            renamed = {cls.aliases[name]: value for name, value in values.items() if name in cls.aliases}
            return {name: value for name, value in values.items() if name not in cls.aliases} | renamed
        return values

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Settings from plain values; raises `RecipeError` that names the fields out of range."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = error.errors()
            more = f" {len(problems) - MOST_TOLD:,} more settings are wrong." if len(problems) > MOST_TOLD else ""
            raise RecipeError(
                " ".join(_sentence(cls, problem) for problem in problems[:MOST_TOLD]) + more,
                remedy="Put the value in range; nothing was changed.",
            ) from error

    def changed(self, **values: Any) -> Self:
        """These settings with other values, checked like the first ones; dotted names reach inside:
        `changed(**{"optimizer.learning_rate": 0.01})`."""
        merged = self.model_dump()
        for name, value in values.items():
            place = merged
            *path, last = self.canonical(name).split(".")
            for part in path:
                place = place.setdefault(part, {})
                if not isinstance(place, dict):
                    raise RecipeError(f"There is no setting “{name}” here.")
            place[last] = value
        return type(self).read(merged)

    @classmethod
    def paths(cls) -> Iterator[str]:
        """The dotted names of all settings, those inside other settings too: "optimizer.learning_rate"."""
        for name, field in cls.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, Spec):
                yield from (f"{name}.{path}" for path in inner.paths())
            else:
                yield name

    @classmethod
    def understood(cls) -> Iterator[str]:
        """The dotted names of all settings, once more for each short name: "optimizer.lr" beside "optimizer.learning_rate"."""
        short = {name: [alias for alias, whole in cls.aliases.items() if whole == name] for name in cls.model_fields}
        for name, field in cls.model_fields.items():
            inner = field.annotation
            for each in (name, *short[name]):
                if isinstance(inner, type) and issubclass(inner, Spec):
                    yield from (f"{each}.{path}" for path in inner.understood())
                else:
                    yield each

    @classmethod
    def canonical(cls, path: str) -> str:
        """A dotted name with every alias in it replaced; a name that is not there stays as it is."""
        model: Any = cls
        parts = []
        for part in path.split("."):
            inside = isinstance(model, type) and issubclass(model, Spec)
            name = model.aliases.get(part, part) if inside else part
            parts.append(name)
            model = getattr(model.model_fields.get(name), "annotation", None) if inside else None
        return ".".join(parts)

    @classmethod
    def field(cls, path: str) -> FieldInfo:
        """What is known of one setting: title, description, range. Raises `RecipeError` for a name that is not there."""
        model: Any = cls
        *outer, last = cls.canonical(path).split(".")
        for part in outer:
            info = model.model_fields.get(part) if isinstance(model, type) and issubclass(model, Spec) else None
            model = None if info is None else info.annotation
        known = isinstance(model, type) and issubclass(model, Spec)
        info = model.model_fields.get(last) if known else None
        if info is None:
            raise RecipeError(_not_there(cls, path))
        return info

    def look_up(self, path: str) -> Any:
        """The value of a setting by its dotted name."""
        self.field(path)
        value: Any = self
        for part in self.canonical(path).split("."):
            value = getattr(value, part)
        return value

    def flat(self) -> dict[str, Any]:
        """Every setting by its dotted name, in the order of the form."""
        return {path: self.look_up(path) for path in self.paths()}


def _sentence(cls: type[Spec], problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])[:100] or "the settings"
    if problem["type"] == "extra_forbidden":
        return _not_there(cls, name)
    return validation.describe(problem, cls)


def _not_there(cls: type[Spec], path: str) -> str:
    """The sentence for a name that is not there, with the one that was probably meant: by its whole name or by its last part."""
    known = {name.rpartition(".")[2]: name for name in reversed(list(cls.understood()))}
    known |= {name: name for name in (*cls.model_fields, *cls.understood())}
    close = difflib.get_close_matches(path[:100], known, n=1)
    return f"There is no setting “{path}” here" + (f"; did you mean “{known[close[0]]}”?" if close else ".")
