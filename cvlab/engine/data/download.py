"""One file over HTTP: mirrors in order, resumed where it stopped, checked, renamed into place; never unverified TLS.

The network is read on a thread of its own, so that whoever waits can stop within a fifth of a second whatever the
network is doing. Standard library only; proxies are taken from the environment, as everywhere in Python.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import queue
import re
import socket
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cvlab.engine.data.progress import Asked, Progress, Report, never, nobody
from cvlab.engine.disk import refused
from cvlab.engine.errors import Cancelled, DownloadFailed
from cvlab.engine.files import open_regular

_CHUNK = 64 * 1024
_POLL = 0.05  # seconds between two looks at `cancelled`
_REPORT = 0.1  # seconds between two reports
_WINDOW = 3.0  # seconds that the speed is taken over
_ATTEMPTS = 6  # a mirror, while each changes what is there


class _MirrorError(Exception):
    """This mirror did not give the file. again: worth another try, as it may go on where it stopped."""

    def __init__(self, reason: str, again: bool = False) -> None:
        super().__init__(reason)
        self.again = again


def fetch(
    urls: Sequence[str],
    target: Path,
    *,
    md5: str | None = None,
    sha256: str | None = None,
    size_limit: int,
    progress: Report | None = None,
    cancelled: Asked = never,
    timeout: float = 15.0,
) -> None:
    """Brings the file to `target`, from the first of `urls` that gives the bytes with this checksum.

    What has arrived waits in `<target>.partial`, also after a stop or a failure, and the next call goes on from there
    if the server can. `target` itself appears whole or not at all.
    md5, sha256:  in hex; one of the two is needed, and the file must have each that is given.
    size_limit:   bytes; a server that sends more is cut off.
    timeout:      seconds without a byte before a mirror is given up.
    Raises DownloadFailed with the reason of every mirror, CannotWrite, Cancelled (within 0.2 s).
    """
    if not (md5 or sha256):
        raise ValueError("a download needs a checksum")
    for url in urls:
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"not a web address: {url}")
    partial = target.with_name(f"{target.name}.partial")
    expected = {"md5": md5, "sha256": sha256}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        reasons = []
        for url in urls:
            host = urllib.parse.urlsplit(url).hostname
            meter = _Meter(f"Downloading {target.name} from {host}", progress or nobody)
            reason = _from_mirror(url, partial, expected, size_limit, meter, cancelled, timeout)
            if reason is None:
                partial.replace(target)
                return
            reasons.append(f"{host}: {reason}")
    except OSError as error:
        raise refused(error, target) from error
    raise DownloadFailed(
        f"No server gave {target.name}.", received="; ".join(reasons), remedy="Check the connection and try again."
    )


def _from_mirror(
    url: str,
    partial: Path,
    expected: dict[str, str | None],
    size_limit: int,
    meter: _Meter,
    cancelled: Asked,
    timeout: float,
) -> str | None:
    """None when `partial` is the file; else why not. Tries again while a try changes what is there."""
    reason = ""
    for _ in range(_ATTEMPTS):
        before = _size(partial)
        try:
            _receive(url, partial, size_limit, meter, cancelled, timeout)
        except _MirrorError as failure:
            reason = str(failure)
            if failure.again and _size(partial) != before:
                continue
            return reason
        if has_checksums(partial, **expected, cancelled=cancelled):
            return None
        partial.unlink()
        reason = "what it sent has another checksum"
        if not before:
            return reason  # whole and fresh, and still wrong; a resumed one may only have had a bad beginning
    return reason


def _receive(url: str, partial: Path, size_limit: int, meter: _Meter, cancelled: Asked, timeout: float) -> None:
    """Appends to `partial` until the server has nothing more; raises _MirrorError if that is not the whole."""
    start = _size(partial)
    if start > size_limit:
        partial.unlink()
        start = 0
    pipe = _Pipe(url, start, timeout)
    try:
        head = _next(pipe, cancelled)
        if head.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            total = _range(head.headers.get("Content-Range"))[1]
            if total == start:
                return  # it was already whole; the checksum decides
            partial.unlink()
            raise _MirrorError("it cannot go on where the last download stopped", again=True)
        total, start = _whole_size(head, start)
        if start < 0:
            partial.unlink(missing_ok=True)
            raise _MirrorError("it answers with another part than was asked for", again=True)
        if total is not None and total > size_limit:
            raise _MirrorError(f"it offers {total:,} bytes where at most {size_limit:,} belong")
        done = start
        meter.start(done, total)
        with partial.open("r+b" if start else "wb") as file:
            file.seek(start)
            while (chunk := _next(pipe, cancelled)) is not None:
                done += len(chunk)
                if done > size_limit:
                    file.truncate(0)
                    raise _MirrorError(f"it sends more than the {size_limit:,} bytes that belong")
                file.write(chunk)
                meter.move(done)
        meter.move(done, last=True)
        if total is not None and done < total:
            raise _MirrorError(f"the connection broke after {done:,} of {total:,} bytes", again=True)
    finally:
        pipe.close()


def _whole_size(head: _Head, asked: int) -> tuple[int | None, int]:
    """(bytes of the whole file or None, where this body starts in it; -1: not where it was asked to)."""
    length = head.headers.get("Content-Length", "")
    if head.status == http.client.PARTIAL_CONTENT:
        start, total = _range(head.headers.get("Content-Range"))
        if start != asked:
            return None, -1
        return total, asked
    if head.status == http.client.OK:
        return (int(length) if length.isdecimal() else None), 0
    raise _MirrorError(f"it answers {head.status}")


def _range(header: str | None) -> tuple[int | None, int | None]:
    """(first byte, whole size) of a Content-Range header; None for what it does not say."""
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", header or "")
    if not match:
        return None, None
    first, total = match.groups()
    return (int(first) if first else None), (int(total) if total.isdecimal() else None)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def has_checksums(path: Path, *, md5: str | None = None, sha256: str | None = None, cancelled: Asked = never) -> bool:
    """Whether the file has every one of these checksums, in hex; one that is None or "" is not looked at. Raises Cancelled."""
    totals = []
    if md5:
        totals.append((hashlib.md5(usedforsecurity=False), md5.lower()))
    if sha256:
        totals.append((hashlib.sha256(), sha256.lower()))
    with open_regular(path) as file:
        while chunk := file.read(1024 * 1024):
            if cancelled():
                raise Cancelled
            for total, _ in totals:
                total.update(chunk)
    return all(total.hexdigest() == wanted for total, wanted in totals)


def _next(pipe: _Pipe, cancelled: Asked) -> Any:
    """What the pipe gives next; looks at `cancelled` while it waits."""
    while True:
        if cancelled():
            raise Cancelled
        try:
            item = pipe.items.get(timeout=_POLL)
        except queue.Empty:
            continue
        if isinstance(item, _MirrorError):
            raise item
        return item


class _Head:
    """The status and headers of an answer."""

    def __init__(self, status: int, headers: http.client.HTTPMessage) -> None:
        self.status, self.headers = status, headers


class _Pipe:
    """One request on its own thread: puts a _Head, then bytes, then None; or a _MirrorError at any point."""

    def __init__(self, url: str, start: int, timeout: float) -> None:
        self.items: queue.Queue = queue.Queue(maxsize=16)
        self._url, self._start, self._timeout = url, start, timeout
        self._closed, self._closing = threading.Event(), threading.Lock()
        self._response: http.client.HTTPResponse | None = None
        self._thread = threading.Thread(target=self._run, name="cvlab-download", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread: at once while a body is read, within the timeout while a server has not yet answered."""
        self._closed.set()
        response = self._response
        with self._closing, contextlib.suppress(OSError, ValueError, AttributeError):  # closed by itself meanwhile
            if response is not None:
                connection = socket.socket(fileno=response.fileno())
                try:
                    connection.shutdown(socket.SHUT_RDWR)  # wakes the read that waits on it
                finally:
                    connection.detach()
        self._thread.join(timeout=0.1)

    def _run(self) -> None:
        try:
            for item in self._answer():
                if not self._put(item):
                    return
        except _MirrorError as failure:
            self._put(failure)
        except Exception as error:  # the caller must hear of anything, or it would wait for ever
            self._put(_MirrorError(_in_words(error), again=True))

    def _put(self, item: object) -> bool:
        while not self._closed.is_set():
            try:
                self.items.put(item, timeout=_POLL)
                return True
            except queue.Full:
                continue
        return False

    def _answer(self) -> Iterator[object]:
        headers = {"User-Agent": "cvlab", "Accept-Encoding": "identity"}
        if self._start:
            headers["Range"] = f"bytes={self._start}-"
        request = urllib.request.Request(self._url, headers=headers)
        opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=ssl.create_default_context()), _NeverLessSafe()
        )
        try:
            response = opener.open(request, timeout=self._timeout)
        except urllib.error.HTTPError as error:
            with error:
                yield _Head(error.code, error.headers)
            return
        self._response = response
        try:
            yield _Head(response.status, response.headers)
            while not self._closed.is_set():
                chunk = response.read1(_CHUNK)
                if not chunk:
                    yield None
                    return
                yield chunk
        finally:
            with self._closing:
                response.close()


class _NeverLessSafe(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but not from https back to http."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        here, there = (urllib.parse.urlsplit(url).scheme.lower() for url in (req.full_url, newurl))
        if here == "https" and there != "https":
            raise _MirrorError("it leads from a safe address to an unsafe one")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Meter:
    """Turns byte counts into reports: at most ten a second, with the speed of the last seconds and what is left."""

    def __init__(self, stage: str, report: Report) -> None:
        self._stage, self._report = stage, report
        self._total: int | None = None
        self._seen: deque[tuple[float, int]] = deque()
        self._said = 0.0

    def start(self, done: int, total: int | None) -> None:
        self._total = total
        self._seen.clear()
        self.move(done, last=True)

    def move(self, done: int, last: bool = False) -> None:
        now = time.monotonic()
        if not last and now - self._said < _REPORT:
            return
        self._said = now
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[0][0] < now - _WINDOW:
            self._seen.popleft()
        (then, before) = self._seen[0]
        speed = (done - before) / (now - then) if now > then else None
        left = (self._total - done) / speed if speed and self._total is not None else None
        self._report(Progress(self._stage, done, self._total, speed, left))


def _in_words(error: Exception) -> str:
    """Why a connection failed, for a person."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLError):
        return f"its certificate cannot be trusted ({reason.reason or reason})"
    if isinstance(reason, TimeoutError):
        return "it does not answer"
    if isinstance(reason, socket.gaierror):
        return "its name cannot be looked up: there may be no network"
    if isinstance(reason, ConnectionRefusedError):
        return "it refuses connections"
    return f"{reason}" or type(reason).__name__
