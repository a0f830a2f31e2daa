"""`cvlab bench knn`: the exact search beside OpenCV, faiss and scikit-learn, on the same bytes, one after the other."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from importlib.util import find_spec
from time import perf_counter
from typing import Any

from cvlab.cli.bench.process import child, machine
from cvlab.core import paths

RIVALS = {"l1": ("cv2",), "l2": ("faiss", "sklearn")}
TITLES = {
    "cvlab": "cvlab",
    "cv2": "OpenCV batchDistance",
    "faiss": "faiss IndexFlatL2",
    "sklearn": "scikit-learn brute force",
    "torch": "torch.cdist",
}


def add_to(benches: Any, shared: argparse.ArgumentParser) -> None:
    knn = benches.add_parser(
        "knn", parents=[shared], help="exact nearest neighbours: cvlab / OpenCV, faiss, scikit-learn"
    )
    knn.add_argument("--data", default="mnist-mini", help="data set (default: mnist-mini)")
    knn.add_argument("--queries", type=int, default=0, help="only this many test images (default: all)")
    knn.add_argument("--k", type=int, default=1, help="neighbours (default: 1)")
    knn.add_argument("--metric", choices=tuple(RIVALS), action="append", help="may be repeated (default: both)")
    knn.add_argument("--device", default="cpu", help="cpu, or cuda: then the rival is torch.cdist there (default: cpu)")
    knn.set_defaults(verb=_knn)


def _knn(arguments: argparse.Namespace) -> dict:
    result: dict[str, Any] = {"data": arguments.data, "k": arguments.k, "machine": machine(), "metrics": {}}
    lines = []
    for metric in dict.fromkeys(arguments.metric or RIVALS):
        rivals = ("torch",) if arguments.device != "cpu" else RIVALS[metric]
        there = [side for side in rivals if find_spec(side) is not None]
        sides = {}
        for side in ("cvlab", *there):
            print(f"{metric}: {TITLES[side]}", file=sys.stderr)
            sides[side] = child(
                __name__, side, metric, arguments.data, str(arguments.queries), str(arguments.k), arguments.device
            )  # fmt: skip
        mine = sides["cvlab"]
        result["queries"], result["images"] = mine["queries"], mine["images"]
        for side in there:
            sides[side]["ratio"] = mine["seconds"] / sides[side]["seconds"]
            sides[side]["same_distances"] = sides[side]["checksum"] == mine["checksum"]
        result["metrics"][metric] = sides
        lines.append(
            f"{metric}: {mine['queries']:,} queries, {mine['images']:,} images of {mine['values']:,} bytes, k = {arguments.k}"
        )
        for side, told in sides.items():
            beside = "" if side == "cvlab" else f"   cvlab / it {told['ratio']:.2f}"
            lines.append(
                f"  {TITLES[side]:<26}{told['seconds']:8.2f} s  {told['peak_mb']:7,.0f} MB  "
                f"accuracy {told['accuracy']:.2%}{beside}"
            )
        lines += [f"  {TITLES[side]} is not installed" for side in rivals if side not in there]
    return result | {"text": "\n".join(lines)}


def main() -> None:
    """One side, alone in its process: `SIDE METRIC DATA QUERIES K DEVICE`; prints a line of JSON."""
    side, metric, data_id, queries, k, device = sys.argv[1:]
    from cvlab.engine.data import catalogue

    data = catalogue.load(data_id, root=paths.data(), bundled=paths.resources() / "data")
    X, y = data.train.images.numpy(), data.train.labels.numpy()
    step = max(1, len(data.test) // int(queries)) if int(queries) else 1
    Q, truth = data.test.images.numpy()[::step], data.test.labels.numpy()[::step]
    run = _SIDES[side](X, Q, metric, int(k), device)
    began = perf_counter()
    indices, distances = run()
    seconds = perf_counter() - began
    json.dump(
        {
            "seconds": seconds,
            "accuracy": float((y[indices[:, 0]] == truth).mean()),
            "checksum": int(distances.astype("float64").round().sum()),
            "queries": len(Q),
            "images": len(X),
            "values": int(X[0].size),
            "peak_mb": _peak_mb(),
        },
        sys.stdout,
    )
    print()


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
    from cvlab.engine.neighbors.search import Index

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
