import hashlib
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from cvlab.engine.data import mnist, sample
from cvlab.engine.errors import CorruptData, DataMissing


def load(folder: Path):
    return sample.load(folder, id="mnist-mini", title="Sample", classes=tuple("0123456789"))


def test_it_is_balanced_and_whole(bundled):
    dataset = load(bundled)
    assert dataset.train.images.shape == (10_000, 1, 28, 28) and dataset.test.images.shape == (2_000, 1, 28, 28)
    assert dataset.train.labels.bincount().tolist() == [1_000] * 10
    assert dataset.test.labels.bincount().tolist() == [200] * 10
    # Shuffled: the first hundred are of every class.
    assert len(set(dataset.train.labels[:100].tolist())) == len(set(dataset.test.labels[:100].tolist())) == 10


def test_its_licence_names_this_very_file(bundled):
    text = (bundled / "mnist-mini.LICENCE.md").read_text(encoding="utf-8")
    named = re.search(r"`([0-9a-f]{64})`", text)[1]
    assert hashlib.sha256((bundled / sample.FILE).read_bytes()).hexdigest() == named
    assert "CC BY-SA 3.0" in text and "Cortes" in text


def test_each_part_comes_from_its_own_part_of_mnist(bundled, real_mnist):
    dataset, whole = load(bundled), mnist.read(real_mnist)
    for part, split in (("train", dataset.train), ("test", dataset.test)):
        theirs = {
            (image.tobytes(), int(label))
            for image, label in zip(whole[f"{part}_images"], whole[f"{part}_labels"], strict=True)
        }
        ours = {(image.tobytes(), int(label)) for image, label in zip(split.images.numpy(), split.labels, strict=True)}
        assert len(ours) == len(split) and ours <= theirs


def test_the_script_draws_the_same_again(real_mnist, bundled):
    script = Path(__file__).parents[3] / "packaging" / "make_mnist_mini.py"
    drawn = runpy.run_path(str(script))["drawn"](real_mnist)
    with np.load(bundled / sample.FILE) as shipped:
        assert shipped.files == list(drawn)
        assert all(np.array_equal(shipped[name], drawn[name]) for name in drawn)


def test_missing_damaged_and_foreign_files_are_told_apart(bundled, tmp_path):
    with pytest.raises(DataMissing, match="not where it belongs"):
        load(tmp_path)
    content = (bundled / sample.FILE).read_bytes()
    for damaged in (b"", b"not a zip", content[:-100], content[:500_000] + b"\0\0\0\0" + content[500_004:]):
        (tmp_path / sample.FILE).write_bytes(damaged)
        with pytest.raises(CorruptData, match="damaged"):
            load(tmp_path)
    with np.load(bundled / sample.FILE) as archive:
        arrays = dict(archive)
    np.savez(tmp_path / sample.FILE, **arrays | {"train_labels": arrays["train_labels"][:-1]})
    with pytest.raises(CorruptData, match="not the one of this cvlab"):
        load(tmp_path)
    np.savez(tmp_path / sample.FILE, **arrays | {"train_labels": arrays["train_labels"][::-1]})
    with pytest.raises(CorruptData, match="not the one of this cvlab"):
        load(tmp_path)


def test_pickles_are_never_opened(bundled, tmp_path):
    with np.load(bundled / sample.FILE) as archive:
        arrays = dict(archive)
    np.savez(tmp_path / sample.FILE, **arrays | {"train_images": np.array([object()])})
    with pytest.raises(CorruptData, match="damaged"):
        load(tmp_path)
