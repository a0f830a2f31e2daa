import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cvlab.engine.data import augmentation as a
from cvlab.engine.data.augmentation import Augmentation, augment, change, draw, soft_targets
from cvlab.engine.data.vision import torchvision
from cvlab.engine.errors import RecipeError

torchvision()
from torchvision.transforms import InterpolationMode  # noqa: E402
from torchvision.transforms.v2 import functional as v2  # noqa: E402

ALL = Augmentation(flip=0.5, rotate=30, crop=0.4, shift=3, colour=0.5, hue=0.2, cutout=0.4, mixup=0.4)
seeds = st.integers(0, 2**31)


def batch(seed: int, count: int = 6, channels: int = 3, height: int = 11, width: int = 9) -> torch.Tensor:
    return torch.randint(0, 256, (count, channels, height, width), dtype=torch.uint8, generator=dice(seed))


def dice(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def close(got: torch.Tensor, wanted: torch.Tensor, most: int, share_equal: float = 0.0) -> None:
    difference = (got.int() - wanted.int()).abs()
    assert difference.max() <= most
    assert (difference == 0).float().mean() >= share_equal


def one_by_one(images, parameters, act):
    return torch.stack([act(image, parameter) for image, parameter in zip(images, parameters, strict=True)])


@given(seeds)
def test_mirroring_is_torchvisions(seed):
    x, drawn = batch(seed), draw(Augmentation(flip=0.5), 6, (11, 9), dice(seed))
    wanted = one_by_one(x, drawn.flip, lambda image, flip: v2.horizontal_flip(image) if flip else image)
    assert torch.equal(a.flipped(x, drawn.flip), wanted)


@pytest.mark.parametrize("size", [(32, 32), (11, 9), (8, 15)])
def test_rotating_is_torchvisions(size):
    x = batch(1, 12, 3, *size)
    angle = draw(Augmentation(rotate=180), 12, size, dice(2)).angle
    wanted = one_by_one(x, angle, lambda i, t: v2.rotate(i, float(t), interpolation=InterpolationMode.BILINEAR))
    # torchvision makes the corners black by a mask of its own, where this one lets them fade over half a pixel.
    inner = one_by_one(
        x * 0 + 255, angle, lambda i, t: v2.rotate(i, float(t), interpolation=InterpolationMode.BILINEAR)
    )
    whole = inner == 255
    close(a.rotated(x, angle)[whole], wanted[whole], most=1, share_equal=0.99)


def test_a_quarter_turn_is_exact_and_counter_clockwise():
    x = batch(3, 1, 1, 8, 8)
    assert torch.equal(a.rotated(x, torch.tensor([90.0], dtype=torch.float64)), x.rot90(1, (2, 3)))


@pytest.mark.parametrize("size", [(32, 32), (11, 9)])
def test_cropping_is_torchvisions(size):
    x = batch(4, 12, 3, *size)
    box = draw(Augmentation(crop=0.8), 12, size, dice(5)).box
    wanted = one_by_one(x.float(), box, lambda i, b: v2.resized_crop(i, *b.tolist(), list(size), antialias=False))
    close(a.cropped(x, box), wanted.round(), most=1, share_equal=0.97)  # halves may fall either way


@given(seeds)
def test_shifting_is_padding_and_cropping(seed):
    x, by = batch(seed), draw(Augmentation(shift=4), 6, (11, 9), dice(seed)).shift
    wanted = one_by_one(x, by, lambda i, b: v2.crop(v2.pad(i, [4]), 4 - int(b[0]), 4 - int(b[1]), 11, 9))
    assert torch.equal(a.shifted(x, by), wanted)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("name", "theirs"),
    [("brightness", "adjust_brightness"), ("contrast", "adjust_contrast"), ("saturation", "adjust_saturation")],
)
def test_colours_are_torchvisions(name, theirs, channels):
    ours = {"brightness": a.brightened, "contrast": a.contrasted, "saturation": a.saturated}[name]
    x = batch(6, 12, channels)
    factor = getattr(draw(Augmentation(colour=0.9), 12, (11, 9), dice(7)), name)
    wanted = one_by_one(x, factor, lambda image, f: getattr(v2, theirs)(image, float(f)))
    close(ours(x, factor), wanted, most=1, share_equal=0.97)


def test_hue_is_torchvisions():
    x = batch(8, 12)
    turn = draw(Augmentation(hue=0.5), 12, (11, 9), dice(9)).hue
    wanted = one_by_one(x, turn, lambda image, t: v2.adjust_hue(image, float(t)))
    close(a.recoloured(x, turn), wanted, most=1)


def test_cutting_out_is_torchvisions_with_the_mean():
    x = batch(10, 12)
    hole = draw(Augmentation(cutout=0.6), 12, (11, 9), dice(11)).hole

    def erased(image, box):
        top, left, bottom, right = box.tolist()
        mean = image.float().mean(dim=(1, 2), keepdim=True).round().to(torch.uint8)
        return v2.erase(image, top, left, bottom - top, right - left, mean)

    assert torch.equal(a.cut_out(x, hole), one_by_one(x, hole, erased))


def test_mixing_blends_images_and_labels_in_the_same_shares():
    x, labels = batch(12, 40), torch.arange(40) % 10
    drawn = draw(Augmentation(mixup=1.0), 40, (11, 9), dice(13))
    share = drawn.share[:, None, None, None]
    wanted = (share * x.double() + (1 - share) * x[drawn.partner].double()).round()
    close(a.mixed(x, drawn.partner, drawn.share), wanted, most=1, share_equal=0.999)
    targets = soft_targets(labels, drawn, 10)
    assert torch.allclose(targets.sum(1), torch.ones(40)) and torch.equal(targets.argmax(1), labels)
    i = next(i for i in range(40) if labels[drawn.partner[i]] != labels[i])
    assert targets[i, labels[drawn.partner[i]]] == pytest.approx(1 - float(drawn.share[i]), abs=1e-6)


def test_the_shares_follow_the_folded_beta_distribution():
    from scipy.stats import beta, kstest

    share = draw(Augmentation(mixup=0.3), 4000, (4, 4), dice(14)).share.numpy()
    assert kstest(share, lambda x: 2 * beta.cdf(x, 0.3, 0.3) - 1).pvalue > 0.001


@settings(max_examples=30)
@given(seeds)
def test_parameters_lie_in_their_ranges_and_differ_from_image_to_image(seed):
    drawn = draw(ALL, 64, (32, 28), dice(seed))
    assert drawn.angle.abs().max() <= 30 and drawn.shift.abs().max() <= 3 and drawn.hue.abs().max() <= 0.2
    for factor in (drawn.brightness, drawn.contrast, drawn.saturation):
        assert factor.min() >= 0.5 and factor.max() <= 1.5
    top, left, height, width = drawn.box.T
    assert (top >= 0).all() and (top + height <= 32).all() and (left >= 0).all() and (left + width <= 28).all()
    assert height.min() >= round(0.6 * 32) and height.max() <= 32 and width.min() >= round(0.6 * 28)
    top, left, bottom, right = drawn.hole.T
    assert (top >= 0).all() and (bottom <= 32).all() and (top < bottom).all() and (left < right).all()
    assert (bottom - top).max() <= round(0.4 * 32) and (right - left).max() <= round(0.4 * 28)
    assert sorted(drawn.partner.tolist()) == list(range(64)) and 0.5 <= drawn.share.min() <= drawn.share.max() <= 1
    for name in ("angle", "box", "shift", "brightness", "contrast", "saturation", "hue", "hole", "share"):
        assert len(getattr(drawn, name).unique(dim=0)) > 8, name


def test_one_dial_moves_one_thing():
    before, after = (draw(spec, 16, (32, 32), dice(15)) for spec in (ALL, ALL.changed(rotate=60)))
    torch.testing.assert_close(after.angle, 2 * before.angle)
    for name in ("flip", "box", "shift", "brightness", "contrast", "saturation", "hue", "hole", "partner", "share"):
        assert torch.equal(getattr(after, name), getattr(before, name)), name


@pytest.mark.parametrize("channels", [1, 3])
def test_the_same_generator_gives_the_same_batch_and_leaves_the_bytes_alone(channels):
    x, labels = batch(16, channels=channels), torch.arange(6)
    before = x.clone()
    first, again = (augment(x, labels, ALL, dice(17), 10) for _ in range(2))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert first[0].dtype == torch.uint8 and first[0].shape == x.shape and first[1].shape == (6, 10)
    assert torch.equal(x, before) and not torch.equal(first[0], x)
    assert not torch.equal(augment(x, labels, ALL, dice(18), 10)[0], first[0])


def test_nothing_asked_for_is_nothing_done():
    x, labels = batch(19), torch.arange(6)
    images, targets = augment(x, labels, Augmentation(), dice(20), 10)
    assert images is x and targets is labels and not Augmentation().changes
    nothing = draw(Augmentation(), 6, (11, 9), dice(20))
    assert torch.equal(change(x, Augmentation(), nothing), x) and torch.equal(change(x, ALL, nothing), x)


def test_labels_stay_labels_without_mixing():
    labels = torch.arange(6)
    assert augment(batch(21), labels, ALL.changed(mixup=0), dice(22), 10)[1] is labels


def test_one_image_can_be_augmented():
    images, targets = augment(batch(23, 1), torch.tensor([4]), ALL, dice(24), 10)
    assert images.shape == (1, 3, 11, 9) and targets[0, 4] == 1


@pytest.mark.parametrize("field", ["flip", "rotate", "crop", "shift", "colour", "hue", "cutout", "mixup"])
def test_what_is_out_of_range_is_refused_in_words(field):
    with pytest.raises(RecipeError, match=field):
        Augmentation().changed(**{field: 999})
    with pytest.raises(RecipeError, match=field):
        Augmentation().changed(**{field: math.nan})
