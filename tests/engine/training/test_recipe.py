"""The recipe refuses what is out of range, in words, and names the field that was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.data.augmentation import Augmentation
from cvlab.engine.errors import RecipeError
from cvlab.engine.schedules import Schedule
from cvlab.engine.training.recipe import EarlyStopping, Initialisation, Loss, Optimizer, Recipe, Regularisation


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 70000}, "batch_size is 70000"),
        ({"optimizer.learning_rate": 0}, "optimizer.learning_rate is 0"),
        ({"optimizer.learning_rate": float("nan")}, "optimizer.learning_rate is nan"),
        ({"optimizer.learning_rate": float("inf")}, "optimizer.learning_rate is inf"),
        ({"optimizer.kind": "adamant"}, "optimizer.kind is adamant"),
        ({"held_out": 1.0}, "held_out is 1,"),
        ({"seed": -1}, "seed is -1"),
        ({"lerning_rate": 1}, "did you mean “optimizer.learning_rate”"),
        ({"lrr": 1}, "no setting “lrr” here; did you mean “optimizer.lr”"),
        ({"optimizer.lrr": 1}, "no setting “optimizer.lrr” here; did you mean “optimizer.lr”"),
        ({"optimiser.lr": 1}, "no setting “optimiser” here; did you mean “optimizer”"),
        ({"initialization.knd": 1}, "did you mean “initialisation.kind”"),
        ({"batchsize": 1}, "did you mean “batch_size”"),
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


SECTIONS = [Loss, Regularisation, EarlyStopping, Initialisation, Schedule, Augmentation]


@pytest.mark.parametrize("model", SECTIONS)
def test_every_setting_of_every_section_teaches(model):
    for name, field in model.model_fields.items():
        assert field.title and field.description and field.description.endswith("."), name


def test_a_recipe_of_before_there_were_sections_is_read():
    old = {"data": "mnist", "preprocessing": "signed", "held_out": 0.08, "loss": "softmax", "schedule": "cosine", "shift": 2,
           "optimizer": {"kind": "momentum", "learning_rate": 0.002, "momentum": 0.9, "weight_decay": 1e-4},
           "batch_size": 250, "epochs": 60, "seed": 2, "device": "auto", "threads": 1}  # fmt: skip
    recipe = Recipe.read(old)
    assert (recipe.schedule.kind, recipe.loss.kind, recipe.shift, recipe.optimizer.kind) == (
        "cosine", "softmax", 2, "momentum",
    )  # fmt: skip
    defaults = Recipe().flat() | {"schedule.kind": "cosine", "shift": 2}
    assert {k: v for k, v in recipe.flat().items() if k in ("precision", "channels_last", "initialisation.kind")} == {
        k: v for k, v in defaults.items() if k in ("precision", "channels_last", "initialisation.kind")
    }, "what an old recipe does not say is as it was then"


def test_short_names():
    recipe = Recipe().changed(**{"optimizer.lr": 0.5, "init.kind": "he", "schedule": "step", "optimizer.l2": 0.1})
    assert (recipe.optimizer.learning_rate, recipe.initialisation.kind, recipe.schedule.kind) == (0.5, "he", "step")
    assert recipe.optimizer.weight_decay == 0.1
    assert recipe.changed(**{"init.bias": "set"}).initialisation.kind == "he", "the rest of the section stays"
    assert recipe.look_up("optimizer.lr") == 0.5
    with pytest.raises(RecipeError, match=r"did you mean “optimizer\.learning_rate”"):
        recipe.look_up("optimizer.learning")


def test_what_differs_leaves_out_what_neither_uses():
    adam = Recipe()
    assert adam.difference(adam.changed(**{"optimizer.momentum": 0.5})) == {}
    other = adam.changed(**{"optimizer.kind": "momentum", "optimizer.momentum": 0.5, "epochs": 7})
    assert adam.difference(other) == {
        "optimizer.kind": ("adam", "momentum"), "optimizer.momentum": (0.9, 0.5), "epochs": (5, 7),
    }  # fmt: skip


def test_live_settings():
    assert {"optimizer.learning_rate", "optimizer.weight_decay", "batch_size", "regularisation.l1"} <= set(
        Recipe.live()
    )
    assert "seed" not in Recipe.live()
