"""Exact comparison of bytes: the one image with some rows, and blocks of images with blocks of rows, all in whole numbers.

Nothing is rounded here. Where floating point is used for its speed, every number that can come up, partial sums in any
order included, is a whole number that the type holds exactly: at most 2**24 in float32.
"""

from __future__ import annotations

import numpy as np

MIDDLE = 128
"""Bytes are centred on this for products: |x - 128| <= 128, so 1,024 products add up to at most 2**24."""
_DOTS = 1_024
"""Centred products that float32 adds exactly: 2**14 each."""
_SQUARES = 66_051
"""Squares of a byte that 32 bits hold the sum of."""
LARGEST = 8_000_000
"""Values a vector may have: far beyond any image, and all sums still fit."""


def l1_of_rows(rows: np.ndarray, query: np.ndarray) -> np.ndarray:
    """sum |row - query|: rows (n, D) uint8, query (D,) uint8 -> (n,) int64. Some 3 billion bytes a second."""
    gaps = np.maximum(rows, query)
    gaps -= np.minimum(rows, query)
    return gaps.sum(axis=1, dtype=np.uint32).astype(np.int64)


def l2_of_rows(rows: np.ndarray, query: np.ndarray) -> np.ndarray:
    """sum (row - query)**2: rows (n, D) uint8, query (D,) uint8 -> (n,) int64."""
    gaps = np.maximum(rows, query)
    gaps -= np.minimum(rows, query)
    squares = gaps.astype(np.uint16)  # 255**2 is 65,025
    squares *= squares
    # Thirty-two bits hold the sum of 66,051 of them, and are twice as fast as sixty-four.
    narrow = rows.shape[1] <= _SQUARES
    return squares.sum(axis=1, dtype=np.uint32 if narrow else np.uint64).astype(np.int64)


def centred(images: np.ndarray) -> np.ndarray:
    """(n, D) uint8 -> float32 whole numbers in -128..127."""
    made = images.astype(np.float32)
    made -= MIDDLE
    return made


def dots(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Inner products of centred bytes: A (q, D), B (n, D) as `centred` gives them -> (q, n) int64, by matrix products.

    Each product is over at most 1,024 columns, so no partial sum leaves the whole numbers of float32, in whatever order
    (and with whatever fused steps) the library adds.
    """
    total = np.zeros((len(A), len(B)), np.int64)
    for start in range(0, A.shape[1], _DOTS):
        columns = slice(start, start + _DOTS)
        total += (A[:, columns] @ B[:, columns].T).astype(np.int64)
    return total
