import threading

import numpy as np
import pytest
from pydantic import ValidationError

from cvlab.engine.data import importing, own
from cvlab.engine.data.importing import bring
from cvlab.engine.data.planning import Options, OtherOptions, survey
from cvlab.engine.errors import Cancelled, DataError
from tests.engine.data.pictures import noise, pack, picture, two_classes, write
from tests.engine.data.test_decode import png_of


@pytest.fixture
def root(tmp_path):
    return tmp_path / "data"


def load(root, manifest):
    return own.load(root, manifest.id)


def test_a_folder_and_a_zip_of_it_give_the_same_set(root, tmp_path):
    folder = bring(write(tmp_path / "animals", two_classes()), root)
    zipped = bring(pack(tmp_path / "packed.zip", two_classes()), root)
    data = load(root, folder)
    assert folder.digest == zipped.digest == data.digest
    assert data.classes == ("cat", "dog") and data.image_shape == (3, 8, 8)
    assert (len(data.train), len(data.test)) == (10, 4)
    assert data.train.labels.tolist() == [0] * 5 + [1] * 5 and data.train.names[0] == "train/cat/000.png"
    expected = np.random.default_rng(102).integers(0, 256, (8, 8, 3), np.uint8).transpose(2, 0, 1)
    assert np.array_equal(data.train.images[7].numpy(), expected), "the third dog"
    assert folder.skipped_count == 0 and folder.others == 0


def test_classes_stand_in_the_alphabet_and_files_by_name(root, tmp_path):
    names = [
        (f"{part}/{name}/{n}.png", n)
        for part in ("train", "test")
        for name in ("zebra", "Ant", "bee")
        for n in (2, 10, 1)
    ]
    data = load(root, bring(write(tmp_path / "zoo", {name: noise(n) for name, n in names}), root))
    assert data.classes == ("Ant", "bee", "zebra")
    assert [name.split("/")[2] for name in data.train.names[:3]] == ["1.png", "10.png", "2.png"]


def test_chunks_and_threads_do_not_change_the_order(root, tmp_path, monkeypatch):
    source = write(tmp_path / "animals", two_classes(20, 7))
    monkeypatch.setattr(importing, "_CHUNK", 3)
    assert bring(source, root, workers=4).digest == bring(source, root / "other", workers=1).digest


def test_without_a_test_part_a_share_of_every_class_becomes_one(root, tmp_path):
    files = {f"{name}/{number}.png": noise(number) for name in ("cat", "dog") for number in range(10)}
    source = write(tmp_path / "animals", files)
    manifest = bring(source, root)
    data = load(root, manifest)
    assert np.bincount(data.test.labels).tolist() == [2, 2] and np.bincount(data.train.labels).tolist() == [8, 8]
    assert not {*data.train.names} & {*data.test.names}
    assert any("20 % of every class, drawn with seed 0" in note for note in manifest.notes)
    assert bring(source, root / "again").digest == manifest.digest
    assert bring(source, root / "other", Options(seed=1)).digest != manifest.digest


@pytest.mark.parametrize(("parts", "counts"), [(("train", "val"), (2, 2)), (("train", "val", "test"), (4, 2))])
def test_what_becomes_of_a_validation_part_is_said(root, tmp_path, parts, counts):
    files = {f"{part}/{name}/1.png": noise(1) for part in parts for name in ("cat", "dog")}
    manifest = bring(write(tmp_path / "animals", files), root)
    assert (manifest.train_count, manifest.test_count) == counts and "validation part" in manifest.notes[0]


def test_the_commonest_size_wins_if_it_is_small_and_common(root, tmp_path):
    files = {f"cat/{n}.png": noise(n, (12, 10)) for n in range(5)} | {"dog/1.png": noise(9, (30, 40))}
    manifest = bring(write(tmp_path / "a", files), root)
    assert manifest.image_shape == (3, 10, 12)
    said = " ".join(manifest.notes)
    assert "2 sizes were found, most often 12 × 10" in said and "cropped around its middle" in said


@pytest.mark.parametrize(("size", "side"), [((300, 200), 64), ((40, 60), 32)])
def test_of_many_sizes_a_square_is_made(tmp_path, size, side):
    files = {f"{name}/{n}.png": noise(n, (size[0] + n, size[1])) for name in ("cat", "dog") for n in range(3)}
    assert survey(write(tmp_path / "a", files)).image_shape == (3, side, side)


def test_grey_pictures_stored_in_colour_are_kept_as_grey(root, tmp_path):
    files = {f"{name}/{n}.jpg": picture((n * 20,) * 3, kind="JPEG") for name in "01" for n in range(4)}
    manifest = bring(write(tmp_path / "digits", files), root)
    assert manifest.image_shape == (1, 8, 8) and "No colour is used" in " ".join(manifest.notes)
    chosen = bring(tmp_path / "digits", root, Options(colour="colour", size=16, fit="letterbox", title="Large digits"))
    assert chosen.image_shape == (3, 16, 16) and chosen.id == "large-digits"


def test_what_cannot_be_read_is_counted_listed_and_left_out(root, tmp_path):
    files = two_classes() | {
        "train/cat/empty.png": b"",
        "train/cat/huge.png": png_of(30_000, 30_000),
        "train/dog/cut.jpg": noise(5, (64, 64), "JPEG")[:600],
        "train/dog/text.png": b"hello",
        "train/dog/readme.txt": b"hello",
        "test/dog/empty.png": b"",
    }
    manifest = bring(write(tmp_path / "animals", files), root)
    reasons = dict(manifest.skipped)
    assert (
        manifest.skipped_count == 5 and manifest.others == 1 and (manifest.train_count, manifest.test_count) == (10, 4)
    )
    assert reasons["train/cat/empty.png"] == "an empty file" and "pixels" in reasons["train/cat/huge.png"]
    assert "damaged" in reasons["train/dog/cut.jpg"] and "not a picture" in reasons["train/dog/text.png"]
    assert load(root, manifest).train.labels.tolist() == [0] * 5 + [1] * 5


@pytest.mark.parametrize("twin", ["Cat", "CAT", "ｃat"])
def test_two_classes_of_the_same_name_are_refused_or_become_one(root, tmp_path, twin):
    files = {"cat/1.png": noise(1), "cat/2.png": noise(4), f"{twin}/1.png": noise(2), "dog/1.png": noise(3)}
    source = pack(tmp_path / "animals.zip", files)
    with pytest.raises(DataError, match="Two classes have the same name") as caught:
        bring(source, root)
    assert twin in str(caught.value) and "Rename one" in caught.value.remedy
    manifest = bring(source, root, Options(merge=True, test_share=0.5))
    assert manifest.classes == ("cat", "dog") and f"“cat” also holds the images of “{twin}”." in manifest.notes


def test_accents_written_in_two_ways_are_one_name(root, tmp_path):
    source = pack(
        tmp_path / "x.zip", {"caf\u00e9/1.png": noise(1), "cafe\u0301/1.png": noise(2), "bar/1.png": noise(3)}
    )
    with pytest.raises(DataError, match="same name"):
        bring(source, root)


def test_a_class_spelled_differently_in_the_test_part_is_the_same_class(root, tmp_path):
    files = {
        "train/cat/1.png": noise(1),
        "train/cat/2.png": noise(5),
        "test/Cat/1.png": noise(2),
        "train/dog/1.png": noise(3),
    }
    manifest = bring(pack(tmp_path / "x.zip", files), root)
    assert manifest.classes == ("cat", "dog") and "No test images of “dog”." in manifest.notes


@pytest.mark.parametrize("files", [{}, {"a.txt": b"x"}, {"a.png": picture()}])
def test_nothing_to_import_is_said(root, tmp_path, files):
    source = write(tmp_path / "empty", files)
    source.mkdir(exist_ok=True)
    with pytest.raises(DataError, match="no pictures in class folders"):
        bring(source, root)


def test_not_one_readable_picture_is_said_and_leaves_nothing(root, tmp_path):
    with pytest.raises(DataError, match=r"Not one picture.*an empty file"):
        bring(write(tmp_path / "bad", {f"{name}/{i}.png": b"" for name in ("cat", "dog") for i in range(5)}), root)
    assert list(own.shelf(root).iterdir()) == []


def test_a_set_that_leaves_nothing_to_test_on_is_refused(root, tmp_path):
    with pytest.raises(OtherOptions, match="Nothing would be tested on"):
        bring(write(tmp_path / "few", {"cat/1.png": noise(1), "dog/1.png": noise(2)}), root)
    files = {"train/cat/1.png": noise(1), "train/dog/1.png": noise(2), "test/cat/1.png": b""}
    with pytest.raises(DataError, match="leaves no image to test on"):
        bring(write(tmp_path / "unread", files), root)


def test_arrays_too_few_to_divide_are_refused_alike(root, tmp_path):
    np.savez(tmp_path / "x.npz", images=np.zeros((2, 4, 4), np.uint8), labels=np.arange(2))
    with pytest.raises(OtherOptions, match="Nothing would be tested on"):
        bring(tmp_path / "x.npz", root)


def test_progress_comes_to_its_end(root, tmp_path):
    seen = []
    bring(write(tmp_path / "animals", two_classes()), root, report=seen.append)
    assert seen[0].total is None and seen[-1].done == seen[-1].total == 14 and "14 of 14 images" in seen[-1].stage


def test_an_import_that_is_stopped_leaves_nothing(root, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "_CHUNK", 2)
    source = write(tmp_path / "animals", two_classes(30, 10))
    decoded, real = [], importing.decode

    def counted(content, target):
        decoded.append(1)
        return real(content, target)

    monkeypatch.setattr(importing, "decode", counted)
    with pytest.raises(Cancelled):
        bring(source, root, cancelled=lambda: len(decoded) >= 5)
    assert len(decoded) < 20 and list(own.shelf(root).iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("cvlab-import")]


@pytest.mark.parametrize(
    "wrong", [{"size": 2}, {"size": 100_000}, {"test_share": 1.0}, {"test_share": 0}, {"fit": "melt"}, {"nonsense": 1}]
)
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        Options(**wrong)


def test_the_survey_is_what_the_import_makes(root, tmp_path):
    source = write(tmp_path / "animals", two_classes())
    seen, made = survey(source), bring(source, root)
    for field in ("title", "classes", "image_shape", "train_count", "test_count", "notes"):
        assert getattr(seen, field) == getattr(made, field)
