"""Deleted folders: restored as they were, kept for a week, and bounded."""

from __future__ import annotations

import time

import pytest

from cvlab.core.storage.trash import KEPT_DAYS, Trash
from cvlab.engine.errors import NotOurFile


def folder(root, name, content=b"figures"):
    path = root / name
    path.mkdir(parents=True)
    (path / "metrics.jsonl").write_bytes(content)
    return path


def test_a_folder_comes_back_as_it_was(tmp_path):
    trash, path = Trash(tmp_path), folder(tmp_path, "run-1")
    trash.put(path)
    assert not path.exists() and trash.names() == ["run-1"]
    trash.put(path)  # gone already: nothing happens
    trash.restore("run-1")
    assert (path / "metrics.jsonl").read_bytes() == b"figures" and trash.names() == []
    trash.restore("run-1")  # there already: nothing happens


def test_a_second_folder_of_one_name_does_not_replace_the_first(tmp_path):
    trash = Trash(tmp_path)
    for content in (b"first", b"second"):
        trash.put(folder(tmp_path, "run-1", content))
    trash.restore("run-1")
    assert (tmp_path / "run-1" / "metrics.jsonl").read_bytes() == b"second"
    assert [(trash.path / name / "metrics.jsonl").read_bytes() for name in trash.names()] == [b"first"]


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(NotOurFile, match="no longer in the trash"):
        Trash(tmp_path).restore("run-1")


@pytest.mark.parametrize(("days", "kept"), [(KEPT_DAYS - 0.1, True), (KEPT_DAYS + 0.1, False)])
def test_it_is_emptied_after_a_week(tmp_path, days, kept):
    trash = Trash(tmp_path)
    trash.put(folder(tmp_path, "run-1"))
    trash.empty(now=time.time() + days * 86_400)
    assert bool(trash.names()) is kept


def test_it_is_bounded_and_what_is_deleted_after_the_start_stays(tmp_path):
    trash, start = Trash(tmp_path), time.time() - 60
    for name in ("run-1", "run-2"):
        trash.put(folder(tmp_path, name, b"x" * 1000))
    trash.empty(start, max_bytes=1500)
    assert sorted(trash.names()) == ["run-1", "run-2"]
    trash.empty(time.time() + 60, max_bytes=1500)
    assert len(trash.names()) == 1
