"""Random numbers that belong to an image, not to its place in a batch: a function of (key, stream, number), the same everywhere.

SplitMix64 (Steele, Lea and Flood, 2014) over counters: integer arithmetic only, so every machine draws the same bits, any
number can be had without those before it, and the same image gets the same nuisance alone or among thousands.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_STREAM = np.uint64(0xD1342543DE82EF95)


def mix(z: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser: a bijection of 64-bit integers whose output bits each depend on all of the input's."""
    z = np.asarray(z, np.uint64)
    z = (z ^ (z >> np.uint64(30))) * _M1
    z = (z ^ (z >> np.uint64(27))) * _M2
    return z ^ (z >> np.uint64(31))


def keys_of(images: Tensor, seed: int) -> np.ndarray:
    """(N,) uint64: one key an image, from its bytes and the seed. Same bytes, same key. 3 us an image of 32 x 32 x 3."""
    flat = images.contiguous().cpu().numpy().reshape(len(images), -1)
    checks = np.fromiter((zlib.crc32(image) for image in flat), np.uint64, len(flat))
    return keys_from(checks, seed)


def keys_from(numbers: np.ndarray, seed: int) -> np.ndarray:
    """(N,) uint64 keys from integers (indices, checksums) and a seed >= 0."""
    base = mix(np.array([seed], np.uint64) * _GOLDEN + _M1)
    return mix(np.asarray(numbers, np.uint64) * _GOLDEN ^ base)


def bits(keys: np.ndarray, count: int, stream: int = 0) -> np.ndarray:
    """(N, count) uint64: numbers 0..count-1 of this stream for each key."""
    start = mix(np.asarray(keys, np.uint64) + np.array([stream + 1], np.uint64) * _STREAM)
    steps = (np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN)[None]
    return mix(start[:, None] + steps)


def uniforms(keys: np.ndarray, count: int, stream: int = 0) -> np.ndarray:
    """(N, count) float64, evenly in [0, 1): the upper 53 bits of `bits`."""
    return (bits(keys, count, stream) >> np.uint64(11)) * np.float64(2.0**-53)
