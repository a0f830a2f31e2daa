"""Background jobs: the newest request wins, stale results vanish, failures arrive, nothing is left running."""

import threading
from dataclasses import dataclass

import pytest

from cvlab.core.jobs import Jobs


@dataclass(frozen=True)
class Double:
    value: int
    gate: threading.Event | None = None

    def run(self, control):
        control.report(f"doubling {self.value}")
        if self.gate is not None:
            self.gate.wait(10)
        control.check()
        if self.value < 0:
            raise ValueError("negative")
        return 2 * self.value


@pytest.fixture
def jobs():
    jobs = Jobs()
    yield jobs
    jobs.shutdown()


def drain_until(jobs, condition):
    waiting = threading.Event()
    for _ in range(1000):
        jobs.drain()
        if condition():
            return
        waiting.wait(0.005)
    raise AssertionError("the job did not end")


def test_a_result_arrives_on_drain(jobs):
    results = []
    jobs.submit("a", Double(4), done=results.append)
    drain_until(jobs, lambda: results)
    assert results == [8] and not jobs.is_busy()


def test_the_newest_request_of_a_key_wins(jobs):
    gate, results = threading.Event(), []
    jobs.submit("a", Double(1, gate), done=results.append)
    jobs.submit("a", Double(2), done=results.append)
    jobs.submit("b", Double(3), done=results.append)
    gate.set()
    drain_until(jobs, lambda: len(results) == 2)
    jobs.drain()
    assert sorted(results) == [4, 6]


def test_a_cancelled_job_says_nothing(jobs):
    gate, told = threading.Event(), []
    jobs.submit("a", Double(1, gate), done=told.append, failed=told.append)
    jobs.cancel("a")
    gate.set()
    jobs.submit("b", Double(2), done=told.append)
    drain_until(jobs, lambda: told)
    assert told == [4]


def test_failures_are_delivered_or_raised(jobs):
    failures = []
    jobs.submit("a", Double(-1), failed=failures.append)
    drain_until(jobs, lambda: failures)
    assert isinstance(failures[0], ValueError)
    jobs.submit("a", Double(-1))
    with pytest.raises(ValueError, match="negative"):
        drain_until(jobs, lambda: False)


def test_progress_is_latest_wins(jobs):
    gate, seen, results = threading.Event(), [], []
    jobs.submit("a", Double(5, gate), progress=seen.append, done=results.append)
    drain_until(jobs, lambda: seen)
    assert seen == ["doubling 5"]
    gate.set()
    drain_until(jobs, lambda: results)


def test_shutdown_leaves_no_thread():
    jobs = Jobs()
    jobs.submit("a", Double(1))
    jobs.shutdown()
    assert not [t for t in threading.enumerate() if t.name.startswith("cvlab-job")]


def test_work_that_is_held_begins_on_release_and_only_if_it_is_still_wanted(jobs):
    results = []
    jobs.hold()
    jobs.submit("a", Double(1), done=results.append)
    jobs.submit("a", Double(2), done=results.append)
    jobs.submit("b", Double(3), done=results.append)
    jobs.cancel("b")
    jobs.drain()
    assert results == [] and jobs.is_busy("a")
    jobs.release()
    drain_until(jobs, lambda: results)
    jobs.submit("c", Double(4), done=results.append)
    drain_until(jobs, lambda: len(results) == 2)
    assert results == [4, 8]
