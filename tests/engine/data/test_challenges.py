import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cvlab.engine.data import challenges, dice, shapes32
from cvlab.engine.data.challenges import CHALLENGES, apply, homography
from cvlab.engine.data.clutter import outline
from cvlab.engine.data.resampling import pixel_grid, sample, smooth_field
from cvlab.engine.errors import DataError

KINDS = tuple(CHALLENGES)
sizes = st.sampled_from([(1, 28, 28), (3, 32, 32), (3, 17, 24)])


def bytes_of(seed: int, count: int = 4, size=(3, 32, 32)) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, *size), dtype=torch.uint8, generator=generator)


def shapes(count: int) -> torch.Tensor:
    return torch.from_numpy(shapes32.draw(np.arange(count), 0, 0).images)


@settings(max_examples=40)
@given(st.sampled_from(KINDS), sizes, st.integers(0, 2**31), st.booleans())
def test_at_zero_the_very_same_bytes_come_back(kind, size, seed, masked):
    x = bytes_of(seed, 2, size)
    masks = torch.zeros(2, 1, *size[1:]) if masked else None
    y = apply(kind, x, 0, seed, masks)
    assert y.dtype == torch.uint8 and torch.equal(y, x) and y.data_ptr() != x.data_ptr()


@settings(max_examples=30)
@given(st.sampled_from(KINDS), sizes, st.integers(0, 2**31), st.floats(0.01, 1))
def test_it_is_a_function_of_the_image_the_amount_and_the_seed(kind, size, seed, amount):
    x = bytes_of(seed, 5, size)
    before = x.clone()
    y = apply(kind, x, amount, seed)
    assert y.dtype == torch.uint8 and y.shape == x.shape and torch.equal(x, before)
    assert torch.equal(apply(kind, x, amount, seed), y)
    turned = apply(kind, x.flip(0)[:3], amount, seed)
    assert torch.equal(turned, y.flip(0)[:3]), "alone or among others, the same"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 3])
def test_more_is_further_away_for_every_image(kind, channels):
    x = shapes(60)[:, :channels]
    steps = [apply(kind, x, amount).float() for amount in (0, 0.1, 0.3, 0.6, 1)]
    away = torch.stack([(step - x).square().mean((1, 2, 3)).sqrt() for step in steps])  # (5, N)
    assert (away.mean(1).diff() > 0).all()
    assert (away[2] > away[0]).all() and (away[4] >= 0.8 * away[2]).float().mean() > 0.9
    assert away[1].mean() < 0.6 * away[4].mean()


@pytest.mark.parametrize("kind", KINDS)
def test_a_touch_is_a_small_change(kind):
    """No jump at the dial's first notch."""
    x = shapes(40)
    assert (apply(kind, x, 0.002).int() - x.int()).abs().float().mean() < 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_another_seed_is_another_way_and_images_go_their_own(kind):
    x = shapes(12)
    assert not torch.equal(apply(kind, x, 0.7, 1), apply(kind, x, 0.7, 2))


@given(st.integers(0, 2**31), st.sampled_from(["zeros", "border", "reflection"]))
@settings(max_examples=25)
def test_sampling_is_scipys(seed, outside):
    x = bytes_of(seed, 2, (2, 9, 13))
    generator = torch.Generator().manual_seed(seed)
    y0, x0 = pixel_grid(9, 13)
    rows = y0 + 6 * torch.rand(2, 9, 13, generator=generator) - 3
    columns = x0 + 6 * torch.rand(2, 9, 13, generator=generator) - 3
    mode = {"zeros": "grid-constant", "border": "nearest", "reflection": "reflect"}[outside]
    got = sample(x, rows, columns, outside)
    for n in range(2):
        places = np.stack([rows[n].numpy() + 4, columns[n].numpy() + 6])
        for c in range(2):
            wanted = ndimage.map_coordinates(x[n, c].numpy().astype(np.float64), places, order=1, mode=mode)
            np.testing.assert_allclose(got[n, c].numpy(), wanted, atol=0.02)


def test_deformation_is_scipys_warp_by_its_field():
    x = shapes(3)
    keys = dice.keys_of(x, 4)
    field = smooth_field(keys, 2, 5, (32, 32)).numpy() * 0.6 * challenges.BEND * 32
    grid = np.stack(np.meshgrid(np.arange(32), np.arange(32), indexing="ij"))
    got = apply("deformation", x, 0.6, 4)
    for n in range(3):
        for c in range(3):
            wanted = ndimage.map_coordinates(x[n, c].numpy().astype(float), grid + field[n], order=1, mode="reflect")
            assert np.abs(got[n, c].numpy() - wanted).max() < 0.6


def test_a_smooth_field_passes_through_its_knots_and_stays_small():
    field = smooth_field(np.arange(3, dtype=np.uint64), 2, 5, (33, 33))
    u = dice.uniforms(np.arange(3, dtype=np.uint64), 50, 10).reshape(3, 2, 5, 5)
    np.testing.assert_allclose(field[:, :, ::8, ::8], 2 * u - 1, atol=1e-5)
    assert field.abs().max() < 1.6


@given(st.floats(0, 2 * math.pi), st.floats(0, challenges.TILT))
def test_the_viewpoint_is_a_camera_looking_at_a_turned_plane(axis, tilt):
    from scipy.spatial.transform import Rotation

    H = homography(torch.tensor([axis], dtype=torch.float64), tilt, 64.0)[0].numpy()
    turn = Rotation.from_rotvec(tilt * np.array([math.cos(axis), math.sin(axis), 0])).as_matrix()
    for u, v in ((3.0, -7.0), (-16.0, 16.0), (0.0, 0.0)):
        X, Y, Z = turn @ (u, v, 0)
        x, y, w = H @ (u, v, 1)
        np.testing.assert_allclose((x / w, y / w), (64 * X / (Z + 64), 64 * Y / (Z + 64)), atol=1e-9)


def test_scale_leaves_the_size_of_what_is_seen_by_the_promised_factor():
    x = torch.zeros(40, 1, 33, 33, dtype=torch.uint8)
    x[:, :, 12:21, 12:21] = 200  # nine pixels wide
    x[torch.arange(40), 0, 0, 0] = torch.arange(40, dtype=torch.uint8) % 3  # not all of them the same image
    y = apply("scale", x, 0.5, 3).float()
    width = y[:, 0, 16].sum(1) / y.amax((1, 2, 3))
    factor = challenges.ZOOM**0.5
    ratios = width / 9
    assert torch.minimum((ratios - factor).abs(), (ratios - 1 / factor).abs()).max() < 0.12


def test_shrinking_averages_what_it_drops():
    x = torch.zeros(16, 1, 32, 32, dtype=torch.uint8)
    x[:, :, ::2, :] = 255
    x[:, 0, 5, 5] = torch.arange(16, dtype=torch.uint8)
    small = apply("scale", x, 1.0, 0)[:, 0, 12:20, 12:20].float()
    is_small = torch.from_numpy(dice.uniforms(dice.keys_of(x, 0), 1)[:, 0] >= 0.5)
    assert 2 < is_small.sum() < 14 and (small[is_small].mean((1, 2)) - 127.5).abs().max() < 20


def test_the_patch_covers_the_promised_share_and_only_grows():
    x = bytes_of(1, 30, (3, 32, 32))
    before = None
    for amount in (0.2, 0.5, 0.8, 1.0):
        changed = (apply("occlusion", x, amount) != x).any(1)
        side = amount * challenges.PATCH * 32
        assert (changed.float().sum((1, 2)) - side**2).abs().max() < 4 * side + 8
        if before is not None:
            assert (changed | ~before).float().mean() > 0.995
        before = changed


def test_clutter_leaves_the_object_and_changes_the_rest():
    x, masks = shapes(20), shapes32.masks(np.arange(20), 0)
    moved = (apply("clutter", x, 1.0, 0, masks).int() - x.int()).abs().float().mean(1, keepdim=True)
    assert moved[masks == 1].max() == 0 and moved[masks == 0].mean() > 40


def test_ink_is_found_on_dark_and_on_light_paper():
    x = torch.zeros(2, 1, 28, 28, dtype=torch.uint8)
    x[0, :, 10:18, 10:18] = 255
    x[1] = 255 - x[0]
    assert torch.equal(outline(x)[0], outline(x)[1]) and outline(x)[0].sum() == 64


def test_illumination_darkens_some_and_floods_others():
    x = shapes(60)
    change = apply("illumination", x, 1.0).float().mean((1, 2, 3)) - x.float().mean((1, 2, 3))
    assert 10 < (change < 0).sum() < 50


def test_what_makes_no_sense_is_refused_in_words():
    x = bytes_of(0, 1)
    with pytest.raises(DataError, match="viewpoint"):
        apply("weather", x, 0.5)
    for amount in (-0.1, 1.1, math.nan):
        with pytest.raises(DataError, match="between 0 and 1"):
            apply("scale", x, amount)
    with pytest.raises(DataError, match="byte images"):
        apply("scale", x.float(), 0.5)
    assert apply("scale", x[:0], 0.5).shape == (0, 3, 32, 32)
