"""`cvlab predict`: what a trained net reads in an image file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("predict", parents=[shared], help="read a digit from an image file")
    parser.add_argument("model", help="lenet-mnist (ships with cvlab), a run's id or folder")
    parser.add_argument("image", type=Path, nargs="+", help="PNG, JPEG or BMP, dark on light or light on dark")
    parser.set_defaults(verb=_predict)


def _predict(arguments: argparse.Namespace) -> dict:
    import torch

    from cvlab.cli.train import _runs
    from cvlab.core import paths
    from cvlab.core.models import Models
    from cvlab.engine.data import drawing
    from cvlab.engine.errors import DataError

    net = Models(paths.resources() / "models", _runs(paths.runs()), paths.nets()).load(arguments.model)
    found, lines = [], []
    for path in arguments.image:
        picture = drawing.from_image(path)
        prepared = drawing.prepare(picture.image)
        if prepared.is_empty:
            raise DataError(f"{path.name} shows nothing.", remedy="Draw a digit with a thicker pen, or crop the image.")
        probabilities = net.predict(torch.from_numpy(prepared.image)[None, None])[0]
        best = int(probabilities.argmax())
        found.append(
            {
                "image": str(path),
                "class": net.classes[best],
                "probability": float(probabilities[best]),
                "probabilities": {name: float(p) for name, p in zip(net.classes, probabilities, strict=True)},
                "steps": [*picture.sentences, *prepared.sentences],
            }
        )
        lines.append(f"{path}: {net.classes[best]} ({probabilities[best]:.1%})")
    return {"model": net.title, "predictions": found, "text": "\n".join(lines)}
