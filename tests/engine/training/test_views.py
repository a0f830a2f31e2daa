"""Looks inside a net while it learns: right by numpy, only when asked, and without a trace in the run."""

import numpy as np
import pytest
import torch

from cvlab.engine.training.control import VIEWS, Control
from cvlab.engine.training.events import RunFinished, StepEnd, ViewTaken
from cvlab.engine.training.fit import answers, fit
from cvlab.engine.training.learner import Learner
from cvlab.engine.training.recipe import Recipe
from cvlab.engine.training.views import BINS, Subject, distribution, look, look_at

RECIPE = Recipe(data="bars", batch_size=32, epochs=2, held_out=0.2, threads=1, device="cpu")


def steps(events):
    return [(e.step, e.loss, e.accuracy) for e in events if isinstance(e, StepEnd)]


def test_asking_for_everything_all_the_time_changes_no_number(net, data):
    control, seen = Control(), []
    for event in fit(Learner(net, data, RECIPE), control):
        seen.append(event)
        for view in VIEWS:
            control.ask(view)
    assert steps(seen) == steps(fit(Learner(net, data, RECIPE)))
    taken = [e for e in seen if isinstance(e, ViewTaken)]
    assert {e.view for e in taken} == {"layers", "filters", "confusion", "mistakes"}
    assert isinstance(seen[-1], RunFinished)


def test_nothing_is_made_that_nobody_asked_for(net, data):
    assert not [e for e in fit(Learner(net, data, RECIPE)) if isinstance(e, ViewTaken)]
    with pytest.raises(ValueError, match="no view"):
        Control().ask("x-ray")


def test_layers(net, data):
    control, learner = Control(), Learner(net, data, RECIPE.changed(**{"optimizer.kind": "sgd", "optimizer.lr": 0.1}))
    before, view = {}, None
    for event in fit(learner, control):
        if isinstance(event, StepEnd) and event.step == 3:
            control.ask("layers")
        if isinstance(event, StepEnd) and event.step == 3:
            before = learner.weights()
        if isinstance(event, ViewTaken):
            view, step = event.content, event.step
            after = learner.weights()
            gradient = learner.module.conv1.weight.grad.numpy().copy()
            break
    assert step == 4, "how far a step goes is seen across one"
    by_name = {layer.name: layer for layer in view.layers}
    conv = by_name["conv1"]
    w = after["conv1.weight"]
    assert conv.weight.mean == pytest.approx(w.mean(), abs=1e-7) and conv.weight.std == pytest.approx(w.std(), rel=1e-5)
    assert conv.weight.counts.sum() == w.size and (conv.weight.low, conv.weight.high) == (w.min(), w.max())
    np.testing.assert_array_equal(conv.weight.counts, np.histogram(w, BINS, (w.min(), w.max()))[0])
    change = np.linalg.norm(w - before["conv1.weight"]) / np.linalg.norm(before["conv1.weight"])
    assert conv.update_ratio == pytest.approx(change, rel=1e-4)
    assert conv.gradient.std == pytest.approx(gradient.std(), rel=1e-5)
    out = learner.trained().look(data.test.images[0])[1]
    assert by_name["relu1"].weight is None and set(by_name) == set(out) - {"input"}
    with pytest.raises(ValueError, match="read-only"):
        conv.weight.counts[0] = 1


def test_dead_units_are_those_that_never_fire(net, data):
    learner = Learner(net, data, RECIPE)
    with torch.no_grad():
        learner.module.conv1.bias[:3] = -1000.0  # three of four feature maps
        learner.module.fc1.bias[:4] = -1000.0  # four of sixteen units
    layers = {layer.name: layer for layer in look(learner, "layers").layers}
    assert layers["relu1"].dead == 0.75 and layers["relu2"].dead >= 0.25 and layers["conv1"].dead is None
    assert layers["conv1"].update_ratio is None and layers["conv1"].gradient is None


def test_confusion_and_mistakes_agree_with_the_predictions(net, data):
    learner = Learner(net, data, RECIPE)
    for _ in range(5):
        learner.advance()
    images, labels = learner.held_out
    p = learner.trained().predict(images)
    right = labels.numpy()
    confusion = look(learner, "confusion")
    want = np.zeros((3, 3), int)
    np.add.at(want, (right, p.argmax(1)), 1)
    np.testing.assert_array_equal(confusion.matrix, want)
    assert confusion.held_out and confusion.classes == data.classes
    mistakes = look(learner, "mistakes")
    assert mistakes.count == (p.argmax(1) != right).sum() and mistakes.judged == len(right)
    assert (np.diff(mistakes.probability) <= 0).all() and (mistakes.predicted != mistakes.right).all()
    for i, place in enumerate(mistakes.index[:5]):
        np.testing.assert_array_equal(mistakes.images[i], images[place])
        assert mistakes.probability[i] == pytest.approx(p[place].max(), abs=1e-6)
    nothing_held_out = Learner(net, data, RECIPE.changed(held_out=0.0))
    assert not look(nothing_held_out, "confusion").held_out


def test_filters_and_a_net_of_the_past(net, data):
    learner = Learner(net, data, RECIPE)
    filters = look(learner, "filters")
    assert filters.name == "conv1" and filters.filters.shape == (4, 1, 3, 3)
    np.testing.assert_array_equal(filters.filters, learner.weights()["conv1.weight"])
    past = Subject.of(learner.trained(), *learner.held_out)
    np.testing.assert_array_equal(look_at(past, "confusion").matrix, look(learner, "confusion").matrix)


def test_answers_at_rest(net, data):
    control, learner = Control(), Learner(net, data, RECIPE)
    control.ask("layers")
    control.ask("filters")
    assert [e.view for e in answers(learner, control)] == ["layers", "filters"]
    assert not control.has_requests and not list(answers(learner, control))


def test_numbers_that_are_none_are_left_out_of_the_histogram():
    found = distribution(torch.tensor([1.0, float("nan"), 3.0, float("inf")]))
    assert found.counts.sum() == 2 and (found.low, found.high, found.mean) == (1.0, 3.0, 2.0)
    assert distribution(torch.full((5,), 2.0)).counts.sum() == 5
    assert distribution(torch.tensor([float("nan")])).counts.sum() == 0
