"""Draws resources/data/mnist-mini.npz from the four MNIST files, the same to the byte every time.

    python packaging/make_mnist_mini.py FOLDER_OF_THE_FOUR_FILES resources/data

Training images come from the training file and test images from the test file, so nothing of MNIST's test set is ever
trained on. A class gets the same number of images; the seed is fixed.
"""

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

from cvlab.engine.data import mnist, sample
from cvlab.engine.data.dataset import Split, digest_of

SEED = 2016


def draw(labels: np.ndarray, per_class: int, rng: np.random.Generator) -> np.ndarray:
    chosen = [rng.choice(np.flatnonzero(labels == digit), per_class, replace=False) for digit in range(10)]
    return rng.permutation(np.concatenate(chosen))


def drawn(source: Path) -> dict[str, np.ndarray]:
    parts = mnist.read(source)
    rng = np.random.default_rng(SEED)
    arrays: dict[str, np.ndarray] = {}
    for part, per_class in (("train", sample.TRAIN_PER_CLASS), ("test", sample.TEST_PER_CLASS)):
        images, labels = parts[f"{part}_images"], parts[f"{part}_labels"]
        chosen = draw(labels, per_class, rng)
        arrays[f"{part}_images"], arrays[f"{part}_labels"] = images[chosen], labels[chosen]
    return arrays


def main(source: Path, target: Path) -> None:
    import torch

    arrays = drawn(source)
    path = target / sample.FILE
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)
            # A fixed date: the same digits must give the same file.
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1998, 11, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue(), compresslevel=9)

    def split(part: str) -> Split:
        images = torch.from_numpy(arrays[f"{part}_images"]).unsqueeze(1)
        return Split(images, torch.from_numpy(arrays[f"{part}_labels"]).long())

    print(f"{path}: {path.stat().st_size:,} bytes, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}")
    print(f"digest of its tensors: {digest_of(split('train'), split('test'))}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
