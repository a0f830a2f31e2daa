"""Lower bounds of L1 from sums of blocks: what a coarse look at two images already proves about their distance.

The sum of a block's differences is at least the difference of its sums (the triangle inequality):

    sum over the block |x_p - y_p|  >=  | sum x_p - sum y_p |,

so the L1 distance of the block sums never exceeds that of the images, and that of 8 x 8 blocks never that of 4 x 4 ones. On
photographs the bounds are within a fifth (8 x 8) and a twentieth (2 x 2) of the truth, at 1/64 and 1/4 of the work.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_FEWEST = 32
"""The coarsest level has at least so many sums; fewer prove too little."""
_STRIP = 8_192
"""Columns of the coarsest level that are worked on at once: they stay in the processor's cache."""


class BlockSums:
    """The sums of a set of images. images: (N, C, H, W) uint8; a plain vector is (N, 1, 1, D).

    levels: how many there are, coarse to fine; 0 for vectors too short to gain anything.
    """

    def __init__(self, images: np.ndarray) -> None:
        self._sides = _sides(images.shape[1:])
        self.levels = len(self._sides)
        if not self.levels:
            return
        made = _all_sums(images, self._sides)
        coarse = made[0]
        # Quantised by 2**shift so that even the sum over all columns fits into 16 bits: half the memory traffic.
        self._shift = 0
        while (int(coarse.max(initial=0)) >> self._shift) * coarse.shape[1] > np.iinfo(np.uint16).max:
            self._shift += 1
        narrow = np.ascontiguousarray((coarse >> self._shift).T)  # (d, N)
        self._strips = [np.ascontiguousarray(narrow[:, at : at + _STRIP]) for at in range(0, narrow.shape[1], _STRIP)]
        self._count = len(images)
        self._finer = made[1:]

    def screens(self, queries: np.ndarray) -> Iterator[BlockScreen]:
        """One for each query (q, C, H, W). A screen's values last until the next one is asked for."""
        sums = _all_sums(queries, self._sides)
        room = np.empty((sums[0].shape[1], _STRIP), np.int16)
        out = np.empty(self._count, np.uint16)
        for j in range(len(queries)):
            yield BlockScreen(self, [level[j] for level in sums], room, out)


class BlockScreen:
    """The bounds of one query."""

    def __init__(self, owner: BlockSums, sums: list[np.ndarray], room: np.ndarray, out: np.ndarray) -> None:
        self._owner, self._sums, self._room, self._out = owner, sums, room, out

    def coarse(self) -> np.ndarray:
        """(N,) uint16 bounds of level 0, in its own units (see `limit`)."""
        owner, at = self._owner, 0
        query = (self._sums[0] >> owner._shift)[:, None]
        for strip in owner._strips:
            width = strip.shape[1]
            gaps = self._room.reshape(-1)[: strip.size].reshape(strip.shape)
            np.subtract(strip, query, out=gaps)
            np.abs(gaps, out=gaps)
            np.add.reduce(gaps.view(np.uint16), axis=0, out=self._out[at : at + width])
            at += width
        return self._out

    def fine(self, level: int, rows: np.ndarray) -> np.ndarray:
        """(n,) bounds of a level from 1 on, for these rows."""
        gaps = self._owner._finer[level - 1].take(rows, axis=0)
        gaps -= self._sums[level]
        np.abs(gaps, out=gaps)
        return gaps.sum(axis=1, dtype=np.int32)

    def limit(self, level: int, distance: int) -> int:
        """The largest value of a level that a row at this distance or nearer can have.

        Level 0 counts in units of u = 2**shift, of whole parts: |a - b| >= u |a // u - b // u| - (u - 1) in each of its d
        columns, hence value * u - (u - 1) d <= distance. The other levels are exact.
        """
        if level:
            return distance
        unit = 1 << self._owner._shift
        return (distance + (unit - 1) * len(self._sums[0])) // unit


def _sides(shape: tuple[int, int, int]) -> list[int]:
    """Which block sides are worth having, coarse to fine."""
    return [side for side in (8, 4, 2) if _width(shape, side) >= _FEWEST]


def _width(shape: tuple[int, int, int], side: int) -> int:
    channels, height, width = shape
    down, across = _block(height, side)
    return channels * -(-height // down) * -(-width // across)


def _block(height: int, side: int) -> tuple[int, int]:
    """Rows and columns of a block; a plain vector is cut into runs as long as a block is large."""
    return (1, side * side) if height == 1 else (side, side)


def _all_sums(images: np.ndarray, sides: list[int]) -> list[np.ndarray]:
    """(N, C, H, W) uint8 -> for each side (N, d) int16 sums of its blocks, the coarse ones summed from the fine ones.

    Edges are filled up with zeros, which differ in nothing. 64 bytes of 255 are 16,320: int16 holds every sum.
    """
    count, _, height, width = images.shape
    down, across = _block(height, max(sides))
    pad_y, pad_x = -height % down, -width % across
    made = [np.empty((count, _width(images.shape[1:], side)), np.int16) for side in sides]
    for start in range(0, count, 1_000):
        part = images[start : start + 1_000]
        if pad_y or pad_x:
            part = np.pad(part, ((0, 0), (0, 0), (0, pad_y), (0, pad_x)))
        for level in range(len(sides) - 1, -1, -1):
            if height == 1:
                part = _halved(_halved(part, 3), 3)
            else:
                part = _halved(_halved(part, 3), 2)
            rows, columns = -(-height // _block(height, sides[level])[0]), -(-width // _block(height, sides[level])[1])
            kept = part[:, :, :rows, :columns]  # the filling makes whole blocks of zeros where sides do not divide
            made[level][start : start + 1_000] = kept.reshape(len(kept), -1)
    return made


def _halved(sums: np.ndarray, axis: int) -> np.ndarray:
    """Neighbours along an axis added up, as int16."""
    before = (slice(None),) * axis
    made = sums[(*before, slice(0, None, 2))].astype(np.int16)
    made += sums[(*before, slice(1, None, 2))]
    return made
