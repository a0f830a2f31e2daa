"""Files of earlier sessions that cannot be read: found in the background, set aside, and reported once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cvlab.core.jobs import JobControl
from cvlab.core.recipes import SUFFIX, read_recipe_file
from cvlab.core.storage import net_folder, record
from cvlab.core.storage.files import DamagedFile, set_aside
from cvlab.core.storage.lock import RunLock
from cvlab.engine.errors import Cancelled, NewerFile
from cvlab.engine.files import load_model, read_bounded
from cvlab.engine.nets.shapes import infer


@dataclass(frozen=True)
class FindDamagedFiles:
    """A job: reads every small file of the runs, nets, recipes and imported data sets, as the panels do.

    What is damaged is renamed to `<name>.damaged-<n>`: the panels leave it out anyway, and nothing replaces it then. What may not
    be read, what a later cvlab wrote, and what a run in training holds stays where it is.
    """

    runs: Path
    nets: Path
    recipes: Path
    data: Path

    def run(self, control: JobControl) -> list[DamagedFile]:
        found = []
        for path, read in self._files():
            control.check()
            try:
                read(path)
            except (NewerFile, Cancelled):
                continue
            except Exception as error:  # whatever a damaged file makes its checks stumble over
                if RunLock(path.parent).owner() is None:
                    found.append(self._aside(path, error))
        return found

    @staticmethod
    def _aside(path: Path, error: Exception) -> DamagedFile:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, PermissionError):
                return DamagedFile(path, None, str(cause))
            cause = cause.__cause__
        return set_aside(path, error)

    def _files(self) -> Iterator[tuple[Path, Callable[[Path], object]]]:
        from cvlab.core import searches
        from cvlab.engine.data import own

        kinds = (
            (self.runs, f"*/{record.RECORD}", _read_run),
            (self.runs, f"*/{record.NOTES}", _read_notes),
            (self.runs, f"*/{searches.RECORD}", _read_search),
            (self.runs, "knn-*.json", _read_knn),
            (self.nets, f"*/{net_folder.RECORD}", _read_net),
            (self.recipes, f"*{SUFFIX}", read_recipe_file),
            (own.shelf(self.data), f"*/{own.MANIFEST}", _read_manifest),
        )
        for root, pattern, read in kinds:
            with contextlib.suppress(OSError):
                for path in sorted(root.glob(pattern)):
                    if not path.name.startswith(".") and not path.parent.name.startswith("."):
                        yield path, read


def _read_run(path: Path) -> None:
    infer(record.read_record(path.parent).architecture)


def _read_notes(path: Path) -> None:
    load_model(record.Notes, read_bounded(path, record.MAX_NOTES))


def _read_search(path: Path) -> None:
    from cvlab.core import searches

    searches.read_search(path.parent)


def _read_knn(path: Path) -> None:
    from cvlab.core import knn_results

    load_model(knn_results.KnnResult, read_bounded(path, knn_results.MAX_BYTES))


def _read_net(path: Path) -> None:
    infer(net_folder.NetFolder.open(path.parent).record.architecture)


def _read_manifest(path: Path) -> None:
    from cvlab.engine.data import own

    load_model(own.Manifest, read_bounded(path, own.MAX_MANIFEST))
