import errno
import shutil
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from cvlab.engine.data import catalogue, own
from cvlab.engine.data.dataset import digest_of
from cvlab.engine.data.importing import bring
from cvlab.engine.errors import CannotWrite, CorruptData, DataError, DataMissing
from tests.engine.data.pictures import noise, two_classes, write


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(catalogue, "_loaded", weakref.WeakValueDictionary())
    monkeypatch.setattr(catalogue, "_recent", type(catalogue._recent)(maxlen=2))


@pytest.fixture
def root(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def animals(root, tmp_path):
    return bring(write(tmp_path / "My Animals", two_classes()), root)


def test_it_appears_in_the_catalogue_and_loads_like_any_other(root, animals):
    entry = catalogue.entries(root)[animals.id]
    assert (
        animals.id == "my-animals" and entry.title == "My Animals" and entry.kind == "own" and entry.download_bytes == 0
    )
    assert catalogue.find(animals.id, root) == entry and catalogue.is_available(animals.id, root=root, bundled=root)
    data = catalogue.load(animals.id, root=root, bundled=root)
    assert data is catalogue.load(animals.id, root=root, bundled=root)
    assert data.digest == digest_of(data.train, data.test) == animals.digest
    assert data.train.labels.dtype == torch.int64 and data.train.images.is_contiguous()
    catalogue.obtain(animals.id, root=root)  # there is nothing to bring


def test_other_tools_can_read_its_arrays(root, animals):
    images = np.load(own.shelf(root) / animals.id / "train-images.npy", allow_pickle=False)
    assert np.array_equal(images, own.load(root, animals.id).train.images.numpy())


def test_nobody_can_change_the_files_through_what_was_loaded(root, animals):
    own.load(root, animals.id).train.images.zero_()
    assert own.load(root, animals.id).train.images.any()


def test_the_same_images_keep_their_id_and_others_get_another(root, tmp_path, animals):
    assert bring(tmp_path / "My Animals", root).id == animals.id
    write(tmp_path / "My Animals", {"train/cat/new.png": noise(77)})
    assert bring(tmp_path / "My Animals", root).id == "my-animals-2"
    assert list(catalogue.entries(root))[-2:] == ["my-animals", "my-animals-2"]


@pytest.mark.parametrize(
    ("title", "wanted"), [("mnist", "mnist-2"), ("猫と犬", "images"), ("Käfer & Co.", "kafer-co"), ("../x", "x")]
)
def test_ids_are_plain_and_never_another_sets(root, title, wanted):
    assert own.id_for(root, title, "0" * 64) == wanted


def test_removing_it_leaves_its_source(root, tmp_path, animals):
    loaded = catalogue.load(animals.id, root=root, bundled=root)
    catalogue.remove(animals.id, root=root)
    assert animals.id not in catalogue.entries(root) and not list(own.shelf(root).iterdir())
    assert (tmp_path / "My Animals" / "train").is_dir() and loaded.train.images.any()
    with pytest.raises(DataError):
        catalogue.load(animals.id, root=root, bundled=root)
    with pytest.raises(DataError, match="Only your own"):
        catalogue.remove("mnist-mini", root=root)


@pytest.mark.parametrize("name", ["../../etc", "nothing", ".hidden", ""])
def test_an_id_cannot_lead_out_of_the_shelf(root, animals, name):
    with pytest.raises(DataMissing):
        own.read(root, name)
    with pytest.raises(DataMissing):
        own.remove(root, name)


def damage(root: Path, animals, name: str, change) -> None:
    path = own.shelf(root) / animals.id / name
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("train-images.npy", lambda content: content[:-1] + bytes([content[-1] ^ 1])),
        ("train-images.npy", lambda content: content[:-100]),
        ("train-images.npy", lambda content: b""),
        ("train-labels.npy", lambda content: content[:-8] + (99).to_bytes(8, "little")),
        ("test-labels.npy", lambda content: b"\x80\x04garbage"),
        ("manifest.json", lambda content: content[:40]),
        ("manifest.json", lambda content: content.replace(b'"my-animals"', b'"another"')),
    ],
)
def test_damaged_files_are_said_and_never_used(root, animals, name, change):
    damage(root, animals, name, change)
    with pytest.raises(CorruptData) as caught:
        own.load(root, animals.id)
    assert "import it again" in caught.value.remedy


def test_a_damaged_manifest_hides_only_its_own_set(root, tmp_path, animals):
    other = bring(write(tmp_path / "others", two_classes(3, 1)), root)
    damage(root, animals, "manifest.json", lambda content: b"{")
    assert [manifest.id for manifest in own.manifests(root)] == [other.id]


def test_a_full_disk_is_said_and_leaves_nothing(root, tmp_path, monkeypatch):
    source = write(tmp_path / "animals", two_classes())

    def full(self, *_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(own.Writer, "_begin", full)
    with pytest.raises(CannotWrite, match="The disk is full"):
        bring(source, root)
    assert not list(own.shelf(root).iterdir())


def test_what_is_in_use_and_cannot_be_removed_is_said(root, animals, monkeypatch):
    def refuse(path, **_):
        raise PermissionError(13, "in use")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(CannotWrite, match="could not be removed"):
        own.remove(root, animals.id)


def test_training_images_come_first(root):
    with own.Writer(root, (1, 2, 2)) as writer:
        writer.add("test", np.zeros((1, 1, 2, 2), np.uint8), [0], ["a"])
        with pytest.raises(ValueError, match="come first"):
            writer.add("train", np.zeros((1, 1, 2, 2), np.uint8), [0], ["b"])
