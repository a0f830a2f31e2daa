import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from cvlab.engine.data import robustness, shapes32, variation
from cvlab.engine.data.dataset import Split
from cvlab.engine.data.robustness import Nearest, curves, masks_of, sample_of
from cvlab.engine.errors import Cancelled, DataError


def split(seed: int, count: int, size=(3, 8, 8)) -> Split:
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, *size), dtype=torch.uint8, generator=generator)
    return Split(images, torch.arange(count) % 10)


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.sampled_from(["l1", "l2"]))
def test_the_nearest_is_scikit_learns(seed, metric):
    reference, queries = split(seed, 60), split(seed + 1, 23).images
    X, Q = (images.flatten(1).double().numpy() for images in (reference.images, queries))
    theirs = NearestNeighbors(
        n_neighbors=1, metric={"l1": "manhattan", "l2": "euclidean"}[metric], algorithm="brute"
    ).fit(X)
    distance, index = theirs.kneighbors(Q)
    positions, distances = Nearest(reference, metric).find(queries)
    np.testing.assert_array_equal(positions, index[:, 0])
    np.testing.assert_allclose(distances, distance[:, 0], rtol=1e-7)


@pytest.mark.parametrize("metric", ["l1", "l2"])
def test_an_image_finds_itself_unless_it_is_left_out(metric):
    reference = split(3, 30)
    positions, distances = Nearest(reference, metric).find(reference.images[7:8])
    assert positions.tolist() == [7] and distances.tolist() == [0]
    positions, distances = Nearest(reference, metric).find(reference.images[7:8], leave_out=7)
    assert positions[0] != 7 and distances[0] > 0


@pytest.mark.parametrize("metric", ["l1", "l2"])
def test_distances_are_exact_at_the_far_end_of_the_bytes(metric):
    images = torch.zeros(3, 3, 32, 32, dtype=torch.uint8)
    images[1:] = 255
    images[2, 0, 0, 0] = 254  # nearer to black by a single grey level
    positions, distances = Nearest(Split(images[1:], torch.arange(2)), metric).find(images[:1])
    assert positions[0] == 1
    assert distances[0] == (3072 * 255 - 1 if metric == "l1" else np.sqrt(3071 * 255**2 + 254**2))


def test_curves_start_where_plain_images_are_and_fall():
    data = shapes32.generate(train_count=1500, test_count=120)
    judge = Nearest(data.train, "l2")
    labels = data.test.labels.numpy()
    points = list(curves({"1-NN": judge}, data.test.images, labels, "viewpoint", (0.0, 0.5, 1.0)))
    knn = KNeighborsClassifier(1, algorithm="brute").fit(data.train.images.flatten(1).double(), data.train.labels)
    plain = knn.score(data.test.images.flatten(1).double(), labels)
    assert points[0].accuracy == pytest.approx(plain) and plain > 0.35
    assert points[2].accuracy < points[0].accuracy - 0.05
    assert [(p.amount, p.done, p.total, p.count) for p in points] == [
        (0.0, 1, 3, 120),
        (0.5, 2, 3, 120),
        (1.0, 3, 3, 120),
    ]


def test_all_judges_see_the_same_images_and_can_be_stopped():
    seen = {"a": [], "b": []}

    def judge(name):
        def answer(images):
            seen[name].append(images.clone())
            return np.zeros(len(images), np.int64)

        return answer

    images = split(5, 20).images
    points = list(curves({"a": judge("a"), "b": judge("b")}, images, np.arange(20) % 2, "scale", (0.2, 0.9)))
    assert [p.judge for p in points] == ["a", "b", "a", "b"] and all(p.accuracy == 0.5 for p in points)
    assert all(torch.equal(a, b) for a, b in zip(seen["a"], seen["b"], strict=True))
    with pytest.raises(Cancelled):
        next(curves({"a": judge("a")}, images, np.zeros(20), "scale", cancelled=lambda: True))
    with pytest.raises(DataError):
        next(curves({}, images, np.zeros(20), "scale"))


def test_a_sample_is_drawn_once_and_for_all():
    data = split(6, 100)
    chosen = sample_of(data, 30, seed=1)
    assert len(set(chosen.tolist())) == 30 and (np.diff(chosen) > 0).all()
    assert np.array_equal(chosen, sample_of(data, 30, seed=1)) and len(sample_of(data, 1000)) == 100


def test_masks_are_known_where_the_set_was_drawn():
    data = shapes32.generate(train_count=30, test_count=20)
    masks = masks_of(data, "test", np.array([3, 8]))
    assert torch.equal(masks, shapes32.masks(np.array([3, 8]), 1))
    other = robustness.masks_of(type(data)("x", "x", data.classes, data.train, data.test, ""), "test", np.array([3]))
    assert other is None


# -- the seventh challenge ---------------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 12))
def test_variation_is_the_definition_in_numpy(seed, count, wanted):
    images = split(seed, count).images
    found = variation.within(images, wanted)
    X = images.flatten(1).double().numpy()
    away = np.sqrt(((X - X.mean(0)) ** 2).mean(1))
    assert len(found.farthest) == len(found.nearest) == len(found.apart) == min(wanted, count)
    np.testing.assert_allclose(found.farthest_distance, np.sort(away)[::-1][:wanted], rtol=1e-5)
    np.testing.assert_allclose(found.nearest_distance, np.sort(away)[:wanted], rtol=1e-5)
    np.testing.assert_allclose(away[found.farthest], found.farthest_distance, rtol=1e-5)
    assert found.spread == pytest.approx(np.sqrt((away**2).mean()), rel=1e-5)
    np.testing.assert_allclose(found.mean.reshape(-1), X.mean(0), atol=0.5001)
    chosen = [int(away.argmax())]
    for got, gap in zip(found.apart[1:], found.apart_distance[1:], strict=True):
        near = np.sqrt(((X[:, None] - X[chosen]) ** 2).mean(2)).min(1)
        assert near[got] == pytest.approx(near.max(), rel=1e-5) and gap == pytest.approx(near.max(), rel=1e-5)
        chosen.append(int(got))


def test_an_empty_class_is_said_to_be_one_and_work_can_be_stopped():
    with pytest.raises(DataError, match="no image"):
        variation.within(split(0, 0).images)
    with pytest.raises(Cancelled):
        variation.within(split(0, 5).images, cancelled=lambda: True)
