"""Shapes-32: ten kinds of coloured shapes on 32 x 32 pixels, drawn from a seed. The offline stand-in for CIFAR-10.

Measured with the usual dials, 10,000 to train on and 2,000 to test: 1-NN 58.8 % (L2) and 49.8 % (L1, 500 of the test images),
a linear softmax classifier 24 % (36 % of its own training images), a ConvNet of three convolutions (24, 48, 64 maps) 93.8 %
after two epochs and 98 to 99 % after eight.

Every image is a function of (seed, split, index) alone, drawn with integer hashes and with float32 +, -, *, / and sqrt one
element at a time, which IEEE 754 rounds the same way on every machine: the same seed gives the same bytes everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from cvlab.engine.data import dice
from cvlab.engine.data.progress import Asked, Progress, Report, never, nobody
from cvlab.engine.data.silhouettes import SILHOUETTES, TURN
from cvlab.engine.errors import Cancelled, DataError
from cvlab.engine.spec import Spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    Even = Callable[[float, float], np.ndarray]  # the next number of every image, evenly between two ends: (N, 1, 1)

    from cvlab.engine.data.dataset import Dataset

ID, TITLE = "shapes32", "Shapes-32"
CLASSES = tuple(SILHOUETTES)
SIDE, CHANNELS = 32, 3
TRAIN_COUNT, TEST_COUNT, SEED = 10_000, 2_000, 0
MAX_COUNT = 200_000
_CHUNK = 250  # images at a time: what is at work stays in the cache
_DRAWS = 48  # random numbers an image


def _dial(start: float, title: str, description: str) -> float:
    return Field(start, ge=0.0, le=1.0, title=title, description=description)


class Nuisances(Spec):
    """How much the images of one class may differ: a dial for each of the course's seven challenges, 0 none, 1 extreme."""

    viewpoint: float = _dial(0.35, "Viewpoint", "How far the shape is turned and seen from the side.")
    scale: float = _dial(0.4, "Scale", "How much its size varies.")
    deformation: float = _dial(0.3, "Deformation", "How much its outline is bent.")
    occlusion: float = _dial(0.15, "Occlusion", "How much of it a bar hides.")
    illumination: float = _dial(0.4, "Illumination", "How much light and shade vary.")
    clutter: float = _dial(0.4, "Background clutter", "How loud the background is.")
    variation: float = _dial(0.5, "Intra-class variation", "How much colour, texture, place and proportions vary.")


@dataclass(frozen=True, eq=False)
class Drawn:
    """images (N, 3, 32, 32) uint8, labels (N,) int64, masks (N, 32, 32) uint8: what share of a pixel the shape covers, 0..255."""

    images: np.ndarray
    labels: np.ndarray
    masks: np.ndarray


def generate(
    seed: int = SEED,
    train_count: int = TRAIN_COUNT,
    test_count: int = TEST_COUNT,
    nuisances: Nuisances = Nuisances(),
    *,
    progress: Report | None = None,
    cancelled: Asked = never,
) -> Dataset:
    """The whole set: classes in turn, so that any ten images that follow each other hold one of each.

    seed: 0..2^63-1. 160 us an image on one core: 2 s for the usual 12,000.
    Raises DataError for counts out of range, Cancelled when asked.
    """
    import torch

    from cvlab.engine.data.dataset import Dataset, Split, digest_of

    total = train_count + test_count
    if not (train_count >= 1 and test_count >= 1 and total <= MAX_COUNT):
        raise DataError(
            f"Shapes-32 has 1 to {MAX_COUNT:,} images in all, and at least one in each split.",
            received=f"{train_count:,} to train on and {test_count:,} to test",
        )
    report, parts, done = progress or nobody, [], 0
    for split, count in enumerate((train_count, test_count)):
        images = np.empty((count, CHANNELS, SIDE, SIDE), np.uint8)
        for first in range(0, count, _CHUNK):
            if cancelled():
                raise Cancelled
            indices = np.arange(first, min(first + _CHUNK, count))
            images[first : first + _CHUNK] = draw(indices, split, seed, nuisances).images
            done += len(indices)
            report(Progress("Drawing Shapes-32", done * CHANNELS * SIDE * SIDE, total * CHANNELS * SIDE * SIDE))
        parts.append(Split(torch.from_numpy(images), torch.arange(count) % len(CLASSES)))
    train, test = parts
    return Dataset(ID, TITLE, CLASSES, train, test, digest_of(train, test))


def masks(indices: np.ndarray, split: int, seed: int = SEED, nuisances: Nuisances = Nuisances()) -> Tensor:
    """Where the shapes are: (N, 1, 32, 32) float32 in 0..1 for these images of the training (0) or test (1) split."""
    import torch

    indices = np.asarray(indices)
    chunks = [
        draw(indices[i : i + _CHUNK], split, seed, nuisances).masks for i in range(0, max(1, len(indices)), _CHUNK)
    ]
    return torch.from_numpy(np.concatenate(chunks)).unsqueeze(1).float() / 255


def draw(indices: np.ndarray, split: int, seed: int, nuisances: Nuisances = Nuisances()) -> Drawn:
    """Images by their index; index i shows class i mod 10. split: 0 training, 1 test."""
    indices = np.asarray(indices, np.int64)
    labels = indices % len(CLASSES)
    keys = dice.keys_from(indices * 2 + split, seed)
    u = dice.uniforms(keys, _DRAWS).astype(np.float32).T[:, :, None, None]  # one row a parameter, (N, 1, 1) each
    number = iter(u)

    def even(low: float, high: float) -> np.ndarray:
        return next(number) * np.float32(high - low) + np.float32(low)

    n = nuisances
    x, y = _places(n, even)
    distance = np.empty((len(indices), SIDE, SIDE), np.float32)
    proportion = 1 + np.float32(0.35 * n.variation) * even(-1, 1)
    for label, silhouette in enumerate(SILHOUETTES.values()):
        own = labels == label
        if own.any():
            distance[own] = silhouette(x.place[own], y.place[own], proportion[own])
    cover = np.clip(0.5 - distance * x.pixels, 0, 1)  # (N, 32, 32): anti-aliased over one pixel

    ground, shape = _colours(n, even)
    grain = _grain(keys, n)
    back = ground + _ramp(even) * np.float32(60 * n.illumination) + grain * np.float32(70 * n.clutter)
    back = _patches(back, n, even)
    fill = shape + _stripes(n, even)[:, None]
    image = back + (fill - back) * cover[:, None]
    image, hidden = _bar(image, n, even)
    light = 1 + np.float32(0.5 * n.illumination) * even(-1, 1) + np.float32(0.3 * n.illumination) * _ramp(even)[:, 0]
    image = image * light[:, None]
    return Drawn(
        np.clip(image + np.float32(0.5), 0, 255).astype(np.uint8),
        labels,
        np.clip(cover * (1 - hidden) * 255 + np.float32(0.5), 0, 255).astype(np.uint8),
    )


@dataclass(frozen=True, eq=False)
class _Axis:
    """place: coordinate in the shape's own frame, where it fills about -1..1. pixels: pixels in one unit of it."""

    place: np.ndarray
    pixels: np.ndarray


def _places(n: Nuisances, even: Even) -> tuple[_Axis, _Axis]:
    """Each pixel in the frame of its shape: moved, bent, turned, squeezed and enlarged."""
    line = np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)
    row, column = line[None, :, None], line[None, None, :]
    away = 1.5 + 4 * n.variation
    row, column = row - even(-away, away), column - even(-away, away)
    # Bent: a slow wave across, made of a polynomial so that no machine rounds it differently.
    reach = 3.5 * n.deformation
    a, b, c, d = (even(-reach, reach) for _ in range(4))
    r, s = row * np.float32(1 / 12), column * np.float32(1 / 12)
    row = row + a * (s * s - np.float32(0.5)) + b * r * s
    column = column + c * (r * r - np.float32(0.5)) + d * r * s
    cos, sin = TURN[_angle(even, n.viewpoint).astype(np.int64) % len(TURN)].transpose(3, 0, 1, 2)
    squeeze = 1 - np.float32(0.55 * n.viewpoint) * even(0, 1)
    size = np.float32(10) + np.float32(5 * n.scale) * even(-1, 1)
    x, y = (cos * column + sin * row) / (size * squeeze), (cos * row - sin * column) / size
    pixels = size * squeeze
    return _Axis(x, pixels), _Axis(y, pixels)


def _angle(even: Even, viewpoint: float) -> np.ndarray:
    """Turns of up to half the circle either way, in steps of the table."""
    reach = viewpoint * len(TURN) / 2
    return even(-reach, reach) + np.float32(len(TURN))


def _colours(n: Nuisances, even: Even) -> tuple[np.ndarray, np.ndarray]:
    """(background, shape): (N, 3, 1, 1) each, 0..255, at least 70 apart in brightness."""
    spread = 90 * n.variation
    dark = [60 + even(-spread / 2, spread) for _ in range(3)]
    tint = [even(-spread, spread) for _ in range(3)]
    contrast = 85 + even(0, 60)
    below = even(0, 1) < np.float32(0.5 * n.variation)
    ground = np.stack(dark, axis=1)
    shape = ground + np.stack([contrast + t for t in tint], axis=1)
    swap = below[:, None]
    return np.where(swap, shape, ground), np.where(swap, ground, shape)


def _ramp(even: Even) -> np.ndarray:
    """Light that grows in one direction: (N, 1, 32, 32) in about -1..1."""
    line = (np.arange(SIDE, dtype=np.float32) - np.float32((SIDE - 1) / 2)) / np.float32(SIDE / 2)
    return (even(-1, 1) * line[None, :, None] + even(-1, 1) * line[None, None, :])[:, None] * np.float32(0.7)


def _grain(keys: np.ndarray, n: Nuisances) -> np.ndarray:
    """Blotches of 4 pixels and grain of 1, each colour for itself: (N, 3, 32, 32) in -1..1."""
    count = len(keys)
    coarse = dice.bits(keys, CHANNELS * 64 // 8, stream=1).view(np.uint8).reshape(count, CHANNELS, 8, 8)
    fine = dice.bits(keys, CHANNELS * SIDE * SIDE // 8, stream=2).astype("<u8").view(np.uint8)
    fine = fine.reshape(count, CHANNELS, SIDE, SIDE)
    blotch = coarse.repeat(4, axis=2).repeat(4, axis=3).astype(np.float32)
    return (blotch * np.float32(0.7) + fine.astype(np.float32) * np.float32(0.3) - np.float32(127.5)) / np.float32(
        127.5
    )


def _patches(back: np.ndarray, n: Nuisances, even: Even) -> np.ndarray:
    """Two discs of other colours behind the shape."""
    line = np.arange(SIDE, dtype=np.float32)
    for _ in range(2):
        r, c, radius = even(0, SIDE), even(0, SIDE), even(3, 8)
        dr, dc = line[None, :, None] - r, line[None, None, :] - c
        inside = np.clip(radius + np.float32(0.5) - np.sqrt(dr * dr + dc * dc), 0, 1)
        colour = np.stack([even(-90, 90) for _ in range(3)], axis=1)
        back = back + (inside * np.float32(n.clutter))[:, None] * colour
    return back


def _stripes(n: Nuisances, even: Even) -> np.ndarray:
    """Texture of the shape: stripes in some direction, (N, 32, 32) in brightness."""
    line = np.arange(SIDE, dtype=np.float32)
    wave = even(-0.5, 0.5) * line[None, :, None] + even(-0.5, 0.5) * line[None, None, :] + even(0, 1)
    saw = wave - np.floor(wave)  # 0..1
    return (np.abs(saw - np.float32(0.5)) * np.float32(4) - 1) * (even(0, 60) * np.float32(n.variation))


def _bar(image: np.ndarray, n: Nuisances, even: Even) -> tuple[np.ndarray, np.ndarray]:
    """A bar across everything. Returns the image and how much of each pixel it hides, (N, 32, 32)."""
    line = np.arange(SIDE, dtype=np.float32)
    place, upright = even(4, SIDE - 4), even(0, 1) < np.float32(0.5)
    half = np.float32(8 * n.occlusion) * even(0.2, 1)
    along = np.where(upright, line[None, None, :], line[None, :, None])
    hidden = np.clip(half + np.float32(0.5) - np.abs(along - place), 0, 1) * np.float32(n.occlusion > 0)
    hidden = hidden * (even(0, 1) < np.float32(min(1.0, 2 * n.occlusion)))
    colour = np.stack([even(20, 235) for _ in range(3)], axis=1)
    return image + (colour - image) * hidden[:, None], hidden
