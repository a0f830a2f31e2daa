"""Weights for a net that goes out: first ones, those of a run that trained this very net, or a weights file's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.core.storage.files import read_bounded
from cvlab.core.storage.run_folder import MAX_WEIGHTS
from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.errors import NotOurFile

if TYPE_CHECKING:
    import numpy as np

    from cvlab.core.models import Models
    from cvlab.engine.nets.architecture import Architecture

NONE, FIRST = "none", ""
"""Choices besides the ids of runs and the paths of files: no weights at all, and first weights."""

SEED = 0
"""Of first weights: the same file every time."""

SUFFIX = ".safetensors"


@dataclass(frozen=True, eq=False)
class Weights:
    """values: by name, "conv1.weight": (6, 1, 5, 5). preprocessing, classes: what they were trained with, as far as that is
    known. title: of the run; "" for first weights."""

    values: Mapping[str, np.ndarray]
    preprocessing: Preprocessing | None = None
    classes: tuple[str, ...] = ()
    title: str = ""


def find_weights(net: Architecture, which: str, models: Models) -> Weights:
    """which: "" for first weights; the id or folder of a run (the shipped net's, too); or a .safetensors file.

    Raises `NotOurFile` for what is not there, and for the weights of another net. Blocking.
    """
    if which == FIRST:
        return first_weights(net)
    path = Path(which)
    if path.suffix.lower() == SUFFIX and not (path.parent / "run.json").is_file():
        return _of_file(net, path)
    trained = models.load(which)
    if not trained.architecture.is_same_net(net):
        raise NotOurFile(
            f"{trained.title or which} was trained with another net than {net.name}.",
            received=which[:120],
            remedy="Choose a run of this very net, or export that run's own.",
        )
    return Weights(trained.weights(), trained.preprocessing, trained.classes, trained.title)


def first_weights(net: Architecture) -> Weights:
    from cvlab.engine.nets.build import build

    return Weights({name: value.numpy() for name, value in build(net, SEED).state_dict().items()})


def _of_file(net: Architecture, path: Path) -> Weights:
    from cvlab.engine.nets.build import build
    from cvlab.engine.nets.trained import load_weights
    from cvlab.engine.training.checkpoint import read_weights

    try:
        values = read_weights(read_bounded(path, MAX_WEIGHTS))
    except OSError as error:
        raise NotOurFile(
            f"{path.name} cannot be read.", received=error.strerror or str(error), remedy="Choose another weights file."
        ) from error
    load_weights(build(net), values)
    return Weights(values, title=path.name)
