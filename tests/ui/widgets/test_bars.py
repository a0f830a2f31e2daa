"""The bars: lengths in proportion, figures in words, and nothing that moves but the bars."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect

from cvlab.ui.theme import theme
from cvlab.ui.widgets.bars import ProbabilityBars, percentage

DIGITS = "0123456789"


@pytest.fixture
def bars(qapp, qtbot):
    theme().choose("light")
    made = ProbabilityBars(DIGITS)
    made.resize(320, 260)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def sure_of(winner: int, share: float) -> np.ndarray:
    values = np.full(10, (1 - share) / 9, np.float32)
    values[winner] = share
    return values


def pixels(bars: ProbabilityBars, colour: str) -> int:
    """How many pixels of the widest line have this role's colour."""
    image, wanted = bars.grab().toImage(), theme().colour(colour).rgb()
    lines = ([image.pixel(x, y) == wanted for x in range(image.width())] for y in range(image.height()))
    return max(sum(line) for line in lines)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.75, 1.0])
def test_the_winners_bar_is_as_long_as_its_share(bars, share):
    bars.set_values(sure_of(4, 1.0))
    whole = pixels(bars, "accent")
    bars.set_values(sure_of(4, share))
    assert pixels(bars, "accent") == pytest.approx(share * whole, abs=8)
    assert bars.winner == "4"


def test_labels_and_tracks_keep_their_places(bars):
    bars.set_values(sure_of(3, 0.4))
    before = bars.grab(QRect(0, 0, 18, 260)).toImage()
    bars.set_values(sure_of(3, 0.999))
    assert bars.grab(QRect(0, 0, 18, 260)).toImage() == before


def test_a_message_takes_the_place_of_values(bars):
    bars.set_values(sure_of(3, 0.9))
    bars.show_message("Draw a digit")
    assert bars.values is None and bars.winner == "" and bars.message == "Draw a digit"
    assert pixels(bars, "accent") == 0
    assert bars.accessibleDescription() == "Draw a digit"
    bars.set_values(sure_of(7, 0.9))
    assert bars.message == "" and bars.accessibleDescription() == "7, 90.0 %"


def test_painted_is_told_after_new_values(bars, qtbot):
    with qtbot.waitSignal(bars.painted, timeout=2000):
        bars.set_values(sure_of(1, 0.6))


def test_the_pointer_reads_probability_and_score(bars):
    bars.set_values(sure_of(0, 0.91), np.arange(10, dtype=np.float32) - 4)
    assert "0: probability 0.910000" in bars.explanation(QPoint(60, 8))
    assert "score (before softmax) -4.00" in bars.explanation(QPoint(60, 8))
    assert bars.explanation(QPoint(60, -8)) == ""


def test_other_classes_drop_the_old_values(bars):
    bars.set_values(sure_of(0, 0.9))
    bars.set_labels(("cat", "dog"))
    assert bars.values is None
    bars.set_values(np.array([0.2, 0.8], np.float32))
    assert bars.winner == "dog"


@given(st.floats(0, 1))
def test_percentages_tell_within_a_tenth_and_keep_certainty_to_itself(share):
    text = percentage(share)
    assert float(text.removesuffix(" %")) == pytest.approx(100 * share, abs=0.1)
    assert (text == "100.0 %") == (share == 1)
