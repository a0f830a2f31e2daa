"""Exact k-nearest-neighbour search over images: batches in, neighbours out, in bounded memory, stopped at any moment.

It never holds a matrix of all queries by all images. On a CPU, L1 and L2 look first at bounds that cost a fraction
(`block_sums`, `projection`), keep the rows that could still be among the k nearest, and compute the exact distance of those
alone; the bound is a proof, so nothing is missed. Where the data do not let bounds prune (noise), it notices, and compares
everything (`dense`), which is also how products, and all on a graphics card, are done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from cvlab.engine.errors import Cancelled, DataError
from cvlab.engine.neighbors import exact, metrics
from cvlab.engine.neighbors.block_sums import BlockSums
from cvlab.engine.neighbors.dense import Dense, has_opencv
from cvlab.engine.neighbors.found import Found, smallest
from cvlab.engine.neighbors.projection import Projection

BATCH = 256
"""Queries a batch: a running estimate moves twice a second at CIFAR-10's size."""
_WORTH = {"l1": 2e10, "l2": 2e11}
"""Bytes to compare (queries x images x values) from which bounds repay their making. L2's cost more, and what they spare, a
matrix product, costs less."""
_SPARSE = {"l1": 500, "l2": 2_000}
"""Bounds find k neighbours quickly while k is at most this part of the set."""
_HARD = 0.5
"""A query for which more than this share of the set survives the bounds is compared with everything."""
_GROUP = 64

Asked = Callable[[], bool]


def never() -> bool:
    """The answer of one who does not want to stop a search."""
    return False


class Index:
    """A set of images that can be asked for neighbours.

    images: (N, ...) uint8, anything after the first axis is one image; (N, C, H, W) lets L1 use blocks of the picture.
    device:  "cpu", or what PyTorch calls a device ("cuda").
    threads: how many compare at once; 0 for the cores that there are, at most four.
    bounds:  whether to look at bounds first; None lets the size of the work decide.
    Raises DataError for an empty set, an unknown metric, or what is not bytes.
    """

    def __init__(
        self,
        images: np.ndarray,
        metric: str = "l1",
        *,
        device: str = "cpu",
        threads: int = 0,
        bounds: bool | None = None,
    ) -> None:
        if not metrics.find(metric).for_images:
            raise DataError(
                "Images are not compared like this.",
                received=metric,
                remedy=f"There are: {', '.join(metrics.OF_IMAGES)}.",
            )
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim < 2:
            raise DataError("Images to compare are bytes.", received=f"{images.dtype}, shape {images.shape}")
        if not images.size:
            raise DataError(
                "There is no image to compare with.", received=f"shape {images.shape}", remedy="Choose a larger set."
            )
        if images[0].size > exact.LARGEST:
            raise DataError("These images are too large to compare.", received=f"{images[0].size:,} values each")
        self.metric, self._threads, self._device = metric, threads or min(4, _cores()), device
        self._shape = images.shape[1:]
        self._images = np.ascontiguousarray(images).reshape(len(images), -1)  # (N, D)
        self._bounds: BlockSums | Projection | None = None
        self._dense: Dense | None = None
        self._prunes = device == "cpu" and metric in ("l1", "l2") and bounds is not False
        self._always = bounds is True
        self._exactly = exact.l1_of_rows if metric == "l1" else exact.l2_of_rows

    def __len__(self) -> int:
        return len(self._images)

    def search(self, queries: np.ndarray, k: int = 1, *, cancelled: Asked = never) -> Found:
        """The k nearest of each query (Q, ...), see `Found`. Raises DataError, Cancelled."""
        return Found.join(list(self.batches(queries, k, cancelled=cancelled)))

    def batches(
        self, queries: np.ndarray, k: int = 1, *, size: int = BATCH, cancelled: Asked = never
    ) -> Iterator[Found]:
        """The same, a batch of queries at a time, in order. Asks `cancelled` several times within a batch; raises Cancelled."""
        queries = self._checked(queries, k)
        pruned = self._prunes and (self._always or self._repays(len(queries), k))
        with ThreadPoolExecutor(self._threads, thread_name_prefix="cvlab-knn") as pool:
            for start in range(0, len(queries), size):
                batch = queries[start : start + size]
                indices = np.empty((len(batch), k), np.int64)
                values = np.empty((len(batch), k), np.float64 if self.metric == "cosine" else np.int64)
                hard = np.ones(len(batch), bool)
                if pruned:
                    self._prune(batch, k, indices, values, hard, pool, cancelled)
                    # Bounds that do not help most of a batch will not help the next one.
                    pruned = hard.mean() < 0.75
                if hard.any():
                    if self._dense is None:
                        self._dense = Dense(self._images, self.metric, self._device)
                    indices[hard], values[hard] = self._dense.nearest(batch[hard], k, pool, self._threads, cancelled)
                yield Found(indices, values, self.metric)

    def prepare(self) -> None:
        """Makes the bounds now, for a set that will be asked often. 4 s for CIFAR-10 by L2, 1 s by L1."""
        if self._prunes and self._bounds is None:
            shape = self._shape if len(self._shape) == 3 else (1, 1, self._images.shape[1])
            if self.metric == "l1":
                self._bounds = BlockSums(self._images.reshape(-1, *shape))
            else:
                self._bounds = Projection(self._images)

    def _repays(self, queries: int, k: int) -> bool:
        """Whether bounds first is the quicker way. Without OpenCV, L1 by numpy is four times as slow, and they repay sooner."""
        sooner = 10 if self.metric == "l1" and not has_opencv() else 1
        is_worth = self._bounds is not None or queries * self._images.size * sooner >= _WORTH[self.metric]
        return is_worth and k * _SPARSE[self.metric] <= len(self) * sooner

    def _checked(self, queries: np.ndarray, k: int) -> np.ndarray:
        queries = np.asarray(queries)
        if queries.dtype != np.uint8 or queries.shape[1:] != self._shape:
            raise DataError(
                "A query has the type and shape of the images that it is compared with.",
                received=f"{queries.dtype} {queries.shape[1:]} for {self._shape}",
            )
        if not len(queries):
            raise DataError("There is no query.", remedy="Ask with at least one image.")
        if k < 1:
            raise DataError("At least one neighbour has to be asked for.", received=f"k = {k}")
        if k > len(self):
            raise DataError(
                f"There are fewer images than neighbours asked for: {len(self):,}.",
                received=f"k = {k:,}",
                remedy=f"Choose k up to {len(self):,}, or a larger set.",
            )
        return np.ascontiguousarray(queries).reshape(len(queries), -1)

    # -- pruning -----------------------------------------------------------------------------------------------------

    def _prune(
        self, batch: np.ndarray, k: int, indices: np.ndarray, values: np.ndarray, hard: np.ndarray, pool: ThreadPoolExecutor,
        cancelled: Asked,
    ) -> None:  # fmt: skip
        """Fills in the answers of the queries whose bounds helped, and takes them off `hard`."""
        self.prepare()
        if not self._bounds.levels:
            return
        cuts = np.linspace(0, len(batch), self._threads + 1).astype(int)

        def work(start: int, end: int) -> None:
            part = batch[start:end]
            shaped = part.reshape(-1, *self._shape) if len(self._shape) == 3 else part[:, None, None, :]
            screens = self._bounds.screens(shaped if self.metric == "l1" else part)
            misses = 0
            for j, (query, screen) in enumerate(zip(part, screens, strict=True), start):
                if cancelled():
                    raise Cancelled
                answer = self._look(query, screen, k)
                if answer is not None:
                    indices[j], values[j] = answer
                    hard[j] = False
                else:
                    misses += 1
                    if misses >= 8 and misses > 0.75 * (j - start + 1):
                        return

        for done in [pool.submit(work, *cut) for cut in pairwise(cuts) if cut[0] < cut[1]]:
            done.result()

    def _look(self, query: np.ndarray, screen, k: int) -> tuple[np.ndarray, np.ndarray] | None:
        """(indices, exact distances) of the k nearest, or None if too many rows survive.

        The k-th smallest exact distance known so far is `bar`: a row whose bound exceeds it is not among the k nearest, nor
        equal to one. `known` holds what was computed; each level first computes the most promising rows, which lowers the bar.
        """
        bounds = screen.coarse()
        known_rows = _promising(bounds, 2 * k + 16)
        known = self._exactly(self._images.take(known_rows, axis=0), query)
        bar = int(np.partition(known, k - 1)[k - 1])
        rows = np.flatnonzero(bounds <= screen.limit(0, bar))
        for level in range(1, self._bounds.levels):
            bounds = screen.fine(level, rows)
            if len(rows) > 4 * k + 64:
                best = np.argpartition(bounds, k + 7)[: k + 8]
                exactly = self._exactly(self._images.take(rows[best], axis=0), query)
                bar = min(bar, int(np.partition(exactly, k - 1)[k - 1]))
            rows = rows[bounds <= screen.limit(level, bar)]
        if len(rows) > _HARD * len(self._images):
            return None
        return smallest(self._exactly(self._images.take(rows, axis=0), query), k, rows)


def _cores() -> int:
    """Cores that this process may use. (`training.device` says the same, but brings PyTorch.)"""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _promising(bounds: np.ndarray, count: int) -> np.ndarray:
    """At least `count` rows with small bounds: the best one of each of the best groups of 64 neighbouring rows.

    Not the smallest exactly, which would cost more than the bounds did. All rows if there are too few groups.
    """
    groups = len(bounds) // _GROUP
    if groups < 2 * count:
        if count >= len(bounds):
            return np.arange(len(bounds))
        return np.argpartition(bounds, count - 1)[:count]
    table = bounds[: groups * _GROUP].reshape(
        _GROUP, groups
    )  # rows g, g + groups, ...: neighbours are far apart in the set
    minima = table.min(axis=0)
    best = np.argpartition(minima, count - 1)[:count]
    return best + groups * table[:, best].argmin(axis=0)
