"""Two measured processes by turns: their rates are of their own turns, and none is left behind."""

import sys
from functools import partial

import pytest

from cvlab.cli.bench.turns import by_turns, side
from cvlab.engine.errors import CvlabError
from cvlab.engine.pace import rate

posix = pytest.mark.skipif(sys.platform == "win32", reason="there is no signal that holds a process")


def test_a_rate_is_of_the_marks_inside_a_turn():
    marks = [(0.5, 10), (1.0, 100), (1.5, 160), (2.0, 200), (9.0, 300)]
    assert rate(marks, 0.9, 2.5) == pytest.approx((200 - 100) / (2.0 - 1.0))


@pytest.mark.parametrize("marks", [[], [(1.0, 5)], [(0.0, 1), (1.0, 5), (9.0, 6)]])
def test_fewer_than_two_marks_are_no_rate(marks):
    with pytest.raises(ValueError, match="too few"):
        rate(marks, 0.5, 2.0)


@posix
def test_each_side_tells_a_rate_for_each_of_its_turns():
    said = []
    sides = [partial(side, "tests.cli.counting", step) for step in ("1", "1000")]
    slow, quick = by_turns(sides, 2, 0.05, said.append)
    assert said == [0, 1]
    assert len(slow["rates"]) == len(quick["rates"]) == 2
    assert min(quick["rates"]) > max(slow["rates"]) > 0
    assert quick["step"] == 1000 and "marks" not in quick


@posix
def test_a_process_that_fails_is_named():
    with pytest.raises(CvlabError, match="status 3") as failure:
        by_turns(
            [partial(side, "tests.cli.counting", "1"), partial(side, "tests.cli.counting", "fail")], 1, 0.05, print
        )
    assert "tests.cli.counting fail" in failure.value.received


def test_where_no_process_can_be_held_it_says_so(monkeypatch):
    monkeypatch.setattr("cvlab.cli.bench.turns.signal", object())
    with pytest.raises(CvlabError, match="cannot hold a process"):
        by_turns([], 1, 0.05, print)
