import errno
import os

import pytest

from cvlab.engine.disk import refused, write_whole
from cvlab.engine.errors import CannotWrite


def names(folder):
    return [path.name for path in folder.iterdir()]


def test_it_is_written_whole_and_folders_are_made(tmp_path):
    path = tmp_path / "a" / "b" / "file"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two" and names(path.parent) == ["file"]


def test_a_failure_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match="The disk is full"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old" and names(tmp_path) == ["file"]


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.ENOSPC, "full"), (errno.EACCES, "may not be written"), (errno.EROFS, "may not"), (errno.EIO, "cannot be")],
)
def test_the_systems_refusal_is_said_in_words(tmp_path, code, words):
    error = refused(OSError(code, os.strerror(code)), tmp_path)
    assert words in error.what and error.remedy and str(tmp_path) in error.received
