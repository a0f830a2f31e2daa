"""Drivers are programs that a test runs in a process of its own; this is how it starts them, and what they share.

A driver loads PyTorch once and forks: each child is a cvlab that may be killed without warning. At its end it prints what it saw.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cvlab.core import paths
from cvlab.core.run import Run
from cvlab.core.storage.run_folder import RunFolder
from cvlab.engine.data import catalogue
from cvlab.engine.data.dataset import Dataset, Split
from cvlab.engine.training.events import StepEnd


def told_by(driver: str, *arguments: object, before: Sequence[str] = (), timeout: float = 60) -> Any:
    """What a driver of this folder prints at its end, read as JSON. before: a command that is to start it."""
    done = subprocess.run(
        [*before, sys.executable, "-m", f"{__package__}.{driver}", *map(str, arguments)],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False, timeout=timeout,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def few_digits(every: int) -> Dataset:
    """The embedded digits, only few of them: every so-manieth to train on, every twentieth to test."""
    data = catalogue.load("mnist-mini", root=paths.data(), bundled=paths.resources() / "data")
    parts = (
        Split(part.images[::step].contiguous(), part.labels[::step].contiguous())
        for part, step in ((data.train, every), (data.test, 20))
    )
    return replace(data, train=next(parts), test=next(parts))


def load_torch() -> None:
    """With one thread, and what the first optimizer imports: it is then there for every child."""
    import torch

    torch.set_num_threads(1)
    torch.optim.Adam([torch.zeros(1)])


def forked(work: Callable[..., None], *arguments: object) -> int:
    """The number of a child that does this and ends: with 0, or with 1 where it fails."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work(*arguments)
            status = 0
        finally:
            os._exit(status)
    return pid


def end_of(pid: int) -> int:
    """How a child ended, as `os.waitpid` says it."""
    return os.waitpid(pid, 0)[1]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def followed(run: Run) -> Run:
    """The run at its end."""
    while run.is_active:
        run.join(0.01)
        run.deliver()
    return run


def losses(folder: RunFolder) -> list[tuple[int, float]]:
    return [(event.step, event.loss) for event in folder.events() if isinstance(event, StepEnd)]
