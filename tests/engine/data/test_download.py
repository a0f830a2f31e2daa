import errno
import hashlib
import io
import ssl
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from cvlab.engine.data import download
from cvlab.engine.data.download import fetch
from cvlab.engine.errors import Cancelled, CannotWrite, DownloadFailed
from tests.engine.data.server import Server

CONTENT = np.random.default_rng(0).bytes(300_000)
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server():
    with Server(CONTENT) as running:
        yield running


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "new" / "file.gz"


def partial(target: Path, content: bytes | None = None) -> Path:
    path = target.with_name("file.gz.partial")
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return path


def bring(target, *servers, **options):
    options = {"sha256": SHA256, "size_limit": len(CONTENT), "timeout": 5.0} | options
    fetch([server.url for server in servers], target, **options)
    assert target.read_bytes() == CONTENT and not partial(target).exists()


@pytest.mark.parametrize("checksum", [{"md5": MD5, "sha256": None}, {"sha256": SHA256}, {"md5": MD5.upper()}])
def test_a_whole_file_arrives_with_progress(server, target, checksum):
    seen = []
    bring(target, server, progress=seen.append, **checksum)
    assert seen[0].done == 0 and seen[-1].done == seen[-1].total == len(CONTENT) and seen[-1].fraction == 1
    assert "file.gz" in seen[-1].stage and seen[-1].bytes_per_second > 0 and seen[-1].eta_seconds == 0


def test_a_cut_connection_goes_on_where_it_broke(server, target):
    server.cuts = 2
    bring(target, server)
    assert [wanted for _, wanted in server.asked] == [None, "bytes=150000-", "bytes=225000-"]


def test_a_partial_file_of_last_week_is_resumed(server, target):
    partial(target, CONTENT[:1000])
    seen = []
    bring(target, server, progress=seen.append)
    assert server.asked == [("/file", "bytes=1000-")] and seen[0].done == 1000


def test_a_server_that_knows_no_ranges_sends_it_all_again(server, target):
    server.knows_ranges = False
    partial(target, CONTENT[:1000])
    bring(target, server)
    assert len(server.asked) == 1


def test_a_server_that_answers_with_another_range_is_not_believed(server, target):
    server.answers_range_from = 500
    partial(target, CONTENT[:1000])
    bring(target, server)
    assert [wanted for _, wanted in server.asked] == ["bytes=1000-", None]


def test_a_partial_file_that_is_wrong_is_thrown_away(server, target):
    partial(target, b"x" * 1000)
    bring(target, server)
    assert [wanted for _, wanted in server.asked] == ["bytes=1000-", None]


@pytest.mark.parametrize("extra", [b"", b"more than there is"])
def test_a_partial_file_that_is_whole_or_longer_is_no_trap(server, target, extra):
    partial(target, CONTENT + extra)
    bring(target, server, size_limit=len(CONTENT) + 100)


def test_the_second_mirror_serves_when_the_first_has_nothing(server, target):
    with Server(b"") as first:
        first.status = 404
        bring(target, first, server)
        assert len(first.asked) == 1


def test_a_wrong_checksum_is_refused_and_leaves_nothing(target):
    with Server(b"y" * len(CONTENT)) as wrong, pytest.raises(DownloadFailed, match="another checksum"):
        bring(target, wrong)
    assert list(target.parent.iterdir()) == []


def test_every_mirrors_reason_is_told(target):
    with Server(b"") as first, Server(b"z") as second:
        first.status = 503
        with pytest.raises(DownloadFailed) as caught:
            bring(target, first, second)
    assert "answers 503" in str(caught.value) and "another checksum" in str(caught.value)


@pytest.mark.parametrize("says_length", [True, False])
def test_more_than_belongs_is_never_kept(server, target, says_length):
    server.says_length = says_length
    with pytest.raises(DownloadFailed, match=r"at most|more than"):
        bring(target, server, size_limit=1000)
    assert not target.exists() and (not partial(target).exists() or partial(target).stat().st_size <= 1000)


def test_a_file_without_a_length_arrives_too(server, target):
    server.says_length = False
    bring(target, server)


def test_a_stalled_server_is_left_at_once_when_cancelled(server, target):
    server.stalls_after = 100_000
    asked_at = []

    def cancelled() -> bool:
        if server.stalled.is_set() and partial(target).exists() and not asked_at:
            asked_at.append(time.monotonic())
        return bool(asked_at)

    with pytest.raises(Cancelled):
        bring(target, server, cancelled=cancelled, timeout=60.0)
    assert time.monotonic() - asked_at[0] < 0.2
    assert not [thread for thread in threading.enumerate() if thread.name == "cvlab-download"]
    # What came before is not lost.
    kept = partial(target).read_bytes()
    assert CONTENT.startswith(kept)
    server.stalls_after = None
    bring(target, server)


def test_a_stalled_server_is_given_up_after_the_timeout(server, target):
    with Server(CONTENT) as slow:
        slow.stalls_after = 100
        bring(target, slow, server, timeout=0.05)
        tries = len(slow.asked)
    assert tries > 1  # it brought something each time
    assert server.asked == [("/file", f"bytes={100 * tries}-")]


def test_nobody_at_the_other_end_is_said_in_words(target):
    with Server(b"") as gone:
        pass
    with pytest.raises(DownloadFailed, match="refuses connections"):
        bring(target, gone)


def test_a_redirect_is_followed_but_never_to_less_safety(server, target):
    server.location = server.url.replace("/file", "/elsewhere")
    bring(target, server)
    handler = download._NeverLessSafe()
    safe = urllib.request.Request("https://example.org/file")
    with pytest.raises(download._MirrorError, match="unsafe"):
        handler.redirect_request(safe, io.BytesIO(), 302, "Found", {}, "http://example.org/file")


def test_tls_is_always_verified(monkeypatch, target):
    contexts = []
    real = urllib.request.HTTPSHandler

    def spy(context):
        contexts.append(context)
        return real(context=context)

    monkeypatch.setattr(urllib.request, "HTTPSHandler", spy)
    with pytest.raises(DownloadFailed):
        fetch(["https://127.0.0.1:9/file"], target, sha256=SHA256, size_limit=10, timeout=1.0)
    assert contexts and all(c.verify_mode == ssl.CERT_REQUIRED and c.check_hostname for c in contexts)


def test_a_full_disk_is_said_in_words(server, target, monkeypatch):
    real = Path.open

    class Full(io.BytesIO):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    def opened(self, mode="r", *arguments, **options):
        if self.name.endswith(".partial") and mode in ("wb", "r+b"):
            return Full()
        return real(self, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(CannotWrite, match="The disk is full"):
        bring(target, server)


def test_a_folder_that_is_a_file_is_said_in_words(server, tmp_path):
    (tmp_path / "new").write_text("in the way")
    with pytest.raises(CannotWrite):
        bring(tmp_path / "new" / "file.gz", server)


@pytest.mark.parametrize("wrong", [{"md5": "0" * 32}, {"md5": MD5, "sha256": "0" * 64}])
def test_a_file_must_have_both_checksums(server, target, wrong):
    with pytest.raises(DownloadFailed, match="another checksum"):
        bring(target, server, **wrong)
    assert not target.exists()


@pytest.mark.parametrize("here", ["https://example.org/a", "HTTPS://example.org/a"])
def test_no_redirect_leaves_https(here):
    follow = download._NeverLessSafe().redirect_request
    request = urllib.request.Request(here)
    assert follow(request, None, 302, "", {}, "https://example.net/b").full_url == "https://example.net/b"
    for there in ("http://example.org/a", "ftp://example.org/a"):
        with pytest.raises(download._MirrorError, match="unsafe"):
            follow(request, None, 302, "", {}, there)
    plain = urllib.request.Request("http://example.org/a")
    assert follow(plain, None, 302, "", {}, "https://example.org/a") is not None


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://example.org/x", "notes.txt"])
def test_only_web_addresses_and_never_without_a_checksum(url, target):
    with pytest.raises(ValueError, match="web address"):
        fetch([url], target, sha256=SHA256, size_limit=10)
    with pytest.raises(ValueError, match="checksum"):
        fetch(["http://127.0.0.1/x"], target, size_limit=10)
