import gzip
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine.data import array_files, idx, own
from cvlab.engine.data.importing import bring
from cvlab.engine.data.planning import survey
from cvlab.engine.errors import CorruptData, DataError
from tests.engine.data.pictures import write

RNG = np.random.default_rng(1)
GREY = RNG.integers(0, 256, (30, 8, 6), np.uint8)
COLOUR = RNG.integers(0, 256, (30, 8, 6, 3), np.uint8)
LABELS = np.arange(30) % 3


def npz(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (GREY, GREY[:, None]),
        (GREY[..., None], GREY[:, None]),
        (COLOUR, COLOUR.transpose(0, 3, 1, 2)),
        (COLOUR.transpose(0, 3, 1, 2), COLOUR.transpose(0, 3, 1, 2)),
        (GREY / 255, GREY[:, None]),
        (GREY.astype(np.int32), GREY[:, None]),
        (np.concatenate([COLOUR, COLOUR[..., :1]], -1), COLOUR.transpose(0, 3, 1, 2)),
    ],
)
def test_images_of_every_usual_layout(tmp_path, images, expected):
    arrays = {"train_images": images, "train_labels": LABELS, "test_images": images[:3], "test_labels": LABELS[:3]}
    manifest = bring(npz(tmp_path / "x.npz", **arrays), tmp_path / "data")
    data = own.load(tmp_path / "data", manifest.id)
    assert np.array_equal(data.train.images.numpy(), expected) and data.train.labels.tolist() == LABELS.tolist()
    assert data.classes == ("0", "1", "2")


@pytest.mark.parametrize(
    "names",
    [
        "x_train y_train x_test y_test",
        "train_images train_labels test_images test_labels",
        "X_train Y_train X_test Y_test",
    ],
)
def test_parts_by_their_usual_names(tmp_path, names):
    a, b, c, d = names.split()
    arrays = {a: GREY[:20], b: LABELS[:20][:, None], c: GREY[20:], d: LABELS[20:][:, None]}
    seen = survey(npz(tmp_path / "x.npz", **arrays))
    assert (seen.train_count, seen.test_count, seen.image_shape, seen.notes) == (20, 10, (1, 8, 6), ())


def test_without_a_test_part_one_is_made(tmp_path):
    manifest = bring(npz(tmp_path / "x.npz", x=GREY, y=LABELS), tmp_path / "data")
    assert (manifest.train_count, manifest.test_count) == (24, 6) and "There is no test part" in manifest.notes[0]


def test_a_validation_part_joins_the_training_part(tmp_path):
    arrays = {
        f"{p}_{k}": v[i : i + 10]
        for i, p in ((0, "train"), (10, "val"), (20, "test"))
        for k, v in (("images", GREY), ("labels", LABELS))
    }
    manifest = bring(npz(tmp_path / "x.npz", **arrays), tmp_path / "data")
    assert (manifest.train_count, manifest.test_count) == (20, 10) and "validation" in manifest.notes[0]


def test_names_of_classes(tmp_path):
    words = np.array(["cat", "dog", "bee"])
    seen = survey(npz(tmp_path / "x.npz", images=GREY, labels=LABELS, classes=words))
    assert seen.classes == ("cat", "dog", "bee")
    assert survey(npz(tmp_path / "y.npz", images=GREY, labels=words[LABELS])).classes == ("bee", "cat", "dog")
    with pytest.raises(CorruptData, match="does not list"):
        survey(npz(tmp_path / "z.npz", images=GREY, labels=LABELS, classes=words[:2]))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": GREY}, "does not say which"),
        ({"images": GREY, "labels": LABELS[:5]}, "not as many labels"),
        ({"images": GREY[0], "labels": LABELS}, "not of a shape"),
        ({"images": GREY, "labels": LABELS + 0.5}, "neither whole numbers nor words"),
        ({"images": np.zeros((2, 600, 600), np.uint8), "labels": LABELS[:2]}, "too large"),
        ({"images": GREY[:0], "labels": LABELS[:0]}, "no image"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path, arrays, words):
    with pytest.raises(DataError, match=words):
        survey(npz(tmp_path / "x.npz", **arrays))


def test_objects_are_never_unpickled(tmp_path):
    np.savez(tmp_path / "x.npz", images=np.array([{}], object), labels=LABELS)
    with pytest.raises(CorruptData, match="could run code"):
        survey(tmp_path / "x.npz")


def test_an_array_that_claims_more_than_it_holds_gets_no_room(tmp_path):
    head = own.npy_header((10**9, 1000, 1000), "|u1")
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("images.npy", head + b"123")
        archive.writestr("labels.npy", own.npy_header((3,), "|u1") + b"123")
    with pytest.raises(CorruptData, match="ends too early"):
        survey(tmp_path / "x.npz")


@given(st.binary(max_size=300))
def test_no_npz_whatever_raises_anything_else(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("x") / "x.npz"
    path.write_bytes(content)
    with pytest.raises(DataError):
        array_files.read(path)


# -- IDX ---------------------------------------------------------------------------------------------------------------


def idx_files(prefix: str = "", packed: bool = False) -> dict[str, bytes]:
    files = {}
    for part, first, last in (("train", 0, 20), ("t10k", 20, 30)):
        for kind, array in (("images-idx3", GREY), ("labels-idx1", LABELS.astype(np.uint8))):
            content = idx.write(array[first:last])
            files[f"{prefix}{part}-{kind}-ubyte" + (".gz" if packed else "")] = (
                gzip.compress(content) if packed else content
            )
    return files


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("start", ["", "train-images-idx3-ubyte"])
def test_idx_files_are_found_in_pairs(tmp_path, packed, start):
    folder = write(tmp_path / "digits", idx_files(packed=packed))
    source = folder / (start + (".gz" if packed and start else "")) if start else folder
    assert array_files.is_one(source)
    manifest = bring(source, tmp_path / "data")
    data = own.load(tmp_path / "data", manifest.id)
    assert (
        manifest.id == "digits" and len(data.train) == 20 and np.array_equal(data.test.images[:, 0].numpy(), GREY[20:])
    )


def test_of_several_idx_sets_one_is_chosen_by_its_file(tmp_path):
    folder = write(tmp_path / "all", idx_files("a-") | idx_files("b-"))
    assert survey(folder / "b-train-images-idx3-ubyte").title == "b"
    with pytest.raises(DataError, match="several sets"):
        survey(folder)


def test_an_idx_file_without_its_partner_is_said(tmp_path):
    folder = write(tmp_path / "digits", {"train-images-idx3-ubyte": idx.write(GREY)})
    with pytest.raises(DataError, match="has no partner"):
        survey(folder)


def test_folders_of_pictures_are_none(tmp_path):
    assert not array_files.is_one(write(tmp_path / "x", {"ubyte/idx.png": b"", "idx.txt": b"hello"}))


def test_members_that_nobody_asks_for_are_not_unpacked(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "x.npz", images=GREY, labels=LABELS, other=np.zeros(10), more=np.array([{}]))
    opened = []
    real = zipfile.ZipFile.open

    def watched(self, member, *arguments, **options):
        opened.append(getattr(member, "filename", member))
        return real(self, member, *arguments, **options)

    monkeypatch.setattr(zipfile.ZipFile, "open", watched)
    array_files.read(tmp_path / "x.npz")
    assert opened == ["images.npy", "labels.npy"]
