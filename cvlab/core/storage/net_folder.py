"""A trained net from elsewhere on disk: what it is, and its weights. Written once."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from cvlab.core.storage.trash import Trash
from cvlab.engine.data.preprocessing import Preprocessing
from cvlab.engine.disk import write_whole
from cvlab.engine.errors import NewerFile, NotOurFile
from cvlab.engine.files import load_model, read_bounded
from cvlab.engine.nets.architecture import Architecture
from cvlab.engine.validation import read_failure

if TYPE_CHECKING:
    from cvlab.engine.nets.exchange.assembler import Imported
    from cvlab.engine.nets.trained import TrainedNet

FORMAT = 1
RECORD, WEIGHTS = "net.json", "weights.safetensors"
MAX_RECORD, MAX_WEIGHTS = 50_000_000, 2_000_000_000


class NetRecord(BaseModel):
    """net.json. title: what it is called in lists, the name of the file that it came from. preprocessing, classes: None and ()
    where that file said nothing about them."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)
    format: int = FORMAT
    id: str
    title: str = Field(max_length=200)
    created: str
    architecture: Architecture
    preprocessing: Preprocessing | None = None
    classes: tuple[str, ...] = ()


class NetFolder:
    """One imported net. `create` keeps a new one, `open` reads one."""

    def __init__(self, path: Path, record: NetRecord) -> None:
        self.path, self.record = path, record

    @classmethod
    def create(cls, root: Path, imported: Imported, title: str) -> NetFolder:
        """Keeps a net with its weights; one that is there already, number for number, is not kept twice. Raises `CannotWrite`."""
        from cvlab.engine.training.checkpoint import weights_bytes

        data = weights_bytes(imported.weights)
        told = (imported.net.model_dump_json(), str(imported.preprocessing), str(imported.classes), title)
        # The id of a net that an earlier version has kept, too: without the checksum, which that did not write.
        plain = weights_bytes(imported.weights, checksum=False)
        digest = hashlib.sha256(plain + "\0".join(told).encode()).hexdigest()[:12]
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:30] or "net"
        record = NetRecord(
            id=f"net-{slug}-{digest}",
            title=title[:200],
            created=datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
            architecture=imported.net,
            preprocessing=imported.preprocessing,
            classes=imported.classes,
        )
        folder = cls(root / record.id, record)
        if not (folder.path / RECORD).is_file():
            write_whole(folder.path / WEIGHTS, data)
            write_whole(
                folder.path / RECORD, record.model_dump_json(indent=1).encode()
            )  # last: it makes the folder a net
        return folder

    @classmethod
    def open(cls, path: Path) -> NetFolder:
        """Reads net.json; raises `NotOurFile` or `NewerFile`."""
        try:
            record = load_model(NetRecord, read_bounded(path / RECORD, MAX_RECORD))
        except FileNotFoundError as error:
            raise NotOurFile("This folder holds no net.", received=str(path)[:120]) from error
        except (OSError, ValueError) as error:
            raise NotOurFile(
                "The net's net.json cannot be read.", received=f"{path}: {read_failure(error)[:200]}"
            ) from error
        if record.format > FORMAT:
            raise NewerFile(
                "This net was kept by a later cvlab.",
                received=f"format {record.format}",
                remedy="Update cvlab to open it.",
            )
        return cls(path, record)

    def trained(self) -> TrainedNet:
        """The net with its weights. What its file did not say is assumed: images as numbers from 0 to 1, and classes called by
        their numbers. Raises `NotOurFile`."""
        from cvlab.engine.nets.shapes import infer
        from cvlab.engine.nets.trained import TrainedNet
        from cvlab.engine.nets.weights import checked
        from cvlab.engine.training.checkpoint import read_weights

        record = self.record
        try:
            weights = read_weights(read_bounded(self.path / WEIGHTS, MAX_WEIGHTS))
        except OSError as error:
            raise NotOurFile(
                f"The weights of {record.title} cannot be read.",
                received=error.strerror or str(error),
                remedy="Import it again.",
            ) from error
        net = record.architecture
        last = infer(net).layers[net.order[-1]].output if net.order else None
        classes = record.classes or class_numbers(last or ())
        assumed = record.preprocessing or Preprocessing(kind="unit")
        return TrainedNet.assemble(net, checked(net, weights), assumed, classes, record.title)

    def rename(self, title: str) -> None:
        """What it is called from now on; its id stays. Raises `NotOurFile` for a title of nothing, `CannotWrite`."""
        words = " ".join(title.split())[:200]
        if not words:
            raise NotOurFile("A net needs a name.", remedy="Write one, or press Esc.")
        self.record.title = words
        write_whole(self.path / RECORD, self.record.model_dump_json(indent=1).encode())

    def throw_away(self) -> None:
        """Into the trash, from where `bring_back` takes it. Raises `CannotWrite`."""
        Trash(self.path.parent).put(self.path)

    @classmethod
    def bring_back(cls, root: Path, id: str) -> None:
        """Out of the trash; nothing where it has been imported again meanwhile. Raises `NotOurFile`, `CannotWrite`."""
        Trash(root).restore(Path(id).name)

    @property
    def bytes(self) -> int:
        """Of its weights on disk."""
        with suppress(OSError):
            return (self.path / WEIGHTS).stat().st_size
        return 0


def class_numbers(output: tuple[int, ...]) -> tuple[str, ...]:
    """ "0", "1", ... for a vector of scores; none where the net gives something else."""
    return tuple(map(str, range(output[0]))) if len(output) == 1 else ()
