"""Where axes have their marks, against fractions worked out by brute force."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cvlab.ui.widgets.ticks import Gap, decade_marks, gap_from, gap_up_to, value_gap

NICE = sorted(Fraction(digit) * Fraction(10) ** power for digit in (1, 2, 5) for power in range(-20, 20))
gaps = st.builds(Gap, st.sampled_from([1, 2, 5]), st.integers(-12, 12))
sizes = st.floats(1e-12, 1e12)


def exactly(gap: Gap) -> Fraction:
    return Fraction(gap.digit) * Fraction(10) ** gap.power


@given(sizes)
def test_a_gap_is_the_next_nice_number_up_and_down(least):
    slack = Fraction(least) / 10**8
    up, down = exactly(gap_from(least)), exactly(gap_up_to(least))
    assert up in (min(n for n in NICE if n >= least), min(n for n in NICE if n >= Fraction(least) - slack))
    assert down in (max(n for n in NICE if n <= least), max(n for n in NICE if n <= Fraction(least) + slack))


@given(gaps)
def test_nice_numbers_are_their_own_gaps_and_follow_each_other(gap):
    assert gap_from(gap.size) == gap_up_to(gap.size) == gap
    assert exactly(gap.wider) == NICE[NICE.index(exactly(gap)) + 1]


@given(gaps, st.floats(-1e3, 1e3), st.floats(0.0, 40.0))
def test_multiples_are_all_those_in_the_range_each_rounded_once(gap, start, count):
    low, high = start * gap.size, (start + count) * gap.size
    size, slack = exactly(gap), exactly(gap) / 10**6
    around = [n * size for n in range(math.floor(start) - 3, math.ceil(start + count) + 4)]
    found = gap.multiples(low, high)
    assert found == sorted(found)
    assert set(found) <= {float(mark) for mark in around if low - slack <= mark <= high + slack}
    assert set(found) >= {float(mark) for mark in around if low + slack <= mark <= high - slack}


@given(gaps, st.integers(-1000, 1000))
def test_its_decimals_are_enough_to_write_a_multiple(gap, count):
    assert Fraction(f"{gap.times(count):.{gap.places}f}") == count * exactly(gap)


@given(st.floats(-1e6, 1e6), st.floats(1e-4, 1e6), st.floats(90, 2000))
def test_marks_of_values_cover_the_range_neither_few_nor_many(low, span, pixels):
    high = low + span
    gap = value_gap(low, high, pixels)
    marks = gap.multiples(low, high)
    assert 2 <= len(marks) <= 2.5 * 2.25 * max(1.0, math.sqrt(pixels / 300)) + 1.001
    assert gap.size * pixels >= 17.99 * span
    assert marks[0] - low < gap.size * 1.001 and high - marks[-1] < gap.size * 1.001
    assert all(b - a == pytest.approx(gap.size, rel=1e-3) for a, b in pairwise(marks))


def is_nice(mark: float) -> bool:
    return abs(mark - math.floor(mark + 1e-9) - math.log10(digit_of(mark))) < 1e-9 and digit_of(mark) in (1, 2, 5)


def digit_of(mark: float) -> int:
    return round(10 ** (mark - math.floor(mark + 1e-9)))


@given(st.floats(-12, 6), st.floats(0.02, 18), st.floats(90, 1200))
def test_marks_of_decades_are_in_order_and_do_not_crowd(low, span, pixels):
    assume(pixels > 12 * span)
    marks = decade_marks(low, low + span, pixels)
    assert all(low - 1e-6 <= mark <= low + span + 1e-6 for mark in marks)
    assert all(b > a for a, b in pairwise(marks))
    assert len(marks) >= 2 or span > 2
    if all(is_nice(mark) for mark in marks):
        assert all((b - a) * pixels / span >= 12 for a, b in pairwise(marks))
        powers = [mark for mark in marks if digit_of(mark) == 1]
        assert len({round(b - a) for a, b in pairwise(powers)}) <= 1, "some powers, but evenly"
    else:
        values = [10.0**mark for mark in marks]
        assert span <= 2 and all(b - a == pytest.approx(values[1] - values[0]) for a, b in pairwise(values))


def test_within_a_part_of_a_decade_the_plain_values_are_marked():
    values = [10.0**mark for mark in decade_marks(math.log10(2.1), math.log10(4.9), 300)]
    assert values == pytest.approx([3.0, 4.0])
    assert decade_marks(-1.0, 1.0, 300) == pytest.approx([math.log10(v) for v in (0.1, 0.2, 0.5, 1, 2, 5, 10)])
    assert decade_marks(-6.0, 0.0, 90) == [-6.0, -4.0, -2.0, 0.0]


def test_panned_by_little_the_marks_stay_where_they_are():
    for shift in range(100):
        marks = decade_marks(-6.0 + shift / 50, shift / 50, 90)
        assert all(mark % 2 == 0 for mark in marks)
