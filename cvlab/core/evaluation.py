"""A run measured on the test set when a person asks for it, and how often that has been done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cvlab.core.jobs import JobControl
from cvlab.core.storage.record import RunRecord
from cvlab.core.storage.run_folder import WEIGHTS, RunFolder
from cvlab.engine.errors import CorruptData, TrainingError

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset


def can_evaluate(folder: Path, status: str) -> bool:
    """Whether a run has ended with weights that can be measured. status: as `RunFolder.status` gives it."""
    return status in ("finished", "stopped") and (folder / WEIGHTS).exists()


@dataclass(frozen=True)
class EvaluateOnTest:
    """Measures a run that has ended on the test set, as a background job; returns its record.

    A figure that was measured before is not measured again. Either way the reading is counted in the run's record. On the CPU
    with one thread the figures are those that the run would have had at its end, to the bit.

    Raises `NotOurFile` for a run without weights, `TrainingError` for one that trains, `DataError`, `CorruptData` for other data
    than it has trained on, `CannotWrite`, `Cancelled`.
    """

    path: Path
    load_data: Callable[[str], Dataset]

    def run(self, control: JobControl) -> RunRecord:
        folder = RunFolder.open(self.path)
        if folder.lock.owner() is not None:
            raise TrainingError(
                "This run is still training.", received=folder.title, remedy="Stop it, or let it finish first."
            )
        figures = {}
        if folder.record.result.get("test_accuracy") is None:
            loss, accuracy = self._measure(folder, control)
            figures = {"test_loss": loss, "test_accuracy": accuracy}
        folder.count_test_read(figures)
        return folder.record

    def _measure(self, folder: RunFolder, control: JobControl) -> tuple[float, float]:
        import torch

        from cvlab.engine.nets.shapes import check_classifier
        from cvlab.engine.training import device as devices
        from cvlab.engine.training.chunks import Chunks
        from cvlab.engine.training.evaluation import EVAL_BATCH_SIZE, evaluate

        net, recipe = folder.trained(), folder.record.recipe
        control.check()
        data = self.load_data(recipe.data)
        digest = folder.record.data_digest
        if digest and digest != data.digest:
            raise CorruptData(
                "The data are not those that this run has been trained on.",
                received=f"“{recipe.data}” with digest {data.digest[:12]}, not {digest[:12]}",
                remedy="Bring the same data back.",
            )
        check_classifier(net.architecture, data.image_shape, len(data.classes))
        device = devices.choose(recipe.device)
        layout = torch.channels_last if recipe.channels_last and device.type != "mps" else torch.contiguous_format
        module = net.module.to(device, memory_format=layout)

        def images(part: slice) -> torch.Tensor:
            control.check()
            return net.preprocessing.apply(data.test.images[part].to(device)).contiguous(memory_format=layout)

        return evaluate(module, images, data.test.labels, recipe, Chunks(EVAL_BATCH_SIZE, device), device)
