"""What is wrong with values from a file, a form or the command line, in sentences made from the models' own fields.

pydantic's messages speak of its types and are written for programmers. What a person reads names the setting, the value that was
received and what is allowed there, taken from the field's own annotation and limits.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, ValidationError

_LONGEST = 60  # characters of a received value that are shown
_NOT_JSON = "it is not JSON, or only a part of it"


def first_problem(error: ValidationError, place: str = "") -> str:
    """The sentence for the first problem of values that a model has refused. place: the name of where they stand, if the model
    is a part of a larger file."""
    return describe(error.errors()[0], _model_named(error.title), place)


def read_failure(error: BaseException) -> str:
    """Why a file of ours could not be read, for `received` of an error: without a full stop, and without a library's words."""
    if isinstance(error, ValidationError):
        return first_problem(error).rstrip(".")
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return _NOT_JSON  # a ValueError or RecursionError of the JSON parser


def describe(problem: Mapping[str, Any], model: type[BaseModel] | None = None, place: str = "") -> str:
    """The sentence for one entry of `ValidationError.errors()`. model: the class that was to be read; its fields say what is
    allowed."""
    name, annotation, limits = _find(model, problem["loc"], place)
    kind, given = problem["type"], problem.get("input")
    if kind == "missing":
        return f"{name} is missing."
    if kind == "extra_forbidden":
        return f"There is no {name} here."
    if kind == "json_invalid":
        return f"{_NOT_JSON[:1].upper()}{_NOT_JSON[1:]}."
    if kind in ("value_error", "assertion_error"):  # of our own validators: a sentence already
        cause = problem.get("ctx", {}).get("error", "")
        if isinstance(cause, ValidationError):  # a part that is read by a class of its own
            return first_problem(cause, name)
        words = str(cause).strip().rstrip(".") or "the values do not go together"
        inner = problem["loc"] and isinstance(given, str)
        return f"{name}: {words}." if inner else f"{words[:1].upper()}{words[1:]}."
    wanted = allowed(annotation, limits) if annotation is not None else ""
    wanted = wanted or _from_context(kind, problem.get("ctx", {}))
    return f"{name} is {shown(given)}, but it must be {wanted}.{_guess(given, annotation)}"


def allowed(annotation: Any, limits: Sequence[Any] = ()) -> str:
    """What a field takes, in words: "a whole number from 1 to 10,000", "one of sgd, adam"; "" where there are none for it."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        inner, *more = typing.get_args(annotation)
        return allowed(inner, (*limits, *more))
    if origin is Literal:
        choices = [shown(choice) for choice in typing.get_args(annotation)]
        return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
    if origin in (Union, types.UnionType):
        parts = [allowed(part, limits) for part in typing.get_args(annotation) if part is not type(None)]
        return " or ".join(dict.fromkeys(part for part in parts if part))
    if annotation is bool:
        return "true or false"
    if annotation is int:
        return f"a whole number{_range(limits)}"
    if annotation is float:
        return f"a number{_range(limits)}"
    if annotation is str:
        return f"text{_length(limits, 'characters')}"
    if origin in (tuple, list, set, frozenset) or annotation in (tuple, list):
        return f"a list{_length(limits, 'entries')}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        kind = annotation.model_fields.get("kind")
        words = allowed(kind.annotation, kind.metadata) if kind is not None else ""
        return words if words.startswith("one of") else "an object with its settings"
    return "an object with names and values" if origin is dict or annotation is dict else ""


def shown(value: Any) -> str:
    """A received value as it is shown in a sentence: short, on one line."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.12g}"
    text = " ".join(str(value).split()) if not isinstance(value, bytes) else "bytes"
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return text if text and " " not in text else f"“{text}”"


def _number(value: float) -> str:
    if isinstance(value, int) and abs(value) < 10**15:
        return f"{value:,}"
    whole = isinstance(value, float) and value.is_integer() and 1000 <= abs(value) < 1e15
    return f"{value:,.0f}" if whole else f"{value:.12g}"


def _range(limits: Sequence[Any]) -> str:
    low, high = _limit(limits, "ge"), _limit(limits, "le")
    above, below = _limit(limits, "gt"), _limit(limits, "lt")
    if low is not None and high is not None:
        return f" from {_number(low)} to {_number(high)}"
    parts = [
        f"{word} {_number(limit)}"
        for word, limit in (("of at least", low), ("above", above), ("at most", high), ("below", below))
        if limit is not None
    ]
    words = " and ".join(parts)
    return f" of {words}" if words.startswith("at most") else f" {words}" if words else ""


def _length(limits: Sequence[Any], unit: str) -> str:
    least, most = _limit(limits, "min_length"), _limit(limits, "max_length")
    if least and most is not None:
        return f" of {least:,} to {most:,} {unit}"
    if most is not None:
        return f" of at most {most:,} {unit}"
    return f" of at least {least:,} {unit}" if least else ""


def _limit(limits: Sequence[Any], name: str) -> Any:
    return next((getattr(each, name) for each in limits if getattr(each, name, None) is not None), None)


def _from_context(kind: str, context: Mapping[str, Any]) -> str:
    """What is allowed, from the problem alone: for what no field describes."""
    if words := _range([types.SimpleNamespace(**context)]):
        return f"a number{words}"
    if words := _length([types.SimpleNamespace(**context)], "entries"):
        return f"something{words}"
    if kind.startswith(("int_", "float_", "decimal", "finite")):
        return "a number"
    if kind.startswith(("dict", "model", "mapping", "dataclass")):
        return "an object with names and values"
    if kind.startswith(("list", "tuple", "set", "frozen_set", "iter")):
        return "a list"
    return "true or false" if kind.startswith("bool") else "text" if kind.startswith("str") else "another value"


def _guess(given: Any, annotation: Any) -> str:
    """The choice that was probably meant, as a sentence of its own."""
    choices = typing.get_args(annotation) if typing.get_origin(annotation) is Literal else ()
    names = [choice for choice in choices if isinstance(choice, str)]
    is_word = isinstance(given, str) and len(given) <= 100  # comparing takes memory for each character
    close = difflib.get_close_matches(given.lower(), names, n=1) if is_word else []
    return f" Did you mean “{close[0]}”?" if close else ""


def _find(model: type[BaseModel] | None, location: Sequence[str | int], name: str) -> tuple[str, Any, tuple[Any, ...]]:
    """(dotted name, annotation, limits) of what a problem is about; annotation None where the model does not tell."""
    current: Any = model
    limits: tuple[Any, ...] = ()
    for part in location:
        current, limits = _inside(current, part) if current is not None else (None, ())
        if isinstance(part, int):
            name += f"[{part}]"
        elif current is not None or _is_plain(part):
            name += f".{part}" if name else part
    is_field = bool(location) and current is not None
    return name or "It", current if is_field else None, limits


def _model_named(title: str) -> type[BaseModel] | None:
    """The model of this name among all that are defined; None where there is not exactly one."""
    waiting, found = [BaseModel], set()
    while waiting:
        for each in waiting.pop().__subclasses__():
            waiting.append(each)
            if each.__name__ == title:
                found.add(each)
    return found.pop() if len(found) == 1 else None


def _inside(annotation: Any, part: str | int) -> tuple[Any, tuple[Any, ...]]:
    """The annotation and the limits of one part of a value."""
    for option in _options(annotation):
        origin, arguments = typing.get_origin(option), typing.get_args(option)
        if isinstance(part, str) and isinstance(option, type) and issubclass(option, BaseModel):
            field = option.model_fields.get(part)
            if field is not None:
                return field.annotation, tuple(field.metadata)
        elif isinstance(part, int) and origin in (tuple, list, set, frozenset) and arguments:
            index = part if origin is tuple and part < len(arguments) and arguments[-1] is not Ellipsis else 0
            return arguments[index], ()
        elif origin is dict and len(arguments) == 2:
            return arguments[1], ()
    return None, ()


def _options(annotation: Any) -> tuple[Any, ...]:
    """The annotation without Annotated, or each of a union's."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _options(typing.get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(inner for part in typing.get_args(annotation) for inner in _options(part))
    return (annotation,)


def _is_plain(part: str) -> bool:
    """Whether it is a name of a file's, and not pydantic's name for one of several possible types."""
    return part.replace("_", "").isalnum()
