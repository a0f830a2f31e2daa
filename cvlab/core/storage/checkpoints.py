"""The past of a run on disk: whole states of training at some of its steps, never more than a few hundred megabytes of them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.engine.disk import refused, write_whole
from cvlab.engine.errors import NotOurFile
from cvlab.engine.files import read_bounded

if TYPE_CHECKING:
    from cvlab.engine.training.learner import Learner

MOST = 40
"""Checkpoints of a run, at most."""
BUDGET = 256_000_000
"""Bytes that they may take together; the first, the best and the last are kept even where they take more."""
MAX_CHECKPOINT = 2_000_000_000

_NAME = re.compile(r"step-(\d{8,12})-epoch-(\d{1,6})\.safetensors")


@dataclass(frozen=True)
class Checkpoint:
    """A point of the run that one can go back to. step, epoch: updates done and epochs finished there."""

    step: int
    epoch: int
    path: Path
    size: int


class Checkpoints:
    """The folder of a run's checkpoints. best: the step of the best one, which is kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.best: int | None = None

    def all(self) -> list[Checkpoint]:
        """Every checkpoint, by step."""
        found = []
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                match = _NAME.fullmatch(path.name)
                if match:
                    with contextlib.suppress(OSError):
                        found.append(Checkpoint(int(match[1]), int(match[2]), path, path.stat().st_size))
        return sorted(found, key=lambda point: point.step)

    @property
    def last_step(self) -> int:
        """The step of the newest one, 0 where there is none after the start."""
        return max((point.step for point in self.all()), default=0)

    def at(self, step: int) -> Checkpoint:
        """The checkpoint of that step. Raises `NotOurFile`."""
        for point in self.all():
            if point.step == step:
                return point
        raise NotOurFile(
            f"The run has no checkpoint of step {step}.", remedy="Choose one of the points that it has kept."
        )

    def read(self, step: int) -> bytes:
        """Raises `NotOurFile`."""
        try:
            return read_bounded(self.at(step).path, MAX_CHECKPOINT)
        except OSError as error:
            raise NotOurFile(
                f"The checkpoint of step {step} cannot be read.",
                received=str(error)[:120],
                remedy="Choose another one.",
            ) from error

    def save(self, learner: Learner, like: Path | None = None) -> None:
        """Keeps the learner's state, and thins what is older. like: a file that holds it already. Raises `CannotWrite`."""
        path = self._folder / f"step-{learner.step:08d}-epoch-{learner.epoch}.safetensors"
        if path.exists():
            return
        if like is None or not _link(like, path):
            from cvlab.engine.training.checkpoint import resume_bytes

            try:
                self._folder.mkdir(exist_ok=True)  # not the run's own folder, where that is gone
            except OSError as error:
                raise refused(error, self._folder) from error
            # Not forced to the disk: a checkpoint of the past may be lost when the power fails, the newest state is not.
            write_whole(path, resume_bytes(learner), durable=False, parents=False)
        self.thin()

    def thin(self) -> None:
        """Removes the checkpoints that are missed least until number and bytes are within bounds."""
        points = self.all()
        while len(points) > 2:
            size = sum(point.size for point in points)
            if len(points) <= MOST and size <= BUDGET:
                return
            step = least_missed([point.step for point in points], self.best)
            if step is None:
                return
            gone = next(point for point in points if point.step == step)
            points.remove(gone)
            with contextlib.suppress(OSError):
                gone.path.unlink()

    def forget_after(self, step: int) -> None:
        """Removes the checkpoints of a future that will be trained anew."""
        for point in self.all():
            if point.step > step:
                with contextlib.suppress(OSError):
                    point.path.unlink()


def least_missed(steps: list[int], best: int | None = None) -> int | None:
    """The step whose neighbours are nearest to each other, measured so that early steps may stand closer: much happens there.
    Never the first, the last or the best; None if there is no other. steps: rising."""
    last = steps[-1] if steps else 0
    choices = [
        ((after - before) / (step + last / 2 + 1), -step)
        for before, step, after in zip(steps, steps[1:], steps[2:], strict=False)
        if step != best
    ]
    return -min(choices)[1] if choices else None


def is_early_mark(step: int, steps_per_epoch: int) -> bool:
    """Whether a step within the first epoch is worth a checkpoint: 1, 2, 4, 8, ..."""
    return 0 < step < steps_per_epoch and step & (step - 1) == 0


def _link(source: Path, target: Path) -> bool:
    """The same file under a second name where the disk can do that, else a copy; False if neither works."""
    try:
        target.parent.mkdir(exist_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
    except OSError:
        return False
    return True
