import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from cvlab.engine.data import listing
from cvlab.engine.data.listing import open_listing, same_name
from cvlab.engine.errors import Cancelled, CorruptData, DataError, DataMissing
from tests.engine.data.pictures import pack, pack_tar, picture, two_classes, write

CONTENT = picture()


def found(source: Path):
    with open_listing(source) as made:
        items = sorted((item.part, item.label, item.name) for item in made.items)
        assert all(made.read(item) for item in made.items)
        return items, {(entry.name, entry.reason) for entry in made.skipped}, made.others


@pytest.fixture(params=["folder", "zip", "tar", "tar.gz", "tar.xz"])
def source(request, tmp_path):
    """A function that puts files into a folder or an archive."""

    def make(files: dict[str, bytes]) -> Path:
        if request.param == "zip":
            return pack(tmp_path / "animals.zip", files)
        if request.param.startswith("tar"):
            return pack_tar(tmp_path / f"animals.{request.param}", files, f"w:{request.param[4:]}")
        return write(tmp_path / "animals", files)

    return make


def test_class_folders(source):
    items, skipped, others = found(source({"cat/1.png": CONTENT, "dog/deep/2.JPG": CONTENT, "dog/notes.txt": b"x"}))
    assert items == [("", "cat", "cat/1.png"), ("", "dog", "dog/deep/2.JPG")]
    assert not skipped and others == 1


@pytest.mark.parametrize("top", ["", "animals/", "downloads/animals-v2/"])
def test_parts_above_classes_and_folders_around_them(source, top):
    items, skipped, _ = found(source(two_classes(2, 1, top)))
    assert [(part, label) for part, label, _ in items] == [
        ("test", "cat"), ("test", "dog"), ("train", "cat"), ("train", "cat"), ("train", "dog"), ("train", "dog"),
    ] and not skipped  # fmt: skip


def test_a_class_called_train_is_a_class_where_others_are_not_parts(source):
    items, _, _ = found(source({"train/1.png": CONTENT, "bus/1.png": CONTENT, "test/1.png": CONTENT}))
    assert {label for _, label, _ in items} == {"train", "bus", "test"}


def test_validation_has_many_names(source):
    items, _, _ = found(source({"Train/a/1.png": CONTENT, "VAL/a/1.png": CONTENT, "testing/a/1.png": CONTENT}))
    assert {part for part, _, _ in items} == {"train", "validation", "test"}


def test_pictures_in_no_class_are_listed(source):
    _, skipped, _ = found(source({"cat/1.png": CONTENT, "dog/1.png": CONTENT, "stray.png": CONTENT}))
    assert skipped == {("stray.png", "in no class folder")}


def test_clutter_of_operating_systems_does_not_matter(source):
    files = {
        "cat/1.png": CONTENT,
        "dog/1.png": CONTENT,
        "__MACOSX/cat/._1.png": CONTENT,
        "cat/.DS_Store": b"",
        ".git/x.png": b"",
    }
    items, skipped, _ = found(source(files))
    assert len(items) == 2 and not skipped


def test_names_in_any_script(source):
    items, _, _ = found(source({"猫/一.png": CONTENT, "größe/ü b.png": CONTENT, "кот/1.png": CONTENT}))
    assert {label for _, label, _ in items} == {"猫", "größe", "кот"}


def test_an_old_zip_that_does_not_say_that_it_is_utf8(tmp_path):
    path = pack(tmp_path / "old.zip", {"k\u00e4fer/1.png": CONTENT, "dog/1.png": CONTENT})
    content = path.read_bytes()
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # take the UTF-8 flag out of both kinds of headers
        place = content.find(mark)
        while place >= 0:
            flags = struct.unpack_from("<H", content, place + at)[0] & ~0x800
            content = content[: place + at] + struct.pack("<H", flags) + content[place + at + 2 :]
            place = content.find(mark, place + 1)
    path.write_bytes(content)
    assert {label for _, label, _ in found(path)[0]} == {"käfer", "dog"}


# -- hostile ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../evil.png", "cat/../../evil.png", "/etc/evil.png", "C:/evil.png", "cat\\..\\..\\evil.png"]
)
def test_a_path_that_climbs_out_of_the_archive_is_left_out(tmp_path, name):
    items, skipped, _ = found(pack(tmp_path / "x.zip", {"cat/1.png": CONTENT, "dog/1.png": CONTENT, name: CONTENT}))
    assert len(items) == 2 and [reason for _, reason in skipped] == ["its path leads out of the archive"]
    assert not (tmp_path.parent / "evil.png").exists()


def test_a_link_that_leads_out_of_the_folder_is_left_out(tmp_path):
    write(tmp_path / "secret", {"private.png": CONTENT})
    root = write(tmp_path / "animals", {"cat/1.png": CONTENT, "dog/1.png": CONTENT})
    (root / "cat" / "2.png").symlink_to(tmp_path / "secret" / "private.png")
    (root / "dog" / "all").symlink_to(tmp_path / "secret")
    (root / "dog" / "round").symlink_to(root)
    (root / "cat" / "3.png").symlink_to(root / "cat" / "1.png")
    items, skipped, _ = found(root)
    assert [name for *_, name in items] == ["cat/1.png", "cat/3.png", "dog/1.png"]
    assert skipped == {
        ("cat/2.png", "a link that leads out of the folder"),
        ("dog/all", "a link that leads out of the folder"),
        ("dog/round", "a link to a folder"),
    }


def test_a_link_in_a_zip_is_left_out(tmp_path):
    path = pack(tmp_path / "x.zip", {"cat/1.png": CONTENT, "dog/1.png": CONTENT})
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("cat/passwd.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert found(path)[1] == {("cat/passwd.png", "a link")}


def test_a_zip_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "RATIO_COUNTS_FROM", 1_000_000)
    path = pack(tmp_path / "bomb.zip", {"cat/1.png": b"\0" * 5_000_000, "dog/1.png": b"\0" * 5_000_000})
    assert path.stat().st_size < 20_000
    with pytest.raises(CorruptData, match=r"looks like a zip bomb.*claim to become 10,000,000"):
        open_listing(path)


def test_one_file_that_unpacks_to_too_much_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(listing, "MAX_FILE_BYTES", 1000)
    path = pack(tmp_path / "x.zip", {"cat/1.png": CONTENT, "dog/1.png": CONTENT, "cat/2.png": b"\0" * 5_000})
    items, skipped, _ = found(path)
    assert len(items) == 2 and skipped == {("cat/2.png", "5,000 bytes, at most 1,000 are read")}


def test_a_member_that_lies_about_its_size_gives_no_more_than_it_said(tmp_path):
    path = pack(tmp_path / "x.zip", {"cat/1.png": b"\0" * 100_000, "dog/1.png": CONTENT})
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<I", 100_000), struct.pack("<I", 50)))
    with open_listing(path) as made:
        (liar,) = [item for item in made.items if item.label == "cat"]
        with pytest.raises(CorruptData, match="damaged in the archive"):
            made.read(liar)


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_truncated_archive_is_said_in_words(tmp_path, share):
    path = pack(tmp_path / "cut.zip", two_classes())
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CorruptData, match="no zip archive, or only the beginning"):
        open_listing(path)


def test_a_member_damaged_inside_is_not_fatal(tmp_path):
    path = pack(tmp_path / "x.zip", {"cat/1.png": CONTENT, "dog/1.png": CONTENT}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.find(CONTENT) + 20] ^= 0xFF
    path.write_bytes(content)
    with open_listing(path) as made:
        bad, good = made.items
        with pytest.raises(CorruptData, match="CRC"):
            made.read(bad)
        assert made.read(good) == CONTENT


def test_a_folder_that_may_not_be_opened_is_listed_and_the_rest_goes_on(tmp_path, monkeypatch):
    root = write(tmp_path / "animals", {"cat/1.png": CONTENT, "dog/1.png": CONTENT, "locked/1.png": CONTENT})
    real = os.scandir

    def guarded(path):
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", guarded)
    items, skipped, _ = found(root)
    assert len(items) == 2 and skipped == {("locked", "this folder may not be opened (Permission denied)")}
    with pytest.raises(DataError, match="locked may not be opened"):
        open_listing(root / "locked")


def test_a_file_that_may_not_be_opened_gives_its_reason(tmp_path, monkeypatch):
    root = write(tmp_path / "animals", {"cat/1.png": CONTENT, "dog/1.png": CONTENT})
    with open_listing(root) as made:
        (root / "cat" / "1.png").unlink()
        with pytest.raises(CorruptData, match="not there"):
            made.read(next(item for item in made.items if item.label == "cat"))


def test_what_is_not_there_and_what_is_no_archive(tmp_path):
    with pytest.raises(DataMissing):
        open_listing(tmp_path / "nowhere")
    (tmp_path / "x.zip").write_text("hello")
    with pytest.raises(CorruptData):
        open_listing(tmp_path / "x.zip")


def test_looking_through_a_folder_can_be_stopped(tmp_path):
    with pytest.raises(Cancelled):
        open_listing(write(tmp_path / "a", {"cat/1.png": CONTENT}), cancelled=lambda: True)


# -- CSV -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("heading", ["", "path{0}label{0}part\n"])
def test_a_table_of_paths_and_labels(tmp_path, separator, heading):
    write(tmp_path, {"img/1.png": CONTENT, "img/2.png": CONTENT})
    rows = [("img/1.png", "cat", "train"), ("img\\2.png", "groß", "test")]
    text = heading.format(separator) + "\n".join(separator.join(row) for row in rows) + "\n\n"
    (tmp_path / "list.csv").write_text(text, encoding="utf-8-sig")
    items, skipped, _ = found(tmp_path / "list.csv")
    assert items == [("test", "groß", "img/2.png"), ("train", "cat", "img/1.png")] and not skipped


def test_rows_that_lead_out_or_say_too_little_are_listed(tmp_path):
    write(tmp_path / "set", {"1.png": CONTENT})
    write(tmp_path, {"secret.png": CONTENT})
    (tmp_path / "set" / "list.csv").write_text(
        f"1.png,cat\n../secret.png,cat\n{tmp_path}/secret.png,cat\n1.png,\n1.png,cat,then\n"
    )
    items, skipped, _ = found(tmp_path / "set" / "list.csv")
    assert len(items) == 1
    assert sorted(reason for _, reason in skipped) == [
        "an unknown part, “then”", "its path leads out of the folder", "its path leads out of the folder", "no label",
    ]  # fmt: skip


@pytest.mark.parametrize(("content", "words"), [(b"1.png\n2.png\n", "two columns"), (b"\xff\xfe\x00,cat\n", "UTF-8")])
def test_a_table_that_is_none(tmp_path, content, words):
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(DataError, match=words):
        open_listing(tmp_path / "list.csv")


def test_names_that_people_take_for_one():
    assert same_name("Cat ") == same_name("cat") and same_name("caf\u00e9") == same_name("cafe\u0301")
    assert same_name("STRASSE") == same_name("straße") and same_name("cat") != same_name("car")
