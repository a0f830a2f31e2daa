"""Nets that can be asked: the shipped ones, the one in training, those of finished runs, and those that were imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from cvlab.core.jobs import JobControl
from cvlab.core.locked_test_set import ShownFigures
from cvlab.core.runs import Run, Runs
from cvlab.core.storage.net_folder import RECORD, NetFolder, NetRecord, class_numbers
from cvlab.core.storage.run_folder import WEIGHTS, RunFolder
from cvlab.engine.errors import CvlabError, NotOurFile
from cvlab.engine.nets.shapes import infer

if TYPE_CHECKING:
    from cvlab.engine.data.net_input import InputReader
    from cvlab.engine.nets.architecture import Architecture
    from cvlab.engine.nets.exchange.assembler import Imported
    from cvlab.engine.nets.trained import TrainedNet

SHIPPED = "lenet-mnist"
LIVE = "live"
ImageShape = tuple[int, int, int]


@dataclass(frozen=True)
class ModelChoice:
    """id: of a shipped net ("lenet-mnist"), "live", or a run's id. detail: its figures in a few words.

    reads: (C, H, W) of its images. classes: their names; () for a run that has not begun to learn. data: what it learned.
    """

    id: str
    title: str
    detail: str
    reads: ImageShape | None = None
    classes: tuple[str, ...] = ()
    data: str = ""

    def fits(self, image_shape: ImageShape, classes: Sequence[str]) -> bool:
        """Whether it reads such images and tells these very classes apart."""
        return self.reads == tuple(image_shape) and self.classes == tuple(classes)


class Models:
    """Finds and loads nets by id. `changed` when the choices may have."""

    changed = Signal()

    def __init__(
        self, shipped: Path, runs: Runs, imported: Path, shown: Callable[[], ShownFigures] = ShownFigures
    ) -> None:
        """shown: which test figures the choices may name."""
        self._shipped, self._runs, self._imports = shipped, runs, imported
        self._shown = shown
        runs.started.connect(self._tell)
        runs.ended.connect(self._tell)

    def _tell(self, run: Run) -> None:
        self.changed.emit()

    def choices(self, of: Architecture | None = None) -> list[ModelChoice]:
        """The shipped nets first, then the one in training, then runs with weights and imported nets, each newest first. of: only
        those of this net; without it, only those that tell classes apart. Blocking: it opens the folder of every run; the window
        asks by `FindModels`."""
        run = self._runs.current

        def listed(folders: list[RunFolder]) -> list[ModelChoice]:
            return [self._choice(each) for each in folders if of is None or of.is_same_net(each.record.architecture)]

        live = run is not None and run.is_active and (of is None or of.is_same_net(run.architecture))
        in_training = [self._choice(run.folder, LIVE, "The net in training", run.title)] if live else []
        folders = [each for each in self._imported() if of is None or of.is_same_net(each.record.architecture)]
        imported = [choice for choice in map(_imported, folders) if choice.classes or of is not None]
        return listed(self._on_board()) + in_training + listed(self._trained()) + imported

    def beginnings(self, net: Architecture) -> list[tuple[ModelChoice, tuple[str, ...]]]:
        """Trained nets that this one can begin with, whole ones first: each with the layers that would begin anew."""
        folders = [*self._on_board(), *self._trained(), *self._imported()]
        mine, found = _learned(net), []
        for folder in folders:
            theirs = _learned(folder.record.architecture)
            anew = tuple(name for name, told in mine.items() if theirs.get(name) != told)
            if len(anew) < len(mine):
                choice = _imported(folder) if isinstance(folder, NetFolder) else self._choice(folder)
                found.append((choice, anew))
        return sorted(found, key=lambda each: len(each[1]))

    def reading(
        self,
        image_shape: ImageShape,
        classes: Sequence[str],
        data: str = "",
        among: Sequence[ModelChoice] | None = None,
    ) -> list[ModelChoice]:
        """Those that read such images and know these classes; first those that were trained on `data`, shipped before own.

        among: the choices, where the caller has them: finding them opens the folder of every run.
        """
        found = [choice for choice in (self.choices() if among is None else among) if choice.fits(image_shape, classes)]
        return sorted(found, key=lambda choice: choice.data != data)

    def _choice(self, folder: RunFolder, id: str = "", title: str = "", detail: str = "") -> ModelChoice:
        record = folder.record
        detail = detail or _figures(self._shown().result(record.id, folder.result))
        return ModelChoice(
            id or record.id, title or record.title, detail, record.architecture.image_shape, tuple(record.classes),
            record.recipe.data,
        )  # fmt: skip

    def _on_board(self) -> list[RunFolder]:
        """What ships: the one for digits first."""
        paths = sorted(self._shipped.glob("*/run.json"), key=lambda path: (path.parent.name != SHIPPED, path))
        return [RunFolder.open(path.parent) for path in paths]

    def _trained(self) -> list[RunFolder]:
        return [folder for folder in self._runs.folders() if (folder.path / WEIGHTS).exists()]

    def _imported(self) -> list[NetFolder]:
        found = []
        for path in self._imports.glob(f"*/{RECORD}"):
            with suppress(CvlabError):
                found.append(NetFolder.open(path.parent))
        return sorted(found, key=lambda folder: (folder.record.created, folder.record.id), reverse=True)

    def imported(self, model_id: str) -> NetRecord | None:
        """What is known of an imported net; None for any other."""
        with suppress(NotOurFile):
            return NetFolder.open(self._imports / Path(model_id).name).record
        return None

    def keep(self, imported: Imported, title: str) -> str:
        """Keeps a net with weights among the choices; returns its id. May be called from any thread. Raises `CannotWrite`."""
        return NetFolder.create(self._imports, imported, title).record.id

    def rename(self, model_id: str, title: str) -> None:
        """Another title for an imported net. Raises `NotOurFile` for any other, `CannotWrite`."""
        NetFolder.open(self._imports / Path(model_id).name).rename(title)
        self.changed.emit()

    def discard(self, model_id: str) -> None:
        """An imported net goes into the trash beside the others. Raises `NotOurFile` for any other, `CannotWrite`."""
        NetFolder.open(self._imports / Path(model_id).name).throw_away()
        self.changed.emit()

    def bring_back(self, model_id: str) -> None:
        """Takes an imported net out of the trash again. Raises `NotOurFile` where it is not there, `CannotWrite`."""
        NetFolder.bring_back(self._imports, Path(model_id).name)
        self.changed.emit()

    def imports(self) -> list[NetFolder]:
        """The imported nets, newest first. Blocking."""
        return self._imported()

    def load(self, model_id: str) -> TrainedNet:
        """The net of an id, or of a path to a run folder or to the weights in one. Blocking: some 50 ms once PyTorch is there.

        "live" gives the net in training as its last snapshot has it. Raises `NotOurFile`.
        """
        if model_id == LIVE:
            return self._live()
        folder = self.find(model_id)
        if folder is None:
            raise NotOurFile(
                "There is no such net.",
                received=model_id[:120],
                remedy=f"Use “{SHIPPED}”, the folder of a run, or an imported net.",
            )
        return folder.trained()

    def find(self, model_id: str) -> RunFolder | NetFolder | None:
        """The folder of a net, by its id or by a path to the folder or to the weights in it; None where there is none. Raises
        `NotOurFile` for one that cannot be read."""
        with suppress(OSError, ValueError):  # a name that no file can have
            for path in (self._shipped / model_id, self._runs.root / model_id, Path(model_id), Path(model_id).parent):
                if (path / "run.json").is_file():
                    return RunFolder.open(path)
            for path in (self._imports / model_id, Path(model_id)):
                if (path / RECORD).is_file():
                    return NetFolder.open(path)
        return None

    def input_reader(self, model_id: str, data: Path) -> InputReader:
        """Reads picture files as images that the net takes, made as those were that it learned from. data: the folder of the
        person's sets. Raises `NetError` for a net that takes no pictures."""
        from cvlab.engine.data import own
        from cvlab.engine.data.net_input import InputReader

        folder = self.find(model_id)
        if folder is None:
            raise NotOurFile("There is no such net.", received=model_id[:120])
        record = folder.record
        learned_from = record.recipe.data if isinstance(folder, RunFolder) else ""
        fit = "crop"
        if own.is_here(data, learned_from):
            with suppress(CvlabError):
                fit = own.read(data, learned_from).options.get("fit", fit)
        return InputReader.of(record.architecture.image_shape, tuple(record.classes), learned_from, fit)

    def ids(self) -> list[str]:
        """The ids of all nets, as far as they can be seen without opening them."""
        patterns = ((self._shipped, "*/run.json"), (self._runs.root, "*/run.json"), (self._imports, f"*/{RECORD}"))
        return [path.parent.name for folder, pattern in patterns for path in sorted(folder.glob(pattern))]

    def _live(self) -> TrainedNet:
        from cvlab.engine.nets.trained import TrainedNet

        run = self._runs.current
        if run is None or run.snapshot is None:
            raise NotOurFile("No net is in training.", remedy="Start a run, or choose another net.")
        record = run.folder.record
        return TrainedNet.assemble(
            run.architecture, run.snapshot.weights, record.preprocessing, record.classes, run.title
        )


@dataclass(frozen=True)
class FindModels:
    """A job: `Models.choices`."""

    models: Models
    of: Architecture | None = None

    def run(self, control: JobControl) -> list[ModelChoice]:
        return self.models.choices(self.of)


def _learned(net: Architecture) -> dict[str, tuple[str, str]]:
    """By name, the layers that learn: (kind, how many weights as a product of their sides)."""
    report = infer(net).flat
    found = {}
    for node_id, layer in report.layers.items():
        node = net.flat.by_id[node_id]
        if layer.parameters:
            found[node.name] = (node.layer.kind, node.layer.parameter_words(*layer.inputs))
    return found


def _imported(folder: NetFolder) -> ModelChoice:
    record = folder.record
    net = record.architecture
    classes = record.classes or class_numbers(infer(net).layers[net.order[-1]].output or ())
    return ModelChoice(record.id, record.title, "imported", net.image_shape, classes)


def _figures(result: Mapping[str, Any]) -> str:
    """The figure of a run that says most of those that may be shown."""
    for key, words in (("test_accuracy", "test"), ("held_out_accuracy", "validation"), ("train_accuracy", "training")):
        if result.get(key) is not None:
            return f"{100 * result[key]:.2f} % {words}"
    return ""
