"""Temporary files of processes that were killed are removed; those of a process that runs never are."""

import os
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvlab.engine import processes
from cvlab.engine.data import own
from cvlab.engine.disk import is_leftover, remove_leftovers, temporary_beside, write_whole
from cvlab.engine.errors import CannotWrite

KILLED = """
import os, signal, sys
from pathlib import Path
from cvlab.engine import disk
os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
disk.write_whole(Path(sys.argv[1]), b"half")
"""
WAITS = """
import os, sys
from pathlib import Path
from cvlab.engine import disk
def waits(handle):
    print("writing", flush=True)
    sys.stdin.readline()
os.fsync = waits
disk.write_whole(Path(sys.argv[1]), b"whole")
"""


def hidden(folder):
    return sorted(path.name for path in folder.rglob(".*"))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_a_killed_process_left_is_removed_and_what_a_running_one_writes_is_not(tmp_path):
    target = tmp_path / "run" / "checkpoints" / "state.bin"
    done = subprocess.run([sys.executable, "-c", KILLED, str(target)], check=False)
    assert done.returncode == -signal.SIGKILL and len(hidden(tmp_path)) == 1 and not target.exists()
    writer = subprocess.Popen(
        [sys.executable, "-c", WAITS, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert writer.stdout.readline() == "writing\n"
        left = set(hidden(tmp_path))
        removed = remove_leftovers([tmp_path])
        assert len(left) == 2 and len(removed) == 1 and set(hidden(tmp_path)) == left - {removed[0].name}
        assert f".{writer.pid}." in hidden(tmp_path)[0]
    finally:
        writer.communicate("go on\n")
    assert target.read_bytes() == b"whole" and not hidden(tmp_path)


@given(st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=60))
def test_a_temporary_file_of_any_name_is_told_from_every_other(name):
    from pathlib import Path

    mine = temporary_beside(Path("folder") / name)
    assert mine.parent == Path("folder") and len(mine.name.encode()) < 255
    assert not is_leftover(mine), "its writer runs"
    pieces = mine.name.rsplit(".", 5)
    dead = ".".join([pieces[0], str(2**22 + 7), *pieces[2:]])  # above the largest process id of Linux
    assert is_leftover(Path("folder") / dead)
    another = ".".join([*pieces[:2], "00000000", *pieces[3:]])
    assert not is_leftover(Path("folder") / another), "of another machine: nobody can tell"
    reused = ".".join([*pieces[:3], "00000000", *pieces[4:]])
    assert is_leftover(Path("folder") / reused) == (reused != mine.name), "the number belongs to another process now"
    assert not is_leftover(Path("folder") / name) or name.startswith(".")


def test_files_of_earlier_versions_go_once_the_machine_was_started_again(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "boot_time", lambda: 1_000_000.0)
    old, new = tmp_path / f".run.json.{'a' * 32}", tmp_path / f".run.json.{'b' * 32}"
    for path, changed in ((old, 999_999.0), (new, 1_000_001.0)):
        path.write_bytes(b"half")
        os.utime(path, (changed, changed))
    kept = tmp_path / ".hidden"
    kept.write_bytes(b"mine")
    os.utime(kept, (1.0, 1.0))
    assert remove_leftovers([tmp_path]) == [old] and new.exists() and kept.exists()
    monkeypatch.setattr(processes, "boot_time", lambda: None)
    assert not remove_leftovers([tmp_path])


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not say it")
def test_when_the_machine_was_started():
    assert 0 < processes.boot_time() < time.time()


def test_links_are_not_followed_and_folders_that_are_not_there_are_passed_over(tmp_path):
    dead = temporary_beside(tmp_path / "other" / "x").name.rsplit(".", 5)
    name = ".".join([dead[0], str(2**22 + 7), *dead[2:]])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / name).write_bytes(b"")
    (tmp_path / "mine" / name).mkdir(parents=True)
    (tmp_path / "mine" / "link").symlink_to(tmp_path / "other")
    assert remove_leftovers([tmp_path / "mine", tmp_path / "nowhere"]) == [tmp_path / "mine" / name]
    assert (tmp_path / "other" / name).exists()


def test_an_import_that_was_killed_leaves_nothing_that_counts_as_a_data_set(tmp_path):
    with own.Writer(tmp_path, (1, 2, 2)) as writer:
        half = writer._folder
        assert half.is_dir() and not own.manifests(tmp_path)
        assert not remove_leftovers([tmp_path]), "it is being written"
    assert not half.exists()


def test_a_folder_that_is_gone_is_not_made_again(tmp_path):
    with pytest.raises(CannotWrite):
        write_whole(tmp_path / "gone" / "x", b"", parents=False)
    assert not (tmp_path / "gone").exists()
