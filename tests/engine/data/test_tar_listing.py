"""Tar archives of class folders: read whatever their order, and safe whatever is in them."""

import io
import os
import random
import tarfile
import threading
import zlib

import pytest

from cvlab.engine.data import tar_listing
from cvlab.engine.data.importing import bring
from cvlab.engine.data.listing import open_listing
from cvlab.engine.data.planning import survey
from cvlab.engine.data.tar_listing import is_tar
from cvlab.engine.errors import Cancelled, CannotWrite, CorruptData, DataError
from tests.engine.data.pictures import noise, pack, pack_tar, picture, two_classes, write

CONTENT = picture()
GOOD = {"cat/1.png": CONTENT, "dog/1.png": CONTENT}


@pytest.fixture(autouse=True)
def nothing_kept():
    yield
    tar_listing.forget()


def found(path):
    with open_listing(path) as made:
        for item in made.items:
            assert made.read(item) == CONTENT
        return sorted(item.name for item in made.items), {(entry.name, entry.reason) for entry in made.skipped}


def test_a_shuffled_archive_imports_as_its_folder_does(tmp_path):
    files = list(two_classes(6, 3).items())
    folder = bring(write(tmp_path / "animals", dict(files)), tmp_path / "a")
    random.Random(4).shuffle(files)
    made = bring(pack_tar(tmp_path / "animals.tgz", dict(files)), tmp_path / "b")
    assert made.digest == folder.digest and made.title == "animals" and not made.skipped_count
    assert not tar_listing._kept, "nothing is kept after an import"


def test_a_compressed_one_is_unpacked_once_for_looking_and_importing(tmp_path, monkeypatch):
    path, times = pack_tar(tmp_path / "x.tar.gz", two_classes()), []
    real = tar_listing._unpack
    monkeypatch.setattr(tar_listing, "_unpack", lambda *a: times.append(a[0]) or real(*a))
    survey(path)
    survey(path)
    bring(path, tmp_path / "data")
    assert times == [path]
    os.utime(path, ns=(1, 1))
    survey(path)
    assert len(times) == 2, "it may be another one by now"


def test_what_is_read_stays_open_while_another_is_unpacked(tmp_path):
    first, second = (pack_tar(tmp_path / f"{n}.tgz", GOOD) for n in "ab")
    with open_listing(first) as made, open_listing(second):
        tar_listing.forget()
        assert made.read(made.items[0]) == CONTENT


def test_many_threads_read_one_archive(tmp_path):
    contents = {f"{name}/{i}.png": noise(i) for name in "ab" for i in range(40)}
    with open_listing(pack_tar(tmp_path / "x.tar.bz2", contents, "w:bz2")) as made:
        wrong = []

        def look():
            wrong.extend(item.name for item in made.items if made.read(item) != contents[item.name])

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not wrong


@pytest.mark.parametrize(
    ("name", "is_one"), [("x.tar", True), ("x.tgz", True), ("x.tar.gz", True), ("x.zip", False), ("x.gz", False)]
)
def test_told_by_content(tmp_path, name, is_one):
    path = tmp_path / name
    if is_one:
        pack_tar(path, GOOD, "w" if name == "x.tar" else "w:gz")
    elif name == "x.zip":
        pack(path, GOOD)
    else:
        path.write_bytes(zlib.compress(b"hello", wbits=31))
    assert is_tar(path) == is_one and not is_tar(tmp_path / "gone")


# -- hostile ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../evil.png", "cat/../../evil.png", "/etc/evil.png", "C:/evil.png"])
def test_a_path_that_climbs_out_is_left_out(tmp_path, name):
    names, skipped = found(pack_tar(tmp_path / "x.tar.gz", GOOD | {name: CONTENT}))
    assert names == sorted(GOOD) and [reason for _, reason in skipped] == ["its path leads out of the archive"]
    assert not list(tmp_path.parent.rglob("evil.png"))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.FIFOTYPE, "no plain file"),
        (tarfile.BLKTYPE, "no plain file"),
        (tarfile.GNUTYPE_SPARSE, "no plain file"),
    ],
)
def test_what_is_no_plain_file_is_left_out(tmp_path, kind, reason):
    path = pack_tar(tmp_path / "x.tar", GOOD, "w")
    with tarfile.open(path, "a") as archive:
        member = tarfile.TarInfo("cat/secret.png")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    assert found(path) == (sorted(GOOD), {("cat/secret.png", reason)})


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_listing, "RATIO_COUNTS_FROM", 1_000_000)
    path = pack_tar(tmp_path / "bomb.tgz", {"cat/1.png": b"\0" * 30_000_000})
    with pytest.raises(CorruptData, match=r"looks like a bomb: it was not unpacked.*become more than"):
        open_listing(path)


def test_a_member_that_is_too_large_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_listing, "MAX_FILE_BYTES", 1_000)
    _, skipped = found(pack_tar(tmp_path / "x.tar", GOOD | {"cat/2.png": b"\0" * 1_001}, "w"))
    assert [name for name, _ in skipped] == ["cat/2.png"]


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_listing, "MAX_FILES", 3)
    with pytest.raises(CorruptData, match="more than 3 files"):
        open_listing(pack_tar(tmp_path / "x.tar", {f"a/{i}.png": CONTENT for i in range(4)}, "w"))


def test_a_header_that_claims_gigabytes_is_not_believed(tmp_path):
    """An extended header whose announced length would be taken into memory at once."""
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 4 << 30
    path = tmp_path / "x.tar"
    path.write_bytes(header.tobuf(tarfile.USTAR_FORMAT) + b"\0" * 1024)
    with pytest.raises(CorruptData, match=r"no tar archive.*a header of"):
        open_listing(path)


@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w"])
def test_a_cut_archive_is_said(tmp_path, share, mode):
    path = tmp_path / ("x.tar" if mode == "w" else f"x.tar.{mode[2:]}")
    pack_tar(path, {f"{n}/{i}.png": noise(i, (40, 40)) for n in "ab" for i in range(5)}, mode)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CorruptData, match=r"x\.tar"):
        open_listing(path)


def test_a_damaged_one_never_raises_anything_else(tmp_path):
    whole = bytearray(pack_tar(tmp_path / "x.tar", two_classes(2, 1), "w").read_bytes())
    dice = random.Random(7)
    for number in range(200):
        content = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            content[dice.randrange(len(content) // 2)] = dice.randrange(256)
        path = tmp_path / f"{number}.tar"
        path.write_bytes(content)
        try:
            with open_listing(path) as made:
                for item in made.items:
                    made.read(item)
        except DataError:
            continue


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    path = pack_tar(tmp_path / "x.tgz", GOOD)

    class Full(io.BytesIO):
        def write(self, content):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(tar_listing.tempfile, "TemporaryFile", lambda **_: Full())
    with pytest.raises(CannotWrite, match="The disk is full"):
        open_listing(path)


def test_unpacking_can_be_stopped(tmp_path):
    with pytest.raises(Cancelled):
        open_listing(pack_tar(tmp_path / "x.tgz", GOOD), cancelled=lambda: True)
    assert not tar_listing._kept


# -- what is not read ------------------------------------------------------------------------------------------------


def test_an_archive_of_pickles_is_refused_with_what_to_take_instead(tmp_path):
    path = pack_tar(tmp_path / "cifar.tar.gz", {f"py/data_batch_{i}": b"\x80\x02." for i in range(1, 6)})
    with pytest.raises(DataError, match=r"could run code: they are not read.*cifar-10-binary\.tar\.gz"):
        survey(path)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("data.pkl", "a Python pickle"),
        ("net.PTH", "a Python pickle"),
        ("cat.jpg", "one picture, and that makes no set"),
        ("x.npy", "one array without its labels"),
        ("train.mat", "a MATLAB file"),
        ("x.rar", "a RAR archive"),
    ],
)
def test_other_kinds_of_files_are_called_by_their_names(tmp_path, name, words):
    path = write(tmp_path, {name: b"whatever"}) / name
    with pytest.raises(DataError, match=words) as caught:
        survey(path)
    assert "Choose the folder" in caught.value.remedy
