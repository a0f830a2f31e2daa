import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.classifier import LinearClassifier, Objective, check_gradient, evaluate
from cvlab.engine.errors import DataError, NonFiniteLoss, RecipeError
from cvlab.engine.losses import LOSSES, PENALTIES

objectives = st.builds(
    Objective,
    loss=st.sampled_from(sorted(LOSSES)),
    penalty=st.sampled_from(sorted(PENALTIES)),
    delta=st.floats(0.1, 5),
    lambda_1=st.floats(0, 2),
    lambda_2=st.floats(0, 2),
)


@given(objectives, st.integers(0, 1000), st.integers(2, 5))
@settings(deadline=None, max_examples=60)
def test_descent_follows_torch_autograd(objective, seed, classes):
    ours = LinearClassifier.of_blobs(classes, seed=seed)
    ours.objective = objective
    X, y = torch.from_numpy(ours.X), torch.from_numpy(ours.y)
    W, b = torch.tensor(ours.W, requires_grad=True), torch.tensor(ours.b, requires_grad=True)
    descent = torch.optim.SGD([W, b], lr=0.01)
    for _ in range(3):
        descent.zero_grad()
        s = X @ W.T + b
        t = 2.0 * torch.nn.functional.one_hot(y, classes) - 1.0
        inside = s - s.gather(1, y[:, None]) + objective.delta
        data = {
            "hinge": (torch.relu(inside) * (t < 0)).sum(1).mean(),
            "softmax": torch.nn.functional.cross_entropy(s, y),
            "one-vs-all": torch.relu(objective.delta - t * s).sum(1).mean(),
        }[objective.loss]
        first, squares = objective.lambda_1 * W.abs().sum(), objective.lambda_2 * (W**2).sum()
        penalty = {
            "none": 0 * first,
            "l1": first,
            "l2": squares,
            "half-l2": squares / 2,
            "elastic": first + squares,
        }[objective.penalty]
        (data + penalty).backward()
        now = ours.now
        assert now.data_loss == pytest.approx(data.item(), rel=1e-10, abs=1e-12)
        assert now.penalty == pytest.approx(penalty.item(), rel=1e-10, abs=1e-12)
        assert now.total == now.data_loss + now.penalty
        np.testing.assert_allclose(now.dW, W.grad.numpy(), rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(now.db, b.grad.numpy(), rtol=1e-9, atol=1e-10)
        descent.step()
        ours.step(0.01)
        np.testing.assert_allclose(ours.W, W.detach().numpy(), rtol=1e-9, atol=1e-10)


@given(objectives, st.integers(0, 1000))
@settings(deadline=None, max_examples=40)
def test_every_loss_with_every_penalty_passes_the_shown_check(objective, seed):
    ours = LinearClassifier.of_blobs(seed=seed)
    ours.objective = objective
    check = ours.check_gradient()
    assert check.passed, check.summary
    assert check.analytic.shape == (3, 3)
    np.testing.assert_array_equal(check.analytic[:, :2], ours.now.dW)
    np.testing.assert_array_equal(check.analytic[:, 2], ours.now.db)


def test_the_check_finds_kinks_where_a_margin_is_exactly_met():
    X, y = np.array([[1.0, 0.0]]), np.array([0])
    W, b = np.array([[1.0, 0.5], [0.0, 0.5]]), np.zeros(2)
    for loss in ("hinge", "one-vs-all"):
        check = check_gradient(X, y, W, b, Objective(loss=loss, penalty="none"))
        assert check.passed and check.kinks > 0
    lasso = check_gradient(X, y, np.zeros((2, 2)), b, Objective(loss="softmax", penalty="l1", lambda_1=1.0))
    assert lasso.passed and lasso.kinks == 4


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_it_learns_to_part_the_clouds(loss):
    ours = LinearClassifier.of_blobs()
    ours.objective = Objective(loss=loss, lambda_2=0.001)
    start = ours.now.total
    for _ in range(300):
        ours.step(0.2)
    assert ours.now.total < start / 3 and (ours.now.predicted == ours.y).all() and ours.step_count == 300


def test_a_met_hinge_is_zero_at_any_larger_scale():
    ours = LinearClassifier.of_blobs()
    ours.objective = Objective(penalty="none")
    for _ in range(2000):
        if ours.step(0.5).met.all():
            break
    assert ours.now.met.all() and ours.now.data_loss == 0
    assert [ours.scaled(factor).data_loss for factor in (1.0, 2.0, 50.0)] == [0, 0, 0]
    assert ours.scaled(0.01).data_loss > 0
    ours.objective = Objective(penalty="l2", lambda_2=0.1)
    assert ours.scaled(2.0).total == pytest.approx(4 * ours.now.penalty)


def test_a_row_of_the_table():
    X, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 0])
    W, b = np.array([[2.0, 0.0], [0.0, 3.0]]), np.array([0.0, 0.5])
    table = evaluate(X, y, W, b, Objective(penalty="none"))
    assert table.scores.tolist() == [[2.0, 0.5], [0.0, 3.5]]
    assert table.inside.tolist() == [[-np.inf, -0.5], [-np.inf, 4.5]]
    assert table.row_losses.tolist() == [0.0, 4.5] and table.met.tolist() == [True, False]
    assert table.lead.tolist() == [1.5, -3.5] and table.predicted.tolist() == [0, 1]
    assert table.data_loss == 2.25
    soft = evaluate(X, y, W, b, Objective(loss="softmax", penalty="none"))
    assert soft.met.tolist() == [True, False] and (soft.row_losses > 0).all()


@given(st.integers(0, 100), st.integers(1, 20))
def test_back_takes_steps_back_exactly(seed, steps):
    ours = LinearClassifier.of_blobs(seed=seed)
    W, b = ours.W.copy(), ours.b.copy()
    for _ in range(steps):
        ours.step(0.1)
    assert not np.array_equal(ours.W, W)
    for _ in range(steps):
        assert ours.back()
    assert np.array_equal(ours.W, W) and np.array_equal(ours.b, b) and ours.step_count == 0
    assert not ours.back()


def test_points_come_and_go():
    ours = LinearClassifier.of_blobs(points_per_class=1)
    before = ours.now
    ours.set_points(np.vstack([ours.X, [0.5, 0.25]]), np.append(ours.y, 2))
    assert len(ours.X) == 4 and ours.y[-1] == 2 and ours.now is not before and len(ours.now.scores) == 4
    ours.set_points(ours.X[:0], ours.y[:0])
    assert ours.now.data_loss == 0 and ours.now.total == ours.now.penalty > 0
    with pytest.raises(DataError, match="no point to learn from"):
        ours.step(0.1)


def test_a_class_line_is_where_its_score_is_zero():
    ours = LinearClassifier.of_blobs(seed=5)
    ours.step(0.3)
    for k, line in enumerate(ours.lines()):
        along = np.array([-line.normal[1], line.normal[0]])
        for place in (line.point, line.point + 2.5 * along):
            assert ours.W[k] @ place + ours.b[k] == pytest.approx(0, abs=1e-12)
        assert line.point @ along == pytest.approx(0, abs=1e-12)  # the nearest one to the origin
    ours.set_weights(np.zeros((3, 2)), np.ones(3))
    assert ours.lines()[0].point is None


def test_too_long_a_step_is_said_and_undone():
    ours = LinearClassifier.of_blobs()
    ours.objective = Objective(lambda_2=100.0)
    with pytest.raises(NonFiniteLoss, match="probably too high"):
        for _ in range(10_000):
            ours.step(100.0)
    assert np.isfinite(ours.W).all() and np.isfinite(ours.now.total) and ours.back()


def test_randomise_begins_again_from_the_seed():
    one, other = LinearClassifier.of_blobs(seed=1), LinearClassifier.of_blobs(seed=1)
    one.step(0.1)
    one.randomise(7)
    other.randomise(7)
    assert np.array_equal(one.W, other.W) and not one.b.any() and one.step_count == 0 and not one.back()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda lab: lab.set_points(np.array([[np.nan, 0.0]]), np.zeros(1)),
        lambda lab: lab.set_points(np.zeros((1, 2)), np.full(1, 3)),
        lambda lab: lab.set_points(np.zeros((1001, 2)), np.zeros(1001)),
        lambda lab: lab.set_points(np.zeros(4), np.zeros(4)),
        lambda lab: lab.set_weights(np.full((3, 2), np.inf), np.zeros(3)),
        lambda lab: lab.set_weights(np.zeros((2, 2)), np.zeros(3)),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(wrong):
    lab = LinearClassifier.of_blobs()
    X, W = lab.X.copy(), lab.W.copy()
    with pytest.raises(DataError):
        wrong(lab)
    assert np.array_equal(lab.X, X) and np.array_equal(lab.W, W) and len(lab.now.scores) == len(X)


def test_settings_out_of_range_are_said():
    with pytest.raises(DataError, match="2 to 5 classes"):
        LinearClassifier(np.zeros((1, 2)), np.zeros(1), 6)
    with pytest.raises(RecipeError, match="lambda_2"):
        Objective.read({"lambda_2": -1})
    for field in Objective.model_fields.values():
        assert field.title and field.description
