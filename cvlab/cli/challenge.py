"""`cvlab data challenge`: images under one of the course's challenges, and how accuracy falls as it grows."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvlab.cli.arguments import UsageError, check_model, data_entry
from cvlab.cli.parser import number, whole
from cvlab.cli.progress import ProgressLine
from cvlab.core import paths
from cvlab.engine.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

    from cvlab.engine.data.dataset import Dataset

VARIATION = "variation"
KINDS = ("viewpoint", "scale", "deformation", "occlusion", "illumination", "clutter", VARIATION)


def add_to(inner: Any, shared: argparse.ArgumentParser) -> None:
    sub = inner.add_parser("challenge", parents=[shared], help="images made harder, and accuracy against the dial")
    sub.add_argument("data")
    sub.add_argument("--kind", choices=KINDS, required=True, help="which of the seven challenges")
    sub.add_argument("--amount", type=number(0, 1), default=0.5, help="0 none to 1 extreme (default %(default)s)")
    sub.add_argument("--seed", type=whole(0, 2**31 - 1), default=0, help="another way for it to happen")
    sub.add_argument("--split", choices=("train", "test"), default="test")
    sub.add_argument(
        "--count", type=whole(1, 10_000), default=12, help="images shown, or members of each kind (default %(default)s)"
    )
    sub.add_argument("--label", type=whole(0, 100_000), default=0, help="variation: the class, counted from 0")
    sub.add_argument("--out", type=Path, metavar="PNG", help="a picture: the images above, what became of them below")
    sub.add_argument("--curve", action="store_true", help="accuracy at nine amounts, over a sample of test images")
    sub.add_argument(
        "--sample", type=whole(1, 10_000_000), default=500, help="curve: test images (default %(default)s)"
    )
    sub.add_argument(
        "--reference", type=whole(1, 10_000_000), default=5000, help="curve: training images of the nearest neighbour"
    )
    sub.add_argument("--metric", choices=("l1", "l2"), default="l2", help="curve: of the nearest neighbour")
    sub.add_argument(
        "--net", metavar="ID", help="curve: also a net: auto (the one that reads the set), lenet-mnist, or a run's id"
    )
    sub.set_defaults(verb=_challenge)


def _challenge(arguments: argparse.Namespace) -> dict:
    from cvlab.core.models import Models
    from cvlab.core.runs import Runs
    from cvlab.engine.data import catalogue

    if arguments.kind == VARIATION and arguments.curve:
        raise UsageError(
            "Variation within a class has no dial.", remedy="A curve takes one of the other six challenges."
        )
    data_entry(arguments.data)
    if arguments.net not in (None, "auto"):
        runs = Runs(paths.runs(), _no_data)
        try:
            check_model(Models(paths.resources() / "models", runs, paths.nets()), arguments.net)
        finally:
            runs.close()
    data = catalogue.load(arguments.data, root=paths.data(), bundled=paths.resources() / "data")
    if arguments.kind == VARIATION:
        return _variation(arguments, data)
    return _curve(arguments, data) if arguments.curve else _images(arguments, data)


def _images(arguments: argparse.Namespace, data: Dataset) -> dict:
    from cvlab.engine.data import challenges, robustness

    split = getattr(data, arguments.split)
    chosen = robustness.sample_of(split, arguments.count, arguments.seed)
    images = split.images[chosen]
    masks = robustness.masks_of(data, arguments.split, chosen)
    changed = challenges.apply(arguments.kind, images, arguments.amount, arguments.seed, masks)
    away = (changed.int() - images.int()).abs().float().mean(dim=(1, 2, 3))
    found = {
        "data": data.id,
        "split": arguments.split,
        "challenge": arguments.kind,
        "amount": arguments.amount,
        "seed": arguments.seed,
        "images": [
            {"index": int(i), "class": data.classes[int(label)], "mean_absolute_change": round(float(d), 3)}
            for i, label, d in zip(chosen, split.labels[chosen], away, strict=True)
        ],
    }
    title = challenges.find(arguments.kind).title
    words = f"{title} at {arguments.amount:g}: {float(away.mean()):.1f} grey levels a value on average"
    return found | _picture(arguments.out, [images, changed], words)


def _variation(arguments: argparse.Namespace, data: Dataset) -> dict:
    import numpy as np

    from cvlab.engine.data import variation

    if not 0 <= arguments.label < len(data.classes):
        raise UsageError(
            "There is no such class.", received=f"{arguments.label}", remedy=f"0 to {len(data.classes) - 1}."
        )
    split = getattr(data, arguments.split)
    members = np.flatnonzero(split.labels.numpy() == arguments.label)
    within = variation.within(split.images[members], arguments.count)
    rows = {"nearest": within.nearest, "farthest": within.farthest, "apart": within.apart}
    found = {
        "data": data.id,
        "split": arguments.split,
        "challenge": VARIATION,
        "class": data.classes[arguments.label],
        "members": len(members),
        "spread": round(within.spread, 3),
        **{
            name: [
                {"index": int(members[i]), "distance": round(float(d), 3)}
                for i, d in zip(rows[name], getattr(within, f"{name}_distance"), strict=True)
            ]
            for name in rows
        },
    }
    name = data.classes[arguments.label]
    words = f"{name}: {len(members):,} members, {within.spread:.1f} grey levels from their mean on average"
    return found | _picture(arguments.out, [split.images[members[chosen]] for chosen in rows.values()], words)


def _curve(arguments: argparse.Namespace, data: Dataset) -> dict:
    from cvlab.engine.data import robustness
    from cvlab.engine.data.dataset import Split

    reference = robustness.sample_of(data.train, arguments.reference)
    nearest = robustness.Nearest(Split(data.train.images[reference], data.train.labels[reference]), arguments.metric)
    judges: dict[str, robustness.Judge] = {"1-NN": nearest}
    if arguments.net:
        judges["net"], arguments.net = _net(arguments.net, data)
    chosen = robustness.sample_of(data.test, arguments.sample)
    images, labels = data.test.images[chosen], data.test.labels[chosen].numpy()
    masks = robustness.masks_of(data, "test", chosen)
    line, points = ProgressLine(), []
    try:
        for point in robustness.curves(judges, images, labels, arguments.kind, seed=arguments.seed, masks=masks):
            points.append(point)
            line.show(f"{point.judge} at {point.amount:g}: {point.accuracy:.1%} ({point.done} of {point.total})")
    finally:
        line.end()
    rows = [f"{'amount':<8}" + "".join(f"{name:>10}" for name in judges)]
    for amount in robustness.AMOUNTS:
        at = {point.judge: point.accuracy for point in points if point.amount == amount}
        rows.append(f"{amount:<8g}" + "".join(f"{at[name]:>10.1%}" for name in judges))
    return {
        "data": data.id,
        "challenge": arguments.kind,
        "seed": arguments.seed,
        "metric": arguments.metric,
        "reference": len(reference),
        "sample": len(chosen),
        "net": arguments.net or None,
        "curves": {
            name: [
                {"amount": p.amount, "accuracy": p.accuracy, "correct": p.correct} for p in points if p.judge == name
            ]
            for name in judges
        },
        "text": "\n".join(rows),
    }


def _net(model_id: str, data: Dataset) -> tuple[Any, str]:
    """The net as a judge, and its id. Raises DataError if it, or with "auto" any, does not read these images."""
    from cvlab.core.models import Models
    from cvlab.core.runs import Runs
    from cvlab.engine.data import robustness

    runs = Runs(paths.runs(), _no_data)
    try:
        models = Models(paths.resources() / "models", runs, paths.nets())
        if model_id == "auto":
            model_id = next((each.id for each in models.reading(data.image_shape, data.classes, data.id)), "")
            if not model_id:
                raise DataError(
                    f"No net reads {data.title} yet.",
                    remedy=f"Train one: `cvlab train convnet-small --data {data.id}`.",
                )
        return robustness.judge_of(models.load(model_id), data), model_id
    finally:
        runs.close()


def _no_data(dataset_id: str) -> Any:
    raise DataError("Nothing is trained here.")


def _picture(path: Path | None, rows: list[Tensor], words: str) -> dict:
    """Writes the rows of images, three times as large, below each other; what the document says of it."""
    if path is None:
        return {"out": None, "text": words}
    from PIL import Image

    from cvlab.engine.disk import write_whole

    columns, (channels, height, width) = max(map(len, rows)), rows[0].shape[1:]
    sheet = rows[0].new_zeros(len(rows) * height, columns * width, channels)
    for r, row in enumerate(rows):
        for c, image in enumerate(row):
            sheet[r * height : (r + 1) * height, c * width : (c + 1) * width] = image.permute(1, 2, 0)
    picture = Image.fromarray(sheet.squeeze(-1).numpy())
    buffer = io.BytesIO()
    picture.resize((sheet.shape[1] * 3, sheet.shape[0] * 3), Image.Resampling.NEAREST).save(buffer, "PNG")
    write_whole(path, buffer.getvalue())
    return {"out": str(path), "text": f"{words}\n{path}"}
