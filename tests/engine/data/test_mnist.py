import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from cvlab.engine.data import idx, mnist
from cvlab.engine.errors import Cancelled, CorruptData, DataMissing, DownloadFailed
from tests.engine.data.server import Server


def put(folder: Path, contents: dict[str, bytes], suffix: str = "", packed: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / f"{name}{suffix}").write_bytes(gzip.compress(content) if packed else content)


def load(root: Path, **options):
    return mnist.load(root, id="mnist", title="MNIST", classes=tuple("0123456789"), **options)


@pytest.mark.parametrize("packed", [False, True])
def test_what_lies_in_torchvisions_folders_is_loaded(tmp_path, tiny_mnist, packed):
    assert not mnist.is_available(tmp_path)
    put(tmp_path / "MNIST" / "raw", tiny_mnist, ".gz" if packed else "", packed)
    assert mnist.is_available(tmp_path) and mnist.missing(tmp_path) == []
    dataset = load(tmp_path)
    assert len(dataset.train) == 30 and len(dataset.test) == 10 and dataset.image_shape == (1, 28, 28)
    stored = idx.read(tiny_mnist["train-images-idx3-ubyte"])
    assert np.array_equal(dataset.train.images[:, 0].numpy(), stored)
    assert dataset.train.labels.tolist() == idx.read(tiny_mnist["train-labels-idx1-ubyte"]).tolist()


def test_torchvision_finds_what_we_keep(tmp_path, tiny_mnist):
    for content in tiny_mnist.values():
        mnist.keep(tmp_path, idx.read(content))
    # The four names that torchvision.datasets.MNIST._check_exists looks for below <root>/MNIST/raw.
    assert {path.name for path in (tmp_path / "MNIST" / "raw").iterdir()} == {
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    }


def test_without_files_the_remedy_names_the_command(tmp_path):
    with pytest.raises(DataMissing) as caught:
        load(tmp_path)
    assert "cvlab data get mnist" in caught.value.remedy


def test_one_changed_byte_is_found(tmp_path, tiny_mnist):
    put(mnist.raw_folder(tmp_path), tiny_mnist)
    path = mnist.raw_folder(tmp_path) / "train-images-idx3-ubyte"
    content = bytearray(path.read_bytes())
    content[5000] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptData, match="not the official ones"):
        load(tmp_path)
    assert [file.part for file in mnist.missing(tmp_path)] == ["train_images"]


def test_another_sets_files_are_said(tmp_path, tiny_mnist):
    put(mnist.raw_folder(tmp_path), tiny_mnist)
    (mnist.raw_folder(tmp_path) / "t10k-labels-idx1-ubyte").write_bytes(idx.write(np.zeros(3, np.uint8)))
    with pytest.raises(CorruptData, match="is not MNIST's"):
        load(tmp_path)


def test_a_persons_files_are_found_by_content_not_by_name(tmp_path, tiny_mnist):
    source = tmp_path / "downloads" / "old"
    source.mkdir(parents=True)
    for number, content in enumerate(tiny_mnist.values()):
        (source / f"file ({number})").write_bytes(content if number % 2 else gzip.compress(content))
    (source / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"not this one"))
    mnist.bring_from_files(tmp_path / "root", tmp_path / "downloads")
    assert len(load(tmp_path / "root").test) == 10


def test_what_is_missing_among_a_persons_files_is_named(tmp_path, tiny_mnist):
    part = dict(list(tiny_mnist.items())[:3])
    put(tmp_path / "mine", part)
    with pytest.raises(DataMissing, match=r"1 of MNIST's four.*t10k-labels"):
        mnist.bring_from_files(tmp_path / "root", tmp_path / "mine")
    # The other three stay, and the next way has only one to bring.
    assert [file.part for file in mnist.missing(tmp_path / "root")] == ["test_labels"]


def test_looking_through_a_persons_files_can_be_stopped(tmp_path, tiny_mnist):
    put(tmp_path / "mine", tiny_mnist)
    with pytest.raises(Cancelled):
        mnist.bring_from_files(tmp_path / "root", tmp_path / "mine", cancelled=lambda: True)


@pytest.fixture
def mirror(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server(b"") as server:
        yield server


def stock(mirror: Server, contents: dict[str, bytes]) -> tuple[str]:
    """Puts the gzipped files on the mirror; its address as `mirrors` wants it."""
    mirror.contents = {f"/mnist/{name}.gz": gzip.compress(content, mtime=0) for name, content in contents.items()}
    return (mirror.url.replace("/file", "/mnist/"),)


def test_the_mirrors_bring_what_is_missing_with_one_bar_over_all(tmp_path, tiny_mnist, mirror):
    mnist.keep(tmp_path, idx.read(tiny_mnist["train-images-idx3-ubyte"]))
    seen = []
    mnist.bring_from_mirrors(tmp_path, report=seen.append, mirrors=stock(mirror, tiny_mnist))
    assert [path for path, _ in mirror.asked] == list(mirror.contents)[1:]
    assert len(load(tmp_path).train) == 30
    done = [progress.done for progress in seen]
    assert done == sorted(done) and done[-1] == seen[-1].total == sum(f.packed_size for f in mnist.FILES[1:])
    assert not list(mnist.raw_folder(tmp_path).glob("*.gz*"))


def test_a_mirror_with_other_digits_is_refused(tmp_path, tiny_mnist, mirror):
    other = {name: content[:-1] + b"\x07" for name, content in tiny_mnist.items()}
    with pytest.raises(DownloadFailed, match=r"another checksum|at most"):
        mnist.bring_from_mirrors(tmp_path, mirrors=stock(mirror, other))
    assert not mnist.is_available(tmp_path)


def test_what_is_none_of_the_four_is_not_kept(tmp_path):
    with pytest.raises(CorruptData, match="none of MNIST's four"):
        mnist.keep(tmp_path, np.zeros((60_000,), np.uint8))
    assert not list(tmp_path.iterdir())


def test_real_mnist_has_the_official_checksums_and_our_digest(real_mnist, tmp_path):
    mnist.bring_from_files(tmp_path, real_mnist)
    for file in mnist.FILES:
        content = (mnist.raw_folder(tmp_path) / file.name).read_bytes()
        assert len(content) == file.size and hashlib.md5(content, usedforsecurity=False).hexdigest() == file.md5
    dataset = load(tmp_path)
    assert len(dataset.train) == 60_000 and len(dataset.test) == 10_000
    assert dataset.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
