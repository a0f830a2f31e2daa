"""Which nets an ensemble is made of (course 9.6): several runs, the best of a search, checkpoints of a run, running averages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.core.jobs import JobControl
from cvlab.core.searches import RECORD, read_search
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.errors import NotOurFile
from cvlab.engine.training.search import ranked

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset
    from cvlab.engine.nets.trained import TrainedNet
    from cvlab.engine.training.ensemble import Comparison


@dataclass(frozen=True)
class Member:
    """One net of an ensemble: a run as it ended, as it was at a checkpoint (`step`), or the running average of its weights."""

    path: Path
    step: int | None = None
    average: bool = False

    def load(self) -> TrainedNet:
        """Raises `NotOurFile`."""
        folder = RunFolder.open(self.path)
        if self.step is not None:
            return replace(folder.trained_at(self.step), title=f"{folder.title}, step {self.step:,}")
        net = folder.trained(average=self.average)
        return replace(net, title=f"{folder.title}, running average") if self.average else net


def of_search(path: Path, count: int) -> list[Member]:
    """The best trials of a search, best first. Raises `NotOurFile`."""
    found = ranked(read_search(path).trials)
    trials = [trial for trial in found if trial.score is not None and trial.run and not trial.given_up]
    if not trials:
        raise NotOurFile("No trial of this search has ended well.", remedy="Search a wider or another range.")
    return [Member(path / trial.run) for trial in trials[:count]]


def newest_search(root: Path) -> Path:
    """The folder of the search that was begun last. Raises `NotOurFile` where there is none."""
    paths = sorted(path.parent for path in root.glob(f"[!.]*/{RECORD}"))
    if not paths:
        raise NotOurFile("There has been no search on this machine.", remedy="Make one on Training's search page.")
    return paths[-1]


def hold_out_the_same(members: Sequence[Member]) -> bool:
    """Whether no member would be judged by held-out images that it has trained on. Raises `NotOurFile`."""
    recipes = [RunFolder.open(path).record.recipe for path in {member.path for member in members}]
    return len({(recipe.data, recipe.held_out, recipe.seed) for recipe in recipes}) <= 1


def of_checkpoints(path: Path, count: int) -> list[Member]:
    """The last checkpoints of a run, its last one included. Raises `NotOurFile`."""
    points = RunFolder.open(path).checkpoints.all()[-count:]
    if not points:
        raise NotOurFile("This run has kept no checkpoints.", received=path.name)
    return [Member(path, step=point.step) for point in points]


@dataclass(frozen=True)
class EnsembleRequest:
    """An ensemble compared with its members, as a background job: `run` gives a `Comparison`; it reports how many members are
    done. split: "test", or "held-out": the images that the first member's run has watched and not trained on.

    Raises `NotOurFile`, `NetError`, `DataError`, `Cancelled`.
    """

    members: tuple[Member, ...]
    load_data: Callable[[str], Dataset]
    split: str = "test"

    def run(self, control: JobControl) -> Comparison:
        from cvlab.engine.data.splits import held_out
        from cvlab.engine.data.subset import ImageSubset
        from cvlab.engine.nets.shapes import check_classifier
        from cvlab.engine.training.ensemble import Ensemble

        nets = []
        for member in self.members:
            control.check()
            nets.append(member.load())
        recipe = RunFolder.open(self.members[0].path).record.recipe if self.members else None
        whole = Ensemble(tuple(nets))
        assert recipe is not None  # an ensemble without members has been refused
        data = self.load_data(recipe.data)
        for net in nets:  # two sets may have the same classes and other images
            check_classifier(net.architecture, data.image_shape, len(data.classes))
        images, labels = data.test.images, data.test.labels
        if self.split == "held-out":
            import torch

            _, out = held_out(data.train.labels, recipe.held_out, recipe.seed)
            if not len(out):
                raise NotOurFile("This run has held no images out.", remedy="Compare on the test images.")
            chosen = torch.as_tensor(out)
            images, labels = ImageSubset(data.train.images, chosen), data.train.labels[chosen]
        return whole.compare(images, labels, report=control.report, cancelled=control.cancelled)
