"""Values out of range, in sentences: never in pydantic's words, and true to what the models declare."""

import json
import types
import typing
from typing import Annotated, Literal

import pytest
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, ValidationError

from cvlab.core.panels import STATES, saved_class
from cvlab.core.storage.net_folder import NetRecord
from cvlab.core.storage.queue_folder import QueuedRun
from cvlab.core.storage.record import Notes, RunRecord
from cvlab.engine.data.own import Manifest
from cvlab.engine.data.planning import Options
from cvlab.engine.errors import CvlabError
from cvlab.engine.nets import zoo
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.nets.layers import REGISTRY
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.validation import allowed, first_problem, read_failure

LIBRARY = ("Input should", "pydantic", "valid integer", "unable to", "Field required", "Extra inputs",
           "validation error", "value_error", "input_value", "type=", "Value error", "errors.", "List should", "String should",
           "Tuple should")  # fmt: skip
MODELS = (Recipe, Architecture, Notes, RunRecord, NetRecord, QueuedRun, Manifest, Options, *REGISTRY.values(),
          *(saved_class(panel_id) for panel_id in STATES))  # fmt: skip
WRONG = (
    None,
    "nonsense?",
    "",
    -1e12,
    1e12,
    float("nan"),
    float("inf"),
    True,
    [],
    [1],
    {},
    {"kind": "nonsense"},
    1.5,
)


def refused(model, value):
    try:
        model.model_validate(value)
    except ValidationError as error:
        return first_problem(error)
    except CvlabError:  # an error of ours, raised by a validator of a panel's
        return None
    return None


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_field_of_any_model_answers_in_the_librarys_words(model):
    told = [refused(model, value) for value in (*WRONG, {"nosuchsetting": 1})]
    for name in model.model_fields:
        told += [refused(model, {name: value}) for value in WRONG]
    told = [sentence for sentence in told if sentence is not None]
    assert told
    for sentence in told:
        assert not [words for words in LIBRARY if words in sentence], sentence
        assert sentence.endswith((".", "?")) and "\n" not in sentence


@pytest.mark.parametrize("path", [path for path in Recipe.paths() if path != "data"])
def test_the_range_in_the_sentence_is_the_range_that_is_taken(path):
    """At each limit that the field declares: what lies within is taken, what lies outside is refused with that limit."""
    field = Recipe.field(path)
    tried = 0
    for limit in field.metadata:
        for kind, inside, outside in ((Ge, 0, -1), (Le, 0, 1), (Gt, 1, 0), (Lt, -1, 0)):
            if not isinstance(limit, kind):
                continue
            bound = getattr(limit, kind.__name__.lower())
            step = 1 if isinstance(bound, int) and field.annotation is int else max(abs(bound) * 1e-6, 1e-12)
            Recipe().changed(**{path: bound + inside * step})
            with pytest.raises(CvlabError) as caught:
                Recipe().changed(**{path: bound + outside * step})
            sentence = caught.value.what
            assert sentence.startswith(f"{path} is ")
            assert (
                f"{bound:,}" if isinstance(bound, int) else f"{bound:.12g}"
            ) in sentence or f"{bound:,.0f}" in sentence
            tried += 1
    if typing.get_origin(field.annotation) is Literal:
        choices = typing.get_args(field.annotation)
        for wrong in ("", "nosuch", f"{choices[0]}x"):
            with pytest.raises(CvlabError) as caught:
                Recipe().changed(**{path: wrong})
            assert caught.value.what.split("one of ")[1].split(".")[0] == ", ".join(choices)
        tried += 1
    assert tried or field.annotation is bool


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "a whole number"),
        (Annotated[int, Ge(1), Le(10_000)], "a whole number from 1 to 10,000"),
        (Annotated[float, Gt(0), Le(100)], "a number above 0 and at most 100"),
        (Annotated[float, Ge(0), Lt(1)], "a number of at least 0 and below 1"),
        (Annotated[int, Le(5)] | None, "a whole number of at most 5"),
        (Literal["a", 2], "one of a, 2"),
        (bool, "true or false"),
        (tuple[int, ...], "a list"),
        (dict[str, int], "an object with names and values"),
        (object, ""),
    ],
)  # fmt: skip
def test_what_is_allowed_in_words(annotation, words):
    assert allowed(annotation) == words
    assert isinstance(annotation, type | types.UnionType | object)


def test_a_part_of_a_file_is_named_by_its_place():
    data = json.loads(zoo.lenet().model_dump_json())
    data["nodes"][1]["layer"]["filters"] = 0
    assert refused(Architecture, data).startswith("nodes[1].layer.filters is 0, but it must be a ")
    data["nodes"][1] = {"id": 1}
    assert refused(Architecture, data) == "nodes[1].name is missing."


def test_a_file_that_is_no_json_is_told_apart():
    for content in ("", "{", "[1,", "\x00"):
        with pytest.raises(ValidationError) as caught:
            Notes.model_validate_json(content)
        assert read_failure(caught.value) == "It is not JSON, or only a part of it"
        with pytest.raises(ValueError) as plain:
            json.loads(content)
        assert read_failure(plain.value) == "it is not JSON, or only a part of it"
    assert read_failure(FileNotFoundError(2, "No such file or directory", "x")) == "No such file or directory"


def test_two_models_of_one_name_are_not_confused():
    class Notes(BaseModel):  # there is one of this name in the package
        title: int

    with pytest.raises(ValidationError) as caught:
        Notes.model_validate({"title": "x"})
    assert first_problem(caught.value) == "title is x, but it must be a number."
