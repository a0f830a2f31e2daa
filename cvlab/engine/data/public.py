"""Bringing a public set below the folder of data: from its servers, or from the person's own copy; checked either way."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from importlib import import_module
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from cvlab.engine.data.download import fetch, has_checksums
from cvlab.engine.data.entries import Entry, Remote
from cvlab.engine.data.progress import Asked, Progress, Report
from cvlab.engine.disk import refused
from cvlab.engine.errors import Cancelled, CorruptData, DataMissing
from cvlab.engine.files import open_regular

if TYPE_CHECKING:
    from cvlab.engine.data.dataset import Dataset

_PARSERS = {"idx": "idx_sets", "emnist": "idx_sets", "cifar": "cifar", "svhn": "svhn"}
_LOOKED_AT = 10_000  # files, in a folder that a person names


def parser(entry: Entry) -> ModuleType:
    """The module of the set's format: `has`, `load`, `unpack`, `adopt`."""
    return import_module(f"cvlab.engine.data.{_PARSERS[entry.format]}")


def is_available(root: Path, entry: Entry) -> bool:
    """Whether all files of the set are there; looks at names only."""
    return not missing(root, entry)


def missing(root: Path, entry: Entry) -> list[Remote]:
    """The downloads whose content is not there."""
    return [remote for remote in entry.files if not parser(entry).has(root, entry, remote)]


def load(root: Path, entry: Entry, report: Report, cancelled: Asked) -> Dataset:
    """Reads the set into memory. Raises `DataMissing`, `CorruptData`, `Cancelled`."""
    return parser(entry).load(root, entry, report, cancelled)


def bring_from_mirrors(root: Path, entry: Entry, *, report: Report, cancelled: Asked) -> None:
    """Downloads what is missing, and unpacks it. Raises DownloadFailed, CorruptData, CannotWrite or Cancelled; resumable."""
    absent = missing(root, entry)
    total, before = sum(remote.size for remote in absent), 0
    for remote in absent:
        packed = root / entry.folder / remote.name

        def of_all(progress: Progress, before: int = before) -> None:
            done, speed = before + progress.done, progress.bytes_per_second
            report(Progress(progress.stage, done, total, speed, (total - done) / speed if speed else None))

        fetch(
            remote.urls,
            packed,
            md5=remote.md5,
            sha256=remote.sha256,
            size_limit=remote.size,
            progress=of_all,
            cancelled=cancelled,
        )
        before += remote.size
        report(Progress(f"Unpacking {remote.name}", before, total))
        _settle(root, entry, remote, packed)


def is_published(entry: Entry, path: Path, cancelled: Asked) -> bool:
    """Whether the file is one that this set is published as, packed or unpacked, to the byte."""
    if any(_is(path, remote, cancelled) for remote in (*entry.files, *entry.copies)):
        return True
    alike: set[str] = set()
    if entry.format == "mnist":
        from cvlab.engine.data.mnist import is_published as is_mnists

        return is_mnists(path)
    if entry.format == "cifar":
        from cvlab.engine.data.cifar_files import versions

        alike |= {version.files[path.name] for version in versions(entry) if path.name in version.files}
    return bool(alike) and _md5(path, cancelled) in alike


def _settle(root: Path, entry: Entry, remote: Remote, packed: Path) -> None:
    parser(entry).unpack(root, entry, remote, packed)
    if remote in missing(root, entry):
        raise CorruptData(f"{remote.name} does not hold {entry.title}.", received=str(packed))
    if entry.format != "svhn":
        packed.unlink(missing_ok=True)


def bring_from_files(root: Path, entry: Entry, source: Path | None, *, report: Report, cancelled: Asked) -> None:
    """From a person's own folder or file: the downloads, told by their checksums, or the files that were in them.

    Without `source` only what lies below `root` already counts. Raises DataMissing naming what was not found.
    """
    absent = missing(root, entry)
    for path in candidates(source) if absent and source is not None else ():
        if cancelled():
            raise Cancelled
        report(Progress(f"Looking at {path.name}", 0, None))
        for remote in (*absent, *entry.copies):
            if _is(path, remote, cancelled):
                packed = root / entry.folder / remote.name
                if path.resolve() != packed.resolve():
                    _copy(path, packed)
                _settle(root, entry, remote, packed)
                break
        else:
            try:
                parser(entry).adopt(root, entry, path)
            except CorruptData:
                continue
        absent = missing(root, entry)
        if not absent:
            return
    if absent:
        raise DataMissing(
            f"{entry.title} is not in {source or root / entry.folder}.",
            received=_what_it_is(entry, source) if source is not None else "",
            remedy=f"Choose {_listed([remote.name for remote in absent], 'and')}"
            + "".join(f", or {remote.name}" for remote in entry.copies)
            + ", as they were downloaded, or the folder that holds them.",
        )


def _what_it_is(entry: Entry, source: Path) -> str:
    """Why a file that bears the name of a download is not taken; the name itself for any other."""
    known = next((remote for remote in (*entry.files, *entry.copies) if remote.name == source.name), None)
    if known is None or not source.is_file():
        return str(source)
    size = source.stat().st_size
    if size < known.size:
        return f"{source.name}, cut short: {size:,} of {known.size:,} bytes"
    return f"{source.name}, but with another checksum than the original's: it is damaged, or was changed"


def _listed(names: list[str], word: str) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def _copy(path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    except OSError as error:
        raise refused(error, target) from error


def candidates(source: Path, *, deep: bool = True) -> Iterator[Path]:
    """Files in a person's folder (deep: and in all below it); of a file, itself and then those beside it, as what belongs
    together lies together. None where nothing is."""
    if source.is_file():
        paths = chain([source], source.parent.iterdir())
    else:
        paths = source.rglob("*") if deep else source.iterdir() if source.is_dir() else ()
    for count, path in enumerate(paths):
        if count >= _LOOKED_AT:
            return
        try:
            if path.is_file():
                with open_regular(path):
                    yield path
        except OSError:
            continue  # a file that may not be read is not the one


def _is(path: Path, remote: Remote, cancelled: Asked) -> bool:
    """Whether the file is this download, told by its size and its checksums."""
    is_as_long = path.stat().st_size == remote.size
    return is_as_long and has_checksums(path, md5=remote.md5, sha256=remote.sha256, cancelled=cancelled)


def _md5(path: Path, cancelled: Asked) -> str:
    total = hashlib.md5(usedforsecurity=False)
    with open_regular(path) as file:
        while chunk := file.read(1 << 20):
            if cancelled():
                raise Cancelled
            total.update(chunk)
    return total.hexdigest()
