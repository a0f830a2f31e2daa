"""Named recipes: whole, for nets that there are, and made of what runs batched on the device."""

import pytest

from cvlab.engine.nets import zoo
from cvlab.engine.training.presets import PRESETS
from cvlab.engine.training.recipe import Recipe


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_whole_recipe_for_a_net_of_the_zoo(name):
    preset = PRESETS[name]
    assert preset.net in zoo.ZOO and Recipe.read(preset.recipe.model_dump()) == preset.recipe
    assert all(preset.recipe.uses(path) for path in Recipe().difference(preset.recipe)), "nothing in it is idle"
    assert str(preset.recipe.epochs) in preset.words


def test_the_fast_recipe_rises_for_six_epochs_and_ends_at_nothing():
    recipe = PRESETS["resnet9-fast"].recipe
    rates = [recipe.schedule.rate(recipe.optimizer.learning_rate, epoch, recipe.epochs) for epoch in range(31)]
    assert max(rates) == rates[6] == 0.005 and rates[0] < 0.0003 and rates[30] < 1e-7
    assert rates[:7] == sorted(rates[:7]) and rates[6:] == sorted(rates[6:], reverse=True)
