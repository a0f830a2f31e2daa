"""How many CPU threads a run computes with: as many as the load of the machine allows.

A step of a small net is some thirty parallel parts, and each ends when its slowest thread does. On an idle machine two threads
are faster than one; beside another program that keeps a core busy they wait for each other thirty times a step, and one thread
alone is up to ten times faster. Nothing that the system tells says which it will be, so now and then a few steps are tried with
another count.
"""

from __future__ import annotations

import torch

TRIAL = 6
"""Steps of a trial."""
FIRST, LONGEST = 2.0, 30.0
"""Seconds of training before the first trial, and between trials at most: each that was in vain doubles the wait."""
GAIN = 0.95
"""Another count is kept if its steps take less than this share of the time."""
SLOWER = 1.5
"""Steps that have become this much slower are a reason to try at once."""
OUTLIER = 4.0
"""A step counts for so many usual ones at most: one that was interrupted (a lid closed, the process held) means nothing."""


class Threads:
    """Chooses among 1, 2, 4 ... `most` threads; `most` alone where it may not choose. Use it on the thread that trains.

    count: the threads in force. Tell `took` of every step; it costs a microsecond.
    """

    def __init__(self, most: int, *, may_choose: bool) -> None:
        self.most = self.count = most
        self._counts = sorted({min(most, 2**power) for power in range(most.bit_length() + 1)}) if may_choose else [most]
        self._usual = 0.0  # seconds an image with the count in force, a running mean
        self._first = 0.0  # the same, when the count was chosen
        self._waited, self._wait = 0.0, FIRST
        self._before = 0  # the count to go back to, while another is tried
        self._tried: list[float] = []
        self._is_down = True

    def took(self, seconds: float, images: int) -> None:
        """A step of so many images has taken so long."""
        if len(self._counts) == 1:
            return
        each = seconds / images
        if self._before:
            self._tried.append(each)
            # A trial that has lost already need not go on.
            if len(self._tried) == TRIAL or sum(self._tried) > TRIAL * self._usual:
                self._end_trial()
            return
        if self._usual > 0.0 and each > OUTLIER * self._usual:
            each, seconds = OUTLIER * self._usual, OUTLIER * self._usual * images
        self._usual = each if self._usual == 0.0 else self._usual + 0.1 * (each - self._usual)
        self._waited += seconds
        if self._waited > FIRST and self._first == 0.0:
            self._first = self._usual
        has_slowed = self._first > 0.0 and self._usual > SLOWER * self._first and self._waited > FIRST
        if self._waited > self._wait or has_slowed:
            self._begin_trial()

    def _begin_trial(self) -> None:
        place = self._counts.index(self.count) + (-1 if self._is_down else 1)
        if not 0 <= place < len(self._counts):
            self._is_down = not self._is_down
            place = self._counts.index(self.count) + (-1 if self._is_down else 1)
        self._before = self.count
        self._use(self._counts[place])

    def _end_trial(self) -> None:
        each, whole = sum(self._tried) / len(self._tried), len(self._tried) == TRIAL
        if whole and each < GAIN * self._usual:
            self._usual, self._wait = each, FIRST
        else:
            self._use(self._before)
            self._is_down = not self._is_down
            self._wait = min(LONGEST, 2 * self._wait)
        self._before, self._waited, self._first = 0, 0.0, 0.0
        self._tried.clear()

    def _use(self, count: int) -> None:
        self.count = count
        torch.set_num_threads(count)
