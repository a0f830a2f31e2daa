import numpy as np
import pytest
import torch

from cvlab.engine.data import dice, shapes32
from cvlab.engine.data.shapes32 import CLASSES, Nuisances, draw, generate, masks
from cvlab.engine.data.silhouettes import SILHOUETTES, TURN
from cvlab.engine.errors import Cancelled, DataError

DIALS = tuple(Nuisances.model_fields)
NONE = Nuisances(**dict.fromkeys(DIALS, 0.0))


def drawn(count: int, nuisances: Nuisances = NONE, seed: int = 0) -> np.ndarray:
    return draw(np.arange(count), 0, seed, nuisances).images.astype(np.float64)


def test_the_same_seed_gives_the_same_bytes_on_every_machine():
    data = generate(seed=7, train_count=300, test_count=50)
    assert data.digest == "2ed6c816d87328034edef800bf802ff47271d527537a3f3e07b1c9db958ed781"
    assert data.train.images.shape == (300, 3, 32, 32) and data.train.images.dtype == torch.uint8
    assert data.image_shape == (3, 32, 32) and data.classes == CLASSES and len(CLASSES) == 10
    assert generate(seed=8, train_count=300, test_count=50).digest != data.digest


def test_classes_are_balanced_and_splits_share_no_image():
    data = generate(train_count=200, test_count=200)
    assert torch.equal(torch.bincount(data.train.labels), torch.full((10,), 20))
    seen = {bytes(image.numpy().data) for image in data.train.images}
    assert len(seen) == 200 and not any(bytes(image.numpy().data) in seen for image in data.test.images)


def test_an_image_does_not_depend_on_its_neighbours():
    alone, among = draw(np.array([123]), 0, 5), draw(np.arange(100, 140), 0, 5)
    assert np.array_equal(alone.images[0], among.images[23]) and np.array_equal(alone.masks[0], among.masks[23])


@pytest.mark.parametrize("dial", DIALS)
def test_every_dial_makes_the_members_of_a_class_differ_more(dial):
    def spread(amount: float) -> float:
        images = drawn(200, NONE.changed(**{dial: amount})).reshape(20, 10, -1)
        return float(images.var(axis=0).mean())

    assert spread(0) < spread(0.4) < spread(1)


def test_the_mask_is_where_the_shape_is():
    plain = draw(np.arange(40), 0, 0, NONE)
    covered = masks(np.arange(40), 0, 0, NONE)
    assert covered.shape == (40, 1, 32, 32) and covered.min() >= 0 and covered.max() == 1
    inside, outside = covered.squeeze(1).numpy() == 1, covered.squeeze(1).numpy() == 0
    for image, i, o in zip(plain.images.astype(float).mean(1), inside, outside, strict=True):
        assert image[i].min() > image[o].max(), "with no nuisance the shape is brighter than the ground"
    assert 0.02 < covered.mean() < 0.5


def test_nothing_varies_with_every_dial_at_zero_but_place_and_colour():
    for label in range(10):
        shapes = masks(np.arange(label, 100, 10), 0, 0, NONE)
        assert shapes.sum((1, 2, 3)).std() < 0.15 * shapes.sum((1, 2, 3)).mean()


@pytest.mark.parametrize("name", SILHOUETTES)
def test_outlines_are_closed_and_of_similar_size(name):
    line = np.linspace(-2, 2, 161, dtype=np.float32)
    for p in (0.65, 1.0, 1.35):
        distance = SILHOUETTES[name](line[None, None, :], line[None, :, None], np.full((1, 1, 1), p, np.float32))
        inside = np.broadcast_to(distance[0], (161, 161)) < 0
        assert inside.any() and not (inside[0].any() or inside[-1].any() or inside[:, 0].any() or inside[:, -1].any())
        assert 0.3 < inside.mean() * 16 < 3.6


def test_a_class_is_known_by_its_shape_alone():
    """Held against an independent eye: nearest masks, which see neither colour nor ground."""
    train, test = masks(np.arange(2000), 0).flatten(1), masks(np.arange(300), 1).flatten(1)
    guess = torch.arange(2000)[torch.cdist(test, train).argmin(1)] % 10
    assert (guess == torch.arange(300) % 10).float().mean() > 0.7


def test_counts_out_of_range_are_refused_in_words_and_work_can_be_stopped():
    with pytest.raises(DataError, match="200,000 images"):
        generate(train_count=200_000, test_count=1)
    with pytest.raises(DataError):
        generate(train_count=0)
    with pytest.raises(Cancelled):
        generate(train_count=300, test_count=1, cancelled=lambda: True)
    told = []
    generate(train_count=300, test_count=10, progress=told.append)
    assert told[-1].fraction == 1 and len(told) == 3


def test_the_dice_are_splitmix64():
    """First outputs of the reference implementation for the state 1234567 (Vigna, splitmix64.c)."""
    golden = 0x9E3779B97F4A7C15
    states = np.array([(1234567 + golden * i) % 2**64 for i in range(1, 4)], np.uint64)
    assert dice.mix(states).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_the_dice_are_even_and_streams_do_not_follow_each_other():
    from scipy.stats import kstest

    keys = dice.keys_from(np.arange(500), 3)
    u = dice.uniforms(keys, 8)
    assert kstest(u.ravel(), "uniform").pvalue > 0.001
    assert abs(np.corrcoef(u.ravel(), dice.uniforms(keys, 8, stream=1).ravel())[0, 1]) < 0.06
    assert abs(np.corrcoef(u[:-1].ravel(), u[1:].ravel())[0, 1]) < 0.06
    assert np.array_equal(dice.uniforms(keys[:3], 8), u[:3])


def test_the_same_bytes_have_the_same_key():
    images = torch.from_numpy(shapes32.draw(np.arange(4), 0, 0).images)
    keys = dice.keys_of(images, 1)
    assert np.array_equal(dice.keys_of(images[2:3], 1), keys[2:3]) and len(set(keys.tolist())) == 4
    assert not np.array_equal(dice.keys_of(images, 2), keys)


def test_the_circle_is_one():
    assert np.abs((TURN.astype(np.float64) ** 2).sum(1) - 1).max() < 3e-4 and (TURN * 4096 % 1 == 0).all()


def test_the_catalogue_has_it_and_draws_the_same_bytes_each_time(tmp_path):
    from cvlab.engine.data import catalogue

    entry = catalogue.find(shapes32.ID)
    assert (entry.classes, entry.title, entry.image_shape) == (CLASSES, shapes32.TITLE, (3, 32, 32))
    assert (entry.train_count, entry.test_count) == (shapes32.TRAIN_COUNT, shapes32.TEST_COUNT)
    assert catalogue.is_available(shapes32.ID, root=tmp_path, bundled=tmp_path)
    data = catalogue.load(shapes32.ID, root=tmp_path, bundled=tmp_path)
    assert data.digest == "177366b431a1ef582104edf5bb82eea3cbbeff4bfaf683cb0af24c707260cd01"
    assert catalogue.load(shapes32.ID, root=tmp_path, bundled=tmp_path) is data
