"""What `cvlab bench import` measures, each side in a process of its own: this import, and the usual loop over an ImageFolder."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path
from time import perf_counter

import numpy as np


def resident() -> int:
    """Bytes of this process in memory now; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def peak() -> int:
    """The most bytes that this process ever had in memory."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def ours(source: Path) -> dict:
    """Import, then open, in cvlab."""
    import torch  # noqa: F401  (it is there before anything is imported)

    from cvlab.engine.data import own
    from cvlab.engine.data.importing import bring

    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as folder:
        before, began = resident(), perf_counter()
        manifest = bring(source, Path(folder))
        imported, grown = perf_counter() - began, peak() - before
        began = perf_counter()
        data = own.load(Path(folder), manifest.id)
        opened = perf_counter() - began
        images = data.train.images.numel() + data.test.images.numel()
        checksum = int(data.train.images[::97].long().sum())
        return {
            "images": len(data.train) + len(data.test),
            "pixel_bytes": images,
            "import_seconds": imported,
            "import_memory": grown,
            "open_seconds": opened,
            "memory": peak() - before,
            "skipped": manifest.skipped_count,
            "checksum": checksum,
        }


def image_folder(source: Path) -> dict:
    """Unpack, then decode one by one through torchvision's ImageFolder into one array."""
    from cvlab.engine.data.vision import torchvision

    datasets = torchvision().datasets
    with tempfile.TemporaryDirectory(prefix="cvlab-bench-") as folder:
        before, began = resident(), perf_counter()
        if source.is_file():
            with zipfile.ZipFile(source) as archive:
                archive.extractall(folder)
            top = Path(folder)
        else:
            top = source
        while len(inner := [path for path in top.iterdir() if path.is_dir()]) == 1:
            top = inner[0]
        parts = []
        for part in ("train", "test"):
            found = datasets.ImageFolder(top / part)
            parts.append(np.stack([np.asarray(image) for image, _ in found]))
        return {
            "images": sum(map(len, parts)),
            "pixel_bytes": sum(part.nbytes for part in parts),
            "import_seconds": perf_counter() - began,
            "memory": peak() - before,
            "checksum": int(parts[0][::97].astype(np.int64).sum()),
        }


def main() -> int:
    """Measures one side in a process of its own and prints its figures as JSON; `cvlab bench import` calls it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=("cvlab", "imagefolder"))
    parser.add_argument("source", type=Path)
    options = parser.parse_args()
    result = ours(options.source) if options.side == "cvlab" else image_folder(options.source)
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
