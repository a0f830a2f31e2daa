"""Weights for a net that goes out or begins to train: first ones, those of a run or an imported net, or a weights file's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.core.net_import import WEIGHTS as WEIGHTS_FILES
from cvlab.core.net_import import add_weights, read_arrays
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
    """which: "" for first weights; the id or folder of a run (the shipped net's, too) or of an imported net; or a weights file.

    Raises `NotOurFile` for what is not there, and for the weights of another net. Blocking.
    """
    if which == FIRST:
        return first_weights(net)
    path = Path(which)
    if path.suffix.lower() in WEIGHTS_FILES and not (path.parent / "run.json").is_file():
        return _of_file(net, path)
    trained = models.load(which)
    if not trained.architecture.is_same_net(net):
        raise NotOurFile(
            f"{trained.title or which} was trained with another net than {net.name}.",
            received=which[:120],
            remedy="Choose a run of this very net, or export that run's own.",
        )
    record = models.imported(which)
    if record is not None:  # what its file did not say is not handed on as if it had
        return Weights(trained.weights(), record.preprocessing, record.classes, trained.title)
    return Weights(trained.weights(), trained.preprocessing, trained.classes, trained.title)


def beginning(net: Architecture, which: str, models: Models) -> Weights:
    """The weights of another net, as far as this one can begin with them: layers of the same name and shapes take theirs, the
    others begin anew. Raises `NotOurFile` where there is no such net, and where not one layer fits. Blocking."""
    from cvlab.engine.nets.weights import fitting, named_as

    path = Path(which)
    if path.suffix.lower() in WEIGHTS_FILES and not (path.parent / "run.json").is_file():
        values, title = named_as(net, read_arrays(path)), path.name
    else:
        trained = models.load(which)
        values, title = trained.weights(), trained.title or which
    taken, anew = fitting(net, values)
    if not taken:
        raise NotOurFile(
            f"{net.name} can begin with none of the weights of {title}.",
            received=f"no layer called {anew[0]} with its shapes" if anew else "",
            remedy="Choose another net, or let it begin anew.",
        )
    words = f"{title}, but for {', '.join(anew)}" if anew else title
    return Weights(taken, title=words)


def first_weights(net: Architecture) -> Weights:
    """The weights that a net begins with here: drawn by its initialisation with the fixed seed `SEED`. Imports torch."""
    from cvlab.engine.nets.build import build

    return Weights({name: value.numpy() for name, value in build(net, SEED).state_dict().items()})


def _of_file(net: Architecture, path: Path) -> Weights:
    from cvlab.engine.nets.exchange.assembler import Imported

    found = add_weights(Imported(net.flat), path)
    return Weights(found.weights, title=path.name)
