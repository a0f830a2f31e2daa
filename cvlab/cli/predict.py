"""`cvlab predict`: what a trained net says of picture files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cvlab import console
from cvlab.cli.arguments import check_model, existing_file
from cvlab.engine.errors import CvlabError

if TYPE_CHECKING:
    from cvlab.engine.nets.trained import TrainedNet


def add_to(verbs: Any, shared: argparse.ArgumentParser) -> None:
    parser = verbs.add_parser("predict", parents=[shared], help="the class of picture files, by a trained net")
    parser.add_argument("model", help="lenet-mnist or convnet-shapes32 (they ship with cvlab), a run's id or folder")
    parser.add_argument(
        "image",
        type=Path,
        nargs="+",
        help="PNG, JPEG, BMP, GIF, WebP or TIFF; for digits dark on light or light on dark",
    )
    parser.set_defaults(verb=_predict)


def _predict(arguments: argparse.Namespace) -> dict:
    import torch

    from cvlab.cli.train import _runs
    from cvlab.core import paths
    from cvlab.core.models import Models

    models = Models(paths.resources() / "models", _runs(paths.runs()), paths.nets())
    check_model(models, arguments.model)
    for path in arguments.image:
        existing_file(path)
    net = models.load(arguments.model)
    reader = models.input_reader(arguments.model, paths.data())
    found, lines = [], []
    for path in arguments.image:
        prepared = reader.read(path)
        probabilities = _checked(net.predict(torch.from_numpy(prepared.image)[None])[0], net, path)
        best = int(probabilities.argmax())
        if prepared.is_blank:
            console.say(f"{path}: no ink was found, and the net was given an empty image.")
        found.append(
            {
                "image": str(path),
                "class": net.classes[best],
                "probability": float(probabilities[best]),
                "probabilities": {name: float(p) for name, p in zip(net.classes, probabilities, strict=True)},
                "steps": list(prepared.sentences),
            }
        )
        lines.append(f"{path}: {net.classes[best]} ({probabilities[best]:.1%})")
    return {"model": net.title, "predictions": found, "text": "\n".join(lines)}


def _checked(probabilities: np.ndarray, net: TrainedNet, path: Path) -> np.ndarray:
    """The (K,) probabilities of the net's K classes. Raises `CvlabError` where they are none, or not finite."""
    if probabilities.shape != (len(net.classes),):
        raise CvlabError("This net does not tell classes apart.", received=f"an output of {probabilities.shape}")
    if not np.isfinite(probabilities).all():
        raise CvlabError(
            f"The net gives no finite probabilities for {path.name}.",
            remedy="Its weights went out of range in training: take another net, or an earlier checkpoint of the run.",
        )
    return probabilities
