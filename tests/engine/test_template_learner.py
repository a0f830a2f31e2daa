"""The learner of templates against its own formula, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest

from cvlab.engine.classifier import Objective, evaluate
from cvlab.engine.errors import DataError, NonFiniteLoss
from cvlab.engine.template_learner import TemplateLearner


@pytest.fixture
def data():
    rng = np.random.default_rng(3)
    labels = rng.integers(3, size=90)
    images = rng.integers(0, 40, (90, 4, 4)).astype(np.uint8)
    images[np.arange(90), labels] += 150  # the row of its label is bright
    return images, labels


def test_a_step_on_all_images_is_plain_descent(data):
    images, labels = data
    made, objective = TemplateLearner(images, labels, 3), Objective(loss="softmax", lambda_2=0.01)
    X = images.reshape(90, -1) / 255.0
    now = evaluate(X, labels, made.W, made.b, objective)
    assert made.step(objective, 0.5) == pytest.approx(np.log(3))
    assert np.allclose(made.W, -0.5 * now.dW) and np.allclose(made.b, -0.5 * now.db)


def test_it_learns_and_its_templates_show_what_it_looks_for(data):
    images, labels = data
    made = TemplateLearner(images, labels, 3)
    for _ in range(100):
        made.step(Objective(), 0.1)
    assert made.accuracy(images, labels) == 1.0
    assert [int(template.mean(axis=1).argmax()) for template in made.templates] == [0, 1, 2]


@pytest.mark.parametrize("loss", ["hinge", "softmax", "one-vs-all"])
def test_its_gradient_passes_the_check(data, loss):
    made = TemplateLearner(*data, 3)
    made.step(Objective(loss=loss), 0.1)
    check = made.check_gradient(Objective(loss=loss))
    assert check.passed and check.errors.size == 24


def test_the_same_seed_gives_the_same_course(data):
    courses = []
    for _ in range(2):
        made = TemplateLearner(*data, 3, seed=5)
        courses.append([made.step(Objective(), 0.1) for _ in range(5)])
    assert courses[0] == courses[1]


def test_a_rate_that_leads_out_of_the_numbers_leaves_the_weights(data):
    made = TemplateLearner(*data, 3)
    made.step(Objective(), 0.1)
    before = made.W.copy()
    with pytest.raises(NonFiniteLoss):
        made.step(Objective(), 1e200)
    assert np.array_equal(made.W, before)


def test_it_needs_images():
    with pytest.raises(DataError):
        TemplateLearner(np.empty((0, 4, 4), np.uint8), np.empty(0, np.int64), 3)
