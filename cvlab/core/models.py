"""Nets that can be asked: the shipped one, the one in training, and those of finished runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from cvlab.core.runs import Run, Runs
from cvlab.core.storage.run_folder import WEIGHTS, RunFolder
from cvlab.engine.errors import NotOurFile

if TYPE_CHECKING:
    from cvlab.engine.nets.trained import TrainedNet

SHIPPED = "lenet-mnist"
LIVE = "live"


@dataclass(frozen=True)
class ModelChoice:
    """id: "lenet-mnist", "live", or a run's id. detail: its figures in a few words."""

    id: str
    title: str
    detail: str


class Models:
    """Finds and loads nets by id. `changed` when the choices may have."""

    changed = Signal()

    def __init__(self, shipped: Path, runs: Runs) -> None:
        self._shipped, self._runs = shipped, runs
        runs.started.connect(self._tell)
        runs.ended.connect(self._tell)

    def _tell(self, run: Run) -> None:
        self.changed.emit()

    def choices(self) -> list[ModelChoice]:
        """The shipped net first, then the one in training, then runs with weights, newest first."""
        found = [
            ModelChoice(folder.record.id, folder.record.title, _figures(folder))
            for folder in self._folders()
            if (folder.path / WEIGHTS).exists()
        ]
        shipped = [choice for choice in found if choice.id == SHIPPED]
        others = [choice for choice in found if choice.id != SHIPPED]
        run = self._runs.current
        live = [ModelChoice(LIVE, "The net in training", run.title)] if run is not None and run.is_active else []
        return shipped + live + others

    def _folders(self) -> list[RunFolder]:
        shipped = self._shipped / SHIPPED
        return ([RunFolder.open(shipped)] if shipped.is_dir() else []) + self._runs.folders()

    def load(self, model_id: str) -> TrainedNet:
        """The net of an id, or of a path to a run folder or to the weights in one. Blocking: some 50 ms once PyTorch is there.

        "live" gives the net in training as its last snapshot has it. Raises `NotOurFile`.
        """
        if model_id == LIVE:
            return self._live()
        for path in (self._shipped / model_id, self._runs.root / model_id, Path(model_id), Path(model_id).parent):
            if (path / "run.json").is_file():
                return RunFolder.open(path).trained()
        raise NotOurFile(
            "There is no such net.", received=model_id[:120], remedy=f"Use “{SHIPPED}”, or the folder of a run."
        )

    def _live(self) -> TrainedNet:
        from cvlab.engine.nets.trained import TrainedNet

        run = self._runs.current
        if run is None or run.snapshot is None:
            raise NotOurFile("No net is in training.", remedy="Start a run, or choose another net.")
        record = run.folder.record
        return TrainedNet.assemble(
            run.architecture, run.snapshot.weights, record.preprocessing, record.classes, run.title
        )


def _figures(folder: RunFolder) -> str:
    result = folder.record.result
    for key, words in (("test_accuracy", "test"), ("held_out_accuracy", "held-out"), ("train_accuracy", "train")):
        if result.get(key) is not None:
            return f"{result[key]:.2%} {words}"
    return ""
