"""The rivals that `cvlab bench knn` measures beside the search, each as its own documentation uses it.

Run as a module, it measures one of them in a process of its own and prints the figure. They are imported only where asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from cvlab.engine.data import catalogue
from cvlab.engine.neighbors.search import Index


def main() -> None:
    """Measures one rival in a process of its own and prints its figures as JSON; `cvlab bench knn` calls it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=tuple(_SIDES))
    parser.add_argument("--metric", choices=("l1", "l2"), required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--queries", type=int, default=0)
    parser.add_argument("--k", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--bundled", type=Path, required=True)
    options = parser.parse_args()
    data = catalogue.load(options.data, root=options.root, bundled=options.bundled)
    X, y = data.train.images.numpy(), data.train.labels.numpy()
    step = max(1, len(data.test) // options.queries) if options.queries else 1
    Q, truth = data.test.images.numpy()[::step], data.test.labels.numpy()[::step]
    run = _SIDES[options.side](X, Q, options.metric, options.k, options.device)
    began, worked = perf_counter(), process_time()
    indices, distances = run()
    seconds, cpu_seconds = perf_counter() - began, process_time() - worked
    result = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "accuracy": float((y[indices[:, 0]] == truth).mean()),
        "checksum": int(distances.astype("float64").round().sum()),
        "queries": len(Q),
        "images": len(X),
        "values": int(X[0].size),
        "peak_mb": _peak_mb(),
    }
    json.dump(result, sys.stdout)
    sys.stdout.write("\n")


def _peak_mb() -> float:
    """The most memory that the process had, with the data and all libraries in it."""
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


# Each makes what a user would make beforehand (types, shapes, imports); building an index counts as search.


def _cvlab(X: Any, Q: Any, metric: str, k: int, device: str) -> Callable:
    def run() -> tuple:
        found = Index(X, metric, device=device).search(Q, k)
        return found.indices, found.exact

    return run


def _cv2(X: Any, Q: Any, metric: str, k: int, device: str) -> Callable:
    import cv2

    flat, queries = X.reshape(len(X), -1), Q.reshape(len(Q), -1)

    def run() -> tuple:
        distances, indices = cv2.batchDistance(queries, flat, cv2.CV_32S, normType=cv2.NORM_L1, K=k)
        return indices, distances

    return run


def _faiss(X: Any, Q: Any, metric: str, k: int, device: str) -> Callable:
    import faiss

    flat, queries = X.reshape(len(X), -1).astype("float32"), Q.reshape(len(Q), -1).astype("float32")

    def run() -> tuple:
        index = faiss.IndexFlatL2(flat.shape[1])
        index.add(flat)
        distances, indices = index.search(queries, k)
        return indices, distances

    return run


def _sklearn(X: Any, Q: Any, metric: str, k: int, device: str) -> Callable:
    from sklearn.neighbors import NearestNeighbors

    flat, queries = X.reshape(len(X), -1).astype("float32"), Q.reshape(len(Q), -1).astype("float32")

    def run() -> tuple:
        searcher = NearestNeighbors(n_neighbors=k, algorithm="brute", metric="euclidean").fit(flat)
        distances, indices = searcher.kneighbors(queries)
        return indices, distances.astype("float64") ** 2

    return run


def _torch(X: Any, Q: Any, metric: str, k: int, device: str) -> Callable:
    import torch

    flat = torch.from_numpy(X.reshape(len(X), -1)).to(device).float()
    queries = torch.from_numpy(Q.reshape(len(Q), -1)).to(device).float()

    def run() -> tuple:
        parts = [
            torch.cdist(queries[start : start + 256], flat, p=1 if metric == "l1" else 2).topk(k, largest=False)
            for start in range(0, len(queries), 256)
        ]
        values = torch.cat([part.values for part in parts])
        indices = torch.cat([part.indices for part in parts]).cpu().numpy()
        return indices, (values if metric == "l1" else values.double() ** 2).cpu().numpy()

    return run


_SIDES = {"cvlab": _cvlab, "cv2": _cv2, "faiss": _faiss, "sklearn": _sklearn, "torch": _torch}

if __name__ == "__main__":
    main()
