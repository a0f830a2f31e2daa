"""Where real MNIST lies for those who develop cvlab, and small stand-ins for everybody else."""

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings

from cvlab.engine.data import idx, mnist
from cvlab.engine.data.dataset import Split, digest_of

# The first example of a test may import torch; a slow machine is not a failure.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

_SHARED = Path(__file__).parents[3].parent / "shared" / "data" / "mnist"


@pytest.fixture(scope="session")
def real_mnist() -> Path:
    """The folder of the four official files."""
    if not all(mnist.find(_SHARED, file) for file in mnist.FILES):
        pytest.skip(f"REAL MNIST IS NOT IN {_SHARED}: what only it can show was not tested")
    return _SHARED


@pytest.fixture(scope="session")
def bundled() -> Path:
    return Path(__file__).parents[3] / "resources" / "data"


@pytest.fixture(scope="session")
def digits(bundled: Path) -> np.ndarray:
    """(10000, 28, 28) uint8: the training digits of the shipped sample."""
    with np.load(bundled / "mnist-mini.npz") as archive:
        return archive["train_images"]


@pytest.fixture
def tiny_mnist(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Four tiny files in MNIST's place, with checksums of their own: name -> unpacked content."""
    rng = np.random.default_rng(5)
    contents, files, parts = {}, [], {}
    for file in mnist.FILES:
        shape = (30 if file.part.startswith("train") else 10, *file.shape[1:])
        array = rng.integers(0, 10 if len(shape) == 1 else 256, shape, np.uint8)
        contents[file.name] = content = idx.write(array)
        packed = gzip.compress(content, mtime=0)
        checksums = (hashlib.md5(data, usedforsecurity=False).hexdigest() for data in (content, packed))
        files.append(mnist.File(file.part, file.name, shape, *checksums, len(packed)))
        parts[file.part] = torch.from_numpy(array)
    splits = [Split(parts[f"{p}_images"].unsqueeze(1), parts[f"{p}_labels"].long()) for p in ("train", "test")]
    monkeypatch.setattr(mnist, "FILES", tuple(files))
    monkeypatch.setattr(mnist, "DIGEST", digest_of(*splits))
    return contents
