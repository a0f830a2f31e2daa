"""`cvlab knn`: exact nearest neighbours over a test set; `cvlab knn tune`: k and the metric chosen on validation data."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cvlab.cli.arguments import UsageError, check_device, data_entry
from cvlab.cli.parser import number, whole, whole_numbers
from cvlab.cli.progress import ProgressLine, duration
from cvlab.engine.errors import DataError
from cvlab.engine.neighbors.metrics import OF_IMAGES

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("knn", parents=[shared], help="classify by nearest neighbours; tune: choose k and metric")
    _add_data(parser)
    parser.add_argument("--metric", choices=OF_IMAGES, default="l1", help="how images are compared (default: l1)")
    parser.add_argument("--k", type=whole(1, 100_000), default=1, help="neighbours that vote (default: 1)")
    parser.add_argument(
        "--queries",
        type=whole(0, 10_000_000),
        default=0,
        help="only this many test images, drawn by --seed (default: all)",
    )
    parser.set_defaults(verb=_knn)
    inner = parser.add_subparsers(metavar="tune")
    tune = inner.add_parser(
        "tune", parents=[shared], help="choose k and metric by cross-validation, or on held-out images"
    )
    _add_data(tune)
    tune.add_argument("--metric", choices=OF_IMAGES, action="append", help="may be repeated (default: l1 and l2)")
    tune.add_argument(
        "--k", type=whole_numbers(1, 100_000), default=None, help="values of k (default: 1,3,5,8,10,12,15,20,50,100)"
    )
    tune.add_argument("--folds", type=whole(2, 1000), default=5, help="folds of cross-validation (default: 5)")
    tune.add_argument(
        "--hold-out",
        type=number(0, 0.9),
        default=0.0,
        help="instead of folds, hold out this share of the training images",
    )
    tune.add_argument("--test", action="store_true", help="then measure the best choice on the test images, once")
    tune.set_defaults(verb=_tune)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", default="mnist-mini", help="data set (default: mnist-mini)")
    parser.add_argument(
        "--train",
        type=whole(0, 10_000_000),
        default=0,
        help="only this many training images, drawn by --seed (default: all)",
    )
    parser.add_argument("--weighted", action="store_true", help="each vote counts 1 / distance")
    parser.add_argument("--device", default="cpu", help="cpu, or a device of PyTorch such as cuda (default: cpu)")
    parser.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="of every random draw (default: 0)")


def _load(arguments: argparse.Namespace) -> Dataset:
    from cvlab.core import paths
    from cvlab.engine.data import catalogue

    data_entry(arguments.data)
    if arguments.device != "cpu":
        check_device(arguments.device)
    return catalogue.load(arguments.data, root=paths.data(), bundled=paths.resources() / "data")


def _check_neighbors(k: int, count: int) -> None:
    if k > count:
        raise UsageError(f"{k:,} neighbors cannot be found among {count:,} images.", remedy="Choose a smaller --k.")


def _knn(arguments: argparse.Namespace) -> dict:
    from cvlab.core import knn_results
    from cvlab.engine.neighbors.accuracy import measure
    from cvlab.engine.neighbors.search import Index
    from cvlab.engine.neighbors.subsets import draw

    data = _load(arguments)
    X, y = draw(data.train.images.numpy(), data.train.labels.numpy(), arguments.train, arguments.seed)
    _check_neighbors(arguments.k, len(X))
    if arguments.weighted and arguments.metric == "dot":
        raise UsageError("--weighted needs a distance; an inner product is none.", remedy="Choose another --metric.")
    queries, truth = draw(data.test.images.numpy(), data.test.labels.numpy(), arguments.queries, arguments.seed)
    line = ProgressLine()
    index = Index(X, arguments.metric, device=arguments.device)
    try:
        for estimate in measure(
            index, y, queries, truth, len(data.classes), arguments.k, weighted=arguments.weighted, seed=arguments.seed
        ):
            line.show(
                f"{estimate.seen:,} of {estimate.total:,}: {estimate.share:.2%} right, {duration(estimate.seconds_left)} left"
            )
    finally:
        line.end()
    result = knn_results.KnnResult.of(
        estimate,
        data=data.id,
        digest=data.digest,
        metric=arguments.metric,
        k=arguments.k,
        weighted=arguments.weighted,
        train_count=len(X),
        classes=tuple(data.classes),
    )
    path = knn_results.keep(result)
    low, high = result.interval
    return {
        **result.model_dump(mode="json"),
        "accuracy": result.share,
        "interval": [low, high],
        "file": str(path),
        "text": f"{data.title}: {result.right:,} of {result.test_count:,} test images right, {result.share:.2%} "
        f"(95 %: {low:.1%} to {high:.1%})\n{result.k}-NN by {result.metric} over {len(X):,} training images, "
        f"{duration(result.seconds)}\n{path}",
    }


def _tune(arguments: argparse.Namespace) -> dict:
    from cvlab.engine.neighbors import tuning
    from cvlab.engine.neighbors.subsets import draw

    data = _load(arguments)
    X, y = draw(data.train.images.numpy(), data.train.labels.numpy(), arguments.train, arguments.seed)
    if arguments.weighted and "dot" in (arguments.metric or ()):
        raise UsageError("--weighted needs a distance; an inner product is none.", remedy="Choose another --metric.")
    ks, metrics = arguments.k or tuning.COURSE_KS, tuple(dict.fromkeys(arguments.metric or ("l1", "l2")))
    if not arguments.hold_out and arguments.folds > len(X):
        raise UsageError(f"{len(X):,} images cannot make {arguments.folds:,} folds.")
    try:
        parts = tuning.plan(y, folds=arguments.folds, share=arguments.hold_out, seed=arguments.seed)
    except DataError as error:  # a share or a number of folds that leaves nothing to choose by
        raise UsageError(error.what, received=error.received, remedy=error.remedy) from error
    _check_neighbors(max(ks), min(len(training) for training, _ in parts))
    table: dict[str, list[tuple[float, ...]]] = {metric: [] for metric in metrics}
    line = ProgressLine()
    try:
        for step in tuning.tune(
            X, y, len(data.classes), ks, metrics, parts, weighted=arguments.weighted, device=arguments.device
        ):
            line.show(f"{step.metric}, fold {step.fold + 1} of {len(parts)}: {step.done:,} of {step.total:,}")
            if step.accuracies:
                table[step.metric].append(step.accuracies)
    finally:
        line.end()
    choice = tuning.best(ks, table)
    result = {
        "data": data.id,
        "k": list(ks),
        "split": tuning.describe(parts),
        "accuracies": {metric: [list(row) for row in rows] for metric, rows in table.items()},
        "best": {"metric": choice.metric, "k": choice.k, "mean": choice.mean, "deviation": choice.deviation},
    }
    rows = [f"{'k':>5} " + " ".join(f"{metric:>15}" for metric in metrics)]
    for column, k in enumerate(ks):
        shares = [[row[column] for row in table[metric]] for metric in metrics]
        rows.append(f"{k:>5} " + " ".join(f"{_mean(part):>7.2%} ± {_deviation(part):>5.2%}" for part in shares))
    words = [tuning.describe(parts), *rows, f"Best on validation: {choice.k}-NN by {choice.metric}, {choice.mean:.2%}"]
    if arguments.test:
        tested = _test_once(arguments, data, X, y, choice)
        result["test"] = tested
        words.append(f"On {tested['test_count']:,} test images, once: {tested['accuracy']:.2%}")
    return result | {"text": "\n".join(words)}


def _test_once(arguments: argparse.Namespace, data: Dataset, X: Any, y: Any, choice: Any) -> dict:
    from cvlab.engine.neighbors.accuracy import measure
    from cvlab.engine.neighbors.search import Index

    index = Index(X, choice.metric, device=arguments.device)
    (*_, last) = measure(
        index,
        y,
        data.test.images.numpy(),
        data.test.labels.numpy(),
        len(data.classes),
        choice.k,
        weighted=arguments.weighted,
    )
    return {"accuracy": last.share, "interval": list(last.interval), "test_count": last.total}


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _deviation(values: list[float]) -> float:
    mean = _mean(values)
    return (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5
