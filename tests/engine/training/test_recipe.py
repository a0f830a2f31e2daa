"""The recipe refuses what is out of range, in words, and names the field that was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.errors import RecipeError
from cvlab.engine.training.recipe import Optimizer, Recipe


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 70000}, "batch_size is 70000"),
        ({"optimizer.learning_rate": 0}, "optimizer.learning_rate is 0"),
        ({"optimizer.learning_rate": float("nan")}, "optimizer.learning_rate is nan"),
        ({"optimizer.learning_rate": float("inf")}, "optimizer.learning_rate is inf"),
        ({"optimizer.kind": "adamant"}, "optimizer.kind is adamant"),
        ({"held_out": 1.0}, "held_out is 1.0"),
        ({"seed": -1}, "seed is -1"),
        ({"lerning_rate": 1}, "did you mean “learning_rate”"),
        ({"optimizer.epochs": 1}, "no setting “optimizer.epochs”"),
        ({"seed.deep": 1}, "no setting"),
    ],
)
def test_out_of_range(change, words):
    with pytest.raises(RecipeError) as caught:
        Recipe().changed(**change)
    assert words in str(caught.value)


def test_all_problems_are_named_at_once():
    with pytest.raises(RecipeError) as caught:
        Recipe().changed(epochs=0, batch_size=0)
    assert "epochs" in str(caught.value) and "batch_size" in str(caught.value)


def test_text_from_a_command_line_is_understood():
    recipe = Recipe().changed(epochs="3", **{"optimizer.learning_rate": "1e-2"})
    assert (recipe.epochs, recipe.optimizer.learning_rate) == (3, 0.01)


@given(st.builds(Recipe, epochs=st.integers(1, 10000), seed=st.integers(0, 2**31 - 1),
                 optimizer=st.builds(Optimizer, learning_rate=st.floats(1e-9, 100))))  # fmt: skip
def test_json_round_trip(recipe):
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize("model", [Recipe, Optimizer])
def test_every_field_teaches(model):
    for name, field in model.model_fields.items():
        if name != "optimizer":
            assert field.title and field.description and field.description.endswith("."), name
