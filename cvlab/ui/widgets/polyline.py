"""Numbers as a line that Qt draws, without a Python object a point."""

from __future__ import annotations

import numpy as np
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtGui import QPolygonF


def polyline(x: np.ndarray, y: np.ndarray) -> QPolygonF:
    """x, y: (n,), pixels. Cost: some 3 µs and the copy of the numbers."""
    return arrayToQPolygonF(x, y)


def thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same line with at most two points a pixel column, its lowest and its highest there, so that no peak is lost.

    x, y: (n,), pixels, x ascending. A line of fewer points comes back as it is.
    """
    columns = np.floor(x)
    starts = np.flatnonzero(np.append(True, columns[1:] != columns[:-1]))
    if 2 * len(starts) >= len(x):
        return x, y
    ends = np.stack([np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)])
    turned = y[starts] > y[np.append(starts[1:], len(y)) - 1]  # falls within the column: the highest comes first
    ends[:, turned] = ends[::-1, turned]
    return np.repeat(x[starts], 2), ends.T.ravel()
