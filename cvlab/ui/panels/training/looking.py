"""Looking into a run that is at rest, or into its past: the same views as of the running net, computed in the background."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.core.jobs import JobControl
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.training.events import ViewTaken

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset


@dataclass(frozen=True)
class LookAt:
    """The views of a run's net: as it was at a checkpoint, or, with step None, as the run left it, at step `last`."""

    folder: Path
    step: int | None
    views: tuple[str, ...]
    load_data: Callable[[str], Dataset]
    last: int = 0

    def run(self, control: JobControl) -> list[ViewTaken]:
        import numpy as np
        import torch

        from cvlab.engine.data.splits import held_out
        from cvlab.engine.data.subset import ImageSubset
        from cvlab.engine.errors import in_words
        from cvlab.engine.training.views import Subject, look_at

        folder = RunFolder.open(self.folder)
        recipe = folder.record.recipe
        net = folder.trained() if self.step is None else folder.trained_at(self.step)
        data = self.load_data(recipe.data)
        images, labels = data.train.images, data.train.labels
        if recipe.held_out:
            watching = torch.as_tensor(np.asarray(held_out(labels, recipe.held_out, recipe.seed)[1]))
            images, labels = ImageSubset(images, watching), labels[watching]
        control.check()
        subject = Subject.of(net, images, labels, held_out=bool(recipe.held_out))
        found = []
        for view in self.views:
            control.check()
            try:
                found.append(ViewTaken(self.last if self.step is None else self.step, view, look_at(subject, view)))
            except Exception as error:
                raise in_words(error, "view") from None
        return found
