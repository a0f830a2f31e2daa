"""Background jobs, latest wins: the newest request of a key replaces the older, and stale results are dropped.

Work runs on a small pool of threads; callbacks run where `drain` is called (the GUI thread), never on a worker.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from cvlab.engine.errors import Cancelled, in_words


class JobControl:
    """Handed to the work: `cancelled()` to ask, `report(anything)` to show progress (latest wins)."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self.progress: Any = None

    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raises `Cancelled` if the job is no longer wanted."""
        if self._cancelled.is_set():
            raise Cancelled

    def cancel(self) -> None:
        self._cancelled.set()

    def report(self, progress: Any) -> None:
        """How far it is; shown at the next pump. Called on the worker's thread."""
        self.progress = progress


class Request(Protocol):
    """A frozen dataclass that holds all that its work needs."""

    def run(self, control: JobControl) -> Any: ...


@dataclass
class _Job:
    key: str
    control: JobControl
    done: Callable[[Any], None] | None
    failed: Callable[[BaseException], None] | None
    progress: Callable[[Any], None] | None
    shown: Any = None


class Jobs:
    """The pool. `submit` from the GUI thread; call `drain` often (the pump does, 30 times a second)."""

    def __init__(self, workers: int = 2) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="cvlab-job")
        self._current: dict[str, _Job] = {}
        self._held: list[tuple[_Job, Request]] | None = None
        self._ended: SimpleQueue[tuple[_Job, Any, BaseException | None]] = SimpleQueue()

    def submit(
        self,
        key: str,
        request: Request,
        *,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
        progress: Callable[[Any], None] | None = None,
    ) -> None:
        """Run `request.run(control)`; a job of the same key that still runs is cancelled and its result dropped."""
        self.cancel(key)
        job = _Job(key, JobControl(), done, failed, progress)
        self._current[key] = job
        if self._held is not None:
            self._held.append((job, request))
        else:
            self._pool.submit(self._work, job, request)

    def hold(self) -> None:
        """From now on work is taken but not begun: while a window starts, every thread would slow its first paint."""
        self._held = self._held or []

    @property
    def is_held(self) -> bool:
        """Whether a window is starting, and nothing begins yet."""
        return self._held is not None

    def release(self) -> None:
        """Begins what was held, in its order, and holds nothing from now on."""
        held, self._held = self._held or [], None
        for job, request in held:
            self._pool.submit(self._work, job, request)

    def _work(self, job: _Job, request: Request) -> None:
        try:
            job.control.check()
            self._ended.put((job, request.run(job.control), None))
        except BaseException as error:  # handed to `failed` on the GUI thread
            self._ended.put((job, None, in_words(error)))

    def cancel(self, key: str) -> None:
        """The job of this key ends at its next check; what it still gives is dropped. Nothing happens where there is none."""
        job = self._current.pop(key, None)
        if job is not None:
            job.control.cancel()

    def is_busy(self, key: str | None = None) -> bool:
        """Whether a job of this key, or of any, is on its way."""
        return bool(self._current) if key is None else key in self._current

    def drain(self) -> None:
        """Deliver progress and results of the jobs that are still wanted."""
        for job in list(self._current.values()):
            progress = job.control.progress
            if job.progress is not None and progress is not job.shown:
                job.shown = progress
                job.progress(progress)
        while True:
            try:
                job, result, error = self._ended.get_nowait()
            except Empty:
                return
            if self._current.get(job.key) is not job:
                continue
            del self._current[job.key]
            if error is None:
                if job.done is not None:
                    job.done(result)
            elif not isinstance(error, Cancelled):
                if job.failed is None:
                    raise error
                job.failed(error)

    def shutdown(self) -> None:
        """Cancel everything and wait for the threads."""
        for key in list(self._current):
            self.cancel(key)
        self._pool.shutdown(wait=True, cancel_futures=True)
