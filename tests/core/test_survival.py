"""Killed at any moment, a run goes on and ends bit for bit as if nothing had happened; two processes train as one."""

import sys

import pytest

from tests.core.drivers.processes import told_by
from tests.core.drivers.survival import KILLS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    return told_by("survival", tmp_path_factory.mktemp("survival"), timeout=60 + 5 * KILLS)


def test_killed_at_random_moments_and_resumed_it_ends_bit_for_bit_the_same(story):
    """Metrics, weights, figures and files equal those of a run that nobody killed; nothing else lies about."""
    assert story["kills"] >= KILLS and story["steps"] == 3 * 4
    assert not story["failed"], "every one can be resumed, also before its first step"
    assert not story["different"]


def test_of_processes_that_resume_one_run_at_once_one_trains_it(story):
    assert story["contended"] == [[1, True]] * 4


def test_two_processes_give_the_loss_curve_of_one(story):
    alone, first, second = story["team"]["1-0"], story["team"]["2-0"], story["team"]["2-1"]
    assert first == second and len(alone) == 8
    assert first == pytest.approx(alone, abs=1e-5)
