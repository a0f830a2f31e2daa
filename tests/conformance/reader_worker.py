"""A process that reads damaged files, in a child for each kind of file with bounded memory, and says how it went.

It reads requests from its standard input, a line of JSON each: {"kind": name, "hostile": n, "random": m}: every n-th of what is
hostile on purpose is tried, and m changes at random. For each the answer is a line: {"number", "damage", "outcome", "words",
"seconds", "megabytes"}; an outcome is "sentence", "object", or a fault. A line {} ends the answer.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MEMORY = 1_500_000_000
"""Bytes of address space that reading one file may take above what the modules take."""
PATIENCE = 60
"""Seconds after which a reader hangs."""


def main() -> None:
    os.environ["CVLAB_HOME"] = tempfile.mkdtemp(prefix="cvlab-readers-")

    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a library prints goes elsewhere
    base = Path(os.environ["CVLAB_HOME"])
    gc.freeze()  # what the modules hold need not be looked through again and again
    answers.write("{}\n")
    for line in sys.stdin:
        request = json.loads(line)
        for answer in _supervised(base, **request):
            answers.write(json.dumps(answer) + "\n")
        answers.write("{}\n")
    shutil.rmtree(base, ignore_errors=True)
    os._exit(0)


def _supervised(base: Path, kind: str, hostile: int, random: int) -> Iterator[dict[str, Any]]:
    """Answers of a child, and of the next one where it dies."""
    from tests.conformance.file_kinds import KINDS

    KINDS[kind].prepare(base)
    done, is_done = 0, False
    while not is_done:
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(out)
            _child(base, KINDS[kind], hostile, random, done, into)
        os.close(into)
        with os.fdopen(out, "rb") as answers:
            while True:
                ready, _, _ = select.select([answers], [], [], PATIENCE)
                line = answers.readline() if ready else b""
                if not line:
                    break
                answer = json.loads(line)
                if is_done := not answer:
                    break
                done = answer["number"] + 1
                yield answer
        if not ready:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not is_done:
            words = f"signal {status & 127}" if ready else f"no answer after {PATIENCE} s"
            outcome = "death" if ready else "hang"
            yield {"number": done, "damage": "", "outcome": outcome, "words": words, "seconds": 0, "megabytes": 0}
            done += 1


def _child(base: Path, kind: Any, hostile: int, random: int, done: int, into: int) -> None:
    answers = os.fdopen(into, "w", buffering=1)
    watch = _Watch(base / "outside")
    sys.addaudithook(watch)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    logging.disable()
    with tempfile.TemporaryDirectory(dir=base) as folder:
        for number, damage in enumerate(kind.damages()):
            if damage == random:
                break
            if number >= done and (isinstance(damage, int) or number % hostile == 0):
                answers.write(json.dumps(_one(kind, number, damage, Path(folder) / "it", watch)) + "\n")
    answers.write("{}\n")
    os._exit(0)


def _one(kind: Any, number: int, damage: Any, folder: Path, watch: _Watch) -> dict[str, Any]:
    kind.damaged(damage, folder)
    watch.seen = ""
    before = _peak(forget=True)
    began = time.perf_counter()
    try:
        outcome, words = kind.outcome(folder)
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)
        where = next((f"{Path(f.filename).name}:{f.lineno}" for f in reversed(place) if "cvlab" in f.filename), "?")
        outcome, words = type(error).__name__, f"{where}: {str(error)[:300]}"
    if watch.seen:
        outcome, words = "escape", watch.seen
    seconds, megabytes = time.perf_counter() - began, max(_peak() - before, 0) / 1e6
    kind.remove(folder)
    return {
        "number": number, "damage": str(damage)[:60], "outcome": outcome, "words": words, "seconds": round(seconds, 3),
        "megabytes": round(megabytes, 1),
    }  # fmt: skip


def _peak(*, forget: bool = False) -> int:
    """Resident bytes at most since it was last forgotten."""
    if forget:
        Path("/proc/self/clear_refs").write_text("5")
    words = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()
    return int(words[0]) * 1024


class _Watch:
    """Hears of files that are opened and of programs that are started: none outside of what is given to the reader."""

    def __init__(self, outside: Path) -> None:
        self.outside, self.seen = str(outside), ""

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith((self.outside, "/etc/")):
            self.seen = f"it opens {arguments[0]}"
        elif event in ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "socket.connect"):
            self.seen = f"{event}{str(arguments)[:100]}"


if __name__ == "__main__":
    main()
